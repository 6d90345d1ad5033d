//! Rows by keys that something else names: those that are there, and the keys without a row.

use crate::source::column::SourceColumn;
use crate::source::keys::{Keys, Origin, Spelling};
use crate::source::postgres::ident;
use crate::source::postgres::key_types::compared_as;
use crate::source::postgres::render_sql::published_rows::{published, rows_of};
use crate::source::read::Table;

/// A condition over the row `t`: its key is one of them.
pub(super) fn is_among(keys: Keys<'_>) -> String {
    let first = first_is_among(keys);
    if keys.columns.len() == 1 {
        return first;
    }
    let names: Vec<String> = keys.columns.iter().map(|c| format!("t.{}", ident(&c.name))).collect();
    format!("{first} AND ({}) IN (SELECT * FROM {})", names.join(", "), unnest(keys))
}

/// The keys themselves, as the table prints them.
pub(super) fn given(keys: Keys<'_>) -> String {
    let values = keys.columns.iter().enumerate().map(|(i, c)| format!("{} AS {}", as_published(i, c), ident(&c.name)));
    format!("SELECT {} FROM {}", values.collect::<Vec<_>>().join(", "), unnest(keys))
}

/// The keys that no row has, in the order of the table's key; whether the log says that the row was added since leads.
pub(super) fn absent(table: Table<'_>, keys: Keys<'_>) -> String {
    let columns = keys.columns;
    let place_of = |name: &str| columns.iter().position(|c| c.name == name).unwrap_or(0);
    let fields = table.shape.key().iter().map(|c| {
        let i = place_of(&c.source);
        format!("{} AS {}", as_published(i, &columns[i]), ident(&c.source))
    });
    let same = columns.iter().zip(keys.spelling).enumerate().map(|(i, (c, spelling))| {
        let (column, key) = (ident(&c.name), as_published(i, c));
        match spelling {
            Spelling::IsOne | Spelling::IsFixed | Spelling::BytesCount => format!("t.{column} = k.k{i}"),
            Spelling::Counts => format!("t.{column} = k.k{i} AND t.{column}::text = {key}::text COLLATE \"C\""),
        }
    });
    // The constant list goes along, for views that take no condition from outside but a constant one.
    let first = Some(first_is_among(keys));
    let conditions = same.chain(published(table)).chain(first).collect::<Vec<_>>().join(" AND ");
    format!(
        "SELECT k.added, {} FROM {} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {conditions})",
        fields.collect::<Vec<_>>().join(", "),
        unnest_with_added(keys),
        rows_of(table),
    )
}

fn first_is_among(keys: Keys<'_>) -> String {
    let column = &keys.columns[0];
    format!("t.{} = ANY ({})", ident(&column.name), array(keys, 0, column))
}

fn unnest(keys: Keys<'_>) -> String {
    let (arrays, names) = arrays(keys);
    format!("unnest({}) AS k({})", arrays.join(", "), names.join(", "))
}

/// With it, whether the log says that the row was added since the last look.
fn unnest_with_added(keys: Keys<'_>) -> String {
    let (mut arrays, mut names) = arrays(keys);
    let flags: Vec<&str> = keys.list.iter().map(|k| if k.origin == Origin::Added { "t" } else { "f" }).collect();
    arrays.push(format!("'{{{}}}'::boolean[]", flags.join(",")));
    names.push("added".to_owned());
    format!("unnest({}) AS k({})", arrays.join(", "), names.join(", "))
}

fn arrays(keys: Keys<'_>) -> (Vec<String>, Vec<String>) {
    let columns = keys.columns.iter().enumerate();
    columns.map(|(i, c)| (array(keys, i, c), format!("k{i}"))).unzip()
}

/// A key's value as the table prints it: one of `char(n)` is padded, one of `numeric(10,2)` has two digits after the point.
fn as_published(i: usize, column: &SourceColumn) -> String {
    let native = column.postgres();
    match native.typmod {
        -1 => format!("k.k{i}"),
        _ => format!("k.k{i}::{}", native.base_type),
    }
}

/// The values of one column as an array literal.
fn array(keys: Keys<'_>, i: usize, column: &SourceColumn) -> String {
    let mut text = String::from("'{");
    for (n, value) in keys.list.iter().filter_map(|k| k.values.get(i)).enumerate() {
        text.push_str(if n == 0 { "\"" } else { ",\"" });
        for c in value.chars() {
            match c {
                '"' | '\\' => text.extend(['\\', c]),
                // The literal's own quote.
                '\'' => text.push_str("''"),
                _ => text.push(c),
            }
        }
        text.push('"');
    }
    text.push_str("}'::");
    text.push_str(compared_as(column.postgres()));
    text.push_str("[]");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::keys::NamedKey;
    use crate::source::postgres::PostgresType;

    #[test]
    fn an_array_literal_cannot_be_left() {
        let text = PostgresType {
            base_oid: 25,
            base_name: "text".to_owned(),
            base_type: "text".to_owned(),
            ..PostgresType::default()
        };
        let column = SourceColumn::of_postgres("k", text);
        let list = ["a\"b", "c\\d", "it's", "{x,NULL}", "ü"]
            .map(|k| NamedKey { values: vec![k.to_owned()], origin: Origin::Before });
        let keys = Keys { columns: std::slice::from_ref(&column), spelling: &[Spelling::IsOne], list: &list };
        assert_eq!(array(keys, 0, &column), "'{\"a\\\"b\",\"c\\\\d\",\"it''s\",\"{x,NULL}\",\"ü\"}'::text[]");
    }
}
