//! Names of relations, as people write them and as they are.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::dialect::Dialect;

/// A relation of the source by schema and name, unquoted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RelationName {
    pub schema: String,
    pub name: String,
}

impl fmt::Display for RelationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

impl RelationName {
    /// `schema.table` as the config and `--table` read it: a part in double quotes where it has to be.
    pub fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    /// The line of the config that names it: `source = "public.\"Order Items\""`.
    pub fn source_line(&self) -> String {
        format!("source = {}", toml_text(&self.quoted()))
    }

    /// As an argument of `--table` in a shell.
    pub fn argument(&self) -> String {
        in_shell(&self.quoted()).into_owned()
    }

    /// As [`Self::parse_in`], for the kind of source that is meant where none is named.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_in(Dialect::default(), text)
    }

    /// `schema.table`, either part in double quotes if it must be, or in brackets as a SQL Server has them; in the default schema where none is named.
    pub fn parse_in(dialect: Dialect, text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        loop {
            let bracketed = if dialect == Dialect::SqlServer { rest.strip_prefix('[') } else { None };
            let (part, after) = match bracketed {
                Some(inside) => take_quoted(inside, ']')?,
                None => take_identifier(rest)?,
            };
            parts.push(part);
            match after.strip_prefix('.') {
                Some(next) => rest = next,
                None if after.is_empty() => break,
                None => return None,
            }
        }
        match parts.len() {
            1 => Some(Self { schema: dialect.default_schema().to_owned(), name: parts.pop()? }),
            2 => {
                let name = parts.pop()?;
                Some(Self { schema: parts.pop()?, name })
            }
            _ => None,
        }
    }
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text as a shell takes it for one word.
pub fn in_shell(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "_.-/:@%+=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

fn quoted(part: &str) -> Cow<'_, str> {
    match take_identifier(part) {
        Some((name, "")) if name == part => Cow::Borrowed(part),
        _ => Cow::Owned(format!("\"{}\"", part.replace('"', "\"\""))),
    }
}

fn take_identifier(text: &str) -> Option<(String, &str)> {
    if let Some(inside) = text.strip_prefix('"') {
        return take_quoted(inside, '"');
    }
    let end = text.find('.').unwrap_or(text.len());
    let name = &text[..end];
    let plain = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '"' || c.is_control());
    plain.then(|| (name.to_owned(), &text[end..]))
}

/// Takes what is up to the closing quote, which stands twice where it is meant.
fn take_quoted(inside: &str, close: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = inside;
    loop {
        let (before, after) = rest.split_once(close)?;
        name.push_str(before);
        match after.strip_prefix(close) {
            Some(more) => {
                name.push(close);
                rest = more;
            }
            None => return (!name.is_empty()).then_some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_so_that_it_is_read_again() {
        for (schema, name, quoted) in [
            ("public", "orders", "public.orders"),
            ("public", "OrderItems", "public.OrderItems"),
            ("public", "Order Items", "public.\"Order Items\""),
            ("a.b", "c\"d", "\"a.b\".\"c\"\"d\""),
        ] {
            let relation = RelationName { schema: schema.to_owned(), name: name.to_owned() };
            assert_eq!(relation.quoted(), quoted);
            assert_eq!(RelationName::parse(quoted), Some(relation.clone()));
            let line: toml::Table = relation.source_line().parse().unwrap();
            assert_eq!(line["source"].as_str(), Some(quoted), "{}", relation.source_line());
        }
    }

    #[test]
    fn a_sql_servers_own_quotes_are_read_too() {
        let read = |text: &str| RelationName::parse_in(Dialect::SqlServer, text).map(|r| (r.schema, r.name));
        let named = |schema: &str, name: &str| Some((schema.to_owned(), name.to_owned()));
        assert_eq!(read("[dbo].[Order Items]"), named("dbo", "Order Items"));
        assert_eq!(read("[odd]]name]"), named("dbo", "odd]name"));
        assert_eq!(read("sales.[a.b]"), named("sales", "a.b"));
        assert_eq!(read("[dbo"), None);
        assert_eq!(RelationName::parse_in(Dialect::Postgres, "[dbo].t").map(|r| r.schema), Some("[dbo]".to_owned()));
    }

    #[test]
    fn a_shell_takes_an_argument_as_one_word() {
        assert_eq!(in_shell("public.orders"), "public.orders");
        assert_eq!(in_shell("public.\"Order Items\""), "'public.\"Order Items\"'");
        assert_eq!(in_shell("it's"), r"'it'\''s'");
    }
}
