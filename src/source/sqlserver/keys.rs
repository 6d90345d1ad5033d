//! Rows by keys that something else names: those that are there, and the keys without a row. Keys go to the server as one JSON array.

use super::expression::{expression_of, form};
use super::literals::{handed_as, input, received};
use super::native_type::SqlServerType;
use super::plan::Form;
use super::sql::ident;
use crate::source::column::SourceColumn;
use crate::source::keys::{Keys, Origin, Spelling};

/// The columns of keys and their types.
fn natives(keys: Keys<'_>) -> impl Iterator<Item = (usize, &str, &SqlServerType)> {
    keys.columns.iter().enumerate().filter_map(|(n, c)| Some((n, c.name.as_str(), c.sqlserver()?)))
}

/// The keys as `@keys` has them: an array each, with 1 or 0 at its end.
pub(super) fn json(keys: Keys<'_>) -> String {
    let natives: Vec<Option<&SqlServerType>> = keys.columns.iter().map(SourceColumn::sqlserver).collect();
    let rows = keys.list.iter().map(|key| {
        let values = key.values.iter().zip(&natives).map(|(value, native)| {
            serde_json::Value::String(native.map_or_else(|| value.clone(), |n| input(n, value)))
        });
        let added = serde_json::Value::from(u8::from(key.origin == Origin::Added));
        serde_json::Value::Array(values.chain([added]).collect())
    });
    serde_json::Value::Array(rows.collect()).to_string()
}

/// `@keys` as rows `k`, with columns `k0` … and `added`.
pub(super) fn rows(keys: Keys<'_>) -> String {
    let columns = natives(keys).map(|(n, _, native)| format!("k{n} {} '$[{n}]'", handed_as(native)));
    let all: Vec<String> = columns.chain([format!("added bit '$[{}]'", keys.columns.len())]).collect();
    format!("OPENJSON(@keys) WITH ({}) AS k", all.join(", "))
}

/// A condition over the row `t`: its key is one of them.
pub(super) fn is_among(keys: Keys<'_>) -> String {
    let same: Vec<String> = natives(keys)
        .map(|(n, name, native)| format!("t.{} = {}", ident(name), received(&format!("k.k{n}"), native)))
        .collect();
    format!("EXISTS (SELECT 1 FROM {} WHERE {})", rows(keys), same.join(" AND "))
}

/// A condition over the key `k`: no row has it, of those that the filter lets through. A value that the target takes for another
/// one, being spelled otherwise, is another key.
pub(super) fn has_no_row(keys: Keys<'_>, rows: &str, filter: Option<&str>) -> String {
    let same = natives(keys).zip(keys.spelling).map(|((n, name, native), spelling)| {
        let (column, key) = (format!("t.{}", ident(name)), received(&format!("k.k{n}"), native));
        match spelling {
            Spelling::IsOne => format!("{column} = {key}"),
            Spelling::Counts => {
                format!("{column} = {key} AND CAST({column} AS varbinary(max)) = CAST({key} AS varbinary(max))")
            }
        }
    });
    let conditions: Vec<String> = same.chain(filter.map(str::to_owned)).collect();
    format!("NOT EXISTS (SELECT 1 FROM {rows} WHERE {})", conditions.join(" AND "))
}

/// The keys' own values, in the order of these columns, as a row would have them.
pub(super) fn selected<'a>(keys: Keys<'a>, names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, Form, String)> {
    let all: Vec<(usize, &str, &SqlServerType)> = natives(keys).collect();
    let found = names.filter_map(|name| all.iter().find(|(_, n, _)| *n == name));
    found
        .map(|(n, name, native)| {
            let form = form(native, crate::model::TargetType::Bytes);
            (*name, form, expression_of(&received(&format!("k.k{n}"), native), native, form))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::keys::NamedKey;

    #[test]
    fn keys_go_as_json_and_come_back_in_their_types() {
        let native = |name: &str, max_length, collation: Option<&str>| SqlServerType {
            name: name.to_owned(),
            max_length,
            collation: collation.map(str::to_owned),
            ..SqlServerType::default()
        };
        let columns = [
            SourceColumn::of_sqlserver("code", native("varchar", 20, Some("Latin1_General_CI_AS"))),
            SourceColumn::of_sqlserver("at", native("datetime", 8, None)),
            SourceColumn::of_sqlserver("bin", native("varbinary", 8, None)),
        ];
        let list = [NamedKey {
            values: ["a\"'é".to_owned(), "2026-01-02 03:04:05.003".to_owned(), "0xFF".to_owned()].into(),
            origin: Origin::Added,
        }];
        let keys =
            Keys { columns: &columns, spelling: &[Spelling::Counts, Spelling::IsOne, Spelling::Counts], list: &list };
        assert_eq!(json(keys), r#"[["a\"'é","2026-01-02T03:04:05.003","0xFF",1]]"#);
        assert_eq!(
            rows(keys),
            "OPENJSON(@keys) WITH (k0 nvarchar(20) '$[0]', k1 datetime '$[1]', k2 nvarchar(max) '$[2]', added bit '$[3]') AS k"
        );
        assert!(
            is_among(keys)
                .ends_with("WHERE t.[code] = CAST(k.k0 COLLATE Latin1_General_CI_AS AS varchar(20)) AND t.[at] = k.k1 AND t.[bin] = CONVERT(varbinary(8), k.k2, 1))")
        );
        let none = has_no_row(keys, "[dbo].[t] AS t", Some("(x = 1)"));
        assert!(
            none.contains("CAST(t.[code] AS varbinary(max)) = CAST(CAST(k.k0 COLLATE Latin1_General_CI_AS AS varchar(20)) AS varbinary(max)) AND t.[at] = k.k1"),
            "{none}"
        );
        assert!(none.ends_with("AND (x = 1))"));
    }
}
