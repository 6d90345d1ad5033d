//! The words every part of a run shares: feed, run, table, column, key.
//!
//! Nothing here knows a source's catalog or BigQuery's API. `capture` and `bigquery` never see each other; what
//! passes between them is made of these types.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

mod changelog;
mod dialect;
pub mod figures;
mod lag;
mod metadata;
mod refusal;
mod relation;
mod sentence;
mod similar_names;
mod table;
mod verification;
mod what_captures_find;

pub use changelog::{ActionCodes, Diff, KeyFormat, LogKey, LogSpec, LogTable, LogType, Merged, TypeColumn};
pub use dialect::Dialect;
pub use lag::Lag;
pub use metadata::{Metadata, RUN_COLUMN, SYNCED_AT_COLUMN};
pub use refusal::{Refusal, Refusals};
pub use relation::{RelationName, in_shell};
pub use sentence::sentence;
pub use similar_names::{nearest, nearest_relations, one_of};
#[cfg(test)]
pub(crate) use table::plain_spec;
pub use table::{
    ApplyBy, Arrays, CaptureKind, ChangedColumns, DeleteStyle, Deletes, OnUnrepresentable, Partition, PartitionBy,
    TableKey, TableSpec,
};
pub use verification::{CompareDocuments, Difference, IgnoredDeletes, Repair, Verification, VerifyLevel};
pub use what_captures_find::{Finds, FoundDeletes};

/// The prefix of the columns Plimsoll adds to staged rows and, where asked to, to targets.
pub const RESERVED_PREFIX: &str = "_plimsoll_";

/// The column of a staged row that says what is to happen to its key: see [`Op`].
pub const OP_COLUMN: &str = "_plimsoll_op";

/// What owns one watermark. A table by itself is a feed of the target's name, which the config keeps unique; the tables of
/// a change log, or of another log that names the changes of many tables, are one feed together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedId(String);

impl FeedId {
    /// The feed of a table that has a watermark of its own.
    pub fn of_target(target: &str) -> Self {
        Self(target.to_owned())
    }

    /// The feed of the change log; the config keeps its name free.
    pub fn of_changelog() -> Self {
        Self(Self::CHANGELOG.to_owned())
    }

    pub const CHANGELOG: &str = "changelog";

    /// The feed of the tables whose changes the server tracks; the config keeps its name free.
    pub fn of_change_tracking() -> Self {
        Self(Self::CHANGE_TRACKING.to_owned())
    }

    pub const CHANGE_TRACKING: &str = "change_tracking";

    /// The feeds that tables share, by name.
    const SHARED: [&str; 2] = [Self::CHANGELOG, Self::CHANGE_TRACKING];

    /// Whether tables share the feed: they come and go without each other, and one that fails for good does not hold up the others.
    pub fn is_shared(&self) -> bool {
        Self::SHARED.contains(&self.as_str())
    }

    /// Every feed that a table with this target may have been of.
    pub fn of_any(target: &str) -> impl Iterator<Item = Self> {
        std::iter::once(Self::of_target(target)).chain(Self::SHARED.map(|name| Self(name.to_owned())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One pass over one feed. Object, staging table and job names derive from it, so a replay meets what it made before.
///
/// `20261121t103850_3f9ac2d19b04`: the second it started, then 48 random bits. Sorts by time, and is legal in an
/// object name, a table name and a job id alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A new id for a run that starts at `now`.
    pub fn new(now: OffsetDateTime, entropy: u64) -> Self {
        let (y, m, d) = (now.year(), u8::from(now.month()), now.day());
        let (h, min, s) = (now.hour(), now.minute(), now.second());
        Self(format!("{y:04}{m:02}{d:02}t{h:02}{min:02}{s:02}_{:012x}", entropy & 0xffff_ffff_ffff))
    }

    /// The id that a text is, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(text.to_owned());
        let is_one = text.is_ascii() && id.started().is_some_and(|t| id.0 == Self::new(t, id.entropy()).0);
        is_one.then_some(id)
    }

    fn entropy(&self) -> u64 {
        self.0.get(16..).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0)
    }

    /// When the run began, to the second.
    pub fn started(&self) -> Option<OffsetDateTime> {
        let format = time::macros::format_description!("[year][month][day]t[hour][minute][second]");
        time::PrimitiveDateTime::parse(self.0.get(..15)?, format).ok().map(time::PrimitiveDateTime::assume_utc)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The BigQuery types a column can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TargetType {
    Bool,
    Int64,
    Float64,
    Numeric,
    BigNumeric,
    String,
    Bytes,
    Date,
    Time,
    DateTime,
    Timestamp,
    Json,
}

impl TargetType {
    pub const ALL: [TargetType; 12] = [
        Self::Bool,
        Self::Int64,
        Self::Float64,
        Self::Numeric,
        Self::BigNumeric,
        Self::String,
        Self::Bytes,
        Self::Date,
        Self::Time,
        Self::DateTime,
        Self::Timestamp,
        Self::Json,
    ];

    /// The name GoogleSQL and the API's schemas use.
    pub fn sql_name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Int64 => "INT64",
            Self::Float64 => "FLOAT64",
            Self::Numeric => "NUMERIC",
            Self::BigNumeric => "BIGNUMERIC",
            Self::String => "STRING",
            Self::Bytes => "BYTES",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::DateTime => "DATETIME",
            Self::Timestamp => "TIMESTAMP",
            Self::Json => "JSON",
        }
    }

    /// Reads either spelling of the API: a table made with `INT64` is described as `INTEGER`.
    pub fn from_api(name: &str) -> Option<Self> {
        match name {
            "INTEGER" => Some(Self::Int64),
            "FLOAT" => Some(Self::Float64),
            "BOOLEAN" => Some(Self::Bool),
            _ => Self::ALL.into_iter().find(|t| t.sql_name() == name),
        }
    }

    /// Whether a column of this type may be in a primary key.
    /// Source: <https://cloud.google.com/bigquery/docs/primary-foreign-keys#limitations>
    pub fn can_be_in_primary_key(self) -> bool {
        !matches!(self, Self::Bytes | Self::Time | Self::Json | Self::Float64)
    }

    /// Whether a table may be clustered by a column of this type.
    /// Source: <https://cloud.google.com/bigquery/docs/clustered-tables#limitations>
    pub fn can_cluster(self) -> bool {
        !matches!(self, Self::Float64 | Self::Bytes | Self::Time | Self::Json)
    }
}

impl fmt::Display for TargetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sql_name())
    }
}

/// Whether a target column takes NULL, or many values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ColumnMode {
    Required,
    Nullable,
    /// An array; without elements where there is none.
    Repeated,
}

/// One column as BigQuery will hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub target_type: TargetType,
    pub mode: ColumnMode,
}

/// What a staged row asks for its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// The row is there: insert or update it.
    Upsert,
    /// The row is gone.
    Delete,
    /// The row is there and unchanged; only its key is staged, so that the MERGE can tell which keys are gone.
    Key,
    /// Every row with this value in a column that is not the key was read: those that are not staged are gone.
    Scope,
}

impl Op {
    /// The value of [`OP_COLUMN`].
    pub fn code(self) -> char {
        match self {
            Self::Upsert => 'U',
            Self::Delete => 'D',
            Self::Key => 'K',
            Self::Scope => 'S',
        }
    }

    /// The stem of the part files that hold rows of this kind.
    pub fn file_stem(self) -> &'static str {
        match self {
            Self::Upsert => "upserts",
            Self::Delete => "deletes",
            Self::Key => "keys",
            Self::Scope => "scopes",
        }
    }
}

/// A table of BigQuery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRef {
    pub project: String,
    pub dataset: String,
    pub table: String,
}

impl fmt::Display for TargetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.project, self.dataset, self.table)
    }
}

/// Who has to act on an error: it decides exit code 2 or 1, and 4xx or 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The config or the request asks for what can't be.
    Config,
    /// A service, a right or the data.
    World,
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_run_id_sorts_by_time_and_is_legal_everywhere() {
        let earlier = RunId::new(datetime!(2026-11-21 10:38:50 UTC), u64::MAX);
        let later = RunId::new(datetime!(2026-11-21 10:38:51 UTC), 0);
        assert_eq!(earlier.as_str(), "20261121t103850_ffffffffffff");
        assert!(earlier < later);
        assert_eq!(later.started(), Some(datetime!(2026-11-21 10:38:51 UTC)));
        assert_eq!(RunId::parse(earlier.as_str()).as_ref(), Some(&earlier));
        for no_id in
            ["", "20261121t103850_", "20261121t103850_FFFFFFFFFFFF", "20261341t103850_ffffffffffff", "../x", "2026112ä"]
        {
            assert_eq!(RunId::parse(no_id), None, "{no_id}");
        }
        assert!(earlier.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    }

    #[test]
    fn both_spellings_of_a_type_are_read() {
        for t in TargetType::ALL {
            assert_eq!(TargetType::from_api(t.sql_name()), Some(t));
        }
        assert_eq!(TargetType::from_api("INTEGER"), Some(TargetType::Int64));
        assert_eq!(TargetType::from_api("GEOGRAPHY"), None);
    }
}
