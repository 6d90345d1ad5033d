//! The commands on a SQL Server, and that none of them shows its password.

use sqlserver_standin::{Action, Fault, Moment, Place, ServerError};

use super::sqlserver::{ITEM, TRACKED, items, loaded, needs, row};
use crate::support::sqlserver_rows::Published;
use crate::support::{Ran, World};

/// The password as it is, and as it stands in the address.
const PASSWORD: [&str; 3] = ["p@ss;word", "p%40ss", "word{}"];

/// Fails where the command shows the password.
pub fn without_password(ran: Ran) -> Ran {
    for part in PASSWORD {
        assert!(!ran.stdout.contains(part) && !ran.stderr.contains(part), "{}\n{}", ran.stdout, ran.stderr);
    }
    ran
}

async fn run(w: &World, args: &[&str]) -> Ran {
    without_password(w.run(args).await)
}

async fn succeeds(w: &World, args: &[&str]) -> Ran {
    let ran = run(w, args).await;
    assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.stdout, ran.stderr);
    ran
}

#[tokio::test(flavor = "multi_thread")]
async fn from_init_to_status() {
    let w = World::on_sql_server_that_has(needs(TRACKED), items()).await;
    std::fs::remove_file(w.config_path()).unwrap();
    succeeds(&w, &["init"]).await;
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    assert!(text.contains("source = \"dbo.item\"") && text.contains("capture = \"ct\""), "{text}");
    let tables: String = text[text.find("[[table]]").unwrap()..].to_owned();
    w.config(&tables);
    let check = succeeds(&w, &["check"]).await;
    assert!(check.stdout.to_lowercase().contains("snapshot"), "{}", check.stdout);
    let plan = succeeds(&w, &["plan"]).await;
    assert!(plan.stdout.contains("item"), "{}", plan.stdout);
    let ran = succeeds(&w, &["run"]).await;
    assert!(ran.stdout.contains("200 values lost the seventh digit of a second"), "{}", ran.stdout);
    Published::whole(ITEM).assert_equal(&w).await;
    let status = succeeds(&w, &["status"]).await;
    assert!(status.stdout.contains("item"), "{}", status.stdout);
    succeeds(&w, &["status", "--json"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_and_repairs() {
    let w = loaded(TRACKED).await;
    succeeds(&w, &["verify"]).await;
    w.target("DELETE FROM `{d}.item` WHERE id IN (3, 4)").await;
    w.target("UPDATE `{d}.item` SET name = 'wrong' WHERE id = 5").await;
    w.target("UPDATE `{d}.item` SET id = 9000 WHERE id = 6").await;
    let ran = run(&w, &["verify", "--json"]).await;
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    let found = &ran.json()["runs"][0]["verified"][0];
    let counts = ["missing", "extra", "different"].map(|n| found[n].as_u64().unwrap());
    assert_eq!(counts, [3, 1, 1], "{found:#}");
    succeeds(&w, &["verify", "--repair"]).await;
    Published::whole(ITEM).assert_equal(&w).await;
    succeeds(&w, &["verify"]).await;
    let mut writer = w.model().begin();
    writer.insert(ITEM, row(900, "later")).unwrap();
    writer.commit();
    succeeds(&w, &["verify", "--level", "keys"]).await;
    Published::whole(ITEM).assert_equal(&w).await;
}

/// Whatever the server says of a login, or does to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_fails_tells_no_password() {
    let w = World::on_standin(items()).await;
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{TRACKED}"));
    for action in [
        Action::Error(ServerError::login_failed("plimsoll")),
        Action::Error(ServerError::no_database("shop")),
        Action::Cut,
        Action::Garbage,
    ] {
        w.standin().faults().clear();
        w.standin().faults().add(Fault::always(Moment::Login, Place::Start, action));
        for args in [&["check"][..], &["run", "--json"], &["init", "--force"]] {
            let ran = run(&w, args).await;
            assert_ne!(ran.code, 0, "{args:?}\n{}\n{}", ran.stdout, ran.stderr);
        }
    }
}
