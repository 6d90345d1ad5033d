//! What is fuzzed, and what has to hold whatever comes in. The targets of cargo-fuzz and the short run of `make test` share it.

use plimsoll::config::{Config, Environment};
use plimsoll::encode::{RowEncoder, RowKind, Shape};
use plimsoll::model::{FeedId, OnUnrepresentable, Op, TableSpec};
use plimsoll::server::parse_push;
use plimsoll::source::postgres::{CopyText, relation_of};
use plimsoll::state::StateDocument;

/// A Pub/Sub push: parsed or refused.
pub fn envelope(data: &[u8]) {
    let _ = parse_push(data);
}

const SECRET: &str = "hunter2";

/// A config: read, or refused without the secret it was given.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let env = Environment::from([("DATABASE_URL", &*format!("postgres://reader:{SECRET}@db/app"))]);
    if let Err(e) = Config::parse("plimsoll.toml", text, &env) {
        assert!(text.contains(SECRET) || !e.to_string().contains(SECRET), "{e}");
    }
}

/// A state document: refused, or the same after it was written again.
pub fn state(data: &[u8]) {
    let feed = FeedId::of_target("orders");
    if let Ok(document) = StateDocument::parse(&feed, data) {
        let again = serde_json::to_vec(&document).unwrap();
        assert_eq!(StateDocument::parse(&feed, &again).unwrap(), document);
    }
}

/// A row of COPY text: refused, or one line and no more. Numbers and documents are the server's own, and not looked at again.
pub fn row(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = text.split('\n').next().unwrap_or_default();
    let shape = shape();
    for policy in [OnUnrepresentable::Quarantine, OnUnrepresentable::Null, OnUnrepresentable::Fail] {
        let mut encoder = RowEncoder::new(CopyText::default(), &shape, RowKind::Change(Op::Upsert), policy);
        let (mut out, mut refused) = (Vec::new(), Vec::new());
        if encoder.encode(text.as_bytes(), &mut out, &mut refused).is_err() {
            continue;
        }
        let ends = out.iter().filter(|b| **b == b'\n').count();
        assert!(ends <= 1 && (out.is_empty() || out.ends_with(b"}\n")));
        assert!(std::str::from_utf8(&out).is_ok());
    }
}

/// A column of every kind of codec.
fn shape() -> Shape {
    let columns = [
        ("id", 20, "bigint"),
        ("t", 25, "text"),
        ("b", 16, "boolean"),
        ("f", 701, "double precision"),
        ("n", 1700, "numeric"),
        ("x", 17, "bytea"),
        ("d", 1082, "date"),
        ("c", 1083, "time"),
        ("s", 1114, "timestamp"),
        ("z", 1184, "timestamptz"),
        ("j", 3802, "jsonb"),
        ("a", 1007, "integer[]"),
    ];
    let columns: Vec<serde_json::Value> = columns
        .iter()
        .enumerate()
        .map(|(n, (name, oid, base))| {
            serde_json::json!({ "name": name, "number": n + 1, "type_name": base, "base_oid": oid, "base_name": base,
                                "typmod": -1, "not_null": false })
        })
        .collect();
    let document = serde_json::json!({
        "oid": 1, "kind": "r", "rows": null, "comment": null, "view": null, "primary_key": ["id"], "unique": [["id"]],
        "leading": ["id"], "leaves": [], "columns": columns,
    });
    let relation = relation_of(&document.to_string()).unwrap();
    let config = "[source]\nurl = \"x\"\n[storage]\nurl = \"gs://b\"\n[bigquery]\nproject = \"p\"\ndataset = \"d\"\n[[table]]\nsource = \"t\"\n";
    let config = Config::parse("plimsoll.toml", config, &Environment::default()).unwrap();
    let spec: &TableSpec = &config.tables[0];
    Shape::of(spec, &relation).unwrap()
}
