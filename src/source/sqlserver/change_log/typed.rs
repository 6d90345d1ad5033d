//! A logged key as a value of the type that the table's column has.

use crate::source::sqlserver::SqlServerType;
use crate::source::sqlserver::expression::spoken;
use crate::source::sqlserver::literals::tried;
use crate::source::sqlserver::native_type::Family;

/// The value as the column would store it; NULL where it could not, being no number or too long.
pub(super) fn typed(raw: &str, from: &SqlServerType, to: &SqlServerType) -> String {
    let declared = to.declared();
    let is_text = |native: &SqlServerType| matches!(native.family(), Family::Text | Family::Unicode);
    if from.family() == to.family() && !is_text(to) {
        return format!("TRY_CAST({raw} AS {declared})");
    }
    let text = text_of(raw, from);
    match to.family() {
        // As text a GUID may have no hyphens, or braces around it.
        Family::Guid => {
            let with_hyphens = [21, 17, 13, 9].iter().fold(text.clone(), |t, at| format!("STUFF({t}, {at}, 0, N'-')"));
            format!(
                "CASE LEN({text}) WHEN 36 THEN TRY_CAST({text} AS {declared}) WHEN 32 THEN TRY_CAST({with_hyphens} AS {declared}) \
                 WHEN 38 THEN CASE WHEN {text} LIKE N'{{%}}' THEN TRY_CAST({text} AS {declared}) END END"
            )
        }
        _ => tried(&text, to),
    }
}

/// The logged value as a text, without the blanks that a column of fixed length adds.
fn text_of(raw: &str, from: &SqlServerType) -> String {
    let text = spoken(raw, from);
    if matches!(from.name.as_str(), "char" | "nchar") { format!("RTRIM({text})") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, max_length: i32) -> SqlServerType {
        let collation = name.contains("char").then(|| "Czech_CI_AS".to_owned());
        SqlServerType { name: name.to_owned(), max_length, collation, ..SqlServerType::default() }
    }

    #[test]
    fn a_number_needs_no_text_and_a_text_is_tried() {
        assert_eq!(typed("t.[k]", &of("bigint", 8), &of("int", 4)), "TRY_CAST(t.[k] AS int)");
        let tried = typed("t.[k]", &of("nvarchar", 510), &of("int", 4));
        assert!(
            tried.ends_with("NOT LIKE N'%[^-+0-9 ]%' THEN TRY_CAST(CAST(t.[k] AS nvarchar(max)) AS int) END"),
            "{tried}"
        );
        assert_eq!(
            typed("t.[k]", &of("char", 20), &of("varchar", 10)),
            "CASE WHEN DATALENGTH(RTRIM(CAST(t.[k] AS nvarchar(max)))) <= 20 THEN \
             CAST(RTRIM(CAST(t.[k] AS nvarchar(max))) COLLATE Czech_CI_AS AS varchar(10)) END"
        );
        let guid = typed("t.[k]", &of("varchar", 40), &of("uniqueidentifier", 16));
        assert!(
            guid.contains("WHEN 36 THEN")
                && guid.contains("WHEN 38 THEN CASE WHEN CAST(t.[k] AS nvarchar(max)) LIKE N'{%}'")
                && guid.matches("STUFF(").count() == 4,
            "{guid}"
        );
    }
}
