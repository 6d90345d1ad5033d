//! Quoting for SQL Server.

use crate::model::RelationName;

/// An identifier, quoted whether it needs it or not.
pub fn ident(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// A relation, qualified and quoted.
pub fn qualified(name: &RelationName) -> String {
    format!("{}.{}", ident(&name.schema), ident(&name.name))
}

/// A text literal. A backslash before the end of a line would join two lines, so such a one is taken apart.
/// Source: <https://learn.microsoft.com/sql/t-sql/language-elements/sql-server-utilities-statements-backslash>
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''").replace("\\\r\n", "\\' + N'\r\n").replace("\\\n", "\\' + N'\n");
    if quoted.contains("' + N'") { format!("(N'{quoted}')") } else { format!("N'{quoted}'") }
}

/// A relation's number, asked by its name. NULL where there is none of it that may be seen.
pub fn object_id(name: &RelationName) -> String {
    format!("OBJECT_ID({})", literal(&qualified(name)))
}

/// Bytes as a literal.
pub fn binary(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02X}"));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cannot_be_left() {
        assert_eq!(ident("a]; DROP"), "[a]]; DROP]");
        assert_eq!(literal("it's"), "N'it''s'");
        assert_eq!(literal("a\\\nb'c"), "(N'a\\' + N'\nb''c')");
        assert_eq!(binary(&[0, 255]), "0x00FF");
    }
}
