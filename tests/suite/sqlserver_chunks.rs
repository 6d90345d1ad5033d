//! A first load in stretches of keys, whose order is the server's own: GUIDs, texts whose case does not count, and both in a composite key.

use std::time::Duration;

use plimsoll::failpoint::VARIABLE;
use serde_json::Value as Json;
use sqlserver_standin::model::Model;
use sqlserver_standin::typed::{Guid, Value};

use super::sqlserver::{CURSOR, DIGEST, TRACKED, assert_quiet, model_of, track};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

const ROWS: u32 = 95;
const PART: &str = "dbo.part";
const CHUNKS: &str = "chunk_rows = 30\nlease = \"1s\"";
/// A tick begins no other stretch.
const ONE_A_TICK: &str = "stretch:before=error*";

/// A key of the table.
#[derive(Clone, Copy, Debug)]
enum Key {
    Guid,
    /// `a`, `A` and `A ` are one key.
    Text,
    /// Such a text and a number.
    Both,
}

impl Key {
    const ALL: [Self; 3] = [Self::Guid, Self::Text, Self::Both];

    fn ddl(self) -> &'static str {
        match self {
            Self::Guid => {
                "CREATE TABLE dbo.part (id uniqueidentifier NOT NULL PRIMARY KEY, what varchar(20) NULL, version rowversion);"
            }
            Self::Text => {
                "CREATE TABLE dbo.part (code varchar(20) NOT NULL PRIMARY KEY, what varchar(20) NULL, version rowversion);"
            }
            Self::Both => {
                "CREATE TABLE dbo.part (code nvarchar(20) NOT NULL, line smallint NOT NULL, what varchar(20) NULL, version rowversion, \
                 PRIMARY KEY (code, line));"
            }
        }
    }

    /// The key of a row, in an order that has nothing to do with the number's; the spelling of texts is mixed.
    fn of(self, number: u32) -> Vec<Value> {
        let mixed = number.wrapping_mul(2_654_435_761);
        let code = |n: u32| {
            let text =
                format!("{}k-{}'{}", if n.is_multiple_of(2) { 'Z' } else { 'z' }, n.wrapping_mul(2_654_435_761) % 7, n);
            if n.is_multiple_of(3) { text.to_uppercase() } else { text }
        };
        match self {
            Self::Guid => vec![Value::Guid(Guid::from_u128(
                u128::from(mixed).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_0c5e_ad11_0001),
            ))],
            Self::Text => vec![code(number).into()],
            Self::Both => vec![code(number / 10).into(), Value::Int(i64::from(number % 10))],
        }
    }

    fn row(self, number: u32, what: &str) -> Vec<Value> {
        let mut row = self.of(number);
        row.extend([what.into(), Value::Null]);
        row
    }

    /// Change tracking alone does not tell the spelling that a text had before, so something else has to look for it.
    fn config(self, capture: &str) -> String {
        let spelled = capture == TRACKED && !matches!(self, Self::Guid);
        let looks = if spelled { "reconcile_every = \"1d\"\n" } else { "" };
        format!("[[table]]\nsource = \"{PART}\"\n{capture}{looks}")
    }

    fn model(self) -> Model {
        let model = model_of(self.ddl());
        model.load(PART, (1..=ROWS).map(|number| self.row(number, "first"))).unwrap();
        track(&model, PART);
        model
    }
}

async fn run(w: &World, rule: &str) -> (i32, Json) {
    let child = w.command(&["run", "--json"]).env(VARIABLE, rule).spawn().unwrap();
    let ran = w.finish(child).await;
    assert!(ran.code <= 0, "{}\n{}", ran.stdout, ran.stderr);
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_default())
}

/// How many rows are loaded so far, while a load in chunks is under way.
fn loading(report: &Json) -> Option<u64> {
    report["runs"][0]["loading"][0]["rows"].as_u64()
}

/// Each row lies in one stretch, and in no other.
#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_in_one_stretch() {
    for key in Key::ALL {
        let w = World::on_sql_server(key.model()).await;
        w.config_with(CHUNKS, &key.config(DIGEST));
        let (_, report) = run(&w, "").await;
        let runs = report["runs"].as_array().unwrap();
        let sent: u64 = runs.iter().filter_map(|run| run["tables"][0]["upserts"].as_u64()).sum();
        let stretches: Vec<u64> = runs.iter().filter_map(|run| run["loading"][0]["rows"].as_u64()).collect();
        assert_eq!((sent, stretches.as_slice()), (ROWS.into(), [30, 60, 90].as_slice()), "{key:?}: {report:#}");
        assert_eq!(Published::whole(PART).assert_equal(&w).await, ROWS as usize);
        assert_quiet(&w).await;
        // Of each slice of the comparison one row.
        let mut writer = w.model().begin();
        for number in [3, 31, 64, 92] {
            writer.update(PART, &key.of(number), &[("what", "second".into())]).unwrap();
        }
        writer.commit();
        let report = w.tick().await;
        assert_eq!(report["tables"][0]["upserts"], 4, "{key:?}: {report:#}");
        Published::whole(PART).assert_equal(&w).await;
    }
}

/// Rows change, come, go and get other keys on both sides of where the load stands.
fn change(w: &World, key: Key, round: u32) {
    let mut writer = w.model().begin();
    for number in (1 + round..=ROWS).step_by(9) {
        writer.update(PART, &key.of(number), &[("what", format!("round {round}").into())]).unwrap();
    }
    for number in (4 + round..=ROWS).step_by(19) {
        writer.delete(PART, &key.of(number)).unwrap();
    }
    for number in 0..5 {
        writer.insert(PART, key.row(1000 * (round + 1) + 10 * number, "new")).unwrap();
    }
    for number in (6 + round..=ROWS).step_by(23) {
        let new = key.of(20_000 + 1000 * round + number);
        let name = if matches!(key, Key::Guid) { "id" } else { "code" };
        writer.update(PART, &key.of(number), &[(name, new[0].clone())]).unwrap();
    }
    writer.commit();
}

/// One chunk a tick, with changes between them, a crash behind a seal and one before a chunk is confirmed.
async fn changes_between_chunks(capture: &str, key: Key) {
    let w = World::on_sql_server(key.model()).await;
    w.config_with(CHUNKS, &key.config(capture));
    let (_, report) = run(&w, ONE_A_TICK).await;
    assert_eq!(loading(&report), Some(30), "{report:#}");
    for (round, point) in (0..).zip(["seal:after=crash", "merge-wait:before=crash"]) {
        change(&w, key, round);
        assert_eq!(run(&w, point).await.0, -1, "{point}");
        tokio::time::sleep(Duration::from_millis(1200)).await;
    }
    change(&w, key, 2);
    let mut ticks = 0;
    while loading(&run(&w, ONE_A_TICK).await.1).is_some() {
        ticks += 1;
        assert!(ticks < 8, "the load does not end");
    }
    w.tick().await;
    Published::whole(PART).assert_equal(&w).await;
    assert_quiet(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_between_chunks_under_digest() {
    let [guid, text, both] = Key::ALL.map(|key| changes_between_chunks(DIGEST, key));
    tokio::join!(guid, text, both);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_between_chunks_under_change_tracking() {
    tokio::join!(changes_between_chunks(TRACKED, Key::Guid), changes_between_chunks(TRACKED, Key::Both));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_between_chunks_under_rowversion() {
    tokio::join!(changes_between_chunks(CURSOR, Key::Guid), changes_between_chunks(CURSOR, Key::Text));
}

/// An older version has noted every text that may vary as `varchar(n)`: the load goes on from where it stands.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_an_older_version_has_begun_goes_on() {
    for key in [Key::Text, Key::Both] {
        let w = World::on_sql_server(key.model()).await;
        w.config_with(CHUNKS, &key.config(DIGEST));
        let (_, report) = run(&w, ONE_A_TICK).await;
        assert_eq!(loading(&report), Some(30), "{key:?}: {report:#}");
        let mut state = w.state("part").await;
        for column in state["watermark"]["tables"]["part"]["relation"]["columns"].as_array_mut().unwrap() {
            if matches!(column["name"].as_str(), Some("code" | "what")) {
                assert!(column["type"].as_str().is_some_and(|noted| noted != "varchar(20)"), "{column}");
                column["type"] = "varchar(20)".into();
            }
        }
        w.put_state("part", &state).await;
        let (_, report) = run(&w, ONE_A_TICK).await;
        assert_eq!(loading(&report), Some(60), "{key:?}: {report:#}");
    }
}
