//! The words every part of a run shares: feed, run, table, column, key.
//!
//! Nothing here knows PostgreSQL's catalog or BigQuery's API. `capture` and `bigquery` never see each other; what
//! passes between them is made of these types.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

mod changelog;
mod relation;

pub use changelog::{ActionCodes, Diff, KeyFormat, LogKey, LogSpec, LogTable, LogType, Merged, TypeColumn};
pub use relation::RelationName;

/// The prefix of the columns Plimsoll adds to staged rows and, where asked to, to targets.
pub const RESERVED_PREFIX: &str = "_plimsoll_";

/// The column of a staged row that says what is to happen to its key: see [`Op`].
pub const OP_COLUMN: &str = "_plimsoll_op";

/// What owns one watermark. A table by itself is a feed of the target's name, which the config keeps unique; the tables of
/// a change log are one feed together.
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

/// Whether a target column takes NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    Required,
    Nullable,
}

/// One column as BigQuery will hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub target_type: TargetType,
    pub mode: Mode,
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

/// What becomes of a target row whose source row is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeleteStyle {
    Hard,
    /// The row stays, flagged; it is revived when its key comes back.
    Soft {
        flag: String,
        at: String,
    },
}

/// How changes are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaptureKind {
    Full,
    Cursor,
    Xmin,
    Changelog,
}

impl CaptureKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Cursor => "cursor",
            Self::Xmin => "xmin",
            Self::Changelog => "changelog",
        }
    }
}

/// How `cursor` and `xmin` learn of deleted rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deletes {
    /// They don't: a deleted row stays in the target.
    Ignore,
    /// By the full list of keys, now and then.
    Keys,
}

/// What an update means whose logged diff names only columns that are not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangedColumns {
    /// The row is read again like any other.
    Reread,
    /// It is skipped and counted.
    SkipUnpublished,
}

/// What to do with a value its target type can't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnrepresentable {
    /// The column becomes NULL, the original row goes to the quarantine file.
    Quarantine,
    /// The run fails before the seal.
    Fail,
    /// The column becomes NULL and is counted.
    Null,
}

/// How far below the last maximum of a cursor a run looks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    Time(Duration),
    /// For integer cursors.
    Steps(u64),
}

/// How the target is partitioned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// The target's column.
    pub column: String,
    pub by: PartitionBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PartitionBy {
    Hour,
    Day,
    Month,
    Year,
}

impl PartitionBy {
    /// As the API writes it.
    pub fn api_name(self) -> &'static str {
        match self {
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Month => "MONTH",
            Self::Year => "YEAR",
        }
    }
}

/// One configured table: everything a run needs to know that neither database says.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSpec {
    pub source: RelationName,
    /// The target's table name in the configured dataset.
    pub target: String,
    /// Project and dataset of the target: a watermark speaks of this one only.
    pub home: String,
    /// The key's source columns; the primary key where not given.
    pub key: Option<Vec<String>>,
    pub capture: CaptureKind,
    pub cursor: Option<String>,
    pub lag: Option<Lag>,
    pub deletes: Deletes,
    pub deletes_every: Option<Duration>,
    /// How often all rows are read and compared, for what the capture can't see.
    pub reconcile_every: Option<Duration>,
    /// The share of the target's rows that one run may delete.
    pub max_delete_fraction: f64,
    pub every: Option<Duration>,
    pub delete: DeleteStyle,
    /// A condition in the source's SQL; rows outside it do not exist for us.
    pub filter: Option<String>,
    pub exclude: Vec<String>,
    /// Source column to target column.
    pub rename: Vec<(String, String)>,
    /// Source column to the only type it may be forced to: STRING.
    pub forced_text: Vec<String>,
    pub on_unrepresentable: OnUnrepresentable,
    pub partition: Option<Partition>,
    pub cluster: Option<Vec<String>>,
    /// The types of log entries that concern the table; only for `changelog`.
    pub log_types: Vec<LogType>,
    /// [`LogSpec::fingerprint`] of the log it is captured by; empty without one.
    pub log: String,
    pub changed_columns: ChangedColumns,
}

impl TableSpec {
    pub fn feed(&self) -> FeedId {
        match self.capture {
            CaptureKind::Changelog => FeedId::of_changelog(),
            CaptureKind::Full | CaptureKind::Cursor | CaptureKind::Xmin => FeedId::of_target(&self.target),
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
