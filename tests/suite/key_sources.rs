//! Any key source will do: whatever names a key, and however often, the row says what is true.

use std::sync::Arc;

use futures_util::StreamExt;
use plimsoll::bigquery::{BigQuery, Settings};
use plimsoll::capture::CaptureError;
use plimsoll::capture::keyed::{Chunk, GivenKeys, KeyColumns, KeyCounts, KeySource, Reach, Reread};
use plimsoll::config::Config;
use plimsoll::encode::{RowEncoder, Shape};
use plimsoll::failpoint::VARIABLE;
use plimsoll::run::{Context, Guard, TickReport, read_again};
use plimsoll::source::{NamedKey, Origin, RowDecoder, Session, Source, Spelling, Table};

use plimsoll::storage::Store;

use crate::support::World;

const LOG: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n";

/// Yields what it was given, and stands for no log at all.
struct Given(Vec<Vec<NamedKey>>);

impl KeySource for Given {
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        Ok(self.0.pop().map(|keys| Chunk { keys }))
    }

    fn counts(&self) -> KeyCounts {
        KeyCounts::default()
    }
}

fn key(values: &[&str], origin: Origin) -> NamedKey {
    NamedKey { values: values.iter().map(|v| (*v).to_owned()).collect(), origin }
}

/// The lines that all chunks of a source leave, upserts and deletes apart, and how many deleted keys the target never had.
async fn lines(session: &Session, table: Table<'_>, of: &KeyColumns, mut source: Given) -> (String, String, u64) {
    let reread = Reread { table, of };
    let (mut upserts, mut deletes, mut fleeting) = (String::new(), String::new(), 0);
    while let Some(chunk) = source.next().await.unwrap() {
        for (pass, into) in [(reread.present(&chunk), &mut upserts), (reread.gone(&chunk), &mut deletes)] {
            let policy = table.spec.on_unrepresentable;
            let decoder = RowDecoder::of(table.relation.dialect);
            let mut encoder = RowEncoder::new(decoder, table.shape, pass.kind, policy).flagged(pass.flag);
            let (mut out, mut refused) = (Vec::new(), Vec::new());
            let mut rows = session.rows(&pass.read).await.unwrap();
            while let Some(row) = rows.next().await {
                encoder.encode(&row.unwrap(), &mut out, &mut refused).unwrap();
            }
            into.push_str(&String::from_utf8(out).unwrap());
            fleeting += encoder.tally().flagged;
        }
    }
    (upserts, deletes, fleeting)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_says_what_is_true() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE part (a text, b numeric(6,2), v text, live bool, PRIMARY KEY (a, b));
         INSERT INTO part VALUES ('x', 1, 'one', true), ('x', 2, 'two', true), ('it''s \"\\', 3, 'odd', true),
                                 ('hidden', 4, 'no', false)",
    )
    .await;
    w.config("[[table]]\nsource = \"part\"\ncapture = \"xmin\"\nwhere = \"live\"\n");
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    let url = w.source_url();
    let environment = [("DATABASE_URL", url.as_str())].into();
    let config = Config::parse("plimsoll.toml", &text, &environment).unwrap();
    let spec = &config.tables[0];
    let source = Source::new(&w.source_url(), std::time::Duration::from_secs(10)).unwrap();
    let session = source.open().await.unwrap();
    session.begin().await.unwrap();
    let relation = session.read_relation(&spec.source).await.unwrap();
    let shape = Shape::of(spec, &relation).unwrap();
    let table = Table { spec, relation: &relation, shape: &shape };
    let columns: Vec<_> = ["b", "a"].iter().map(|c| relation.column(c).unwrap().clone()).collect();
    let of = KeyColumns { columns, spelling: vec![Spelling::IsOne, Spelling::Counts], reach: Reach::Key };
    let chunks = vec![
        // In another chunk the same key once more; and one in another spelling of its number.
        vec![key(&["1", "x"], Origin::Before)],
        vec![
            key(&["1.0", "x"], Origin::Before),
            key(&["3.00", "it's \"\\"], Origin::Added),
            // No row has it, or none that the filter lets through; one came and went.
            key(&["9", "x"], Origin::Before),
            key(&["4", "hidden"], Origin::Before),
            key(&["8", "x"], Origin::Added),
        ],
        vec![],
    ];
    let (upserts, deletes, fleeting) = lines(&session, table, &of, Given(chunks)).await;
    let mut upserts: Vec<&str> = upserts.lines().collect();
    upserts.sort_unstable();
    let one = r#"{"_plimsoll_op":"U","a":"x","b":"1.00","v":"one","live":true}"#;
    let odd = r#"{"_plimsoll_op":"U","a":"it's \"\\","b":"3.00","v":"odd","live":true}"#;
    assert_eq!(upserts, [odd, one, one]);
    let mut deletes: Vec<&str> = deletes.lines().collect();
    deletes.sort_unstable();
    let gone = |a: &str, b: &str| format!(r#"{{"_plimsoll_op":"D","a":"{a}","b":"{b}"}}"#);
    assert_eq!(deletes, [gone("hidden", "4.00"), gone("x", "8.00"), gone("x", "9.00")]);
    assert_eq!(fleeting, 1, "the one that came and went");
}

/// A world's tables under a config, in this process: for what no command asks for.
async fn context(w: &World, config: &str) -> Arc<Context> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    w.config(config);
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    let url = w.source_url();
    let config = Config::parse("plimsoll.toml", &text, &[("DATABASE_URL", url.as_str())].into()).unwrap();
    let settings = Settings {
        project: config.bigquery.project.clone(),
        dataset: config.bigquery.dataset.clone(),
        staging_dataset: config.bigquery.staging_dataset.clone(),
        location: config.bigquery.location.clone(),
        job_timeout: config.bigquery.job_timeout,
        write_endpoint: None,
    };
    let bigquery = BigQuery::of_emulator(&w.bq.url, settings).await.unwrap();
    let store = Store::at(Some(w.gcs.url.clone()), &config.storage.bucket, &config.storage.prefix).await.unwrap();
    Arc::new(Context::of(config, store, bigquery).await.unwrap())
}

fn given(target: &str, ids: impl Iterator<Item = u32>) -> GivenKeys {
    GivenKeys::default().with(target, ids.map(|id| vec![id.to_string()]).collect())
}

const ORDERS: &str = "[[table]]\nsource = \"orders\"\n";

async fn orders() -> World {
    let w = World::new().await;
    w.sql("CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT g, 'n' FROM generate_series(1, 3000) g")
        .await;
    w
}

/// Keys from anywhere go through the ordinary run, and move no watermark: what was not named is found by the next tick.
#[tokio::test(flavor = "multi_thread")]
async fn given_keys_go_through_an_ordinary_run() {
    for (config, feed) in [
        (format!("{ORDERS}capture = \"xmin\"\ndeletes = \"keys\"\n"), "orders"),
        (format!("{ORDERS}capture = \"digest\"\n"), "orders"),
        (format!("{LOG}{ORDERS}capture = \"changelog\"\nlog_types = [\"o\"]\n"), "changelog"),
    ] {
        let w = orders().await;
        w.sql("CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text)").await;
        w.config(&config);
        w.tick().await;
        let context = context(&w, &config).await;
        let before = w.state(feed).await["watermark"].clone();
        w.sql(
            "UPDATE orders SET note = 'read again' WHERE id = 1; DELETE FROM orders WHERE id = 2;
             UPDATE orders SET note = 'not named' WHERE id = 3; INSERT INTO orders VALUES (4000, 'new');
             INSERT INTO log (what, key) VALUES ('o', '3')",
        )
        .await;
        // The last one was never anywhere, and one is named twice.
        let keys = given("orders", [1, 2, 4000, 9999, 1].into_iter());
        let report = read_again(&context, keys, Guard::On).await;
        assert!(report.ok, "{:?}", report.runs);
        let table = &report.runs[0].tables[0];
        assert_eq!((table.rows_inserted, table.rows_updated, table.rows_deleted), (Some(1), Some(1), Some(1)));
        let difference = w.target("SELECT note FROM `{d}.orders` WHERE id IN (1, 2, 3, 4000) ORDER BY id").await;
        let texts: Vec<_> = difference.iter().map(|row| row[0].as_deref().unwrap()).collect();
        assert_eq!(texts, ["read again", "n", "new"]);
        let after = w.state(feed).await["watermark"].clone();
        let place = |mark: &serde_json::Value| match feed {
            "orders" => mark["snapshot"].clone(),
            _ => mark["tables"]["orders"]["log"].clone(),
        };
        assert_eq!(place(&after), place(&before), "the watermark speaks of what was looked for");
        w.tick().await;
        w.assert_equal("orders").await;
    }
}

/// A key that was read again may be gone before the keys are next listed: the list is then the one of before, and all the same has to be
/// compared with the target.
#[tokio::test(flavor = "multi_thread")]
async fn a_given_key_that_goes_again_is_deleted() {
    for capture in ["capture = \"xmin\"\ndeletes = \"keys\"\n", "capture = \"digest\"\n"] {
        let w = orders().await;
        let config = format!("{ORDERS}{capture}");
        w.config(&config);
        w.tick().await;
        w.tick().await;
        let context = context(&w, &config).await;
        w.sql("INSERT INTO orders VALUES (4000, 'for a moment')").await;
        assert!(read_again(&context, given("orders", [4000].into_iter()), Guard::On).await.ok);
        w.sql("DELETE FROM orders WHERE id = 4000").await;
        w.tick().await;
        w.assert_equal("orders").await;
        assert_eq!(w.tick().await["state"], "empty");
    }
}

/// The guard, and a crash between seal and commit.
#[tokio::test(flavor = "multi_thread")]
async fn given_keys_are_guarded_and_sealed() {
    let w = orders().await;
    let config = format!("{ORDERS}capture = \"xmin\"\n");
    w.config(&config);
    w.tick().await;
    w.sql("DELETE FROM orders WHERE id <= 1500").await;
    let context = context(&w, &config).await;
    let keys = given("orders", 1..=1600);
    let report = read_again(&context, keys.clone(), Guard::On).await;
    let error = report.runs[0].error.as_ref().unwrap();
    assert!(error.message.contains("would delete 1,500 of the 3,000 rows"), "{}", error.message);
    assert!(w.state("orders").await["pending"].is_null());
    // The process has to go once it is sealed; the next tick brings it in.
    let gate = w.bq.hold_before(|r| r.is_upload() || r.is_job("load"));
    let run = tokio::spawn({
        let context = context.clone();
        async move { read_again(&context, keys, Guard::Off).await }
    });
    gate.reached().await;
    context.stop.cancel();
    let report = run.await.unwrap();
    gate.open();
    assert!(!report.ok);
    assert!(!w.state("orders").await["pending"].is_null(), "{:?}", report.runs);
    w.tick().await;
    w.assert_equal("orders").await;
}

const LOGGED: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n[[table]]\nsource = \"orders\"\n\
                      capture = \"changelog\"\nlog_types = [\"o\"]\n";

fn texts(keys: &[&[&str]]) -> Vec<Vec<String>> {
    keys.iter().map(|key| key.iter().map(|v| (*v).to_owned()).collect()).collect()
}

async fn read(context: &Arc<Context>, target: &str, keys: &[&[&str]]) -> TickReport {
    read_again(context, GivenKeys::default().with(target, texts(keys)), Guard::On).await
}

/// Where all rows have to be read after all, the table stands in its log from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_goes_on_after_given_keys_became_a_whole_read() {
    let w = orders().await;
    w.sql("CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text)").await;
    w.config(LOGGED);
    let context = context(&w, LOGGED).await;
    for round in 0..2 {
        // The first time it was never loaded; then its target is gone.
        let report = read(&context, "orders", &[&["1"]]).await;
        assert!(report.ok && report.runs[0].whole.is_some(), "{round}: {:?}", report.runs);
        w.sql("UPDATE orders SET note = note || '!' WHERE id = 7; INSERT INTO log (what, key) VALUES ('o', '7')").await;
        assert_eq!(w.tick().await["state"], "done");
        w.assert_equal("orders").await;
        w.target("DROP TABLE `{d}.orders`").await;
    }
}

/// Two texts of one key, and a row that is gone: the batch has it twice, and can be merged.
#[tokio::test(flavor = "multi_thread")]
async fn two_texts_of_one_key_are_no_trouble() {
    let w = World::new().await;
    w.sql(
        "CREATE EXTENSION IF NOT EXISTS citext;
         CREATE TABLE n (id numeric(10, 2) PRIMARY KEY, v text); INSERT INTO n VALUES (1, 'a'), (2, 'b');
         CREATE TABLE c (id citext PRIMARY KEY, v text); INSERT INTO c VALUES ('A', 'a'), ('B', 'b')",
    )
    .await;
    let config = "[[table]]\nsource = \"n\"\ncapture = \"xmin\"\n[[table]]\nsource = \"c\"\ncapture = \"xmin\"\n";
    w.config(config);
    let ran = w.run(&["run"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let context = context(&w, config).await;
    w.sql("DELETE FROM n WHERE id = 1; UPDATE c SET id = 'a' WHERE id = 'A'").await;
    let report = read(&context, "n", &[&["1"], &["1.0"], &["2"], &["2.00"]]).await;
    assert!(report.ok, "{:?}", report.runs);
    assert_eq!(w.target("SELECT v FROM `{d}.n`").await, [vec![Some("b".to_owned())]]);
    // The row has another spelling now: the one that was named is gone.
    let report = read(&context, "c", &[&["A"]]).await;
    assert!(report.ok, "{:?}", report.runs);
    let ids = w.target("SELECT id FROM `{d}.c` ORDER BY id").await;
    assert_eq!(ids, [vec![Some("B".to_owned())], vec![Some("a".to_owned())]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_of_the_table_is_refused() {
    let w = World::new().await;
    w.sql("CREATE TABLE pair (a int, b int, v text, PRIMARY KEY (a, b)); INSERT INTO pair VALUES (1, 2, 'x')").await;
    let config = "[[table]]\nsource = \"pair\"\ncapture = \"xmin\"\n";
    w.config(config);
    w.tick().await;
    let context = context(&w, config).await;
    for keys in [&[&["1"][..], &["2", "2"]][..], &[&[][..]], &[&["1", "2\0"]]] {
        let report = read(&context, "pair", keys).await;
        let error = report.runs[0].error.as_ref().unwrap();
        assert!(error.message.contains("is none of its keys: those have 2 columns"), "{}", error.message);
    }
    assert_eq!(GivenKeys::default().with("t", texts(&[&["1"]])).with("t", texts(&[&["2"]])), {
        GivenKeys::default().with("t", texts(&[&["2"], &["1"]]))
    });
}

/// What went with its key comes back with old values: a partition, and a row of a view.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_away_for_a_while_is_found_again() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200);
         INSERT INTO p SELECT g, 'v' FROM generate_series(1, 150) g;
         CREATE TABLE base (id int PRIMARY KEY, at timestamptz, shown bool); INSERT INTO base SELECT g, '2020-01-01', true FROM generate_series(1, 50) g;
         CREATE VIEW seen AS SELECT id, at FROM base WHERE shown",
    )
    .await;
    let config = "[[table]]\nsource = \"p\"\ncapture = \"xmin\"\ndeletes = \"keys\"\n\
                  [[table]]\nsource = \"seen\"\nkey = [\"id\"]\ncursor = \"at\"\ndeletes = \"keys\"\n";
    w.config(config);
    for _ in 0..2 {
        assert_eq!(w.run(&["run"]).await.code, 0);
    }
    let context = context(&w, config).await;
    w.sql("ALTER TABLE p DETACH PARTITION p2; UPDATE base SET shown = false WHERE id = 9").await;
    let keys = (100..=150).map(|id| vec![id.to_string()]).collect();
    assert!(read_again(&context, GivenKeys::default().with("p", keys), Guard::On).await.ok);
    assert!(read(&context, "seen", &[&["9"]]).await.ok);
    let rows =
        async |table: &str| w.target(&format!("SELECT COUNT(*) FROM `{{d}}.{table}`")).await[0][0].clone().unwrap();
    assert_eq!((rows("p").await, rows("seen").await), ("99".to_owned(), "49".to_owned()));
    w.sql(
        "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (100) TO (200); UPDATE base SET shown = true WHERE id = 9",
    )
    .await;
    assert_eq!(w.run(&["run"]).await.code, 0);
    assert_eq!((rows("p").await, rows("seen").await), ("150".to_owned(), "50".to_owned()));
}

/// The guard goes by the keys, whatever else has come; and what was wrong with the table stays wrong.
#[tokio::test(flavor = "multi_thread")]
async fn given_keys_hide_neither_deletes_nor_failures() {
    let w = orders().await;
    let config = format!("{ORDERS}capture = \"xmin\"\ndeletes = \"keys\"\n");
    w.config(&config);
    w.tick().await;
    w.sql("DELETE FROM orders WHERE id <= 1500; INSERT INTO orders SELECT g, 'n' FROM generate_series(5001, 6500) g")
        .await;
    let context = context(&w, &config).await;
    let report = read_again(&context, given("orders", 1..=1600), Guard::On).await;
    assert!(report.runs[0].error.as_ref().unwrap().message.contains("would delete 1,500"), "{:?}", report.runs);
    w.sql("DELETE FROM orders WHERE id > 5000").await;
    assert_eq!(w.run(&["run"]).await.code, 1, "the guard again");
    assert_eq!(w.run(&["status"]).await.code, 1);
    assert!(read_again(&context, given("orders", 2000..=2001), Guard::On).await.ok);
    let status = w.run(&["status"]).await;
    assert!(status.code == 1 && status.stdout.contains("would delete 1,500"), "{}", status.stdout);
}

/// A table too large for one look: a row that was read again, and is what it was before by the time its slice is looked at, is not missed.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_again_between_slices_is_found() {
    let table = "[[table]]\nsource = \"item\"\ncapture = \"digest\"\n";
    let w = World::new().await;
    w.sql("CREATE TABLE item (id int PRIMARY KEY, v text); INSERT INTO item SELECT g, 'v' FROM generate_series(1, 95) g; ANALYZE item").await;
    let context = context(&w, table).await;
    w.config_with("chunk_rows = 30", table);
    w.tick().await;
    let one_slice = async || {
        let child = w.command(&["run", "--json"]).env(VARIABLE, "stretch:before=error*").spawn().unwrap();
        assert_eq!(w.finish(child).await.code, 0);
        w.state("item").await["watermark"]["tables"]["item"]["digest"]["round"].clone()
    };
    w.sql("UPDATE item SET v = 'other' WHERE id = 94").await;
    assert!(read(&context, "item", &[&["94"]]).await.ok);
    assert!(!one_slice().await.is_null(), "it has several slices");
    w.sql("UPDATE item SET v = 'v' WHERE id = 94").await;
    while !one_slice().await.is_null() {}
    w.assert_equal("item").await;
}
