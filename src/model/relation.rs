//! Names of relations, as people write them and as they are.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// `schema.table`, either part in double quotes if it must be; `public` where no schema is named.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        loop {
            let (part, after) = take_identifier(rest)?;
            parts.push(part);
            match after.strip_prefix('.') {
                Some(next) => rest = next,
                None if after.is_empty() => break,
                None => return None,
            }
        }
        match parts.len() {
            1 => Some(Self { schema: "public".to_owned(), name: parts.pop()? }),
            2 => {
                let name = parts.pop()?;
                Some(Self { schema: parts.pop()?, name })
            }
            _ => None,
        }
    }
}

fn take_identifier(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut name = String::new();
        let mut rest = quoted;
        loop {
            let end = rest.find('"')?;
            name.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('"') {
                Some(after) => {
                    name.push('"');
                    rest = after;
                }
                None => break,
            }
        }
        return (!name.is_empty()).then_some((name, rest));
    }
    let end = text.find('.').unwrap_or(text.len());
    let name = &text[..end];
    let plain = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '"' || c.is_control());
    plain.then(|| (name.to_owned(), &text[end..]))
}
