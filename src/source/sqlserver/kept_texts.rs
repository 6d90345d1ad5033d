//! Which change of a column's type leaves every value's text as it is.

use super::code_page::UTF8;

/// A type of texts, as [`SqlServerType::value_type`](super::SqlServerType::value_type) has it.
#[derive(Clone, Copy)]
struct TextType<'a> {
    name: &'a str,
    /// In characters of Unicode, or bytes of the code page.
    longest: u32,
    /// `None` for Unicode, and for what an older version has noted.
    page: Option<&'a str>,
}

impl<'a> TextType<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (declared, page) = match text.split_once(' ') {
            Some((declared, page)) => (declared, Some(page)),
            None => (text, None),
        };
        let (name, longest) = declared.split_once('(').unwrap_or((declared, ""));
        let is_text = matches!(name, "varchar" | "nvarchar" | "char");
        is_text.then(|| Self { name, longest: longest.trim_end_matches(')').parse().unwrap_or(u32::MAX), page })
    }
}

/// Whether values of one type, by [`SqlServerType::value_type`](super::SqlServerType::value_type), print the same in the other: a text that may be
/// longer, or be of all Unicode now.
pub fn holds_what(then: &str, now: &str) -> bool {
    if then == now {
        return true;
    }
    let (Some(then), Some(now)) = (TextType::parse(then), TextType::parse(now)) else { return false };
    let (has_room, is_of_page) = (now.longest >= then.longest, now.page == then.page);
    match (then.name, now.name, then.page) {
        // An older version noted both as `varchar`, and no code page: what can't be compared is not read again for that.
        ("varchar", "varchar" | "nvarchar", None) | ("nvarchar", "nvarchar", _) => has_room,
        ("varchar", "varchar", Some(_)) => has_room && (is_of_page || now.page == Some(UTF8)),
        ("varchar", "nvarchar", Some(_)) => has_room,
        // Blanks fill it up.
        ("char", "char", None) => now.longest == then.longest,
        _ => false,
    }
}

/// Whether values of one type are in the order that they have in the other, of those where the values print the same. Under an `SQL_` or a binary
/// collation texts of a code page have another order than texts of Unicode.
pub fn keeps_order(then: &str, now: &str) -> bool {
    let name = |text| TextType::parse(text).map(|t| (t.name, t.page));
    !matches!((name(then), name(now)), (Some(("varchar", Some(_))), Some(("nvarchar", _))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_with_room_for_all_texts_holds_them() {
        for (then, now) in [
            ("int", "int"),
            ("varchar(10) cp1252", "varchar(20) cp1252"),
            ("varchar(10) cp1252", "varchar(max) cp1252"),
            ("varchar(10) czech", "nvarchar(10)"),
            ("varchar(10) czech", "varchar(10) utf8"),
            ("nvarchar(10)", "nvarchar(max)"),
            ("char(3) czech", "char(3) czech"),
        ] {
            assert!(holds_what(then, now), "{then} to {now}");
        }
        for (then, now) in [
            ("nvarchar(10)", "varchar(10) cp1252"),
            ("nvarchar(10)", "varchar(max) utf8"),
            ("varchar(10) czech", "varchar(20) cp1252"),
            ("varchar(10) utf8", "varchar(10) cp1252"),
            ("varchar(max) czech", "varchar(20) czech"),
            ("varchar(20) czech", "nvarchar(10)"),
            ("char(3) czech", "char(4) czech"),
            ("char(3) czech", "char(3) cp1252"),
            ("char(3) czech", "varchar(3) czech"),
            ("nchar(3)", "nchar(4)"),
            ("int", "date"),
        ] {
            assert!(!holds_what(then, now), "{then} to {now}");
        }
    }

    #[test]
    fn what_an_older_version_noted_is_held_as_it_was() {
        for (then, now) in [
            ("varchar(10)", "varchar(10) cp1252"),
            ("varchar(10)", "nvarchar(20)"),
            ("varchar(10)", "nvarchar(max)"),
            ("varchar", "nvarchar(max)"),
            ("varchar", "varchar(max) czech"),
            ("char(3)", "char(3) cp1252"),
        ] {
            assert!(holds_what(then, now), "{then} to {now}");
        }
        for (then, now) in
            [("varchar", "nvarchar(20)"), ("varchar(20)", "varchar(10) cp1252"), ("char(3)", "char(4) cp1252")]
        {
            assert!(!holds_what(then, now), "{then} to {now}");
        }
    }

    #[test]
    fn texts_of_a_code_page_have_an_order_of_their_own() {
        assert!(!keeps_order("varchar(10) cp1252", "nvarchar(10)"));
        for (then, now) in [
            ("varchar(10) cp1252", "varchar(20) cp1252"),
            ("nvarchar(10)", "nvarchar(20)"),
            // An older version noted both alike.
            ("varchar(10)", "nvarchar(10)"),
            ("integer", "integer"),
        ] {
            assert!(keeps_order(then, now), "{then} {now}");
        }
    }
}
