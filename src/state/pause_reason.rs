//! Why a table was paused, in the words of the person who paused it.

use serde::{Deserialize, Deserializer, Serialize};

/// A line of text, without control characters, at most [`PauseReason::LONGEST`] characters long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PauseReason(String);

/// The text is longer than a reason may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reason has {found} characters, and may have {}", PauseReason::LONGEST)]
pub struct ReasonTooLong {
    pub found: usize,
}

impl PauseReason {
    /// It stands in the state, on pages and in a terminal.
    pub const LONGEST: usize = 200;

    /// What somebody has typed, on one line; `None` where that is nothing.
    pub fn parse(typed: &str) -> Result<Option<Self>, ReasonTooLong> {
        let line = one_line(typed);
        match line.chars().count() {
            0 => Ok(None),
            found if found > Self::LONGEST => Err(ReasonTooLong { found }),
            _ => Ok(Some(Self(line))),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Words with one space between them; control characters are none.
fn one_line(text: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    text.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

impl<'de> Deserialize<'de> for PauseReason {
    /// Somebody else may have written the state: what is too long is cut, and no note is lost for it.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(Self(one_line(&text).chars().take(Self::LONGEST).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_so_many_characters() {
        let parsed = |text: &str| PauseReason::parse(text).map(|r| r.map(|r| r.0));
        assert_eq!(parsed("  new\r\nindex \u{1b}[31m "), Ok(Some("new index [31m".to_owned())));
        assert_eq!(parsed(" \n\t"), Ok(None));
        assert_eq!(parsed(&"é".repeat(200)).map(|r| r.map(|r| r.chars().count())), Ok(Some(200)));
        assert_eq!(parsed(&"é".repeat(201)), Err(ReasonTooLong { found: 201 }));
        let read: PauseReason = serde_json::from_value(serde_json::json!("x".repeat(999))).unwrap();
        assert_eq!(read.as_str().len(), 200);
    }
}
