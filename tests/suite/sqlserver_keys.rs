//! Keys that SQL Server compares in another way than BigQuery, and rows that leave a filter.

use sqlserver_standin::ddl;
use sqlserver_standin::model::{ColumnFlag, Model};
use sqlserver_standin::plans::spoken;
use sqlserver_standin::typed::{ColumnType, Guid, Value};

use super::sqlserver::{CURSOR, DIGEST, TRACKED, assert_quiet, model_of, needs, track};
use super::sqlserver_changelog::{ENTRIES, log};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

const LINK: &str = "dbo.link";
const OPEN: &str = "closed IS NULL";

fn links() -> Model {
    let model = model_of(
        "CREATE TABLE dbo.link (id int NOT NULL PRIMARY KEY, what varchar(20) NULL, closed date NULL, version rowversion);",
    );
    model.load(LINK, (1..=60).map(|id| vec![id.into(), "link".into(), Value::Null, Value::Null])).unwrap();
    model.on_where(OPEN, |row| row.get("closed").is_null());
    track(&model, LINK);
    model
}

/// A row that leaves the filter leaves the target, and comes back with it.
async fn rows_leave_a_filter(capture: &str) {
    let w = World::on_sql_server_that_has(needs(capture), links()).await;
    w.config(&format!("[[table]]\nsource = \"{LINK}\"\n{capture}where = \"{OPEN}\"\n"));
    let published = Published { filter: Some(OPEN), ..Published::whole(LINK) };
    let close = |ids: &[i32], closed: Value| {
        let mut writer = w.model().begin();
        for id in ids {
            writer.update(LINK, &[(*id).into()], &[("closed", closed.clone())]).unwrap();
        }
        writer.commit();
    };
    close(&[60], Value::Date(738_000));
    w.tick().await;
    assert_eq!(published.assert_equal(&w).await, 59);
    close(&[3, 4, 5], Value::Date(738_001));
    w.tick().await;
    assert_eq!(published.assert_equal(&w).await, 56);
    close(&[4, 60], Value::Null);
    w.tick().await;
    assert_eq!(published.assert_equal(&w).await, 58);
    assert_quiet(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_leave_a_filter_under_digest() {
    rows_leave_a_filter(DIGEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_leave_a_filter_under_change_tracking() {
    rows_leave_a_filter(TRACKED).await;
}

/// Its key lists tell nothing here: what has changed and is let through no more is told by itself.
#[tokio::test(flavor = "multi_thread")]
async fn rows_leave_a_filter_under_rowversion() {
    rows_leave_a_filter("cursor = \"version\"\n").await;
}

const CODE: &str = "dbo.code";

fn codes() -> Model {
    let model =
        model_of("CREATE TABLE dbo.code (code varchar(10) NOT NULL PRIMARY KEY, what int NULL, version rowversion);");
    model.load(CODE, ["a", "b", "ß", "ss1", "é", "e", "x y"].map(|c| vec![c.into(), 1.into(), Value::Null])).unwrap();
    track(&model, CODE);
    model
}

/// To the server `a`, `A` and `A ` are one key; to BigQuery they are three.
async fn respelled(capture: &str) {
    let w = World::on_sql_server_that_has(needs(capture), codes()).await;
    w.config(&format!("[[table]]\nsource = \"{CODE}\"\n{capture}"));
    w.tick().await;
    let published = Published::whole(CODE);
    assert_eq!(published.assert_equal(&w).await, 7);
    for (then, now) in [("a", "A"), ("A", "A "), ("A ", "a"), ("é", "É"), ("b", "B  ")] {
        let mut writer = w.model().begin();
        assert_eq!(writer.update(CODE, &[then.into()], &[("code", now.into())]).unwrap(), 1);
        writer.commit();
        w.tick().await;
        assert_eq!(published.assert_equal(&w).await, 7, "{then} to {now}");
        assert_quiet(&w).await;
    }
    // Deleted under one spelling and made again under another, with another row.
    let mut writer = w.model().begin();
    writer.delete(CODE, &["a".into()]).unwrap();
    writer.insert(CODE, vec!["A".into(), 2.into(), Value::Null]).unwrap();
    writer.delete(CODE, &["e".into()]).unwrap();
    writer.commit();
    w.tick().await;
    assert_eq!(published.assert_equal(&w).await, 6);
    assert_quiet(&w).await;
    let ran = w.run(&["verify", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_respelled_under_digest() {
    respelled(DIGEST).await;
}

/// Change tracking names the new spelling alone, so such a key is refused where nothing else looks for the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_many_spellings_is_refused_under_change_tracking() {
    let w = World::on_sql_server_that_has(needs(TRACKED), codes()).await;
    w.config(&format!("[[table]]\nsource = \"{CODE}\"\n{TRACKED}"));
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 2, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("two spellings of code in dbo.code are one key to the source"), "{}", ran.stdout);
    w.config(&format!("[[table]]\nsource = \"{CODE}\"\n{TRACKED}reconcile_every = \"1d\"\n"));
    w.tick().await;
    Published::whole(CODE).assert_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_respelled_under_rowversion() {
    respelled(CURSOR).await;
}

const PIECE: &str = "dbo.piece";

/// Its key is bytes of a type, some with zeros at their end.
fn pieces(k: &str) -> Model {
    let model =
        model_of(&format!("CREATE TABLE dbo.piece (k {k} NOT NULL PRIMARY KEY, what int NULL, version rowversion);"));
    model.load(PIECE, [&[1][..], &[2], &[3], &[4, 0]].map(|k| vec![Value::bytes(k), 1.into(), Value::Null])).unwrap();
    track(&model, PIECE);
    model
}

/// To the server zeros at the end of bytes don't count; to BigQuery they do.
async fn zeros_at_the_end(capture: &str) {
    let w = World::on_sql_server_that_has(needs(capture), pieces("varbinary(8)")).await;
    w.config(&format!("[[table]]\nsource = \"{PIECE}\"\n{capture}"));
    w.tick().await;
    let published = Published::whole(PIECE);
    assert_eq!(published.assert_equal(&w).await, 4);
    let mut writer = w.model().begin();
    assert_eq!(writer.update(PIECE, &[Value::bytes(&[1])], &[("k", Value::bytes(&[1, 0]))]).unwrap(), 1);
    writer.delete(PIECE, &[Value::bytes(&[2])]).unwrap();
    writer.insert(PIECE, vec![Value::bytes(&[2, 0, 0]), 2.into(), Value::Null]).unwrap();
    assert_eq!(writer.update(PIECE, &[Value::bytes(&[4, 0])], &[("k", Value::bytes(&[4]))]).unwrap(), 1);
    writer.commit();
    w.tick().await;
    assert_eq!(published.assert_equal(&w).await, 4);
    assert_quiet(&w).await;
    let ran = w.run(&["verify", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_zeros_at_its_end_under_digest() {
    zeros_at_the_end(DIGEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_zeros_at_its_end_under_rowversion() {
    zeros_at_the_end(CURSOR).await;
}

/// The log names both keys; the old one has no row.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_zeros_at_its_end_under_a_change_log() {
    let model = pieces("varbinary(8)");
    ddl::tables(ENTRIES).unwrap().into_iter().for_each(|table| model.create_table(table));
    let w = World::on_sql_server(model).await;
    w.config(&format!(
        "[changelog]\ntable = \"log\"\nid = \"id\"\nat = \"at\"\ntype = \"what\"\nkey = \"item\"\naction = \"op\"\nadded = \"I\"\n\
         [[table]]\nsource = \"{PIECE}\"\ncapture = \"changelog\"\nlog_types = [\"piece\"]\n"
    ));
    w.tick().await;
    let mut writer = w.model().begin();
    assert_eq!(writer.update(PIECE, &[Value::bytes(&[1])], &[("k", Value::bytes(&[1, 0]))]).unwrap(), 1);
    log(&mut writer, "piece", "0x01", "D");
    log(&mut writer, "piece", "0x0100", "I");
    writer.commit();
    w.tick().await;
    assert_eq!(Published::whole(PIECE).assert_equal(&w).await, 4);
    let ran = w.run(&["check"]).await;
    assert!(ran.stdout.contains("two spellings of k are one key to the source"), "{}", ran.stdout);
}

/// Bytes of a fixed length have zeros at their end or not, but never both.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_get_zeros_at_its_end_is_refused_under_change_tracking() {
    let w = World::on_sql_server_that_has(needs(TRACKED), pieces("varbinary(8)")).await;
    let config = format!("[[table]]\nsource = \"{PIECE}\"\n{TRACKED}");
    w.config(&config);
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 2, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("two spellings of k in dbo.piece are one key to the source"), "{}", ran.stdout);
    w.config(&format!("{config}reconcile_every = \"1d\"\n"));
    w.tick().await;
    assert_eq!(Published::whole(PIECE).assert_equal(&w).await, 4);
    let w = World::on_sql_server_that_has(needs(TRACKED), pieces("binary(2)")).await;
    w.config(&config);
    w.tick().await;
    assert_eq!(Published::whole(PIECE).assert_equal(&w).await, 4);
}

const DOC: &str = "dbo.doc";

/// The server sorts GUIDs by their last bytes first, and prints them in upper case.
async fn guids(capture: &str) {
    let model = model_of(
        "CREATE TABLE dbo.doc (id uniqueidentifier NOT NULL PRIMARY KEY, what varchar(20) NULL, version rowversion);",
    );
    let guid = |n: u128| Value::Guid(Guid::from_u128(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_0c5e_ad11_0001)));
    model.load(DOC, (1..=150).map(|n| vec![guid(n), "doc".into(), Value::Null])).unwrap();
    track(&model, DOC);
    let w = World::on_sql_server_that_has(needs(capture), model).await;
    // So few that it is looked at in stretches.
    w.config_with("chunk_rows = 40", &format!("[[table]]\nsource = \"{DOC}\"\n{capture}"));
    let published = Published::whole(DOC);
    for _ in 0..8 {
        w.tick().await;
    }
    assert_eq!(published.assert_equal(&w).await, 150);
    let mut writer = w.model().begin();
    for n in 3..6 {
        writer.update(DOC, &[guid(n)], &[("what", "changed".into())]).unwrap();
    }
    writer.delete(DOC, &[guid(7)]).unwrap();
    writer.insert(DOC, vec![guid(500), "new".into(), Value::Null]).unwrap();
    writer.commit();
    w.tick().await;
    assert_eq!(published.assert_equal(&w).await, 150);
    assert_quiet(&w).await;
    let ran = w.run(&["verify", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn guids_under_digest() {
    guids(DIGEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guids_under_change_tracking() {
    guids(TRACKED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guids_under_rowversion() {
    guids(CURSOR).await;
}

/// A table whose target gets two rows by hand, with keys that no row of the source prints.
struct Odd {
    table: &'static str,
    /// The type of its key, and the one row that it has.
    k: &'static str,
    first: Value,
    /// The key's type in the target, where it is not the usual one.
    forced: Option<&'static str>,
    others: &'static str,
}

impl Odd {
    fn source(&self) -> String {
        format!("dbo.{}", self.table)
    }
}

/// The target may hold keys that the source's type has no value for: each is one too many, and goes by its text.
async fn keys_of_no_value(capture: &str, all: &[Odd]) {
    let table = |odd: &Odd| {
        let (table, k) = (odd.table, odd.k);
        format!("CREATE TABLE dbo.{table} (k {k} NOT NULL PRIMARY KEY, what varchar(20) NULL, version rowversion);")
    };
    let model = model_of(&all.iter().map(table).collect::<String>());
    for odd in all {
        model.load(&odd.source(), [vec![odd.first.clone(), "row".into(), Value::Null]]).unwrap();
        track(&model, &odd.source());
    }
    let w = World::on_sql_server_that_has(needs(capture), model).await;
    let config = all.iter().map(|odd| {
        let forced = odd.forced.map(|of| format!("columns.k.type = \"{of}\"\n")).unwrap_or_default();
        format!("[[table]]\nsource = \"{}\"\n{capture}{forced}", odd.source())
    });
    w.config(&config.collect::<String>());
    w.tick().await;
    for odd in all {
        assert_eq!(Published::whole(&odd.source()).assert_equal(&w).await, 1, "{}", odd.table);
        w.target(&format!("INSERT INTO `{{d}}.{}` (k, what) VALUES {}", odd.table, odd.others)).await;
    }
    let ran = w.run(&["verify", "--json"]).await;
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let runs = report["runs"].as_array().unwrap();
    let compared: Vec<_> = runs.iter().filter_map(|run| run["verified"].as_array()).flatten().collect();
    assert_eq!(compared.len(), all.len(), "{report:#}");
    assert!(compared.iter().all(|table| table["extra"].as_u64() == Some(2)), "{report:#}");
    let ran = w.run(&["verify", "--repair", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    for odd in all {
        assert_eq!(Published::whole(&odd.source()).assert_equal(&w).await, 1, "{}", odd.table);
    }
    let ran = w.run(&["verify"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}

fn a_guid() -> Value {
    Value::Guid(Guid::from_u128(0x0e98_4725_c51c_4bf4_9960_e1c8_0e27_aba0))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_has_texts_that_no_guid_is() {
    let others = "('not-a-guid', 'a'), ('', 'b')";
    keys_of_no_value(TRACKED, &[Odd { table: "odd", k: "uniqueidentifier", first: a_guid(), forced: None, others }])
        .await;
}

/// Values that the source's type has no room for, and spellings in which the source does not print a value: those are no keys of a row.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_has_keys_that_the_source_does_not_print() {
    let odd = |table, k, first, others| Odd { table, k, first, forced: None, others };
    let forced = |table, k, first, others| Odd { table, k, first, forced: Some("STRING"), others };
    let day = Value::DateTime2(739_000, 0);
    let all = [
        odd("large_int", "int", 5.into(), "(99999999999, 'a'), (-99999999999, 'b')"),
        odd("long_text", "varchar(3)", "abc".into(), "('abcd', 'a'), ('abc and more', 'b')"),
        odd(
            "guid",
            "uniqueidentifier",
            a_guid(),
            "('0e984725-c51c-4bf4-9960-e1c80e27aba0', 'a'), ('0E984725-C51C-4BF4-9960-E1C80E27aba0', 'b')",
        ),
        forced("number", "int", 5.into(), "('005', 'a'), ('+5', 'b')"),
        forced("price", "decimal(9, 2)", Value::Decimal(150), "('1.5', 'a'), ('1.500', 'b')"),
        forced("day", "datetime2(3)", day, "('2024-04-28T00:00:00.000', 'a'), ('2024-04-28', 'b')"),
        odd("padded", "char(4)", "ab".into(), "('ab', 'a'), ('ab ', 'b')"),
        odd("padded_wide", "nchar(4)", "ab".into(), "('ab', 'a'), ('ab ', 'b')"),
        odd("text", "varchar(4)", "ab".into(), "('AB', 'a'), ('ab ', 'b')"),
        odd("bytes", "varbinary(2)", Value::bytes(&[1]), "(b'\\x01\\x00', 'a'), (b'\\x01\\x00\\x00', 'b')"),
        odd("fixed_bytes", "binary(2)", Value::bytes(&[1]), "(b'\\x01', 'a'), (b'\\x01\\x00\\x00', 'b')"),
    ];
    keys_of_no_value(DIGEST, &all).await;
}

const VISIT: &str = "dbo.visit";

/// A moment of the day with an offset in minutes.
fn moment(hour: u64, offset: i16) -> Value {
    Value::DateTimeOffset(739_000, hour * 36_000_000_000, offset)
}

fn visits() -> Model {
    let model = model_of(
        "CREATE TABLE dbo.visit (k datetimeoffset(7) NOT NULL PRIMARY KEY, what int NULL, version rowversion);",
    );
    model.load(VISIT, (1..=9).map(|n| vec![moment(n, 120), 1.into(), Value::Null])).unwrap();
    track(&model, VISIT);
    model
}

/// As texts, a moment with two offsets is two keys.
#[tokio::test(flavor = "multi_thread")]
async fn a_moment_as_text_gets_another_offset_under_digest() {
    let w = World::on_sql_server_that_has(needs(DIGEST), visits()).await;
    w.config(&format!("[[table]]\nsource = \"{VISIT}\"\n{DIGEST}columns.k.type = \"STRING\"\n"));
    w.tick().await;
    let mut writer = w.model().begin();
    writer.delete(VISIT, &[moment(3, 120)]).unwrap();
    writer.update(VISIT, &[moment(4, 120)], &[("k", moment(4, -570))]).unwrap();
    writer.update(VISIT, &[moment(5, 120)], &[("what", 2.into())]).unwrap();
    writer.insert(VISIT, vec![moment(20, 0), 3.into(), Value::Null]).unwrap();
    writer.commit();
    w.tick().await;
    let keys = w.target("SELECT k FROM `{d}.visit` ORDER BY k").await;
    let keys: Vec<String> = keys.into_iter().flatten().flatten().collect();
    let mut expected: Vec<String> = w
        .model()
        .rows(VISIT)
        .unwrap()
        .iter()
        .map(|row| spoken(&row[0], &ColumnType::DateTimeOffset { scale: 7 }).unwrap())
        .collect();
    expected.sort();
    assert_eq!(keys, expected);
    assert_quiet(&w).await;
    let ran = w.run(&["verify", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_as_text_is_refused_under_change_tracking() {
    let w = World::on_sql_server_that_has(needs(TRACKED), visits()).await;
    w.config(&format!("[[table]]\nsource = \"{VISIT}\"\n{TRACKED}columns.k.type = \"STRING\"\n"));
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 2, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("two spellings of k in dbo.visit are one key to the source"), "{}", ran.stdout);
}

/// BigQuery keeps six digits of a second, so two moments could be one key there; and what clients have encrypted nobody else reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_seven_digits_and_an_encrypted_column_are_refused() {
    let refused = async |w: &World, table: &str, why: &str| {
        w.config(&format!("[[table]]\nsource = \"{table}\"\n{DIGEST}"));
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!(ran.code, 2, "{}\n{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(why), "{}", ran.stdout);
    };
    let model = visits();
    let ddl = "CREATE TABLE dbo.vault (id int NOT NULL PRIMARY KEY, pin varbinary(80) NULL);";
    for mut table in ddl::tables(ddl).unwrap() {
        table.columns[1].flags.push(ColumnFlag::Encrypted);
        model.create_table(table);
    }
    let w = World::on_sql_server_that_has(needs(DIGEST), model).await;
    refused(&w, VISIT, "seven digits of a second").await;
    refused(&w, "dbo.vault", "is encrypted by its clients").await;
}
