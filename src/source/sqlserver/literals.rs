//! Values of a type as SQL has them, from the text in which they are printed.

use super::native_type::{Family, SqlServerType};
use super::sql::literal;

/// The text that SQL reads as the value, whatever the session's language: with a `T` in a moment, an offset with minutes, and bytes behind `0x`.
/// It may be printed as the server does it, or as values are that are compared with the target's (see [`crate::canonical`]).
pub(super) fn input(native: &SqlServerType, text: &str) -> String {
    match native.family() {
        Family::Bit => match text {
            "t" => "1".to_owned(),
            "f" => "0".to_owned(),
            other => other.to_owned(),
        },
        // As a moment of the target it has a zone, which is that of UTC.
        Family::DateTime => text.strip_suffix("+00").unwrap_or(text).replacen(' ', "T", 1),
        Family::DateTimeOffset => {
            let moment = text.replacen(' ', "T", 1);
            match moment.strip_suffix("+00") {
                Some(utc) => format!("{utc}+00:00"),
                // With its own offset it is printed with a blank before that.
                None => moment.replacen(' ', "", 1),
            }
        }
        Family::Binary | Family::RowVersion => match text.strip_prefix("\\x") {
            Some(digits) => format!("0x{}", digits.to_ascii_uppercase()),
            None => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

/// How a key's value is handed over: as its text, which the type may have no value for.
pub(super) const HANDED_AS: &str = "nvarchar(max)";

/// The type with its collation: in another database, such as that of temporary tables, texts would have its own.
pub(super) fn with_collation(native: &SqlServerType) -> String {
    match &native.collation {
        Some(collation) => format!("{} COLLATE {}", native.declared(), collation_name(collation)),
        None => native.declared(),
    }
}

/// A text as a value of the type; NULL where the type has none for it, or would cut it off.
pub(super) fn tried(text: &str, native: &SqlServerType) -> String {
    let declared = native.declared();
    match native.family() {
        // An empty text would be 0.
        Family::Integer => format!(
            "CASE WHEN {text} LIKE N'%[0-9]%' AND {text} NOT LIKE N'%[^-+0-9 ]%' THEN TRY_CAST({text} AS {declared}) END"
        ),
        // The server would cut off what is behind the 36th character.
        Family::Guid => format!("CASE WHEN LEN({text}) = 36 THEN TRY_CAST({text} AS {declared}) END"),
        Family::Text | Family::Unicode => match native.characters() {
            Some(n) => format!("CASE WHEN DATALENGTH({text}) <= {} THEN {} END", 2 * n, in_collation(native, text)),
            None => in_collation(native, text),
        },
        Family::Binary | Family::RowVersion if native.max_length > 0 => format!(
            "CASE WHEN LEN({text}) <= {} THEN TRY_CONVERT({declared}, {text}, 1) END",
            2 + 2 * native.max_length
        ),
        Family::Binary | Family::RowVersion => format!("TRY_CONVERT({declared}, {text}, 1)"),
        _ => format!("TRY_CAST({text} AS {declared})"),
    }
}

/// A value as an expression of its type.
pub(super) fn typed(native: &SqlServerType, text: &str) -> String {
    let input = input(native, text);
    let declared = native.declared();
    match native.family() {
        Family::Integer if input.parse::<i64>().is_ok() => input,
        Family::Binary | Family::RowVersion => format!("CONVERT({declared}, {}, 1)", literal(&input)),
        Family::Text | Family::Unicode => in_collation(native, &literal(&input)),
        _ => format!("CAST({} AS {declared})", literal(&input)),
    }
}

/// A Unicode text as one of the type. It gets its collation first: else it would pass through the code page of the database.
fn in_collation(native: &SqlServerType, text: &str) -> String {
    match &native.collation {
        Some(collation) => format!("CAST({text} COLLATE {} AS {})", collation_name(collation), native.declared()),
        None => format!("CAST({text} AS {})", native.declared()),
    }
}

/// A collation's name is no identifier that could be quoted; it has letters, digits and underscores.
fn collation_name(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_so_that_no_setting_changes_it() {
        let of = |name: &str, max_length, scale, collation: Option<&str>| SqlServerType {
            name: name.to_owned(),
            max_length,
            precision: 19,
            scale,
            collation: collation.map(str::to_owned),
            ..SqlServerType::default()
        };
        for (native, text, wanted) in [
            (of("bigint", 8, 0, None), "-5", "-5"),
            (of("bigint", 8, 0, None), "1; DROP", "CAST(N'1; DROP' AS bigint)"),
            (of("decimal", 9, 4, None), "1.5000", "CAST(N'1.5000' AS decimal(19,4))"),
            (of("datetime", 8, 3, None), "2026-01-02 03:04:05.003", "CAST(N'2026-01-02T03:04:05.003' AS datetime)"),
            (
                of("datetimeoffset", 10, 7, None),
                "2026-01-02 03:04:05.0000001+00",
                "CAST(N'2026-01-02T03:04:05.0000001+00:00' AS datetimeoffset(7))",
            ),
            (
                of("datetimeoffset", 10, 7, None),
                "2026-01-02 03:04:05.0000001 -09:30",
                "CAST(N'2026-01-02T03:04:05.0000001-09:30' AS datetimeoffset(7))",
            ),
            (of("datetime", 8, 3, None), "2026-01-02 03:04:05.003+00", "CAST(N'2026-01-02T03:04:05.003' AS datetime)"),
            (of("varbinary", 20, 0, None), "0x00FF", "CONVERT(varbinary(20), N'0x00FF', 1)"),
            (of("varbinary", 20, 0, None), "\\x00ff", "CONVERT(varbinary(20), N'0x00FF', 1)"),
            (of("timestamp", 8, 0, None), "\\x00000000000007d1", "CONVERT(binary(8), N'0x00000000000007D1', 1)"),
            (of("bit", 1, 0, None), "t", "CAST(N'1' AS bit)"),
            (of("varchar", 20, 0, Some("Czech_CI_AS")), "ř'", "CAST(N'ř''' COLLATE Czech_CI_AS AS varchar(20))"),
        ] {
            assert_eq!(typed(&native, text), wanted);
        }
    }
}
