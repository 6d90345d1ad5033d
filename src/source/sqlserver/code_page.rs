//! Which code page the texts of a collation are kept in, as far as its name tells.

/// The page of the collations that most servers have.
const LATIN: &str = "cp1252";
/// All of Unicode, and so every text of any other page.
pub(super) const UTF8: &str = "utf8";

/// A name for the code page. Two collations of one name have one page; two of one page may still have two names.
pub(super) fn code_page(collation: &str) -> String {
    let parts: Vec<&str> = collation.split('_').collect();
    let is = |part: &&str, word: &str| part.eq_ignore_ascii_case(word);
    if parts.last().is_some_and(|last| is(last, "UTF8")) {
        return UTF8.to_owned();
    }
    if parts.first().is_some_and(|first| is(first, "SQL")) {
        // `SQL_Latin1_General_CP850_CI_AS`: the page stands in it, but the first one is written as 1.
        let digits =
            |part: &&str| Some(part.get(..2).filter(|cp| cp.eq_ignore_ascii_case("CP")).and(part.get(2..))?.to_owned());
        let number = parts.iter().find_map(digits).filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        return match number.as_deref() {
            Some("1") => LATIN.to_owned(),
            Some(number) => format!("cp{number}"),
            None => collation.to_ascii_lowercase(),
        };
    }
    // `Czech_100_CI_AS`: all collations of a language have its page, whatever they compare.
    let is_of_language =
        |part: &&&str| !COMPARES.iter().any(|word| is(part, word)) && !part.bytes().all(|b| b.is_ascii_digit());
    let language: Vec<String> = parts.iter().filter(is_of_language).map(|part| part.to_ascii_lowercase()).collect();
    match language.join("_") {
        latin if latin == "latin1_general" => LATIN.to_owned(),
        other => other,
    }
}

/// Parts of a name that say what is compared.
const COMPARES: [&str; 12] = ["BIN", "BIN2", "CI", "CS", "AI", "AS", "KI", "KS", "WI", "WS", "SC", "VSS"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collations_name_tells_its_code_page() {
        for (collation, page) in [
            ("SQL_Latin1_General_CP1_CI_AS", "cp1252"),
            ("SQL_Latin1_General_Pref_CP1_CI_AS", "cp1252"),
            ("SQL_Latin1_General_CP850_BIN2", "cp850"),
            ("SQL_Latin1_General_Cp437_CS_AS", "cp437"),
            ("SQL_EBCDIC037_CP1_CS_AS", "cp1252"),
            ("Latin1_General_CI_AS", "cp1252"),
            ("Latin1_General_100_CS_AI_KS_WS_SC", "cp1252"),
            ("Latin1_General_BIN", "cp1252"),
            ("Latin1_General_100_CI_AS_SC_UTF8", "utf8"),
            ("Czech_CI_AS", "czech"),
            ("Czech_100_BIN2", "czech"),
            ("Japanese_Bushu_Kakusu_140_CI_AS_VSS", "japanese_bushu_kakusu"),
        ] {
            assert_eq!(code_page(collation), page, "{collation}");
        }
    }
}
