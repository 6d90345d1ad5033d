//! The hash of a row tells it from every other one, and comes in an order that is the same everywhere.

use futures_util::StreamExt;
use plimsoll::config::Config;
use plimsoll::encode::Shape;
use plimsoll::source::{Columns, Read, Row, Rows, Source, Table};

use crate::support::Database;

/// The keys and hashes of a table, as the source streams them.
async fn pairs(sql: &str, key: &str) -> Vec<(String, String)> {
    let database = Database::new(sql).await;
    let config = format!(
        "[source]\nurl = \"{}\"\nhash_salt = \"0123456789abcdef\"\n[storage]\nurl = \"gs://b\"\n[bigquery]\nproject = \"p\"\ndataset = \"d\"\n\
         [[table]]\nsource = \"t\"\ncapture = \"full\"\nkey = [{key}]\n",
        database.url()
    );
    let config = Config::parse("plimsoll.toml", &config, &plimsoll::config::Environment::default()).unwrap();
    let spec = &config.tables[0];
    let session = Source::new(&database.url(), std::time::Duration::from_secs(60)).unwrap().open().await.unwrap();
    session.begin().await.unwrap();
    let relation = session.read_relation(&spec.source).await.unwrap();
    let shape = Shape::of(spec, &relation).unwrap();
    let table = Table { spec, relation: &relation, shape: &shape };
    let read = Read { table, columns: Columns::KeyAndHash, rows: Rows::All };
    let rows: Vec<_> = session.rows(&read).await.unwrap().collect().await;
    let pair = |row: Row| {
        let Row::CopyText(text) = row;
        let text = String::from_utf8(text.to_vec()).unwrap();
        let (key, hash) = text.trim_end().rsplit_once('\t').unwrap();
        (key.to_owned(), hash.to_owned())
    };
    rows.into_iter().map(|row| pair(row.unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_differ_have_different_hashes() {
    let found = pairs(
        "CREATE TABLE t (id int PRIMARY KEY, a text, b text, c bytea, d timestamptz, e jsonb);
         INSERT INTO t (id, a, b) VALUES (0, '1', '23'), (0 + 1, '12', '3'), (2, NULL, 'N'), (3, 'N', NULL), (4, '', NULL), (5, NULL, ''), (6, NULL, NULL),
                                         (7, '1:2', ''), (8, '1', '2');
         INSERT INTO t (id, a, b, c) VALUES (9, NULL, NULL, '\\x00'), (10, NULL, NULL, '\\x');
         INSERT INTO t (id, a, b, d) VALUES (11, NULL, NULL, '2026-01-01 00:00:00.000001+02');
         INSERT INTO t (id, a, b, e) VALUES (12, NULL, NULL, 'null'), (13, NULL, NULL, '{}')",
        "\"id\"",
    )
    .await;
    assert_eq!(found.len(), 14);
    // The key is a part of what is hashed, so rows that differ only elsewhere are compared under one.
    let same_key = pairs(
        "CREATE TABLE base (id int, a text, b text); INSERT INTO base VALUES (1, '1', '23'), (1, '12', '3'), (1, NULL, 'N'), (1, 'N', NULL),
             (1, '', NULL), (1, NULL, ''), (1, NULL, NULL), (1, '1:2', ''), (1, '1', '2'), (1, '1', '2');
         CREATE VIEW t AS SELECT * FROM base",
        "\"id\"",
    )
    .await;
    let mut hashes: Vec<&String> = same_key.iter().map(|(_, hash)| hash).collect();
    assert!(hashes.iter().all(|h| h.len() == 32));
    hashes.sort();
    hashes.dedup();
    assert_eq!((same_key.len(), hashes.len()), (10, 9), "the two equal rows have one hash, the others each their own");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_in_the_order_of_their_bytes() {
    let found = pairs(
        "CREATE TABLE t (k text, n numeric, note text, PRIMARY KEY (k, n));
         INSERT INTO t VALUES ('a', 10, ''), ('Z', 1, ''), ('ä', 1, ''), ('a', 9, ''), ('é', 1, ''), ('_', 1, '')",
        "\"k\", \"n\"",
    )
    .await;
    let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["Z\t1", "_\t1", "a\t10", "a\t9", "ä\t1", "é\t1"]);
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(keys, sorted);
}
