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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repair {
    /// They are told.
    #[default]
    No,
    /// They are read again, and compared again.
    Yes,
}

/// What rows are that only the target has, where the config lets deletes be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IgnoredDeletes {
    /// No difference; they are counted apart.
    #[default]
    Counted,
    Differ,
}

/// How much of documents is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", untagged)]
pub enum CompareDocuments {
    /// Which keys an object has, how long an array is.
    #[default]
    Structure,
    /// All of it, of about so many rows.
    Some(u64),
    /// All of it, of all rows.
    All(AllRows),
}

/// The word for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AllRows {
    All,
}

impl std::str::FromStr for CompareDocuments {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        match typed {
            "all" => Ok(Self::All(AllRows::All)),
            number => number.parse().map(Self::Some).map_err(|_| "write all, or of how many rows, such as 1000"),
        }
    }
}

/// How a key's rows differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Difference {
    /// The target lacks it.
    Missing,
    /// Only the target has it.
    Extra,
    /// Both have it, with other values.
    Different,
}

impl Difference {
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Different => "different",
        }
    }
}

/// A verification, as somebody asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    pub level: VerifyLevel,
    #[serde(default, skip_serializing_if = "is_default")]
    pub repair: Repair,
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignored_deletes: IgnoredDeletes,
    #[serde(default, skip_serializing_if = "is_default")]
    pub documents: CompareDocuments,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
