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
    pub level: VerifyLevel,
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
        if let (Some(now), Some(then)) = (&mut self.differs, before.and_then(|b| b.differs.as_ref())) {
            now.since = now.since.min(then.since);
        }
        self
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
