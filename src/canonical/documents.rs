//! Documents, compared by what they mean: no two databases have a text of one in common.

use serde_json::{Number, Value};

use super::document::parse;

/// The documents of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documents {
    pub bucket: u32,
    /// The canonical texts of the key's columns.
    pub key: Vec<String>,
    /// Of each column of documents, in their order; `None` for NULL.
    pub texts: Vec<Option<String>>,
}

impl Documents {
    /// Reads the row of an answer: its bucket, the key's texts, the documents. `None` where it is no such row.
    pub fn read(key_len: usize, mut row: Vec<Option<String>>) -> Option<Self> {
        if row.len() <= key_len {
            return None;
        }
        let texts = row.split_off(1 + key_len);
        let key = row.split_off(1).into_iter().collect::<Option<_>>()?;
        Some(Self { bucket: row.pop()??.parse().ok()?, key, texts })
    }
}

/// Whether two documents mean the same: the order of keys, white space and the way a number is written do not count. A text that is no
/// document is only the same as itself.
pub fn mean_the_same(one: Option<&str>, other: Option<&str>) -> bool {
    let texts = [one, other].map(|t| t.filter(|t| t.trim() != "null"));
    match texts {
        [None, None] => true,
        [Some(one), Some(other)] if one == other => true,
        [Some(one), Some(other)] => match (parse(one), parse(other)) {
            (Some(one), Some(other)) => is_same(&one, &other),
            _ => false,
        },
        _ => false,
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => is_same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(k, a)| other.get(k).is_some_and(|b| is_same(a, b)))
        }
        _ => one == other,
    }
}

/// BigQuery holds an integer of 64 bits or a double: two numbers are the same if they are so as one of these.
fn is_same_number(one: &Number, other: &Number) -> bool {
    match (integer(one), integer(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

/// The number, where it is a whole one that a double would hold as well, or that is written as an integer.
#[allow(clippy::cast_possible_truncation, reason = "a double below 2^63 without a fraction is an i128")]
fn integer(number: &Number) -> Option<i128> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    let exact = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    let whole = || number.as_f64().filter(|d| d.fract() == 0.0 && d.abs() < BOUND).map(|d| d as i128);
    exact.or_else(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_is_the_same() {
        let same = |one: &str, other: &str| mean_the_same(Some(one), Some(other));
        assert!(same(r#"{"a": 1, "b": [1, 2.50]}"#, r#"{"b":[1.0,2.5],"a":1e0}"#));
        assert!(same("-0.0", "0") && same("1e3", "1000") && same(r#""\u00e9""#, "\"é\""));
        assert!(!same(r#"{"a": 1}"#, r#"{"a": 2}"#) && !same("[1, 2]", "[2, 1]") && !same("{}", "[]"));
        assert!(!same("9007199254740993", "9007199254740992") && !same("\"1\"", "1") && !same(r#"{"a": null}"#, "{}"));
        assert!(mean_the_same(None, Some("null")) && !mean_the_same(None, Some("0")) && mean_the_same(None, None));
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(same(&deep(400), &format!(" {}", deep(400))) && !same(&deep(400), &deep(401)));
        assert!(same("no document", "no document") && !same("no document", "no other"));
    }

    #[test]
    fn a_row_is_read() {
        let row = |texts: &[Option<&str>]| texts.iter().map(|t| t.map(str::to_owned)).collect::<Vec<_>>();
        let found = Documents::read(1, row(&[Some("7"), Some("k"), None, Some("{}")])).unwrap();
        assert_eq!(
            (found.bucket, found.key, found.texts),
            (7, vec!["k".to_owned()], vec![None, Some("{}".to_owned())])
        );
        assert_eq!(Documents::read(2, row(&[Some("7"), Some("k")])), None);
        assert_eq!(Documents::read(1, row(&[None, Some("k"), None])), None);
    }
}
