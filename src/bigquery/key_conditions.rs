//! Conditions over the keys of a target's rows, which are given as canonical texts.

use super::sql::{ident, string};
use crate::canonical::{ComparedColumn, KeyStretch};
use crate::model::TargetType;

/// A column, and a constant of its type.
type End = (String, String);

/// A table that is clustered by its key is read only where the first column's values may be.
pub(super) fn is_among(key: &[ComparedColumn], keys: &[Vec<String>]) -> Vec<String> {
    let names: Vec<String> = key.iter().map(name).collect();
    let each = keys.iter().map(|values| values.iter().zip(key).map(|(text, c)| constant(text, c)).collect());
    let constants: Vec<Vec<String>> = each.filter(|c: &Vec<String>| c.len() == names.len()).collect();
    let Some(name) = names.first().filter(|_| !constants.is_empty()) else { return vec!["FALSE".to_owned()] };
    let firsts: Vec<&str> = constants.iter().filter_map(|c| c.first()).map(String::as_str).collect();
    let mut all = vec![format!("{name} IN ({})", firsts.join(", "))];
    if names.len() > 1 {
        let tuples: Vec<String> = constants.iter().map(|c| format!("({})", c.join(", "))).collect();
        all.push(format!("({}) IN ({})", names.join(", "), tuples.join(", ")));
    }
    all
}

/// Every row is in one stretch and in no other. One whose key somebody has left NULL is in the first, or where its first columns put it. The
/// first column also stands by itself: a table that is clustered by it is read only where its values may be.
pub(super) fn is_within(key: &[ComparedColumn], stretch: &KeyStretch) -> Vec<String> {
    let mut all = Vec::new();
    let ends = |texts: &Option<Vec<String>>| -> Vec<End> {
        texts.iter().flatten().zip(key).map(|(text, c)| (name(c), constant(text, c))).collect()
    };
    let (after, until) = (ends(&stretch.after), ends(&stretch.until));
    if let [(first, end), rest @ ..] = after.as_slice() {
        if !rest.is_empty() {
            all.push(format!("{first} >= {end}"));
        }
        all.push(behind(&after));
    }
    if let [(first, end), rest @ ..] = until.as_slice() {
        all.push(format!("({first} <= {end} OR {first} IS NULL)"));
        if !rest.is_empty() {
            all.push(format!("{} IS NOT TRUE", behind(&until)));
        }
    }
    all
}

/// Column by column, for BigQuery knows no order of tuples.
fn behind(ends: &[End]) -> String {
    match ends {
        [] => "FALSE".to_owned(),
        [(column, end)] => format!("{column} > {end}"),
        [(column, end), rest @ ..] => format!("({column} > {end} OR ({column} = {end} AND {}))", behind(rest)),
    }
}

fn name(column: &ComparedColumn) -> String {
    format!("T.{}", ident(&column.column.name))
}

/// A constant of the column's type that has this canonical text.
fn constant(text: &str, column: &ComparedColumn) -> String {
    match column.column.target_type {
        TargetType::String => string(text),
        TargetType::Bool => if text == "t" { "TRUE" } else { "FALSE" }.to_owned(),
        TargetType::Bytes => format!("FROM_HEX({})", string(text.trim_start_matches("\\x"))),
        other => format!("CAST({} AS {})", string(text), other.sql_name()),
    }
}
