//! Stretches of keys: the condition for what lies in one. The server's own order counts: its texts and GUIDs have none that we could compare by.

use super::literals::typed;
use super::native_type::SqlServerType;
use super::sql::ident;
use crate::canonical::KeyStretch;
use crate::encode::Shape;
use crate::source::read::KeyRange;
use crate::source::relation::Relation;

/// The key's columns and their types.
pub(super) fn key_columns<'a>(relation: &'a Relation, shape: &'a Shape) -> Vec<(&'a str, &'a SqlServerType)> {
    let columns = shape.key().iter();
    columns.filter_map(|c| Some((c.source.as_str(), relation.column(&c.source)?.sqlserver()?))).collect()
}

/// What is read of a stretch that is compared. Its canonical texts are of types that SQL Server reads such texts of.
pub(super) fn of_stretch(stretch: &KeyStretch) -> KeyRange {
    KeyRange { after: stretch.after.clone(), until: stretch.until.clone(), order: String::new() }
}

/// A condition over the row `t`; `None` where every key is meant.
pub(super) fn condition(range: &KeyRange, relation: &Relation, shape: &Shape) -> Option<String> {
    let key = key_columns(relation, shape);
    let ends = [range.after.as_ref().map(|k| (End::After, k)), range.until.as_ref().map(|k| (End::Until, k))];
    let each: Vec<String> = ends.into_iter().flatten().filter_map(|(end, values)| compare(&key, end, values)).collect();
    (!each.is_empty()).then(|| each.join(" AND "))
}

/// A condition for the keys of the stretches before: those that are in the target already.
pub(super) fn before(range: &KeyRange, relation: &Relation, shape: &Shape) -> Option<String> {
    compare(&key_columns(relation, shape), End::Until, range.after.as_ref()?)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Behind the key.
    After,
    /// Up to it.
    Until,
}

/// T-SQL compares no rows: the first column that differs decides. That of the first column alone goes along, for an index to be searched by.
fn compare(key: &[(&str, &SqlServerType)], end: End, values: &[String]) -> Option<String> {
    let pairs: Vec<(String, String)> =
        key.iter().zip(values).map(|((name, native), v)| (format!("t.{}", ident(name)), typed(native, v))).collect();
    let (strict, last) = match end {
        End::After => (">", ">"),
        End::Until => ("<", "<="),
    };
    let (first_column, first_value) = pairs.first()?;
    if pairs.len() == 1 {
        return Some(format!("{first_column} {last} {first_value}"));
    }
    let legs = pairs.iter().enumerate().map(|(n, (column, value))| {
        let same = pairs[..n].iter().map(|(c, v)| format!("{c} = {v} AND ")).collect::<String>();
        let than = if n + 1 == pairs.len() { last } else { strict };
        format!("({same}{column} {than} {value})")
    });
    let legs = legs.collect::<Vec<_>>().join(" OR ");
    Some(format!("{first_column} {strict}= {first_value} AND ({legs})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_column_that_differs_decides() {
        let int = SqlServerType { name: "int".to_owned(), max_length: 4, ..SqlServerType::default() };
        let key = [("a", &int), ("b", &int)];
        let values = ["1".to_owned(), "2".to_owned()];
        assert_eq!(compare(&key[..1], End::After, &values).unwrap(), "t.[a] > 1");
        assert_eq!(compare(&key[..1], End::Until, &values).unwrap(), "t.[a] <= 1");
        assert_eq!(
            compare(&key, End::After, &values).unwrap(),
            "t.[a] >= 1 AND ((t.[a] > 1) OR (t.[a] = 1 AND t.[b] > 2))"
        );
        assert_eq!(
            compare(&key, End::Until, &values).unwrap(),
            "t.[a] <= 1 AND ((t.[a] < 1) OR (t.[a] = 1 AND t.[b] <= 2))"
        );
    }
}
