//! Rows of COPY text, through the encoder.

use crate::batch::KeyBounds;
use crate::encode::{
    ColumnSchema, ColumnWish, EncodeError, Flag, KeyDigest, RowKind, Shape, ShapeColumn, Stamp, Tally,
};
use crate::model::{Arrays, ColumnMode, OnUnrepresentable, Op, TargetType};
use crate::source::SourceColumn;
use crate::source::postgres::{CopyText, PostgresType};

type RowEncoder = crate::encode::RowEncoder<CopyText>;

fn shape(columns: &[(&str, u32)], key_len: usize) -> Shape {
    let columns = columns.iter().map(|(name, oid)| {
        let native = PostgresType { base_oid: *oid, ..PostgresType::default() };
        let column = SourceColumn::of_postgres(name, native);
        let mapping = column.map(ColumnWish { forced: None, arrays: Arrays::Json }).unwrap();
        ShapeColumn::new(&column, mapping, column.name.clone(), ColumnMode::Nullable)
    });
    Shape { columns: columns.collect(), key_len }
}

const ORDERS: &[(&str, u32)] = &[("id", 20), ("note", 25), ("paid", 16), ("at", 1184)];

fn upserts(policy: OnUnrepresentable) -> RowEncoder {
    RowEncoder::new(CopyText::default(), &shape(ORDERS, 1), RowKind::Change(Op::Upsert), policy)
}

fn encode(encoder: &mut RowEncoder, row: &str) -> (String, String) {
    let (mut out, mut quarantine) = (Vec::new(), Vec::new());
    encoder.encode(row.as_bytes(), &mut out, &mut quarantine).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(quarantine).unwrap())
}

#[test]
fn a_row_becomes_a_line_and_null_is_left_out() {
    let mut e = upserts(OnUnrepresentable::Quarantine);
    let (line, _) = encode(&mut e, "7\tO'Brien \"x\"\tt\t\\N\n");
    assert_eq!(line, "{\"_plimsoll_op\":\"U\",\"id\":7,\"note\":\"O'Brien \\\"x\\\"\",\"paid\":true}\n");
    assert_eq!(e.tally(), &Tally { rows: 1, ..Tally::default() });
}

#[test]
fn a_key_pass_reads_the_key_only_and_a_replacement_has_no_op() {
    let mut keys =
        RowEncoder::new(CopyText::default(), &shape(ORDERS, 1), RowKind::Change(Op::Key), OnUnrepresentable::Fail);
    assert_eq!(encode(&mut keys, "7\n").0, "{\"_plimsoll_op\":\"K\",\"id\":7}\n");
    let mut full =
        RowEncoder::new(CopyText::default(), &shape(&ORDERS[..2], 0), RowKind::Replacement, OnUnrepresentable::Fail);
    assert_eq!(encode(&mut full, "\\N\tx\n").0, "{\"id\":null,\"note\":\"x\"}\n");
}

#[test]
fn the_lines_of_a_replacement_end_with_the_metadata() {
    let at = time::macros::datetime!(2024-02-29 12:34:56.000123 +02:00);
    let run = crate::model::RunId::new(at, 7);
    let encoder = || {
        let plain = RowEncoder::new(
            CopyText::default(),
            &shape(&ORDERS[..2], 0),
            RowKind::Replacement,
            OnUnrepresentable::Null,
        );
        plain.stamped(Stamp { run: &run, at })
    };
    let end = "\"_plimsoll_synced_at\":\"2024-02-29 10:34:56.000123+00:00\",\"_plimsoll_run\":\"20240229t123456_000000000007\"}\n";
    assert_eq!(encode(&mut encoder(), "\\N\t\\N\n").0, format!("{{\"id\":null,{end}"));
    let line = encode(&mut encoder(), "7\tx\n").0;
    assert_eq!(line, format!("{{\"id\":7,\"note\":\"x\",{end}"));
    // They count for the length of the row.
    assert_eq!(encode(&mut encoder().at_most(line.len()), "7\tx\n").0, line);
    assert_eq!(encode(&mut encoder().at_most(line.len() - 1), "7\txy\n").0, format!("{{\"id\":7,{end}"));
}

#[test]
fn a_value_that_cannot_be_held_is_quarantined_and_becomes_null() {
    let mut e = upserts(OnUnrepresentable::Quarantine);
    let (line, kept) = encode(&mut e, "7\tx\tf\tinfinity\n");
    assert_eq!(line, "{\"_plimsoll_op\":\"U\",\"id\":7,\"note\":\"x\",\"paid\":false}\n");
    assert!(kept.contains("\"value\":\"infinity\""), "{kept}");
    assert_eq!(e.tally(), &Tally { rows: 1, quarantined: 1, refused: 1, nulled: 1, ..Tally::default() });
}

#[test]
fn a_row_that_is_sent_again_is_refused_once() {
    let mut e = upserts(OnUnrepresentable::Quarantine).flagged(Flag::Leading);
    for row in ["f\t7\tx\tf\tinfinity\n", "t\t7\tx\tf\tinfinity\n"] {
        encode(&mut e, row);
    }
    assert_eq!((e.tally().quarantined, e.tally().refused), (2, 1));
}

#[test]
fn the_other_policies() {
    let mut e = upserts(OnUnrepresentable::Null);
    let (_, kept) = encode(&mut e, "7\tx\tf\tinfinity\n");
    assert_eq!((kept.as_str(), e.tally().quarantined, e.tally().nulled), ("", 0, 1));
    let mut e = upserts(OnUnrepresentable::Fail);
    let error = e.encode(b"7\tx\tf\tinfinity\n", &mut Vec::new(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "the column at holds a value that TIMESTAMP cannot: infinity");
}

#[test]
fn a_bad_key_takes_the_row_with_it_under_every_policy_but_fail() {
    for policy in [OnUnrepresentable::Quarantine, OnUnrepresentable::Null] {
        let mut e = upserts(policy);
        let (line, kept) = encode(&mut e, "\\N\tx\tf\t\\N\n");
        assert_eq!(line, "");
        assert!(kept.contains("a NULL in the key"));
        assert_eq!(e.tally(), &Tally { quarantined: 1, refused: 1, left_out: 1, ..Tally::default() });
    }
}

/// A row that is gone, under a key that the target can't have had.
#[test]
fn a_bad_key_of_a_deleted_row_is_nothing_to_do() {
    for policy in [OnUnrepresentable::Quarantine, OnUnrepresentable::Fail] {
        let keyed = shape(&[("at", 1184), ("note", 25)], 1);
        let mut e = RowEncoder::new(CopyText::default(), &keyed, RowKind::Change(Op::Delete), policy);
        assert_eq!(encode(&mut e, "infinity\n"), Default::default());
        assert_eq!(e.tally(), &Tally::default());
        assert!(encode(&mut e, "2024-01-01 00:00:00+00\n").0.contains("\"D\""));
        assert_eq!(e.tally().rows, 1);
    }
}

const NOTES: &[(&str, u32)] = &[("id", 20), ("a", 25), ("b", 25), ("at", 1184), ("c", 25)];

fn notes(policy: OnUnrepresentable, longest: usize) -> RowEncoder {
    RowEncoder::new(CopyText::default(), &shape(NOTES, 1), RowKind::Change(Op::Upsert), policy).at_most(longest)
}

#[test]
fn of_a_row_that_is_too_long_the_largest_columns_become_null() {
    let row = format!("7\t{}\t{}\t2024-01-01 00:00:00+00\t{}\n", "a".repeat(20), "b".repeat(50), "c".repeat(30));
    let whole = encode(&mut notes(OnUnrepresentable::Quarantine, 1000), &row).0;
    // As long as it may be.
    assert_eq!(encode(&mut notes(OnUnrepresentable::Quarantine, whole.len()), &row), (whole.clone(), String::new()));
    let without = |columns: &[&str]| {
        let mut value: serde_json::Value = serde_json::from_str(&whole).unwrap();
        columns.iter().for_each(|c| drop(value.as_object_mut().unwrap().remove(*c)));
        value
    };
    for (longest, gone) in [(whole.len() - 1, vec!["b"]), (whole.len() - 60, vec!["b", "c"])] {
        let mut e = notes(OnUnrepresentable::Quarantine, longest);
        let (line, kept) = encode(&mut e, &row);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), without(&gone), "{longest}");
        assert!(line.len() <= longest);
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept["reason"], format!("a row of more than 100 MB: NULL in place of {}", gone.join(", ")));
        assert_eq!((&kept["column"], kept["row"]["b"].as_str()), (&"b".into(), Some("b".repeat(50).as_str())));
        let nulled = gone.len() as u64;
        assert_eq!(e.tally(), &Tally { rows: 1, quarantined: 1, refused: 1, nulled, ..Tally::default() });
    }
    let mut e = notes(OnUnrepresentable::Null, whole.len() - 1);
    assert_eq!(encode(&mut e, &row).1, "");
    assert_eq!(e.tally(), &Tally { rows: 1, nulled: 1, refused: 1, ..Tally::default() });
    let mut e = notes(OnUnrepresentable::Fail, whole.len() - 1);
    let error = e.encode(row.as_bytes(), &mut Vec::new(), &mut Vec::new()).unwrap_err();
    assert_eq!(error, EncodeError::RowTooLong("b".to_owned()));
}

/// JSON's escapes make a row longer than it is.
#[test]
fn a_row_is_as_long_as_its_json() {
    let row = format!("7\t{}\t{}\t\\N\tc\n", "a".repeat(60), "\u{1}".repeat(20));
    let (line, _) = encode(&mut notes(OnUnrepresentable::Quarantine, 150), &row);
    assert!(line.contains("aaa") && !line.contains("\"b\""), "{line}");
}

#[test]
fn what_else_is_refused_is_told_too_but_the_row_only_once() {
    let row = format!("7\t{}\tb\tinfinity\tc\n", "a".repeat(200));
    let mut e = notes(OnUnrepresentable::Quarantine, 100);
    let (line, kept) = encode(&mut e, &row);
    assert_eq!(line, "{\"_plimsoll_op\":\"U\",\"id\":7,\"b\":\"b\",\"c\":\"c\"}\n");
    let kept: Vec<serde_json::Value> = kept.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((kept.len(), &kept[1]["value"], &kept[1]["row"]), (2, &"infinity".into(), &serde_json::json!({})));
    assert_eq!(e.tally(), &Tally { rows: 1, quarantined: 1, refused: 1, nulled: 2, ..Tally::default() });
}

#[test]
fn a_key_that_is_too_long_takes_the_row_with_it() {
    let keyed = shape(&[("k", 25), ("note", 25)], 1);
    let row = format!("{}\tx\n", "k".repeat(200));
    let mut e =
        RowEncoder::new(CopyText::default(), &keyed, RowKind::Change(Op::Upsert), OnUnrepresentable::Null).at_most(100);
    let (line, kept) = encode(&mut e, &row);
    assert!(line.is_empty() && kept.contains("by its key alone"), "{kept}");
    assert_eq!(e.tally(), &Tally { quarantined: 1, refused: 1, left_out: 1, ..Tally::default() });
    // A table without a key has none that could not go.
    let mut e =
        RowEncoder::new(CopyText::default(), &shape(&[("k", 25)], 0), RowKind::Replacement, OnUnrepresentable::Null)
            .at_most(100);
    assert_eq!(encode(&mut e, &format!("{}\n", "k".repeat(200))).0, "{\"k\":null}\n");
}

#[test]
fn the_flag_and_a_hidden_cursor_are_read_and_not_published() {
    let shape = shape(&ORDERS[..2], 1);
    let mut e = RowEncoder::new(CopyText::default(), &shape, RowKind::Change(Op::Upsert), OnUnrepresentable::Fail)
        .flagged(Flag::Leading)
        .watching_cursor("changed", TargetType::Timestamp)
        .digesting_keys();
    let (line, _) = encode(&mut e, "t\t7\tx\t2024-01-01 00:00:00+00\n");
    assert_eq!(line, "{\"_plimsoll_op\":\"U\",\"id\":7,\"note\":\"x\"}\n");
    assert_eq!(e.tally().flagged, 1);
    assert_eq!(e.cursor_max().as_deref(), Some("2024-01-01 00:00:00+00"));
    let mut expected = KeyDigest::default();
    expected.add(b"7");
    assert_eq!(e.digest(), Some(expected));
    assert_eq!(e.bounds(), Some(KeyBounds::Int64 { min: 7, max: 7 }));
}

#[test]
fn a_composite_key_is_digested_whole() {
    let shape = shape(&[("a", 25), ("b", 25), ("c", 25)], 2);
    let digest = |row: &str| {
        let mut e = RowEncoder::new(CopyText::default(), &shape, RowKind::Replacement, OnUnrepresentable::Fail)
            .digesting_keys();
        encode(&mut e, row);
        e.digest()
    };
    assert_eq!(digest("1\t2\tx\n"), digest("1\t2\ty\n"));
    assert_ne!(digest("1\t2\tx\n"), digest("1\t3\tx\n"));
    let mut key_pass = RowEncoder::new(CopyText::default(), &shape, RowKind::Change(Op::Key), OnUnrepresentable::Fail)
        .digesting_keys();
    encode(&mut key_pass, "1\t2\n");
    assert_eq!(key_pass.digest(), digest("1\t2\tx\n"));
}

#[test]
fn a_row_of_another_shape_is_refused() {
    for row in ["7\n", "7\tx\tf\t\\N\tmore\n", "\n"] {
        let mut e = upserts(OnUnrepresentable::Null);
        assert!(e.encode(row.as_bytes(), &mut Vec::new(), &mut Vec::new()).is_err(), "{row:?}");
    }
}

#[test]
fn the_text_of_a_column_has_no_escapes_and_the_flag_is_not_counted() {
    let row = b"t\t7\ta\\tb\tf\t2024-01-01 00:00:00+00\n";
    let mut e = upserts(OnUnrepresentable::Null).flagged(Flag::Leading);
    for (column, text) in [(0, Some(&b"7"[..])), (1, Some(b"a\tb")), (3, Some(b"2024-01-01 00:00:00+00")), (4, None)] {
        assert_eq!(e.plain_text(row, column), text);
    }
    assert_eq!(upserts(OnUnrepresentable::Null).plain_text(row, 0), Some(&b"t"[..]));
}

#[test]
fn what_is_no_usual_time_is_no_cursors_largest_value() {
    let mut e = upserts(OnUnrepresentable::Null).watching_cursor("at", TargetType::Timestamp);
    for at in
        ["2024-01-01 00:00:00.5+00", "infinity", "-infinity", "10000-01-01 00:00:00+00", "4713-01-01 00:00:00+00 BC"]
    {
        encode(&mut e, &format!("7\tx\tt\t{at}\n"));
    }
    assert_eq!(e.cursor_max().as_deref(), Some("2024-01-01 00:00:00.5+00"));
}
