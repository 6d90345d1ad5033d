//! Quoting for PostgreSQL. `COPY` takes no parameters, so values become typed literals.

use crate::model::RelationName;

/// An identifier, quoted whether it needs it or not.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A relation, qualified and quoted.
pub fn qualified(name: &RelationName) -> String {
    format!("{}.{}", ident(&name.schema), ident(&name.name))
}

/// A text literal with its type. The session has `standard_conforming_strings = on`, so a backslash is itself.
pub fn literal(text: &str, type_name: &str) -> String {
    format!("'{}'::{type_name}", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cannot_be_left() {
        assert_eq!(ident("a\"; DROP"), "\"a\"\"; DROP\"");
        assert_eq!(literal("it's \\", "text"), "'it''s \\'::text");
    }
}
