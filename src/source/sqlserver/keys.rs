//! Rows by keys that something else names: those that are there, and the keys without a row. Keys go to the server as one JSON array.
//!
//! Each goes as its text. The target may hold a key that the source's type has no value for: no row has it, and it comes back as NULL, with
//! its number in the list. So does, where the target has a STRING, a text that stands for a value but is not how that prints: a GUID in lower
//! case, `005`, a text without the blanks that a `char` has at its end. And so do bytes that are too few for a type of a fixed length.

use super::expression::{expression_of, form};
use super::literals::{HANDED_AS, input, tried};
use super::native_type::{Family, SqlServerType};
use super::plan::Form;
use super::printed::is_print;
use super::sql::ident;
use crate::model::TargetType;
use crate::source::column::SourceColumn;
use crate::source::keys::{Keys, NamedKey, Origin, Spelling};

/// The columns of keys and their types.
fn natives(keys: Keys<'_>) -> impl Iterator<Item = (usize, &str, &SqlServerType)> {
    keys.columns.iter().enumerate().filter_map(|(n, c)| Some((n, c.name.as_str(), c.sqlserver()?)))
}

/// The keys as `@keys` has them: an array each, with 1 or 0 at its end, and its number.
pub(super) fn json(keys: Keys<'_>) -> String {
    let natives: Vec<Option<&SqlServerType>> = keys.columns.iter().map(SourceColumn::sqlserver).collect();
    let rows = keys.list.iter().enumerate().map(|(number, key)| {
        let values =
            key.values.iter().zip(&natives).zip(keys.spelling).map(|((value, native), spelling)| match native {
                Some(native) => handed(native, *spelling, value).into(),
                None => serde_json::Value::String(value.clone()),
            });
        let added = serde_json::Value::from(u8::from(key.origin == Origin::Added));
        serde_json::Value::Array(values.chain([added, serde_json::Value::from(number)]).collect())
    });
    serde_json::Value::Array(rows.collect()).to_string()
}

/// A value as it is handed over; `None` where no row can have it.
fn handed(native: &SqlServerType, spelling: Spelling, value: &str) -> Option<String> {
    let read = input(native, value);
    let is_of_a_row = match spelling {
        // The target has the text itself.
        Spelling::IsFixed | Spelling::Counts => is_print(native, value),
        // The server would add zeros to bytes that are too few.
        Spelling::IsOne | Spelling::BytesCount => {
            !matches!(native.family(), Family::Binary | Family::RowVersion) || is_print(native, &read)
        }
    };
    is_of_a_row.then_some(read)
}

/// `@keys` as rows `k`, with columns `k0` …, `added` and `number`.
pub(super) fn rows(keys: Keys<'_>) -> String {
    let width = keys.columns.len();
    let columns = natives(keys).map(|(n, ..)| format!("k{n} {HANDED_AS} '$[{n}]'"));
    let all: Vec<String> =
        columns.chain([format!("added bit '$[{width}]'"), format!("number bigint '$[{}]'", width + 1)]).collect();
    format!("OPENJSON(@keys) WITH ({}) AS k", all.join(", "))
}

/// A condition over the row `t`: its key is one of them.
pub(super) fn is_among(keys: Keys<'_>) -> String {
    let same: Vec<String> = natives(keys)
        .map(|(n, name, native)| format!("t.{} = {}", ident(name), tried(&format!("k.k{n}"), native)))
        .collect();
    format!("EXISTS (SELECT 1 FROM {} WHERE {})", rows(keys), same.join(" AND "))
}

/// A condition over the key `k`: no row has it, of those that the filter lets through. A value that the target takes for another
/// one, being spelled otherwise, is another key.
pub(super) fn has_no_row(keys: Keys<'_>, rows: &str, filter: Option<&str>) -> String {
    let same = natives(keys).zip(keys.spelling).map(|((n, name, native), spelling)| {
        let (column, key) = (format!("t.{}", ident(name)), tried(&format!("k.k{n}"), native));
        match spelling {
            Spelling::IsOne | Spelling::IsFixed => format!("{column} = {key}"),
            Spelling::Counts if is_converted(native) => {
                format!("{column} = {key} AND {}", prints_as_handed(&column, n))
            }
            // Zeros at the end of bytes don't count to the server.
            Spelling::Counts | Spelling::BytesCount if native.family() == Family::Binary => {
                format!("{column} = {key} AND DATALENGTH({column}) = DATALENGTH({key})")
            }
            Spelling::Counts | Spelling::BytesCount => {
                format!("{column} = {key} AND CAST({column} AS varbinary(max)) = CAST({key} AS varbinary(max))")
            }
        }
    });
    let conditions: Vec<String> = same.chain(filter.map(str::to_owned)).collect();
    format!("NOT EXISTS (SELECT 1 FROM {rows} WHERE {})", conditions.join(" AND "))
}

/// Whether a text may become another one as a value of the type: in its code page, or by blanks at its end.
fn is_converted(native: &SqlServerType) -> bool {
    native.family() == Family::Text || native.name == "nchar"
}

/// A condition: the value prints like the key as it was handed over.
fn prints_as_handed(value: &str, n: usize) -> String {
    format!("CAST(CAST({value} AS nvarchar(max)) AS varbinary(max)) = CAST(k.k{n} AS varbinary(max))")
}

/// The form in which a key's column is read: where spellings count, the target has its text.
pub(super) fn form_of_key(native: &SqlServerType, spelling: Spelling) -> Form {
    let target = match spelling {
        Spelling::Counts => TargetType::String,
        Spelling::IsOne | Spelling::IsFixed | Spelling::BytesCount => TargetType::Bytes,
    };
    form(native, target)
}

/// The keys' own values, in the order of these columns, as a row would have them, and behind them the key's number.
pub(super) fn selected<'a>(keys: Keys<'a>, names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, Form, String)> {
    let all: Vec<(usize, &str, &SqlServerType)> = natives(keys).collect();
    let found = names.filter_map(|name| all.iter().find(|(_, n, _)| *n == name));
    let values = found.map(|(n, name, native)| {
        let spelling = keys.spelling.get(*n).copied().unwrap_or(Spelling::IsOne);
        let (form, value) = (form_of_key(native, spelling), tried(&format!("k.k{n}"), native));
        let printed = expression_of(&value, native, form);
        let is_as_handed = (spelling == Spelling::Counts && is_converted(native)).then(|| prints_as_handed(&value, *n));
        (*name, form, is_as_handed.map_or(printed.clone(), |same| format!("CASE WHEN {same} THEN {printed} END")))
    });
    values.chain([("", Form::Number, "k.number".to_owned())]).collect()
}

/// Their texts, in the order of these columns.
pub(super) fn texts<'a>(keys: Keys<'a>, names: impl Iterator<Item = &'a str>) -> Vec<Vec<String>> {
    let places: Vec<usize> = names.filter_map(|name| keys.columns.iter().position(|c| c.name == name)).collect();
    let of = |key: &NamedKey| places.iter().filter_map(|n| key.values.get(*n).cloned()).collect();
    keys.list.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(json(keys), r#"[["a\"'é","2026-01-02T03:04:05.003","0xFF",1,0]]"#);
        assert_eq!(
            rows(keys),
            "OPENJSON(@keys) WITH (k0 nvarchar(max) '$[0]', k1 nvarchar(max) '$[1]', k2 nvarchar(max) '$[2]', added bit '$[3]', \
             number bigint '$[4]') AS k"
        );
        assert!(
            is_among(keys)
                .ends_with("WHERE t.[code] = CASE WHEN DATALENGTH(k.k0) <= 40 THEN CAST(k.k0 COLLATE Latin1_General_CI_AS AS varchar(20)) END \
                 AND t.[at] = TRY_CAST(k.k1 AS datetime) \
                 AND t.[bin] = CASE WHEN LEN(k.k2) <= 18 THEN TRY_CONVERT(varbinary(8), k.k2, 1) END)")
        );
        let none = has_no_row(keys, "[dbo].[t] AS t", Some("(x = 1)"));
        assert!(
            none.contains(
                "END AND CAST(CAST(t.[code] AS nvarchar(max)) AS varbinary(max)) = CAST(k.k0 AS varbinary(max)) AND t.[at] = TRY_CAST(k.k1"
            ),
            "{none}"
        );
        assert!(none.contains("AND DATALENGTH(t.[bin]) = DATALENGTH(CASE WHEN LEN(k.k2)"), "{none}");
        assert!(none.ends_with("AND (x = 1))"));
    }

    #[test]
    fn a_text_that_no_value_prints_goes_as_null_where_the_target_has_a_string() {
        let guid = SqlServerType { name: "uniqueidentifier".to_owned(), max_length: 16, ..SqlServerType::default() };
        let columns = [SourceColumn::of_sqlserver("id", guid)];
        let key = |text: &str| NamedKey { values: vec![text.to_owned()], origin: Origin::Before };
        let list = [key("0e984725-c51c-4bf4-9960-e1c80e27aba0"), key("0E984725-C51C-4BF4-9960-E1C80E27ABA0")];
        let of = |spelling: Spelling| json(Keys { columns: &columns, spelling: &[spelling], list: &list });
        assert_eq!(of(Spelling::IsFixed), "[[null,0,0],[\"0E984725-C51C-4BF4-9960-E1C80E27ABA0\",0,1]]");
        // Elsewhere the target compares values as well.
        assert!(!of(Spelling::IsOne).contains("null"));
    }

    #[test]
    fn bytes_are_handed_over_as_the_server_prints_them() {
        let of = |name: &str, spelling, text: &str| {
            let native = SqlServerType { name: name.to_owned(), max_length: 2, ..SqlServerType::default() };
            handed(&native, spelling, text)
        };
        let printed = Some("0x00FF".to_owned());
        for (name, spelling) in [("binary", Spelling::IsOne), ("varbinary", Spelling::BytesCount)] {
            assert_eq!(of(name, spelling, "\\x00ff"), printed, "{name}");
            assert_eq!(of(name, spelling, "0x00FF"), printed, "{name}");
        }
        // The server would read them as 0x0100.
        assert_eq!(of("binary", Spelling::IsOne, "\\x01"), None);
        // Such a text is no value of a column that the target has as a STRING.
        for (name, spelling) in [("binary", Spelling::IsFixed), ("varbinary", Spelling::Counts)] {
            assert_eq!(of(name, spelling, "\\x00ff"), None, "{name}");
            assert_eq!(of(name, spelling, "0x00FF"), printed, "{name}");
        }
    }
}
