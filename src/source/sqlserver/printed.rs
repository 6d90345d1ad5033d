//! Whether a text is what a value of a type prints: the target may hold another one that SQL reads as the same value, and no row has that.

use super::native_type::{Family, SqlServerType};
use super::values::append_decimal;

/// Whether some value of the type prints like this, as keys are printed (see [`super::values`]). Of texts the server tells, who knows their code
/// pages; a type that is not known here may print anything.
pub(super) fn is_print(native: &SqlServerType, text: &str) -> bool {
    match native.family() {
        Family::Bit => matches!(text, "t" | "f"),
        Family::Integer => text.parse::<i64>().is_ok_and(|n| n.to_string() == text),
        Family::Decimal => is_decimal(text, native.scale),
        Family::Money => is_decimal(text, 4),
        Family::Float if native.name == "real" => text.parse::<f32>().is_ok_and(|n| format!("{n:?}") == text),
        Family::Float => text.parse::<f64>().is_ok_and(|n| format!("{n:?}") == text),
        Family::Date => has_form(text, DATE),
        Family::Time => is_time(text, native.scale),
        Family::DateTime => match (native.name.as_str(), text.split_once(' ')) {
            // The server keeps three-hundredths of a second.
            ("datetime", Some((date, time))) => {
                has_form(date, DATE) && is_time(time, 3) && time.ends_with(['0', '3', '7'])
            }
            ("smalldatetime", Some((date, time))) => has_form(date, DATE) && is_time(time, 0) && time.ends_with(":00"),
            (_, Some((date, time))) => has_form(date, DATE) && is_time(time, native.scale),
            (_, None) => false,
        },
        Family::DateTimeOffset => {
            let mut parts = text.splitn(3, ' ');
            let mut next = || parts.next().unwrap_or_default();
            let (date, time, offset) = (next(), next(), next());
            has_form(date, DATE)
                && is_time(time, native.scale)
                && (has_form(offset, "+00:00") || has_form(offset, "-00:00"))
        }
        Family::Guid => has_form(text, "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX"),
        Family::Binary | Family::RowVersion | Family::Image => {
            let digits =
                text.strip_prefix("0x").filter(|d| d.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)));
            let is_padded = native.family() == Family::RowVersion || native.name == "binary";
            digits.is_some_and(|d| {
                if is_padded { i32::try_from(d.len()) == Ok(2 * native.max_length) } else { d.len() % 2 == 0 }
            })
        }
        Family::Text
        | Family::Unicode
        | Family::Document
        | Family::Json
        | Family::Vector
        | Family::Variant
        | Family::Hierarchy
        | Family::Spatial
        | Family::Other => true,
    }
}

const DATE: &str = "0000-00-00";

fn is_time(text: &str, digits: u8) -> bool {
    let (time, fraction) = match text.split_once('.') {
        Some((time, fraction)) => (time, fraction),
        None => (text, ""),
    };
    let has_point = time.len() < text.len();
    has_form(time, "00:00:00")
        && has_point == (digits > 0)
        && fraction.len() == usize::from(digits)
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

fn is_decimal(text: &str, scale: u8) -> bool {
    // 38 digits fit.
    let Ok(value) = text.replacen('.', "", 1).parse::<i128>() else { return false };
    let mut printed = Vec::with_capacity(text.len());
    append_decimal(value, scale, &mut printed);
    printed == text.as_bytes()
}

/// `0` stands for any digit, `X` for one in hexadecimal; all else for itself.
fn has_form(text: &str, form: &str) -> bool {
    let is_of = |(byte, of): (u8, u8)| match of {
        b'0' => byte.is_ascii_digit(),
        b'X' => byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte),
        other => byte == other,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_prints_in_one_way() {
        let of = |name: &str, max_length, scale| SqlServerType {
            name: name.to_owned(),
            max_length,
            precision: 38,
            scale,
            ..SqlServerType::default()
        };
        for (native, prints, others) in [
            (of("bit", 1, 0), ["t", "f"].as_slice(), ["1", "true", "T"].as_slice()),
            (of("int", 4, 0), &["5", "-5", "0"], &["005", "+5", " 5", "5.0", "-0", ""]),
            (of("decimal", 9, 2), &["1.50", "-0.05", "0.00"], &["1.5", "1.500", "01.50", "-0.00", ".50", "1.50 "]),
            (of("decimal", 9, 0), &["15"], &["15.", "015"]),
            (of("money", 8, 4), &["1.5000"], &["1.50", "$1.5000"]),
            (of("float", 8, 0), &["1.5", "1e300", "-2.0"], &["1.50", "1.5e0", "2", "1E300"]),
            (of("real", 4, 0), &["0.1"], &["0.10000000149011612"]),
            (of("date", 3, 0), &["2026-01-31"], &["2026-1-31", "20260131"]),
            (of("time", 5, 3), &["01:02:03.500"], &["01:02:03.5", "01:02:03.5000", "01:02:03", "1:02:03.500"]),
            (of("time", 3, 0), &["01:02:03"], &["01:02:03.", "01:02:03.0"]),
            (
                of("datetime", 8, 3),
                &["2026-01-02 03:04:05.003"],
                &["2026-01-02T03:04:05.003", "2026-01-02 03:04:05.004", "2026-01-02 03:04:05", "2026-01-02"],
            ),
            (of("smalldatetime", 4, 0), &["2026-01-02 03:04:00"], &["2026-01-02 03:04:01", "2026-01-02 03:04"]),
            (of("datetime2", 8, 7), &["2026-01-02 03:04:05.0000001"], &["2026-01-02 03:04:05.000000"]),
            (
                of("datetimeoffset", 10, 0),
                &["2026-01-02 03:04:05 +02:00", "2026-01-02 03:04:05 -09:30"],
                &["2026-01-02 03:04:05+02:00", "2026-01-02 03:04:05+00", "2026-01-02T03:04:05 +02:00"],
            ),
            (
                of("uniqueidentifier", 16, 0),
                &["0E984725-C51C-4BF4-9960-E1C80E27ABA0"],
                &["0e984725-c51c-4bf4-9960-e1c80e27aba0", "{0E984725-C51C-4BF4-9960-E1C80E27ABA0}", "0E984725"],
            ),
            (of("varbinary", 4, 0), &["0x", "0x00FF"], &["0x00ff", "00FF", "0x0FF"]),
            (of("binary", 2, 0), &["0x00FF"], &["0x00", "0x00FF00"]),
            (of("timestamp", 8, 0), &["0x00000000000007D1"], &["0x07D1"]),
            (of("nvarchar", 20, 0), &["", "any", "ANY "], &[]),
        ] {
            for text in prints {
                assert!(is_print(&native, text), "{} {text}", native.name);
            }
            for text in others {
                assert!(!is_print(&native, text), "{} {text}", native.name);
            }
        }
    }
}
