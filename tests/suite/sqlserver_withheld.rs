//! Columns that the login does not get as they are: masked ones, and such as clients encrypt. And keys that BigQuery would take for one.

use sqlserver_standin::ddl;
use sqlserver_standin::model::{ColumnFlag, Model, Rights};
use sqlserver_standin::typed::Value;

use super::sqlserver::{DIGEST, model_of};
use crate::support::World;

const STAFF: &str = "dbo.staff";

/// A table with a masked column and one that clients encrypt, one whose key is masked, and two whose keys have seven digits of a second.
fn model() -> Model {
    let model = model_of(
        "CREATE TABLE dbo.shift (began datetime2(7) NOT NULL PRIMARY KEY, what int NULL);\
         CREATE TABLE dbo.stay (began datetimeoffset(7) NOT NULL, room int NOT NULL, what int NULL, PRIMARY KEY (began, room));",
    );
    let flagged = "CREATE TABLE dbo.staff (id int NOT NULL PRIMARY KEY, name nvarchar(40) NULL, wage money NULL, finger varbinary(80) NULL);\
                   CREATE TABLE dbo.badge (code varchar(20) NOT NULL PRIMARY KEY, what int NULL);";
    for mut table in ddl::tables(flagged).unwrap() {
        let flags: &[(&str, ColumnFlag)] = match table.name.as_str() {
            "staff" => &[("wage", ColumnFlag::Masked), ("finger", ColumnFlag::Encrypted)],
            _ => &[("code", ColumnFlag::Masked)],
        };
        for (name, flag) in flags {
            let at = table.place(name).unwrap();
            table.columns[at].flags.push(*flag);
        }
        model.create_table(table);
    }
    let staff = |id: i32| vec![id.into(), "somebody".into(), Value::Money(12_345_000 + i64::from(id)), Value::Null];
    model.load(STAFF, (1..=5).map(staff)).unwrap();
    model.load("dbo.badge", (1..=3).map(|id| vec![format!("code {id}").into(), id.into()])).unwrap();
    // To six digits they are one.
    model.load("dbo.shift", [1, 2].map(|tick| vec![Value::DateTime2(738_000, tick), 1.into()])).unwrap();
    let stays = [1, 2].map(|tick| vec![Value::DateTimeOffset(738_000, tick, 60), 1.into(), 1.into()]);
    model.load("dbo.stay", stays).unwrap();
    model
}

/// The server makes up what a login without UNMASK reads of a masked column, and says nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_masked_column_is_refused_by_name_until_the_login_sees_it() {
    let w = World::on_standin(model()).await;
    w.config(&format!("[[table]]\nsource = \"{STAFF}\"\n{DIGEST}exclude = [\"finger\"]\n"));
    w.model().rights(Rights::mask);
    for command in ["check", "run"] {
        let ran = w.run(&[command]).await;
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.code != 0 && said.contains("wage") && said.contains("is masked"), "{command}: {said}");
        assert!(said.contains("GRANT UNMASK"), "{command}: {said}");
    }
    w.model().rights(|rights| *rights = Rights::default());
    assert_eq!(w.run(&["check"]).await.code, 0);
    w.tick().await;
    let wages = "SELECT CAST(CAST(wage AS FLOAT64) AS STRING) FROM `{d}.staff` ORDER BY id LIMIT 1";
    assert_eq!(w.target(wages).await, [[Some("1234.5001".to_owned())]]);
    // What is taken back is refused again: no made-up value takes the place of what is there.
    w.model().rights(Rights::mask);
    let ran = w.run(&["run"]).await;
    assert_ne!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(w.target(wages).await, [[Some("1234.5001".to_owned())]]);
}

/// What `init` proposes is what `check` takes.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_proposed_leaves_out_what_is_withheld() {
    let w = World::on_standin(model()).await;
    w.model().rights(Rights::mask);
    let proposed = async || {
        let ran = w.run(&["init", "--force", "--output", "proposed.toml"]).await;
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        std::fs::read_to_string(w.dir.path().join("proposed.toml")).unwrap()
    };
    let text = proposed().await;
    for line in [
        "exclude = [\"wage\", \"finger\"]",
        "masked for the login (GRANT UNMASK shows it), and what its clients encrypt",
        "the key's code is masked for the login",
        "columns = { \"began\" = { type = \"STRING\" } }",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    w.config(&text[text.find("[[table]]").unwrap()..]);
    let check = w.run(&["check"]).await;
    assert_eq!(check.code, 0, "{}\n{}\n{text}", check.stdout, check.stderr);
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let count = |table: &str| format!("SELECT CAST(COUNT(*) AS STRING) FROM `{{d}}.{table}`");
    for (table, rows) in [("staff", "5"), ("badge", "3"), ("shift", "2"), ("stay", "2")] {
        assert_eq!(w.target(&count(table)).await, [[Some(rows.to_owned())]], "{table}");
    }
    // Whoever sees what is masked publishes it; nobody sees what is encrypted.
    w.model().rights(|rights| *rights = Rights::default());
    let text = proposed().await;
    assert!(text.contains("exclude = [\"finger\"]") && !text.contains("is masked"), "{text}");
}
