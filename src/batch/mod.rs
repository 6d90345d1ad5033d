//! What a sealed run consists of.
//!
//! `stage` makes a [`Batch`], `state` keeps it as `pending`, `bigquery` loads it. From the seal on it is all a run needs:
//! neither the source nor the config is asked again, so a replay by another process, or by a newer version, does what
//! the sealed run would have done.
//!
//! The object names of the parts follow from the run's folder and a count; the manifest does not list them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::{Column, DeleteStyle, FeedId, Metadata, Op, Partition, Refusals, RunId, TargetRef};

mod apply;
mod capture_mark;
mod counts;
mod digest_mark;
mod floor_candidate;
mod position;
mod sent_mark;
mod table_mark;
mod watermark;

pub use apply::{
    Absent, Append, Apply, Changes, Merge, Repeats, Replace, ReplaceSchema, RowsWritten, Unstaged, Update, Way,
};
pub use capture_mark::{
    CaptureMark, CtMark, CursorMark, KeyListMark, LogMark, LogTableMark, Lower, ReadEntries, Repeated, WaitingNumber,
};
pub use counts::Counts;
pub use digest_mark::{DigestMark, HashedAs, HashedColumn, ListObject, ListsOfRun, Round, SliceMark};
pub use floor_candidate::FloorCandidate;
pub use position::{At, Continuity, Identity, LogPosition, NotASnapshot, Position, Snapshot, SqlServerIdentity};
pub use sent_mark::{AppliedUpTo, SentMark};
pub use table_mark::{Loading, MarkedColumn, RelationMark, Removal, RowsBefore, TableMark};
pub use watermark::{Standing, Watermark};

/// The version of the manifest and the state document that this program writes and reads.
///
/// Since 2 a sealed batch may have metadata columns. A program that does not know them would merge the rows without, so it must
/// not be able to finish such a batch: it refuses the newer version by name.
pub const FORMAT_VERSION: u32 = 2;

/// The sealed files of a run and what is to be done with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub version: u32,
    pub run: RunId,
    pub feed: FeedId,
    /// Its place among all batches that the feed has ever sealed; given at the seal, so the manifest has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u64>,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    /// The folder of the run below the storage prefix, with a slash at its end.
    pub folder: String,
    pub tables: Vec<TableBatch>,
    /// What the change log held, where the feed has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogCounts>,
    /// Tables left out because they failed for good, by target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aside: BTreeMap<String, Aside>,
    #[serde(default, skip_serializing_if = "LookedFor::is_changes")]
    pub looked_for: LookedFor,
    /// Where the feed stands once this batch is in BigQuery.
    pub next: Watermark,
}

/// What the run that made a batch has looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookedFor {
    #[default]
    Changes,
    /// Nothing: it has read rows again whose keys somebody has named. Whether others have changed it does not know.
    Nothing,
}

impl LookedFor {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_changes(&self) -> bool {
        *self == Self::Changes
    }
}

/// A table of a shared feed that waits for somebody to put it right, while the others go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    pub source: String,
    /// When it was first set aside.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// The moment of the source that BigQuery was last known to be equal to.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub last_success: Option<OffsetDateTime>,
    pub reason: String,
    pub hint: String,
    /// How often it has failed since, at its load or merge.
    #[serde(default)]
    pub failures: u32,
    /// It is not tried again before.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub not_before: Option<OffsetDateTime>,
}

/// Entries of a change log that a run has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCounts {
    pub entries: u64,
    /// Entries of types that no table claims.
    pub unclaimed: u64,
    /// Entries that only tell of a look.
    pub ignored: u64,
    /// Entries of updates that touched no published column.
    #[serde(default)]
    pub skipped: u64,
    /// Entries whose key no row of their table can have.
    #[serde(default)]
    pub unreadable: u64,
}

/// One table's share of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableBatch {
    /// The source relation, for people.
    pub source: String,
    pub target: TargetRef,
    pub apply: Apply,
    /// The columns of the staged rows, without the op column; key columns first.
    pub columns: Vec<Column>,
    /// The key's target columns.
    pub key: Vec<String>,
    pub delete: DeleteStyle,
    pub partition: Option<Partition>,
    pub cluster: Vec<String>,
    pub compression: Compression,
    pub parts: Parts,
    pub counts: Counts,
    /// Which values could not be held, and why.
    #[serde(default, skip_serializing_if = "Refusals::is_empty")]
    pub refusals: Refusals,
    /// The smallest and largest value of the first key column among the staged rows.
    pub bounds: Option<KeyBounds>,
    /// Columns of the target that were dropped there, to be added before its rows are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost_columns: Vec<Column>,
    /// Whether the target gets the metadata columns. The lines of a load that replaces it have them already.
    #[serde(default, skip_serializing_if = "Metadata::is_off")]
    pub metadata: Metadata,
    /// Rows that the target had when the batch was staged, as BigQuery counted them; of a load that replaces them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_before: Option<u64>,
    /// Seconds; of a target whose changes BigQuery applies by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_staleness: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    Gzip,
    None,
}

impl Compression {
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => "ndjson.gz",
            Self::None => "ndjson",
        }
    }
}

/// How many part files there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    pub upserts: u32,
    pub deletes: u32,
    pub keys: u32,
    #[serde(default)]
    pub scopes: u32,
}

impl Parts {
    pub fn total(self) -> u32 {
        self.upserts + self.deletes + self.keys + self.scopes
    }

    fn of(self, op: Op) -> u32 {
        match op {
            Op::Upsert => self.upserts,
            Op::Delete => self.deletes,
            Op::Key => self.keys,
            Op::Scope => self.scopes,
        }
    }
}

/// Constant bounds of the first key column, in BigQuery's order of its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum KeyBounds {
    Int64 { min: i64, max: i64 },
    String { min: String, max: String },
}

impl TableBatch {
    /// The folder of this table's files, below the storage prefix.
    pub fn folder(&self, batch_folder: &str) -> String {
        format!("{batch_folder}{}/", self.target.table)
    }

    /// The names of every part file, below the storage prefix.
    pub fn part_names(&self, batch_folder: &str) -> Vec<String> {
        let folder = self.folder(batch_folder);
        [Op::Upsert, Op::Delete, Op::Key, Op::Scope]
            .into_iter()
            .flat_map(|op| (0..self.parts.of(op)).map(move |n| (op, n)))
            .map(|(op, n)| part_name(&folder, op.file_stem(), n, self.compression))
            .collect()
    }
}

/// The name of one part file.
pub fn part_name(folder: &str, stem: &str, number: u32, compression: Compression) -> String {
    format!("{folder}{stem}-{number:05}.{}", compression.suffix())
}
