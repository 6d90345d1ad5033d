//! Sixteen complaints about other tools that read SQL Server, and the tests that keep them from being true of this one.
//!
//! | complaint | where it was made | tests (in `tests/suite`, where nothing else is said) |
//! | --- | --- | --- |
//! | 1. Two rows 100 ns apart around the watermark: one is lost, or both are sent for ever | airbyte#79149, #79687, sling#471 | `sqlserver_times::rows_next_to_the_watermark` |
//! | 2. A `datetime` of .333 or .337 s that equals the watermark is skipped or sent for ever | sling#366, airbyte#48403, #10262 | `sqlserver_times::rows_next_to_the_watermark` |
//! | 3. A GUID has another text in a first load than in changes or deletes, or in lower case is another key | sling#541, dlt#3299 | `sqlserver_keys::guids_under_*`, `guids_in_lower_case_are_other_rows` |
//! | 4. Ranges of GUIDs, of texts whose case does not count, of composite keys: a row is in none or in two | estuary#785, #924, #2602, #681 | `sqlserver_chunks::*` |
//! | 5. Keys `a`, `A`, `a `: an update of the spelling leaves a ghost | Dotmim.Sync#448 | `sqlserver_keys::a_key_is_respelled_under_*`, `a_key_of_many_spellings_is_refused_under_change_tracking` |
//! | 6. SNAPSHOT off and RCSI on or off: the second run fails; version 0 is taken for none | ingestr#808, #1168, trino#8036 | `each_rung_of_the_ladder`, `version_zero_is_a_watermark` |
//! | 7. The current version goes backwards, or a restore has the number again: changes are skipped | change-data-capture#15, Microsoft's "Data restore" | `sqlserver_trust::a_restore_*`, `numbers_that_go_backwards` |
//! | 8. TRUNCATE, the clean-up, a right that is revoked, a column with a default, tracking off and on: all untold | Microsoft's pages on CHANGETABLE | `sqlserver_trust::*`, `a_right_that_is_revoked`, `a_column_with_a_default` |
//! | 9. A writer that is open over two runs loses its rows | kafka-connect-jdbc#1317, Microsoft's page on MIN_ACTIVE_ROWVERSION | `sqlserver::a_late_commit_arrives_*`, `sqlserver_times::a_late_commit_*`, `sqlserver_commits::*` |
//! | 10. Code pages 850 and 1250, `_UTF8`, one bad byte: wrong text, or the whole read fails | tiberius#326, rust-mssql-driver#153, #158, dbx#8823 | `texts_of_each_code_page` |
//! | 11. Cents of large money, dates in `sql_variant`, `hierarchyid`, half a surrogate pair | airbyte#14411, #9094 | `values_at_the_edge`, `half_a_pair_is_kept_aside` |
//! | 12. A table that is rebuilt in mid-read ends the run half done | Microsoft's guide to row versioning, debezium.github.io#218 | `a_table_that_is_rebuilt_in_mid_read` |
//! | 13. Garbage, a stall in the handshake or in a row, a cut between packets: a panic, or an endless wait | advisory-db#3148, tiberius#375 | `a_server_that_speaks_no_tds`, `sqlserver_faults::*`, `source::sqlserver::against_standin` |
//! | 14. Memory grows with the table | rust-mssql-driver#249 | `sqlserver_large::*` |
//! | 15. A gap is tolerated without a word | Materialize#33409, estuary#2576 | `a_gap_is_named` |
//! | 16. An idle table is sent again with each run | tap-mssql#39 | `an_idle_table_sends_nothing` |

use sqlserver_standin::model::{ColumnDef, Model, SnapshotState, Switch, TableDef};
use sqlserver_standin::typed::{Collation, ColumnType as T, Guid, Length, Value};
use sqlserver_standin::{Action, Fault, Moment, Place, Settings};

use super::sqlserver::{
    CURSOR, DIGEST, FULL, ITEM, TRACKED, assert_quiet, items, loaded, loaded_on_standin, model_of, no_items, row,
    staged, track,
};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

fn rename(w: &World, id: i32, name: &str) {
    let mut writer = w.model().begin();
    assert_eq!(writer.update(ITEM, &[id.into()], &[("name", name.into())]).unwrap(), 1);
    writer.commit();
}

/// Complaint 3. The server prints GUIDs in upper case; one in lower case in the target is no row of ours.
#[tokio::test(flavor = "multi_thread")]
async fn guids_in_lower_case_are_other_rows() {
    const DOC: &str = "dbo.doc";
    let model = model_of("CREATE TABLE dbo.doc (id uniqueidentifier NOT NULL PRIMARY KEY, what varchar(20) NULL);");
    let guid = |n: u128| Value::Guid(Guid::from_u128(n * 0xabcd_ef01_9e37_79b9_7f4a_7c15));
    model.load(DOC, (1..=30).map(|n| vec![guid(n), "doc".into()])).unwrap();
    track(&model, DOC);
    let w = World::on_sql_server(model).await;
    w.config(&format!("[[table]]\nsource = \"{DOC}\"\n{TRACKED}"));
    w.tick().await;
    // Changes and deletes meet the rows that the first load has made.
    let mut writer = w.model().begin();
    writer.update(DOC, &[guid(3)], &[("what", "changed".into())]).unwrap();
    writer.delete(DOC, &[guid(4)]).unwrap();
    writer.commit();
    let report = w.tick().await;
    let changed = ["rows_inserted", "rows_updated", "rows_deleted"].map(|name| report["tables"][0][name].as_u64());
    assert_eq!(changed, [Some(0), Some(1), Some(1)], "{report:#}");
    assert_eq!(Published::whole(DOC).assert_equal(&w).await, 29);
    w.target("UPDATE `{d}.doc` SET id = LOWER(id) WHERE ENDS_WITH(id, 'A')").await;
    let ran = w.run(&["verify", "--json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let report = ran.json();
    let found = report["runs"].as_array().unwrap().iter().find_map(|run| run["verified"].get(0)).unwrap();
    assert!(found["extra"].as_u64() > Some(0), "{found:#}");
    let ran = w.run(&["verify", "--repair"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(Published::whole(DOC).assert_equal(&w).await, 29);
}

/// Complaint 6. Each way in which rows of one moment can be had, over two runs; and where there is none, a refusal that says what to type,
/// as often as it is tried.
#[tokio::test(flavor = "multi_thread")]
async fn each_rung_of_the_ladder() {
    const TO_TYPE: &str = "ALTER DATABASE [shop] SET ALLOW_SNAPSHOT_ISOLATION ON";
    // One SELECT is of one moment.
    let by_statement = async || {
        let model = items();
        model.set_snapshot_isolation(SnapshotState::Off);
        model.set_read_committed_snapshot(Switch::On);
        let w = World::on_standin(model).await;
        w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{FULL}"));
        let mut open = w.model().begin();
        open.update(ITEM, &[9.into()], &[("name", "open over two runs".into())]).unwrap();
        for n in 1..=2 {
            rename(&w, n, "changed");
            w.tick().await;
            assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200, "{n}");
        }
        open.commit();
        w.tick().await;
        assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
        let check = w.run(&["check", "--json"]).await;
        assert!(check.code == 0 && check.stdout.contains(TO_TYPE), "{}", check.stdout);
    };
    // Several statements would be of several moments, or none of any.
    let refused = async |capture: &str, rcsi: Switch| {
        let model = items();
        model.set_snapshot_isolation(SnapshotState::Off);
        model.set_read_committed_snapshot(rcsi);
        let w = World::on_standin(model).await;
        w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
        for _ in 0..2 {
            let ran = w.run(&["run", "--json"]).await;
            assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
            let hint = ran.run()["error"]["hint"].as_str().unwrap().to_owned();
            assert!(hint.contains(TO_TYPE), "{hint}");
            assert_eq!(hint.contains("capture = \"full\""), rcsi == Switch::On, "{hint}");
        }
        for command in ["check", "plan"] {
            let ran = w.run(&[command, "--json"]).await;
            assert!(ran.code != 0 && ran.stdout.contains(TO_TYPE), "{command}: {}\n{}", ran.stdout, ran.stderr);
        }
        // It takes effect when the writers of before have ended.
        for state in [SnapshotState::GoingOn, SnapshotState::On] {
            w.model().set_snapshot_isolation(state);
            assert_eq!(w.run(&["run"]).await.code, i32::from(state == SnapshotState::GoingOn), "{capture} {state:?}");
        }
        assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
    };
    let on = |capture| refused(capture, Switch::On);
    tokio::join!(by_statement(), on(DIGEST), on(TRACKED), on(CURSOR));
    tokio::join!(refused(FULL, Switch::Off), refused(TRACKED, Switch::Off));
}

/// Complaint 6. In a database that has never seen a change the version is 0, which is where the watermark stands.
#[tokio::test(flavor = "multi_thread")]
async fn version_zero_is_a_watermark() {
    let model = items();
    assert_eq!(model.current_version(), Some(0));
    let w = World::on_sql_server(model).await;
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{TRACKED}"));
    w.tick().await;
    assert_quiet(&w).await;
    rename(&w, 7, "the first change");
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "{report:#}");
    assert_eq!(staged(&report), (1, 0), "{report:#}");
    Published::whole(ITEM).assert_equal(&w).await;
}

/// Complaint 7. A restore that nothing tells but the numbers: they are behind the watermark, so they are of another history.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_go_backwards() {
    for capture in [TRACKED, CURSOR] {
        let model = items();
        model.identity(|identity| {
            identity.fork = None;
            identity.engine = 5;
        });
        let w = World::on_standin(model).await;
        w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{capture}"));
        w.tick().await;
        let backup = w.model().backup();
        (1..=5).for_each(|id| rename(&w, id, "of the lost history"));
        w.tick().await;
        Published::whole(ITEM).assert_equal(&w).await;
        w.model().restore(&backup);
        let report = w.tick().await;
        assert!(report["whole"].is_string(), "{capture}: {report:#}");
        Published::whole(ITEM).assert_equal(&w).await;
        assert_quiet(&w).await;
    }
}

/// Complaint 8. Without the right to see a table's changes its min valid version is NULL: that is no reason to send or to delete anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_revoked() {
    let w = loaded_on_standin(TRACKED).await;
    rename(&w, 7, "while nobody may look");
    w.model().rights(|rights| rights.hide_tracking(ITEM));
    for _ in 0..2 {
        let ran = w.run(&["run", "--json"]).await;
        assert_ne!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        let error = ran.run()["error"].clone();
        let said = format!("{} {}", error["message"], error["hint"]);
        assert!(said.contains("dbo.item") && said.contains("VIEW CHANGE TRACKING"), "{said}");
    }
    w.model().rights(|rights| rights.show_tracking(ITEM));
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
    assert_quiet(&w).await;
}

/// Complaint 8. A new column has its default in every row, of which neither change tracking nor a rowversion says a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_with_a_default() {
    let added = async |capture: &str| {
        let w = loaded(capture).await;
        w.model().add_column(ITEM, ColumnDef::new("stock", T::Int), 5.into()).unwrap();
        rename(&w, 7, "after it");
        w.tick().await;
        let count = "SELECT CAST(COUNTIF(stock = 5) AS STRING) FROM `{d}.item`";
        assert_eq!(w.target(count).await, [[Some("200".to_owned())]], "{capture}");
        Published::whole(ITEM).assert_equal(&w).await;
        if capture != FULL {
            assert_quiet(&w).await;
        }
    };
    tokio::join!(added(FULL), added(DIGEST), added(TRACKED), added(CURSOR));
}

/// Complaint 10. The server makes UTF-16 of every code page, so that the driver needs to know none; and a byte that a page has no letter for
/// ends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn texts_of_each_code_page() {
    const TEXT: &str = "dbo.words";
    const BAD: i64 = 5000;
    let varchar =
        |name: &str, collation: Collation| ColumnDef::new(name, T::Varchar(Length::Of(40))).collate(collation);
    let columns = vec![
        ColumnDef::new("id", T::Int).not_null(),
        varchar("western", Collation::SQL_LATIN1_CI_AS),
        varchar("dos", Collation::SQL_CP850_CI_AS),
        varchar("central", Collation::SQL_CP1250_CI_AS),
        varchar("utf8", Collation::LATIN1_UTF8),
        ColumnDef::new("wide", T::NVarchar(Length::Of(40))),
    ];
    let model = Model::new(sqlserver_standin::model::Identity::of("shop", 5));
    model.create_table(TableDef::new("dbo", "words", columns.clone()).primary_key(&["id"]));
    let words = |id: i64| -> Vec<Value> {
        vec![
            id.into(),
            "Zoë œuf €".into(),
            "Ærø ░ ½".into(),
            "Łódź žluťoučký".into(),
            "Łódź 東京 🦀".into(),
            "東京 🦀 é".into(),
        ]
    };
    let bad = |id: i64, western: &[u8]| {
        let mut row = words(id);
        row[1] = Value::CodePage(western.into());
        row
    };
    model.load(TEXT, (1..=6000).map(|id| if id == BAD { bad(id, &[0x81, b'x']) } else { words(id) })).unwrap();
    // A byte that is no UTF-8: the server's own cast puts U+FFFD there.
    let torn = TableDef::new("dbo", "torn", vec![columns[0].clone(), columns[4].clone()]).primary_key(&["id"]);
    model.create_table(torn);
    let torn = |id: i32, bytes: &[u8]| vec![id.into(), Value::CodePage(bytes.into())];
    model.load("dbo.torn", [torn(1, b"a"), torn(2, &[0xff, b'x']), torn(3, b"c")]).unwrap();
    let w = World::on_sql_server(model).await;
    w.config(&format!("[[table]]\nsource = \"{TEXT}\"\n{DIGEST}[[table]]\nsource = \"dbo.torn\"\n{FULL}"));
    w.tick().await;
    assert_eq!(Published::whole(TEXT).assert_equal(&w).await, 6000);
    let texts = w.target("SELECT utf8 FROM `{d}.torn` ORDER BY id").await;
    assert_eq!(texts, ["a", "\u{fffd}x", "c"].map(|text| [Some(text.to_owned())]));
}

/// Complaint 11. To the last digit.
#[tokio::test(flavor = "multi_thread")]
async fn values_at_the_edge() {
    const EDGE: &str = "dbo.edge";
    let columns = vec![
        ColumnDef::new("id", T::Int).not_null(),
        ColumnDef::new("large", T::Money),
        ColumnDef::new("small", T::SmallMoney),
        ColumnDef::new("any", T::SqlVariant),
        ColumnDef::new("place", T::Udt("hierarchyid")),
    ];
    let model = Model::new(sqlserver_standin::model::Identity::of("shop", 5));
    model.create_table(TableDef::new("dbo", "edge", columns).primary_key(&["id"]));
    let variant = |of: T, value: Value| Value::Variant((of, value).into());
    let place = Value::Clr((vec![0x5b, 0x40].into(), "/1/2/".into()).into());
    model
        .load(
            EDGE,
            [
                (i64::MAX, i64::from(i32::MAX), variant(T::DateTime, Value::DateTime(45_000, 25_919_999))),
                (i64::MIN, i64::from(i32::MIN), variant(T::Money, Value::Money(i64::MAX))),
                (1, -1, variant(T::DateTime2 { scale: 7 }, Value::DateTime2(738_000, 863_999_999_999))),
                (0, 0, variant(T::Decimal { precision: 38, scale: 10 }, Value::Decimal(-1))),
            ]
            .into_iter()
            .zip(1..)
            .map(|((large, small, any), id)| {
                vec![id.into(), Value::Money(large), Value::Money(small), any, place.clone()]
            }),
        )
        .unwrap();
    let w = World::on_sql_server(model).await;
    w.config(&format!("[[table]]\nsource = \"{EDGE}\"\n{DIGEST}"));
    let report = w.tick().await;
    assert!(matches!(report["tables"][0]["quarantined"].as_u64(), None | Some(0)), "{report:#}");
    assert_eq!(Published::whole(EDGE).assert_equal(&w).await, 4);
    let found = w
        .target(
            "SELECT CAST(large = NUMERIC '922337203685477.5807' AS STRING), `any`, place FROM `{d}.edge` WHERE id = 1",
        )
        .await;
    let wanted = ["true", "2023-03-17 23:59:59.997", "/1/2/"];
    assert_eq!(found, [wanted.map(|text| Some(text.to_owned()))]);
}

/// Complaint 11. A text that is none does not end the read: its row is kept aside, and counted.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_pair_is_kept_aside() {
    let model = no_items();
    let half = |id: i32| {
        let mut row = row(id, "");
        row[1] = Value::Units([0x41, 0xd83e].as_slice().into());
        row
    };
    model.load(ITEM, (1..=50).map(|id| if id == 20 { half(id) } else { row(id, "whole") })).unwrap();
    let w = World::on_sql_server(model).await;
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{TRACKED}"));
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["quarantined"], 1, "{report:#}");
    let count = "SELECT CAST(COUNT(*) AS STRING), CAST(COUNTIF(name IS NULL) AS STRING), CAST(MAX(IF(name IS NULL, id, 0)) AS STRING) FROM `{d}.item`";
    assert_eq!(w.target(count).await, [["50", "1", "20"].map(|text| Some(text.to_owned()))]);
    // What was in the row is to be found.
    let kept = w.staged("", "quarantine").await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    rename(&w, 20, "mended");
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 50);
}

/// Complaint 12. Metadata has no versions: an index that is rebuilt ends the snapshot of a run. Nothing of it is sealed, and the next run reads
/// all of it anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_rebuilt_in_mid_read() {
    let rebuilt = async |capture: &str, plan: &str| {
        let w = loaded_on_standin(capture).await;
        let manifests = async || w.objects().await.iter().filter(|name| name.ends_with("manifest.json")).count();
        let before = manifests().await;
        rename(&w, 7, "changed");
        let faults = w.standin().faults();
        faults.add(Fault::once(Moment::Plan(plan.to_owned()), Place::Start, Action::Busy));
        let run = w.run(&["run", "--json"]);
        tokio::pin!(run);
        tokio::select! {
            () = faults.stalled(1) => {}
            ran = &mut run => panic!("no {plan}: {}\n{}", ran.stdout, ran.stderr),
        }
        w.model().rebuild_index(ITEM).unwrap();
        faults.release();
        let ran = run.await;
        // The snapshot has ended, and with it all that was read: another one is taken, and its batch is the only one.
        assert_eq!(ran.code, 0, "{capture}: {}\n{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("3961"), "{}", ran.stderr);
        assert_eq!(manifests().await, before + 1);
        Published::whole(ITEM).assert_equal(&w).await;
        assert_quiet(&w).await;
    };
    tokio::join!(rebuilt(DIGEST, "hash.sums"), rebuilt(TRACKED, "ct.spool"));
}

/// Complaint 13. Whatever comes of a login, the run ends in time with an error that says what to look at; and packets of one byte say the same
/// as any.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_no_tds() {
    let settings = Settings { payload: 1, ..Settings::default() };
    let w = World::on_sql_server_with(settings, items()).await;
    w.config(&format!("[[table]]\nsource = \"{ITEM}\"\n{DIGEST}"));
    w.tick().await;
    assert_eq!(Published::whole(ITEM).assert_equal(&w).await, 200);
    let url = format!("{}&connectTimeout=1", w.source_url());
    for moment in [Moment::Prelogin, Moment::Login] {
        for (place, action) in [
            (Place::Start, Action::Stall),
            (Place::Byte(9), Action::Cut),
            (Place::Byte(9), Action::Reset),
            (Place::Start, Action::Garbage),
        ] {
            w.standin().faults().add(Fault::always(moment.clone(), place, action.clone()));
            let child = w.command(&["run", "--json"]).env("DATABASE_URL", &url).spawn().unwrap();
            let ran = w.finish(child).await;
            w.standin().faults().clear();
            w.standin().faults().release();
            let what = format!("{moment:?} {place:?} {action:?}: {}\n{}", ran.stdout, ran.stderr);
            assert_eq!(ran.code, 1, "{what}");
            assert!(!ran.stderr.contains("panicked"), "{what}");
            let error = ran.run()["error"].clone();
            let (message, hint) = (error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
            assert!(message.contains("SQL Server") && !hint.is_empty(), "{what}");
        }
    }
    rename(&w, 7, "after all");
    w.tick().await;
    Published::whole(ITEM).assert_equal(&w).await;
}

/// Complaint 15. Where changes can't be told any more, people and programs are told which table was read whole, and why.
#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_named() {
    let w = loaded_on_standin(TRACKED).await;
    let gap = || {
        rename(&w, 7, "swept");
        rename(&w, 8, "told");
        w.model().sweep(w.model().current_version().unwrap() - 1);
    };
    gap();
    let ran = w.run(&["run"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("item") && said.contains("change tracking"), "{said}");
    Published::whole(ITEM).assert_equal(&w).await;
    gap();
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["source"], "dbo.item");
    assert!(report["whole"].as_str().is_some_and(|why| why.contains("change tracking")), "{report:#}");
}

/// Complaint 16.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_table_sends_nothing() {
    for capture in [DIGEST, TRACKED, CURSOR] {
        let w = loaded(capture).await;
        rename(&w, 7, "the last change");
        w.tick().await;
        for _ in 0..3 {
            assert_quiet(&w).await;
        }
    }
}
