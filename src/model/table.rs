//! One configured table, and the choices the config has for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::dialect::Dialect;
use super::lag::Lag;
use super::{FeedId, LogType, Metadata, RelationName, TargetType};

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
    Digest,
    Ct,
}

impl CaptureKind {
    /// The capture of a table whose config names none: it needs no help from the table.
    pub fn default_of(dialect: Dialect) -> Self {
        match dialect {
            // Transaction ids.
            Dialect::Postgres => Self::Xmin,
            // No timestamp, log or trigger has to be trusted.
            Dialect::SqlServer => Self::Digest,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Cursor => "cursor",
            Self::Xmin => "xmin",
            Self::Changelog => "changelog",
            Self::Digest => "digest",
            Self::Ct => "ct",
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

/// What an array becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrays {
    /// A JSON column: NULL elements, NULL arrays and dimensions survive.
    #[default]
    Json,
    /// A REPEATED column.
    Repeated,
}

impl OnUnrepresentable {
    /// As the config writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::Fail => "fail",
            Self::Null => "null",
        }
    }
}

/// How the target is partitioned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// The target's column.
    pub column: String,
    pub by: PartitionBy,
    /// The config's word that a row's value in the column never changes: a MERGE may look for it in its partition alone.
    #[serde(default)]
    pub immutable: bool,
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
    /// Whether a column of this type can be partitioned so.
    /// Source: <https://cloud.google.com/bigquery/docs/partitioned-tables#date_timestamp_partitioned_tables>
    pub fn fits(self, column: TargetType) -> bool {
        match column {
            TargetType::DateTime | TargetType::Timestamp => true,
            TargetType::Date => self != Self::Hour,
            _ => false,
        }
    }

    /// As the config writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Reads what [`PartitionBy::api_name`] writes.
    pub fn from_api(name: &str) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Month, Self::Year].into_iter().find(|by| by.api_name() == name)
    }

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

/// What tells a table's rows apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TableKey {
    #[default]
    Primary,
    /// These source columns; none of a table that is always read whole.
    Columns(Vec<String>),
    /// What they hold. Of rows that are equal, each is one more copy.
    Row,
}

impl TableKey {
    /// The columns of [`TableKey::Row`] in the target: a hash of all that is published of the row, and which of the equal rows it is.
    pub const ROW_COLUMNS: [&str; 2] = ["_plimsoll_row", "_plimsoll_copy"];
}

/// One configured table: everything a run needs to know that neither database says.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSpec {
    pub source: RelationName,
    /// The target's table name in the configured dataset.
    pub target: String,
    /// Project and dataset of the target: a watermark speaks of this one only.
    pub home: String,
    pub key: TableKey,
    pub capture: CaptureKind,
    pub cursor: Option<String>,
    pub lag: Option<Lag>,
    pub deletes: Deletes,
    pub deletes_every: Option<Duration>,
    /// How often all rows are read and compared, for what the capture can't see.
    pub reconcile_every: Option<Duration>,
    /// How often the target is compared with the source.
    pub verify_every: Option<Duration>,
    /// The share of the target's rows that one run may delete.
    pub max_delete_fraction: f64,
    pub every: Option<Duration>,
    pub delete: DeleteStyle,
    /// A condition in the source's SQL; rows outside it do not exist for us.
    pub filter: Option<String>,
    pub exclude: Vec<String>,
    /// Source column to target column.
    pub rename: Vec<(String, String)>,
    /// Columns published as a salted digest.
    pub hash: Vec<String>,
    /// Of the salt, where there is one: another salt makes other digests.
    pub salt: String,
    /// Source column to the type it is forced to.
    pub forced: Vec<(String, TargetType)>,
    pub arrays: Arrays,
    pub on_unrepresentable: OnUnrepresentable,
    pub partition: Option<Partition>,
    pub cluster: Option<Vec<String>>,
    /// The types of log entries that concern the table; only for `changelog`.
    pub log_types: Vec<LogType>,
    /// [`super::LogSpec::fingerprint`] of the log it is captured by; empty without one.
    pub log: String,
    pub changed_columns: ChangedColumns,
    pub metadata: Metadata,
    /// How changes get into the target.
    pub apply: ApplyBy,
    /// How old a reader's view of a target may be whose changes BigQuery applies by itself.
    pub max_staleness: Option<Duration>,
}

/// How changes get into a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplyBy {
    /// By a load into a staging table and a MERGE.
    #[default]
    Merge,
    /// Row by row through the Storage Write API; BigQuery applies them by itself.
    Append,
}

impl ApplyBy {
    /// As the config has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Append => "append",
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub fn is_merge(&self) -> bool {
        *self == Self::Merge
    }
}

impl TableSpec {
    /// Whether deletes are found by a list of keys that is kept: what takes no MERGE has to be told of each deleted row.
    pub fn keeps_key_list(&self) -> bool {
        self.apply == ApplyBy::Append && self.deletes == Deletes::Keys
    }

    pub fn feed(&self) -> FeedId {
        match self.capture {
            CaptureKind::Changelog => FeedId::of_changelog(),
            CaptureKind::Ct => FeedId::of_change_tracking(),
            CaptureKind::Full | CaptureKind::Cursor | CaptureKind::Xmin | CaptureKind::Digest => {
                FeedId::of_target(&self.target)
            }
        }
    }
}

/// A spec of no more than a table, for tests.
#[cfg(test)]
pub(crate) fn plain_spec() -> TableSpec {
    TableSpec {
        source: RelationName { schema: "shop".to_owned(), name: "or\"ders".to_owned() },
        target: "orders".to_owned(),
        home: "demo.app".to_owned(),
        key: TableKey::Primary,
        capture: CaptureKind::Xmin,
        cursor: None,
        lag: None,
        deletes: Deletes::Keys,
        deletes_every: None,
        reconcile_every: None,
        verify_every: None,
        max_delete_fraction: 0.3,
        every: None,
        delete: DeleteStyle::Hard,
        filter: None,
        exclude: vec![],
        rename: vec![],
        hash: vec![],
        salt: String::new(),
        forced: vec![],
        arrays: Arrays::Json,
        on_unrepresentable: OnUnrepresentable::Quarantine,
        partition: None,
        cluster: None,
        log_types: vec![],
        log: String::new(),
        changed_columns: ChangedColumns::Reread,
        metadata: Metadata::Off,
        apply: ApplyBy::Merge,
        max_staleness: None,
    }
}
