//! What a table's capture goes on from: one kind of mark for each way to find changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::batch::digest_mark::DigestMark;
use crate::batch::floor_candidate::FloorCandidate;
use crate::batch::position::LogPosition;

/// What a capture goes on from, one variant for each way to find changes. As the state keeps it, the fields of a variant stand beside
/// those of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CaptureMark {
    /// The place in a change log.
    Log { log: LogMark },
    /// The lists of row hashes.
    Digest { digest: DigestMark },
    /// The place in the server's change tracking.
    Ct { ct: CtMark },
    /// The floor of a cursor.
    Cursor {
        cursor: CursorMark,
        /// The last full list of keys that is in BigQuery.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keys: Option<KeyListMark>,
        /// The kept lists of keys, where no MERGE can tell which rows are gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_lists: Option<Box<DigestMark>>,
    },
    /// The position alone tells what has changed; or nothing has to, where all rows are read.
    Position {
        /// The last full list of keys that is in BigQuery.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keys: Option<KeyListMark>,
        /// The kept lists of keys, where no MERGE can tell which rows are gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_lists: Option<Box<DigestMark>>,
    },
}

impl CaptureMark {
    /// Of a capture that reads the table's own rows.
    pub fn of_rows(cursor: Option<CursorMark>, keys: Option<KeyListMark>, key_lists: Option<DigestMark>) -> Self {
        let key_lists = key_lists.map(Box::new);
        match cursor {
            Some(cursor) => Self::Cursor { cursor, keys, key_lists },
            None => Self::Position { keys, key_lists },
        }
    }
}

/// Where a table stands in the server's change tracking. Each table has its own place: one that is not due stays behind the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CtMark {
    #[serde(flatten)]
    pub position: LogPosition,
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
    /// The version at which it was switched on: off and on again, it has another one. Absent where the server does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<i64>,
    /// When the table's structure was last changed, as the server has it. Switching its tracking off and on counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Changes up to this version have been looked at by two runs.
    pub certain: i64,
}

/// Where a table stands in the change log. Each table has its own place: one that is not due stays behind the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogMark {
    #[serde(flatten)]
    pub position: LogPosition,
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
    /// The log tables the table's entries stand in.
    pub logs: Vec<LogTableMark>,
    /// The content types the table listens to, by name: the numbers the entries had them under.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, String>,
}

/// How far one log table was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogTableMark {
    pub name: String,
    pub oid: u32,
    /// The floor of the entries' ids; its largest value also is the entry that has to be there still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<CursorMark>,
    /// What tells that entry from another one that has its number since: its time, or its transaction's id. Absent where
    /// the log was empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// Which entries were read, of a source whose rows do not say which transaction wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<ReadEntries>,
}

/// Which entries of a log were read, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadEntries {
    /// Of the numbers up to this one all were read that are not in a gap.
    pub up_to: i64,
    /// The numbers up to which no entry can come any more, but for those that were drawn early. Absent while nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<i64>,
    /// A number that will be settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<WaitingNumber>,
    /// The first and the last number of each stretch that no entry was seen in, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<[i64; 2]>,
    #[serde(default)]
    pub lower: Lower,
}

/// Whether an entry may still come whose number is lower than that of the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lower {
    #[default]
    MayCome,
    None,
}

/// A number that is settled once all have ended who were open at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingNumber {
    pub number: i64,
    /// It had been given out by then, by the server's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// Where the floor of a `cursor` capture stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorMark {
    pub column: String,
    /// The largest value seen, as PostgreSQL prints it.
    pub seen: Option<String>,
    /// The value below which nothing can come any more, less the lag.
    pub floor: Option<String>,
    /// Becomes the floor once no transaction is open that was open when it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<FloorCandidate>,
    /// The start of the oldest transaction then open, or the clock where none was: the floor never lies above it.
    pub not_after: String,
    /// The server's clock then, for columns whose time zone nobody knows; absent in a state that an older version wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
}

/// A digest of a full list of keys, so that an unchanged list costs no job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyListMark {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub count: u64,
    /// Sum of the keys' hashes, hex; independent of order.
    pub digest: String,
    /// Whether each key is known to stand in one row.
    #[serde(default)]
    pub repeats: Repeated,
}

/// Whether a list of keys may have one twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repeated {
    /// An older version made the list, and did not ask.
    #[default]
    Unknown,
    No,
}
