//! One row in, one line out.

use super::Unrepresentable;
use super::error::EncodeError;
use super::keys::{BoundsTracker, CursorTracker, KeyDigest};
use super::mapping::{Codec, Mapping};
use super::quarantine::append_name;
use super::shape::{Shape, ShapeColumn};
use super::value::{Scratch, append_value};
use crate::batch::KeyBounds;
use crate::model::{OP_COLUMN, OnUnrepresentable, Op, TargetType};

mod refused;
mod stamp;

use refused::Refused;
pub use stamp::Stamp;

/// BigQuery takes a JSON row of at most 100 MB (its message says 104,857,600 bytes); a cell has no limit of its own.
/// Sources: <https://cloud.google.com/bigquery/quotas#load_jobs>, <https://github.com/m-lab/etl/pull/1133>
const LONGEST_ROW: usize = 100_000_000;

/// What the lines are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// Rows for a staging table, each with its op.
    Change(Op),
    /// Rows of a load straight into the target, which has no op column.
    Replacement,
}

/// What a pass over rows has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub rows: u64,
    /// Rows whose leading column was true.
    pub flagged: u64,
    /// Rows with a line in the quarantine file, whether they were staged or not.
    pub quarantined: u64,
    /// Rows that can't be held as they are, under any policy; but for those whose leading column was true.
    pub refused: u64,
    /// Values in whose place a NULL was staged.
    pub nulled: u64,
    /// Rows that were not staged, for their key can't be held.
    pub left_out: u64,
}

struct Field {
    /// The source's name, for the quarantine file and for errors.
    source: String,
    target: TargetType,
    codec: Codec,
    /// `,"name":` or, for the first field, everything from the opening brace on.
    lead: Vec<u8>,
}

/// Turns rows of one `COPY` statement into NDJSON lines.
///
/// The statement's columns are: where `flagged`, a boolean, which is counted; the shape's columns
/// (only the key's for [`Op::Key`] and [`Op::Delete`]); and where the cursor is not published, the cursor.
pub struct RowEncoder {
    fields: Vec<Field>,
    key_len: usize,
    /// What closes each line.
    end: Vec<u8>,
    longest: usize,
    absent: Absent,
    flag: Flag,
    policy: OnUnrepresentable,
    cursor: Option<(usize, CursorTracker)>,
    bounds: BoundsTracker,
    digest: Option<KeyDigest>,
    tally: Tally,
    scratch: Scratch,
}

/// Whether the row leads with a boolean: of an upsert that it was sent before, of a deleted key that the target never had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    Leading,
    Absent,
}

/// What it means that a row's key can't be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absent {
    /// A row of the source is not in the target.
    IsLost,
    /// The row is gone from the source as well, and the target can't have had it.
    IsRight,
}

/// How far a row got.
enum Line {
    /// Whole; where its key ends in the row.
    Whole {
        key_end: usize,
    },
    TooLong,
}

impl RowEncoder {
    pub fn new(shape: &Shape, kind: RowKind, policy: OnUnrepresentable) -> Self {
        let key_alone = matches!(kind, RowKind::Change(Op::Key | Op::Delete));
        Self::of_columns(if key_alone { shape.key() } else { &shape.columns }, shape.key_len, kind, policy)
    }

    /// The encoder of rows that hold one column's values, which are no keys.
    pub fn of_scope(column: &ShapeColumn, policy: OnUnrepresentable) -> Self {
        Self::of_columns(std::slice::from_ref(column), 0, RowKind::Change(Op::Scope), policy)
    }

    fn of_columns(columns: &[ShapeColumn], key_len: usize, kind: RowKind, policy: OnUnrepresentable) -> Self {
        let mut fields: Vec<Field> = Vec::with_capacity(columns.len() + 1);
        for column in columns {
            let mut lead = Vec::new();
            if fields.is_empty() {
                lead.push(b'{');
                if let RowKind::Change(op) = kind {
                    lead.extend_from_slice(format!("\"{OP_COLUMN}\":\"{}\",", op.code()).as_bytes());
                }
            } else {
                lead.push(b',');
            }
            append_name(&column.target.name, &mut lead);
            lead.push(b':');
            let codec = column.mapping.codec;
            fields.push(Field { source: column.source.clone(), target: column.target.target_type, codec, lead });
        }
        let first_key = columns[..key_len].first().map(|c| c.target.target_type);
        Self {
            fields,
            key_len,
            end: END.to_vec(),
            longest: LONGEST_ROW,
            absent: match kind {
                RowKind::Change(Op::Delete) => Absent::IsRight,
                RowKind::Change(_) | RowKind::Replacement => Absent::IsLost,
            },
            flag: Flag::Absent,
            policy,
            cursor: None,
            bounds: BoundsTracker::new(first_key),
            digest: None,
            tally: Tally::default(),
            scratch: Scratch::default(),
        }
    }

    /// The statement leads with the flag.
    pub fn flagged(mut self, flag: Flag) -> Self {
        self.flag = flag;
        self
    }

    /// Watches the largest value of the cursor; where it is not published it is the statement's last column.
    pub fn watching_cursor(mut self, source: &str, target: TargetType) -> Self {
        let index = self.fields.iter().position(|f| f.source == source).unwrap_or_else(|| {
            self.fields.push(Field {
                source: source.to_owned(),
                target,
                codec: Mapping::HIDDEN.codec,
                lead: Vec::new(),
            });
            self.fields.len() - 1
        });
        self.cursor = Some((index, CursorTracker::new(target)));
        self
    }

    /// Adds up a digest of the keys.
    pub fn digesting_keys(mut self) -> Self {
        self.digest = Some(KeyDigest::default());
        self
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    pub fn bounds(&self) -> Option<KeyBounds> {
        self.bounds.bounds()
    }

    pub fn cursor_max(&self) -> Option<String> {
        self.cursor.as_ref().and_then(|(_, tracker)| tracker.max())
    }

    pub fn digest(&self) -> Option<KeyDigest> {
        self.digest
    }

    /// Appends the row's line to `out`, and a line to `quarantine` for every value its column can't hold.
    pub fn encode(&mut self, row: &[u8], out: &mut Vec<u8>, quarantine: &mut Vec<u8>) -> Result<(), EncodeError> {
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let start = out.len();
        let (flag, body) = match self.flag {
            Flag::Leading => next_field(row),
            Flag::Absent => (&b""[..], Some(row)),
        };
        let body = body.unwrap_or_default();
        let mut refused = Refused::default();
        let mut line = self.append_row(body, &mut refused, out)?;
        if matches!(line, Line::TooLong) {
            out.truncate(start);
            // What so long a row took goes back at once, each time.
            out.shrink_to(0);
            refused = self.shorten(body, out)?;
            out.shrink_to(0);
            line = self.append_row(body, &mut refused, out)?;
        }
        let key_is_held = refused.values.first().is_none_or(|(n, _)| *n >= self.key_len);
        let key_end = match line {
            Line::Whole { key_end } if key_is_held => Some(key_end),
            Line::Whole { .. } | Line::TooLong => None,
        };
        if key_end.is_none() {
            out.truncate(start);
            if self.absent == Absent::IsRight {
                return Ok(());
            }
        }
        if !refused.is_empty() {
            self.refuse(&refused, key_end, body, quarantine)?;
            self.tally.refused += u64::from(flag != b"t");
        }
        let Some(key_end) = key_end else { return Ok(()) };
        if let Some(digest) = &mut self.digest {
            digest.add(&body[..key_end]);
        }
        self.tally.rows += 1;
        self.tally.flagged += u64::from(flag == b"t");
        Ok(())
    }

    /// Appends the line of a row, but for the columns that are dropped, as long as it is short enough.
    fn append_row(&mut self, body: &[u8], refused: &mut Refused, out: &mut Vec<u8>) -> Result<Line, EncodeError> {
        let start = out.len();
        let mut rest = Some(body);
        let (mut seen, mut key_end) = (0, 0);
        for (n, field) in self.fields.iter().enumerate() {
            let Some(text) = rest else { break };
            let (value, after) = next_field(text);
            rest = after;
            seen += 1;
            if n + 1 == self.key_len {
                key_end = body.len() - after.map_or(0, |a| a.len() + 1);
            }
            if n == 0 && self.key_len > 0 {
                self.bounds.add(value);
            }
            if let Some((index, tracker)) = &mut self.cursor
                && *index == n
            {
                tracker.add(value);
            }
            if field.codec == Codec::Hidden {
                continue;
            }
            let mark = out.len();
            // The first lead opens the object, so it stays even when the value does not.
            out.extend_from_slice(&field.lead);
            let outcome = if value == b"\\N" {
                if n < self.key_len { Err(Unrepresentable("a NULL in the key")) } else { Ok(false) }
            } else if refused.dropped.contains(&n) {
                Ok(false)
            } else {
                append_value(field.codec, value, &mut self.scratch, out).map(|()| true)
            };
            match outcome {
                Ok(true) => {}
                Ok(false) => Self::leave_out(n, field, mark, out),
                Err(reason) => {
                    Self::leave_out(n, field, mark, out);
                    refused.values.push((n, reason));
                }
            }
            // What follows is not looked at: one row must not take the memory of many.
            if out.len() - start + self.end.len() > self.longest {
                return Ok(Line::TooLong);
            }
        }
        if seen != self.fields.len() || rest.is_some() {
            let extra = rest.map_or(0, |r| memchr::memchr_iter(b'\t', r).count() + 1);
            return Err(EncodeError::Malformed { expected: self.fields.len(), found: seen + extra });
        }
        out.extend_from_slice(&self.end);
        Ok(Line::Whole { key_end })
    }

    /// Takes back a field's name: an absent field is NULL.
    fn leave_out(n: usize, field: &Field, mark: usize, out: &mut Vec<u8>) {
        out.truncate(mark);
        if n == 0 {
            // Only a table without a key gets here; a row of NULLs still needs its brace, and JSON no comma after it.
            out.extend_from_slice(&field.lead);
            out.extend_from_slice(b"null");
        }
    }
}

/// What closes a line that has nothing more to say.
const END: &[u8] = b"}\n";

/// The first field of a row and what follows its tab, if one does. A tab inside a value is escaped.
fn next_field(row: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'\t', row) {
        Some(tab) => (&row[..tab], Some(&row[tab + 1..])),
        None => (row, None),
    }
}

fn fields_of(row: &[u8]) -> impl Iterator<Item = &[u8]> {
    row.split(|&b| b == b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{Wish, map_type};
    use crate::model::{Arrays, Column, Mode};
    use crate::source::SourceColumn;

    fn shape(columns: &[(&str, u32)], key_len: usize) -> Shape {
        let columns = columns.iter().map(|(name, oid)| {
            let column = SourceColumn {
                name: (*name).to_owned(),
                number: 1,
                base_oid: *oid,
                typmod: -1,
                ..SourceColumn::default()
            };
            let mapping = map_type(&column, Wish { forced: None, arrays: Arrays::Json }).unwrap();
            ShapeColumn {
                source: column.name.clone(),
                number: 1,
                source_type: String::new(),
                target: Column { name: column.name, target_type: mapping.target, mode: Mode::Nullable },
                mapping,
            }
        });
        Shape { columns: columns.collect(), key_len }
    }

    const ORDERS: &[(&str, u32)] = &[("id", 20), ("note", 25), ("paid", 16), ("at", 1184)];

    impl RowEncoder {
        /// With another limit than BigQuery's.
        fn at_most(mut self, longest: usize) -> Self {
            self.longest = longest;
            self
        }
    }

    fn upserts(policy: OnUnrepresentable) -> RowEncoder {
        RowEncoder::new(&shape(ORDERS, 1), RowKind::Change(Op::Upsert), policy)
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
        let mut keys = RowEncoder::new(&shape(ORDERS, 1), RowKind::Change(Op::Key), OnUnrepresentable::Fail);
        assert_eq!(encode(&mut keys, "7\n").0, "{\"_plimsoll_op\":\"K\",\"id\":7}\n");
        let mut full = RowEncoder::new(&shape(&ORDERS[..2], 0), RowKind::Replacement, OnUnrepresentable::Fail);
        assert_eq!(encode(&mut full, "\\N\tx\n").0, "{\"id\":null,\"note\":\"x\"}\n");
    }

    #[test]
    fn the_lines_of_a_replacement_end_with_the_metadata() {
        let at = time::macros::datetime!(2024-02-29 12:34:56.000123 +02:00);
        let run = crate::model::RunId::new(at, 7);
        let encoder = || {
            let plain = RowEncoder::new(&shape(&ORDERS[..2], 0), RowKind::Replacement, OnUnrepresentable::Null);
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
            let mut e = RowEncoder::new(&keyed, RowKind::Change(Op::Delete), policy);
            assert_eq!(encode(&mut e, "infinity\n"), Default::default());
            assert_eq!(e.tally(), &Tally::default());
            assert!(encode(&mut e, "2024-01-01 00:00:00+00\n").0.contains("\"D\""));
            assert_eq!(e.tally().rows, 1);
        }
    }

    const NOTES: &[(&str, u32)] = &[("id", 20), ("a", 25), ("b", 25), ("at", 1184), ("c", 25)];

    fn notes(policy: OnUnrepresentable, longest: usize) -> RowEncoder {
        RowEncoder::new(&shape(NOTES, 1), RowKind::Change(Op::Upsert), policy).at_most(longest)
    }

    #[test]
    fn of_a_row_that_is_too_long_the_largest_columns_become_null() {
        let row = format!("7\t{}\t{}\t2024-01-01 00:00:00+00\t{}\n", "a".repeat(20), "b".repeat(50), "c".repeat(30));
        let whole = encode(&mut notes(OnUnrepresentable::Quarantine, 1000), &row).0;
        // As long as it may be.
        assert_eq!(
            encode(&mut notes(OnUnrepresentable::Quarantine, whole.len()), &row),
            (whole.clone(), String::new())
        );
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
        let mut e = RowEncoder::new(&keyed, RowKind::Change(Op::Upsert), OnUnrepresentable::Null).at_most(100);
        let (line, kept) = encode(&mut e, &row);
        assert!(line.is_empty() && kept.contains("by its key alone"), "{kept}");
        assert_eq!(e.tally(), &Tally { quarantined: 1, refused: 1, left_out: 1, ..Tally::default() });
        // A table without a key has none that could not go.
        let mut e =
            RowEncoder::new(&shape(&[("k", 25)], 0), RowKind::Replacement, OnUnrepresentable::Null).at_most(100);
        assert_eq!(encode(&mut e, &format!("{}\n", "k".repeat(200))).0, "{\"k\":null}\n");
    }

    #[test]
    fn the_flag_and_a_hidden_cursor_are_read_and_not_published() {
        let shape = shape(&ORDERS[..2], 1);
        let mut e = RowEncoder::new(&shape, RowKind::Change(Op::Upsert), OnUnrepresentable::Fail)
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
            let mut e = RowEncoder::new(&shape, RowKind::Replacement, OnUnrepresentable::Fail).digesting_keys();
            encode(&mut e, row);
            e.digest()
        };
        assert_eq!(digest("1\t2\tx\n"), digest("1\t2\ty\n"));
        assert_ne!(digest("1\t2\tx\n"), digest("1\t3\tx\n"));
        let mut key_pass = RowEncoder::new(&shape, RowKind::Change(Op::Key), OnUnrepresentable::Fail).digesting_keys();
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
}
