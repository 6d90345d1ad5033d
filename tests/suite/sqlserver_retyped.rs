//! A column of SQL Server that gets another type. The server writes every text anew and tells nobody: what its new code page does not
//! have is `?` from then on.

use sqlserver_standin::model::Model;
use sqlserver_standin::typed::{Collation, ColumnType, Length, Value};

use super::sqlserver::{CURSOR, TRACKED, assert_quiet, model_of, track};
use super::sqlserver_changelog::{ENTRIES, log};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

const WORD: &str = "dbo.word";
const LOGGED: &str = "capture = \"changelog\"\nlog_types = [\"word\"]\n";

/// Its columns: one of Unicode, and one in a code page that has all of its letters.
fn words() -> Model {
    let model = model_of(&format!(
        "CREATE TABLE dbo.word (id int NOT NULL PRIMARY KEY, wide nvarchar(20) NULL, czech varchar(20) COLLATE SQL_Latin1_General_CP1250_CI_AS NULL, \
         fixed char(8) COLLATE SQL_Latin1_General_CP1250_CI_AS NULL, version rowversion);{ENTRIES}"
    ));
    let word = |id: i32| vec![id.into(), "řeka".into(), "řeka".into(), "řeka".into(), Value::Null];
    model.load(WORD, (1..=20).map(word)).unwrap();
    track(&model, WORD);
    model
}

fn config(capture: &str) -> String {
    let of_log = "[changelog]\ntable = \"log\"\nid = \"id\"\nat = \"at\"\ntype = \"what\"\nkey = \"item\"\naction = \"op\"\nadded = \"I\"\n";
    let of_log = if capture == LOGGED { of_log } else { "" };
    format!("{of_log}[[table]]\nsource = \"{WORD}\"\n{capture}")
}

async fn loaded(capture: &str) -> World {
    let w = World::on_standin(words()).await;
    w.config(&config(capture));
    w.tick().await;
    assert_eq!(Published::whole(WORD).assert_equal(&w).await, 20);
    // As long as nothing is committed since tracking began, any change of a table's structure makes it be read whole.
    rewrite(&w, 1, "moře");
    assert!(w.tick().await["whole"].is_null());
    assert_quiet(&w).await;
    w
}

/// Another word in a row, of which the log tells.
fn rewrite(w: &World, id: i32, word: &str) {
    let mut writer = w.model().begin();
    writer.update(WORD, &[id.into()], &[("wide", word.into())]).unwrap();
    log(&mut writer, "word", &id.to_string(), "U");
    writer.commit();
}

/// Why the next run after an ALTER COLUMN reads all rows, if it does; the target has what the source has.
async fn altered(w: &World, column: &str, to: ColumnType, collation: Collation) -> Option<String> {
    w.model()
        .alter_column(WORD, column, |of| {
            of.column_type = to;
            of.collation = collation;
        })
        .unwrap();
    let report = w.tick().await;
    assert_eq!(Published::whole(WORD).assert_equal(w).await, 20, "{column}");
    // A feed that tables share names the table.
    report["whole"].as_str().map(|text| text.trim_start_matches("word: ").to_owned())
}

fn varchar(n: u16) -> ColumnType {
    ColumnType::Varchar(Length::Of(n))
}

async fn letters_are_lost(capture: &str) {
    const WHY: Option<&str> = Some("a column has another type");
    let w = loaded(capture).await;
    let (latin, czech) = (Collation::SQL_LATIN1_CI_AS, Collation::SQL_CP1250_CI_AS);
    assert_eq!(altered(&w, "wide", varchar(20), latin).await.as_deref(), WHY);
    assert_eq!(w.target("SELECT wide FROM `{d}.word` WHERE id = 2").await[0][0].as_deref(), Some("?eka"));
    assert_eq!(altered(&w, "czech", varchar(20), latin).await.as_deref(), WHY);
    assert_eq!(altered(&w, "fixed", ColumnType::Char(8), latin).await.as_deref(), WHY);
    // Back in a code page that has the letters they are not, and what is read again is as it is.
    assert_eq!(altered(&w, "czech", varchar(20), czech).await.as_deref(), WHY);
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_a_code_page_lacks_are_lost_under_change_tracking() {
    letters_are_lost(TRACKED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_a_code_page_lacks_are_lost_under_rowversion() {
    letters_are_lost(CURSOR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_a_code_page_lacks_are_lost_under_a_change_log() {
    letters_are_lost(LOGGED).await;
}

/// Where every text stays what it is, no row is read again for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_type_with_room_for_all_texts_takes_no_whole_read() {
    let w = loaded(TRACKED).await;
    let czech = Collation::SQL_CP1250_CI_AS;
    assert!(altered(&w, "czech", varchar(30), czech).await.is_none());
    assert!(
        altered(&w, "czech", varchar(30), Collation { name: "SQL_Latin1_General_CP1250_CS_AS", ..czech })
            .await
            .is_none()
    );
    assert!(altered(&w, "czech", ColumnType::NVarchar(Length::Of(30)), Collation::SQL_LATIN1_CI_AS).await.is_none());
    assert!(altered(&w, "wide", ColumnType::NVarchar(Length::Max), Collation::LATIN1_CS_AS).await.is_none());
}

/// Older versions have written every text that may vary as `varchar(n)`, and left out the code page.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_an_older_version_takes_no_whole_read() {
    for capture in [TRACKED, CURSOR, LOGGED] {
        let w = loaded(capture).await;
        let feed = if capture == TRACKED { "change_tracking" } else { "word" };
        let feed = if capture == LOGGED { "changelog" } else { feed };
        let mut state = w.state(feed).await;
        let columns = &mut state["watermark"]["tables"]["word"]["relation"]["columns"];
        for (name, then) in [("wide", "varchar(20)"), ("czech", "varchar(20)"), ("fixed", "char(8)")] {
            let all = columns.as_array_mut().unwrap();
            let noted = &mut all.iter_mut().find(|c| c["name"] == name).unwrap()["type"];
            assert!(noted.is_string() && noted != then, "{noted}");
            *noted = then.into();
        }
        w.put_state(feed, &state).await;
        rewrite(&w, 3, "moře");
        let report = w.tick().await;
        assert!(report["whole"].is_null(), "{capture}: {report:#}");
        // Change tracking tells of a change twice.
        assert!(report["tables"][0]["upserts"].as_u64().is_some_and(|n| n <= 2), "{capture}: {report:#}");
        assert_eq!(Published::whole(WORD).assert_equal(&w).await, 20);
    }
}
