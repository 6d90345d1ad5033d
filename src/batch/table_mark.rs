//! What a watermark says of each table.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::batch::capture_mark::{CaptureMark, CtMark, CursorMark, KeyListMark, LogMark};
use crate::batch::counts::is_zero;
use crate::batch::digest_mark::DigestMark;
use crate::batch::sent_mark::SentMark;
use crate::model::{ApplyBy, Refusals};

/// What the watermark says of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableMark {
    pub relation: RelationMark,
    /// What the table's capture goes on from.
    #[serde(flatten)]
    pub capture: CaptureMark,
    /// A first load under way: the table is in BigQuery up to a key. What the watermark says is of its first chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loading: Option<Loading>,
    /// When all rows were last read.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub whole_at: Option<OffsetDateTime>,
    /// Rows of the target, where they are known: what BigQuery counted, added up from the first load on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Rows of the source when all of them, or all their keys, were last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_rows: Option<u64>,
    /// Of those, rows that the target lacks, for their key can't be held. Absent where an older version has counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    /// Rows that BigQuery could not hold as they are, since all rows were last read: each has a line in a batch's quarantine file, or a
    /// NULL that was counted. One that was sent again unchanged counts once. Version 1 called them refused, and counted values.
    #[serde(default, alias = "refused", skip_serializing_if = "is_zero")]
    pub quarantined: u64,
    /// Their columns and reasons.
    #[serde(default, skip_serializing_if = "Refusals::is_empty")]
    pub refusals: Refusals,
    /// How the target is filled: what takes changes row by row takes no MERGE ever after.
    #[serde(default, skip_serializing_if = "ApplyBy::is_merge")]
    pub apply: ApplyBy,
    /// Of a target that changes are sent to row by row: grows each time it is created again, and is at least that moment, in seconds since 1970.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub incarnation: u64,
    /// What was sent to it in that way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentMark>,
    /// When BigQuery made that target, as it says: another one has not the rows that were sent. Absent where nobody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
}

impl TableMark {
    /// Where the table stands in change tracking.
    pub fn ct(&self) -> Option<&CtMark> {
        match &self.capture {
            CaptureMark::Ct { ct } => Some(ct),
            CaptureMark::Log { .. }
            | CaptureMark::Digest { .. }
            | CaptureMark::Cursor { .. }
            | CaptureMark::Position { .. } => None,
        }
    }

    /// The floor of the cursor, where the capture has one.
    pub fn cursor(&self) -> Option<&CursorMark> {
        match &self.capture {
            CaptureMark::Cursor { cursor, .. } => Some(cursor),
            CaptureMark::Log { .. }
            | CaptureMark::Digest { .. }
            | CaptureMark::Ct { .. }
            | CaptureMark::Position { .. } => None,
        }
    }

    /// The last full list of keys that is in BigQuery.
    pub fn keys(&self) -> Option<&KeyListMark> {
        match &self.capture {
            CaptureMark::Cursor { keys, .. } | CaptureMark::Position { keys, .. } => keys.as_ref(),
            CaptureMark::Log { .. } | CaptureMark::Digest { .. } | CaptureMark::Ct { .. } => None,
        }
    }

    /// From now on, the list of keys may not be compared with the last one: only its date counts.
    pub fn forget_key_digest(&mut self) {
        if let CaptureMark::Cursor { keys: Some(keys), .. } | CaptureMark::Position { keys: Some(keys), .. } =
            &mut self.capture
        {
            keys.digest = String::new();
        }
    }

    /// Where the table stands in a change log.
    pub fn log(&self) -> Option<&LogMark> {
        match &self.capture {
            CaptureMark::Log { log } => Some(log),
            CaptureMark::Digest { .. }
            | CaptureMark::Ct { .. }
            | CaptureMark::Cursor { .. }
            | CaptureMark::Position { .. } => None,
        }
    }

    /// The lists of row hashes that count.
    pub fn digest(&self) -> Option<&DigestMark> {
        match &self.capture {
            CaptureMark::Digest { digest } => Some(digest),
            CaptureMark::Log { .. }
            | CaptureMark::Ct { .. }
            | CaptureMark::Cursor { .. }
            | CaptureMark::Position { .. } => None,
        }
    }

    /// The kept lists that count: of row hashes, or of keys.
    pub fn lists(&self) -> Option<&DigestMark> {
        match &self.capture {
            CaptureMark::Digest { digest } => Some(digest),
            CaptureMark::Cursor { key_lists, .. } | CaptureMark::Position { key_lists, .. } => key_lists.as_deref(),
            CaptureMark::Log { .. } | CaptureMark::Ct { .. } => None,
        }
    }

    /// The same, to be changed.
    pub fn lists_mut(&mut self) -> Option<&mut DigestMark> {
        match &mut self.capture {
            CaptureMark::Digest { digest } => Some(digest),
            CaptureMark::Cursor { key_lists, .. } | CaptureMark::Position { key_lists, .. } => key_lists.as_deref_mut(),
            CaptureMark::Log { .. } | CaptureMark::Ct { .. } => None,
        }
    }

    /// Rows that the target has by the lists that are kept; without any, as for [`Self::held_rows`].
    pub fn listed_rows(&self) -> Option<u64> {
        let listed = self.lists().map(|lists| lists.slices.iter().map(|slice| slice.rows).sum::<u64>());
        let listed = listed.map(|rows| rows.saturating_sub(self.left_out.unwrap_or(0)));
        listed.or_else(|| self.held_rows())
    }

    /// Rows that the target got from the source when all of them, or all their keys, were last read.
    pub fn held_rows(&self) -> Option<u64> {
        Some(self.source_rows?.saturating_sub(self.left_out?))
    }
}

/// How far a load in chunks has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loading {
    /// The last key that is in BigQuery, as PostgreSQL prints its columns.
    pub after: Vec<String>,
    pub rows: u64,
    /// Of those, rows that the target lacks, for their key can't be held. Absent where an older version has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    pub before: RowsBefore,
    #[serde(default)]
    pub removal: Removal,
    /// A digest of what decides the order of keys: under another one the position means nothing.
    #[serde(default)]
    pub order: String,
    /// How many stretches are in BigQuery. Absent where an older version has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretches: Option<u32>,
    /// Rows of the table by the source's own estimate, when the load began. Absent as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<u64>,
}

/// Whether the last stretch of a load in chunks may remove as many rows as the source lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Removal {
    #[default]
    Guarded,
    /// Who began the load has let it.
    Allowed,
}

/// What the target had when a load in chunks began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowsBefore {
    None,
    /// Rows that the source lacks have to go at the end.
    Some,
}

/// The relation and the columns the watermark speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationMark {
    pub oid: u32,
    /// The leaf partitions (or inheriting tables): a newly attached one brings rows with old transaction ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<u32>,
    /// The files that the rows were in, in the order of the relation and its leaves: others after a rewrite, whose rows may have old
    /// cursor values. Empty where nobody looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<u32>,
    pub columns: Vec<MarkedColumn>,
    /// The target's columns as the last batch left them: one that is gone since was dropped there. Empty where an older version wrote the
    /// state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
    /// Columns the target still has, with old values, though the source no longer publishes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<String>,
    /// What else decides which rows and values are published, and where: target, key, filter, delete style.
    pub definition: String,
}

/// A published column: its name in the target, and which column of the source it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkedColumn {
    pub name: String,
    pub number: i32,
    /// The source's type, as far as it decides a value's text; absent where the rows themselves tell of a change of type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub value_type: Option<String>,
}
