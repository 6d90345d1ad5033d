//! What a verification is asked for.

use serde::{Deserialize, Serialize};

/// How much of a table is compared with its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifyLevel {
    /// How many rows there are.
    Counts,
    /// Which rows there are.
    Keys,
    /// What they hold.
    #[default]
    Values,
}

impl VerifyLevel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Keys => "keys",
            Self::Values => "values",
        }
    }
}

/// What becomes of rows that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repair {
    /// They are told.
    #[default]
    No,
    /// They are read again, and compared again.
    Yes,
}

/// What rows are that only the target has, where the config lets deletes be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IgnoredDeletes {
    /// No difference; they are counted apart.
    #[default]
    Counted,
    Differ,
}

/// A verification, as somebody asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    pub level: VerifyLevel,
    pub repair: Repair,
    pub ignored_deletes: IgnoredDeletes,
}
