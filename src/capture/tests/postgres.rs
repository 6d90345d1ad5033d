//! The statements that PostgreSQL gets, as golden files: `UPDATE_EXPECT=1 cargo test` accepts new ones.

use expect_test::expect_file;
use time::macros::datetime;

use crate::batch::{CaptureMark, CursorMark, Identity, KeyListMark, Position, TableMark, Watermark};
use crate::capture::keyed::{Chunk, KeyColumns, Reread};
use crate::capture::*;
use crate::encode::Shape;
use crate::model::{CaptureKind, TableKey, TableSpec, plain_spec};
use crate::source::{
    BucketSet, HashListing, Hashing, KeyRange, Moment, NamedKey, NextHashing, Origin, Relation, Table, hash_statements,
    statement, with_key_of,
};

fn spec(capture: CaptureKind) -> TableSpec {
    TableSpec {
        capture,
        cursor: (capture == CaptureKind::Cursor).then(|| "updated_at".to_owned()),
        filter: Some("status <> 'draft' OR vip".to_owned()),
        exclude: vec!["updated_at".to_owned()],
        ..plain_spec()
    }
}

fn relation(kind: &str) -> Relation {
    let json = serde_json::json!({
        "oid": 16400, "kind": kind, "rows": 100, "comment": null, "view": null, "primary_key": ["id"], "unique": [["id"]],
        "leading": ["id", "updated_at"], "ordered": ["id", "updated_at"], "leaves": [{ "oid": 16500, "kind": "r", "schema": "shop", "name": "a" }, { "oid": 16501, "kind": "r", "schema": "shop", "name": "b" }],
        "columns": [
            { "name": "id", "number": 1, "type_name": "bigint", "base_oid": 20, "base_name": "bigint", "typmod": -1, "not_null": true },
            { "name": "note", "number": 2, "type_name": "text", "base_oid": 25, "base_name": "text", "typmod": -1, "not_null": false },
            { "name": "updated_at", "number": 3, "type_name": "timestamptz", "base_oid": 1184, "base_name": "timestamptz", "typmod": -1, "not_null": false },
        ],
    });
    crate::source::postgres::relation_of(&json.to_string()).unwrap()
}

fn position(snapshot: &str) -> Position {
    let identity = Identity { system: "7".to_owned(), timeline: 1, database: 5 };
    Position::Postgres { snapshot: snapshot.parse().unwrap(), identity }
}

fn moment() -> Moment {
    Moment {
        open: crate::source::Open::Unknown,
        position: position("900:905:900,903"),
        taken_at: datetime!(2026-11-21 10:00:00 UTC),
        oldest_open: "2026-11-21 09:58:00+00".to_owned(),
        sight: crate::source::Sight::Everybodys,
        prepared: crate::source::Prepared::None,
        durable: crate::source::Durable::Already,
    }
}

fn watermark(relation: &Relation, snapshot: &str) -> Watermark {
    let spec = spec(CaptureKind::Cursor);
    let shape = Shape::of(&spec, relation).unwrap();
    let mut mark = relation_mark(Table { spec: &spec, relation, shape: &shape }, None);
    mark.leaves = vec![16500];
    let mark = TableMark {
        loading: None,
        relation: mark,
        capture: CaptureMark::of_rows(
            Some(CursorMark {
                column: "updated_at".to_owned(),
                seen: Some("2026-11-21 09:44:00+00".to_owned()),
                floor: Some("2026-11-21 09:44:00+00".to_owned()),
                candidate: None,
                not_after: "2026-11-21 09:43:00+00".to_owned(),
                clock: Some("2026-11-21T09:45:00Z".to_owned()),
            }),
            Some(KeyListMark {
                at: datetime!(2026-11-21 09:45:00 UTC),
                count: 1,
                digest: String::new(),
                repeats: Default::default(),
            }),
            None,
        ),
        whole_at: None,
        rows: None,
        source_rows: None,
        left_out: None,
        quarantined: 0,
        refusals: crate::model::Refusals::default(),
        incarnation: 0,
        sent: None,
        created: None,
        apply: crate::model::ApplyBy::Merge,
    };
    Watermark {
        position: position(snapshot),
        taken_at: datetime!(2026-11-21 09:45:00 UTC),
        tables: [("orders".to_owned(), mark)].into(),
    }
}

/// Every statement of a run, one a paragraph.
fn statements(spec: &TableSpec, relation: &Relation, previous: Option<&Watermark>, decision: Decision) -> String {
    let shape = Shape::of(spec, relation).unwrap();
    let moment = moment();
    let standing = previous.and_then(|w| w.standing("orders"));
    let capture = Capture::new(Table { spec, relation, shape: &shape }, &moment, standing, decision).unwrap();
    let named = [
        ("all keys", capture.keys_are_due(moment.taken_at).then(|| capture.all_keys())),
        ("upserts", Some(capture.upserts())),
        ("leavers", capture.leavers()),
        ("other keys", capture.other_keys()),
    ];
    let texts =
        named.into_iter().filter_map(|(name, pass)| pass.map(|p| format!("-- {name}\n{}\n", statement(&p.read))));
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_whole_read() {
    let text = statements(&spec(CaptureKind::Xmin), &relation("r"), None, Decision::Whole(Why::FirstLoad));
    expect_file!["../../../tests/golden/postgres/whole.sql"].assert_eq(&text);
}

#[test]
fn changes_by_cursor_with_a_new_partition_while_transactions_are_open() {
    let relation = relation("p");
    let previous = watermark(&relation, "700:705:700,703");
    let text = statements(&spec(CaptureKind::Cursor), &relation, Some(&previous), Decision::Changes);
    expect_file!["../../../tests/golden/postgres/cursor.sql"].assert_eq(&text);
}

#[test]
fn changes_by_transaction_alone() {
    let relation = relation("r");
    let previous = watermark(&relation, "700:700:");
    let text = statements(&spec(CaptureKind::Xmin), &relation, Some(&previous), Decision::Changes);
    expect_file!["../../../tests/golden/postgres/xmin.sql"].assert_eq(&text);
}

#[test]
fn changes_of_a_view() {
    let relation = relation("v");
    let previous = watermark(&relation, "700:705:700");
    let text = statements(&spec(CaptureKind::Cursor), &relation, Some(&previous), Decision::Changes);
    expect_file!["../../../tests/golden/postgres/view.sql"].assert_eq(&text);
}

/// The mark of another cursor column says nothing of this one.
#[test]
fn another_cursors_floor_is_not_used() {
    let relation = relation("r");
    let mut previous = watermark(&relation, "700:700:");
    let mark = previous.tables.get_mut("orders").unwrap();
    let CaptureMark::Cursor { cursor, .. } = &mut mark.capture else { unreachable!() };
    cursor.column = "created_at".to_owned();
    let text = statements(&spec(CaptureKind::Cursor), &relation, Some(&previous), Decision::Changes);
    assert!(!text.contains("09:44"), "{text}");
}

/// Sums of all rows; the rows of two buckets of a slice; all rows while a column comes.
#[test]
fn row_hashes() {
    let spec = TableSpec { hash: vec!["note".to_owned()], exclude: vec![], ..spec(CaptureKind::Digest) };
    let relation = relation("r");
    let shape = Shape::of(&spec, &relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let (all, slice) = (
        KeyRange::default(),
        KeyRange { after: Some(vec!["7".to_owned()]), until: Some(vec!["99".to_owned()]), order: String::new() },
    );
    let columns = &shape.columns;
    let mut two = BucketSet::none(4);
    [1, 9].into_iter().for_each(|bucket| two.insert(bucket));
    let of = |range| Hashing { table, columns, range };
    let [sums, _] = hash_statements(&HashListing { of: of(&all), buckets: None, next: None }, 4);
    let [_, some] = hash_statements(&HashListing { of: of(&slice), buckets: Some(&two), next: None }, 4);
    let next = Some(NextHashing { columns, new: &columns[2..] });
    let before = Hashing { table, columns: &columns[..2], range: &all };
    let [_, coming] = hash_statements(&HashListing { of: before, buckets: None, next }, 4);
    let text =
        format!("-- sums\n{sums}\n\n-- rows of some buckets\n{some}\n\n-- rows while a column comes\n{coming}\n");
    expect_file!["../../../tests/golden/postgres/digest.sql"].assert_eq(&text);
}

/// The same of a table whose rows are told apart by what they hold; and how some of them are read again.
#[test]
fn row_hashes_that_are_keys() {
    let spec = TableSpec { key: TableKey::Row, ..spec(CaptureKind::Digest) };
    let relation = with_key_of(&relation("r"), &spec).into_owned();
    let shape = Shape::of(&spec, &relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let mut two = BucketSet::none(4);
    [1, 9].into_iter().for_each(|bucket| two.insert(bucket));
    let of = Hashing { table, columns: table.hashed_columns(), range: &KeyRange::default() };
    let [sums, list] = hash_statements(&HashListing { of, buckets: Some(&two), next: None }, 4);
    let keys = KeyColumns::of_key(&relation, &shape);
    let chunk =
        Chunk { keys: vec![NamedKey { values: vec!["00ff".to_owned(), "2".to_owned()], origin: Origin::Before }] };
    let reread = Reread { table, of: &keys };
    let [present, gone] = [reread.present(&chunk), reread.gone(&chunk)].map(|pass| statement(&pass.read));
    let text = format!(
        "-- sums\n{sums}\n\n-- rows of some buckets\n{list}\n\n-- rows of keys\n{present}\n\n-- keys without a row\n{gone}\n"
    );
    expect_file!["../../../tests/golden/postgres/digest_row_key.sql"].assert_eq(&text);
}
