//! The statements of a capture by a change log, as golden files: `UPDATE_EXPECT=1 cargo test` accepts new ones.

use std::collections::HashMap;

use expect_test::expect_file;

use super::diff::Judge;
use super::*;
use crate::batch::{CursorMark, LogMark, LogPosition, LogTableMark};
use crate::capture::keyed::change_log::content_types::ContentTypes;
use crate::capture::keyed::change_log::resolve::entry_table;
use crate::capture::keyed::{Chunk, Reread};
use crate::encode::Shape;
use crate::model::{
    ActionCodes, CaptureKind, Deletes, Diff, KeyFormat, LogKey, LogSpec, LogTable, LogType, RelationName, TableKey,
    TableSpec, TypeColumn, plain_spec,
};
use crate::source::postgres::{PostgresLogFacts, relation_of};
use crate::source::{
    Catalog, Dependencies, LogFacts, LogQuery, NamedKey, Origin, Relation, Table, log_statement, statement,
};

fn name(text: &str) -> RelationName {
    RelationName::parse(text).unwrap()
}

fn relation(kind: &str, columns: &[(&str, u32, &str)], key: &[&str]) -> Relation {
    let columns: Vec<serde_json::Value> = columns
        .iter()
        .enumerate()
        .map(|(n, (name, oid, base))| {
            serde_json::json!({ "name": name, "number": n + 1, "type_name": base, "base_oid": oid, "base_name": base, "base_type": base,
                                "typmod": -1, "not_null": true })
        })
        .collect();
    let json = serde_json::json!({
        "oid": 16400, "kind": kind, "rows": 100, "comment": null, "view": null, "primary_key": key, "unique": [key],
        "leading": key, "leaves": [], "columns": columns,
    });
    relation_of(&json.to_string()).unwrap()
}

fn table(source: &str, key: &[&str], log_types: Vec<LogType>) -> TableSpec {
    TableSpec {
        source: name(source),
        target: "t".to_owned(),
        key: TableKey::Columns(key.iter().map(|k| (*k).to_owned()).collect()),
        capture: CaptureKind::Changelog,
        deletes: Deletes::Ignore,
        filter: Some("live -- only".to_owned()),
        log_types,
        ..plain_spec()
    }
}

fn mark(log: &str) -> LogMark {
    let ids = CursorMark {
        column: "id".to_owned(),
        seen: Some("5000".to_owned()),
        floor: Some("4900".to_owned()),
        candidate: None,
        not_after: "2026-11-21 09:43:00+00".to_owned(),
        clock: None,
    };
    LogMark {
        position: LogPosition::Postgres { snapshot: "700:705:700,703".parse().unwrap() },
        taken_at: time::OffsetDateTime::UNIX_EPOCH,
        logs: vec![LogTableMark { name: log.to_owned(), oid: 16400, ids: Some(ids), proof: None, read: None }],
        types: std::collections::BTreeMap::new(),
    }
}

/// Every statement for a table, one a paragraph.
fn statements(log: &Log<'_>, spec: &TableSpec, relation: &Relation, keys: &[&[&str]], judged: bool) -> String {
    let shape = Shape::of(spec, relation).unwrap();
    let mut out = String::new();
    for claim in log.claims(spec, relation, &shape).unwrap() {
        let place = log.place(&claim, &mark(&log.tables[0].name.to_string()));
        let below =
            Dependencies { known: [("t".to_owned(), ["note".to_owned()].into())].into(), ..Dependencies::default() };
        let bare = TableSpec { filter: None, ..spec.clone() };
        let judge = judged.then(|| Judge::new(log, &claim, &bare, relation, &shape, below).unwrap());
        let keys = keys.iter().map(|k| k[..claim.key.columns.len()].iter().map(|v| (*v).to_owned()).collect());
        let keys = keys.map(|values| NamedKey { values, origin: Origin::Before });
        let chunk = Chunk { keys: keys.collect() };
        let reread = Reread { table: Table { spec, relation, shape: &shape }, of: &claim.key };
        for (what, sql) in [
            ("scan", log_statement(LogQuery::Counts(log.new_entries(&claim, &place)))),
            (
                "keys",
                log_statement(LogQuery::Keys {
                    entries: log.new_entries(&claim, &place),
                    claimed: claim.claimed(),
                    diff: judge.as_ref().map(Judge::diff),
                }),
            ),
            ("present", statement(&reread.present(&chunk).read)),
            ("gone", statement(&reread.gone(&chunk).read)),
        ] {
            out.push_str(&format!("-- {} {what}\n{sql}\n\n", claim.name));
        }
    }
    out
}

/// A view with a number for a key, whose log keeps it as text, and a second type that is about many rows.
#[test]
fn a_view_by_content_types() {
    let entries = relation(
        "r",
        &[
            ("id", 23, "integer"),
            ("date_created", 1184, "timestamptz"),
            ("object_id", 25, "text"),
            ("action", 1043, "character varying"),
            ("changed_data", 3802, "jsonb"),
            ("content_type_id", 23, "integer"),
            ("revision_id", 23, "integer"),
        ],
        &["id"],
    );
    let spec = LogSpec {
        name: "django-models-logging",
        table: LogTable::One(name("models_logging_change")),
        id: "id".to_owned(),
        at: Some("date_created".to_owned()),
        lag: None,
        types: TypeColumn::ContentType { column: "content_type_id".to_owned(), types: None },
        key: LogKey { columns: vec!["object_id".to_owned()], format: KeyFormat::Columns },
        old_key: None,
        action: Some("action".to_owned()),
        codes: ActionCodes {
            added: vec!["added".to_owned()],
            changed: vec!["changed".to_owned()],
            truncated: vec![],
            ignored: vec!["seen".to_owned()],
        },
        diff: Some(Diff::OldNew {
            column: "changed_data".to_owned(),
            merged: Some(crate::model::Merged { column: "revision_id".to_owned(), joined_with: "extras".to_owned() }),
        }),
    };
    let ids = [("app.item".to_owned(), "37".to_owned()), ("app.plan".to_owned(), "36".to_owned())];
    let log = Log {
        spec: &spec,
        tables: vec![entry_table(&spec, &name("models_logging_change"), &entries).unwrap()],
        refused: vec![],
        logged: Catalog::default(),
        types: ContentTypes { table: Some(name("django_content_type")), ids: HashMap::from(ids) },
        facts: LogFacts::Postgres(PostgresLogFacts::of(None, 150_000)),
    };
    let view = relation("v", &[("item_id", 23, "integer"), ("plan_id", 20, "bigint"), ("we\"ird", 25, "text")], &[]);
    let types = vec![
        LogType { name: "app.Item".to_owned(), key: None, fields: None },
        LogType { name: "app.plan".to_owned(), key: Some(vec!["plan_id".to_owned()]), fields: None },
    ];
    let spec = table("shop.\"item view\"", &["item_id"], types);
    let text = statements(&log, &spec, &view, &[&["7"], &["-12"]], false);
    expect_file!["../../../../tests/golden/postgres/log_view.sql"].assert_eq(&text);
    let text = statements(&log, &spec, &view, &[&["7"]], true);
    expect_file!["../../../../tests/golden/postgres/log_judged.sql"].assert_eq(&text);
}

/// A trigger's records, with a key of two columns that may change.
#[test]
fn a_composite_key_in_records() {
    let entries = relation(
        "r",
        &[
            ("id", 20, "bigint"),
            ("s", 19, "name"),
            ("n", 19, "name"),
            ("op", 25, "text"),
            ("record", 3802, "jsonb"),
            ("old_record", 25, "text"),
        ],
        &["id"],
    );
    let packed = |c: &str| LogKey { columns: vec![c.to_owned()], format: KeyFormat::Json };
    let spec = LogSpec {
        name: "supa_audit",
        table: LogTable::One(name("audit.record_version")),
        id: "id".to_owned(),
        at: None,
        lag: None,
        types: TypeColumn::Relation { schema: "s".to_owned(), name: "n".to_owned() },
        key: packed("record"),
        old_key: Some(packed("old_record")),
        action: Some("op".to_owned()),
        codes: ActionCodes {
            added: vec![],
            changed: vec!["UPDATE".to_owned()],
            truncated: vec!["TRUNCATE".to_owned()],
            ignored: vec![],
        },
        diff: None,
    };
    let source =
        relation("r", &[("code", 25, "text"), ("tenant", 2950, "uuid"), ("note", 25, "text")], &["tenant", "code"]);
    let log = Log {
        spec: &spec,
        tables: vec![entry_table(&spec, &name("audit.record_version"), &entries).unwrap()],
        refused: vec![],
        logged: [(name("public.places"), source.clone())].into_iter().collect(),
        types: ContentTypes::default(),
        facts: LogFacts::Postgres(PostgresLogFacts::of(None, 150_000)),
    };
    let spec = table("public.places", &["tenant", "code"], vec![]);
    let keys: &[&[&str]] =
        &[&["6e1f0b54-0000-4000-8000-000000000001", "it's"], &["6e1f0b54-0000-4000-8000-000000000002", "a\"b\\c"]];
    let text = statements(&log, &spec, &source, keys, false);
    expect_file!["../../../../tests/golden/postgres/log_records.sql"].assert_eq(&text);
}
