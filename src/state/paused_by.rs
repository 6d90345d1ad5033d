//! Who paused a table, as far as it is known.

use serde::{Deserialize, Deserializer, Serialize};

/// A line of text, without control characters, at most [`PausedBy::LONGEST`] characters long: "the console", or a user of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PausedBy(String);

impl PausedBy {
    /// It stands in the state, on pages and in a terminal.
    pub const LONGEST: usize = 64;

    /// A button: whoever may see the pages may press it, and the pages do not know who that is.
    pub fn console() -> Self {
        Self("the console".to_owned())
    }

    /// The user whose command it was; `None` where the name says nothing.
    pub fn user(name: &str) -> Option<Self> {
        let line = one_line(name);
        (!line.is_empty()).then_some(Self(line))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn one_line(text: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let words: Vec<&str> = text.split(is_gap).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(PausedBy::LONGEST).collect()
}

impl<'de> Deserialize<'de> for PausedBy {
    /// Somebody else may have written the state.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(one_line(&String::deserialize(from)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Paused;

    #[test]
    fn a_name_is_one_short_line_and_an_old_pause_has_none() {
        let user = |name: &str| PausedBy::user(name).map(|by| by.0);
        assert_eq!(user(" alice\n\u{1b}[31m "), Some("alice [31m".to_owned()));
        assert_eq!(user(" \t"), None);
        assert_eq!(user(&"é".repeat(99)).map(|n| n.chars().count()), Some(64));
        let read = |paused: serde_json::Value| serde_json::from_value::<Paused>(paused).unwrap().by.map(|by| by.0);
        let since = "2026-11-27T12:00:00Z";
        assert_eq!(read(serde_json::json!({ "since": since })), None);
        assert_eq!(read(serde_json::json!({ "since": since, "by": 7 })), None);
        assert_eq!(read(serde_json::json!({ "since": since, "by": "bob\n" })), Some("bob".to_owned()));
    }
}
