//! The pieces of a row, one behind the other.

use super::append::push;
use super::compared::ComparedColumn;
use super::digest::Digest;
use super::value::PlainValue;
use crate::model::{ColumnMode, TargetType};

/// The canonical text of a row, or of its key.
#[derive(Clone, Debug, Default)]
pub struct RowText {
    text: String,
    nulled: u64,
}

impl RowText {
    /// Appends the piece of a value that has none, for it could not be read: the target has NULL in its place, and it is counted.
    pub fn push_refused(&mut self, column: &ComparedColumn) {
        self.nulled += 1;
        self.push(column, &PlainValue::Null);
    }

    /// Appends the piece of a value. One that the target can't hold is NULL there, so its piece is that of NULL, and it is counted.
    pub fn push(&mut self, column: &ComparedColumn, value: &PlainValue<'_>) {
        let target = column.column.target_type;
        let is_held = value.is_held(target);
        self.nulled += u64::from(!is_held);
        let value = if is_held { value } else { &PlainValue::Null };
        if column.column.mode == ColumnMode::Repeated {
            let elements: &[PlainValue<'_>] = if let PlainValue::Array(elements) = value { elements } else { &[] };
            push(&mut self.text, format_args!("{}:", elements.len()));
            elements.iter().for_each(|e| append_piece(column, e, &mut self.text));
        } else {
            append_piece(column, value, &mut self.text);
        }
        debug_assert!(
            target != TargetType::String
                || matches!(value, PlainValue::Null | PlainValue::Text(_) | PlainValue::Array(_))
        );
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many of its values the target can't hold.
    pub fn nulled(&self) -> u64 {
        self.nulled
    }

    pub fn digest(&self) -> Digest {
        Digest::of(&self.text)
    }

    /// Makes it the text of no value, and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.nulled = 0;
    }
}

fn append_piece(column: &ComparedColumn, value: &PlainValue<'_>, out: &mut String) {
    match (column.column.target_type, value) {
        (TargetType::String, PlainValue::Text(text)) => push(out, format_args!("{}:{text}", text.len())),
        (TargetType::String, _) => out.push(':'),
        (_, PlainValue::Document(document)) => {
            document.append_as(column.structure, out);
            out.push(';');
        }
        _ => {
            value.append_text(out);
            out.push(';');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Structure};
    use super::*;
    use crate::model::Column;

    fn column(target_type: TargetType, mode: ColumnMode) -> ComparedColumn {
        ComparedColumn { column: Column { name: "c".into(), target_type, mode }, structure: Structure::Full }
    }

    fn row(values: &[(TargetType, PlainValue<'_>)]) -> RowText {
        let mut text = RowText::default();
        values.iter().for_each(|(target, value)| {
            let mode = if matches!(value, PlainValue::Array(_)) { ColumnMode::Repeated } else { ColumnMode::Nullable };
            text.push(&column(*target, mode), value);
        });
        text
    }

    #[test]
    fn rows_that_differ_have_different_texts() {
        use PlainValue::{Array, Int, Null, Text};
        let (int, string) = (TargetType::Int64, TargetType::String);
        let rows = [
            row(&[(string, Text("1")), (string, Text("23"))]),
            row(&[(string, Text("12")), (string, Text("3"))]),
            row(&[(string, Text("")), (string, Null)]),
            row(&[(string, Null), (string, Text(""))]),
            row(&[(string, Text(":")), (string, Null)]),
            row(&[(string, Text("1:2")), (string, Text(""))]),
            row(&[(string, Null), (string, Null)]),
            row(&[(int, Int(1)), (int, Int(23))]),
            row(&[(int, Int(12)), (int, Int(3))]),
            row(&[(int, Int(1)), (int, Null)]),
            row(&[(int, Null), (int, Int(1))]),
            row(&[(int, Array(vec![Int(1), Int(23)])), (int, Int(1))]),
            row(&[(int, Array(vec![Int(1)])), (int, Int(23))]),
            row(&[(string, Array(vec![])), (string, Array(vec![Text("")]))]),
            row(&[(string, Array(vec![Text("")])), (string, Array(vec![]))]),
        ];
        let mut texts: Vec<&str> = rows.iter().map(RowText::as_str).collect();
        assert_eq!(&texts[..4], ["1:12:23", "2:121:3", "0::", ":0:"]);
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), rows.len());
    }

    #[test]
    fn what_the_target_cannot_hold_is_null_and_counted() {
        use PlainValue::{Array, Date, Decimal, Null, Time};
        let text = row(&[
            (TargetType::Date, Date(2_932_897)),
            (TargetType::Time, Time(86_400_000_000)),
            (TargetType::Numeric, Decimal("NaN")),
            (TargetType::BigNumeric, Decimal("0.0000000001")),
            (TargetType::Json, PlainValue::Document(Document::Null)),
            (TargetType::Date, Array(vec![Date(1), Null])),
        ]);
        assert_eq!((text.as_str(), text.nulled()), (";;;0.0000000001;;0:", 5));
    }
}
