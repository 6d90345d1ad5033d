//! What a tick was asked for.

use serde::{Deserialize, Serialize};

/// What a tick was asked for, in the word of the command that asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TickKind {
    /// Changes.
    Tick,
    /// Whole tables.
    Full,
    /// Whole tables, whose targets may be replaced.
    Resync,
    Verify,
    Repair,
    /// Rows by given keys.
    Reread,
}

impl TickKind {
    pub const ALL: [Self; 6] = [Self::Tick, Self::Full, Self::Resync, Self::Verify, Self::Repair, Self::Reread];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::Full => "full",
            Self::Resync => "resync",
            Self::Verify => "verify",
            Self::Repair => "repair",
            Self::Reread => "reread",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
