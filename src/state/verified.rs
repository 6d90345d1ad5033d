//! What a comparison of a table with its source has found, as the state remembers it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::VerifyLevel;

/// The last comparison of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The moment of the source that was compared.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// When the first stretch was compared, of a comparison that took several: `at` is the moment of the last.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub began: Option<OffsetDateTime>,
    pub level: VerifyLevel,
    /// Whether all documents were compared by what they mean.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_documents: bool,
    /// Whether rows that only the target has were a difference where deletes are ignored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// Rows of the source.
    pub rows: u64,
    /// Absent where they are equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<Differs>,
}

/// In how many rows a target differs from its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differs {
    /// Since which comparison.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    pub missing: u64,
    pub extra: u64,
    pub different: u64,
    /// There are more: these are those that were looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

impl Verified {
    /// After another comparison: what differed then already has done so since.
    pub(super) fn after(mut self, before: Option<&Self>) -> Self {
        let Some((before, then)) = before.and_then(|b| Some((b, b.differs.as_ref()?))) else { return self };
        // Who has looked at less has not seen that it is gone.
        if self.differs.is_none() && !self.covers(before) {
            return before.clone();
        }
        if let Some(now) = &mut self.differs {
            now.since = now.since.min(then.since);
        }
        self
    }

    /// Whether this comparison would have found all that the other one could.
    fn covers(&self, other: &Self) -> bool {
        self.level >= other.level && (self.all_documents || !other.all_documents) && (self.strict || !other.strict)
    }
}

impl Differs {
    /// As people read it.
    pub fn text(&self) -> String {
        let least = if self.at_least { "at least " } else { "" };
        let each = [(self.missing, "missing"), (self.extra, "extra"), (self.different, "different")];
        let each: Vec<String> = each.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        format!("{least}{}", each.join(", "))
    }
}
