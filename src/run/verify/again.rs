//! What is looked at once more, after another run: the source's side in the snapshot of that run, the target's once it is merged.

use std::collections::HashSet;

use super::named_keys::named_keys;
use super::refused_cells::RefusedCells;
use crate::bigquery::{BigQuery, ComparedTarget};
use crate::canonical::{BucketDigits, ColumnDigests, ComparedColumn, Documents, KeyDigest, KeyStretch, Level};
use crate::capture::keyed::KeyColumns;
use crate::run::error::RunError;
use crate::source::{ComparedRows, Session, Table};

/// Keys that one statement names.
const KEYS_A_STATEMENT: usize = 500;

/// As long as a document may be.
const DOCUMENTS_A_STATEMENT: usize = 100;

/// What differed at the first look.
#[derive(Clone, Debug)]
pub enum Again {
    /// How many rows of a stretch of keys there are.
    Counts(KeyStretch),
    Keys {
        level: Level,
        keys: Vec<Vec<String>>,
        is_all: Complete,
        /// The keys whose documents differ in what they mean.
        documents: Vec<Vec<String>>,
    },
    /// Where rows can't be asked for by their keys.
    Buckets { level: Level, digits: BucketDigits, buckets: Vec<u32>, is_all: Complete },
}

/// It, and what the first look has compared: under other columns the looks say nothing of each other.
#[derive(Clone, Debug)]
pub struct LookAgain {
    pub what: Again,
    pub columns: Vec<ComparedColumn>,
}

/// Whether all rows that differ are among those that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    Yes,
    No,
}

impl From<bool> for Complete {
    fn from(is_all: bool) -> Self {
        if is_all { Self::Yes } else { Self::No }
    }
}

/// What one side has.
#[derive(Clone, Debug)]
pub enum Side {
    Count(u64),
    Columns { digests: Vec<ColumnDigests>, documents: Vec<Documents> },
    Rows(Vec<KeyDigest>),
}

/// What the source has.
#[derive(Clone, Debug)]
pub struct SourceSide {
    pub side: Side,
    /// Values that only the encoder can judge, and refuses.
    pub refused: RefusedCells,
}

/// Whether the source can be asked for rows by keys that the target names: it knows their values, not only their hashes.
pub fn may_be_named(table: Table<'_>) -> bool {
    table.shape.key_len > 0 && table.shape.key().iter().all(|c| !c.is_hashed())
}

/// The key's columns alone: nothing else is digested where only keys are compared.
fn without_values(digests: Vec<ColumnDigests>, level: Level) -> Vec<ColumnDigests> {
    match level {
        Level::Values => digests,
        Level::Keys => digests.into_iter().map(|d| ColumnDigests { columns: Vec::new(), ..d }).collect(),
    }
}

impl Again {
    /// What the source has, in the snapshot that the session is in.
    pub async fn of_source(&self, session: &Session, table: Table<'_>) -> Result<SourceSide, RunError> {
        let mut refused = RefusedCells::default();
        let all = ComparedRows::all(table);
        let side = match self {
            Self::Counts(within) => {
                let rows = ComparedRows { table, within };
                let sums = session.bucket_sums(rows, Level::Keys, BucketDigits::new(0)).await?;
                Side::Count(sums.values().map(|s| s.rows).sum())
            }
            Self::Buckets { level, digits, buckets, .. } => {
                Side::Rows(session.key_digests(all, *level, *digits, buckets).await?)
            }
            Self::Keys { level, keys, documents, .. } => {
                let of = KeyColumns::of_key(table.relation, table.shape);
                let mut digests = Vec::with_capacity(keys.len());
                for keys in keys.chunks(KEYS_A_STATEMENT) {
                    // A key that the target spells in another way may be a row's to the source: that row was not asked for.
                    let found = session.column_digests(table, of.named(&named_keys(keys))).await?;
                    let asked: HashSet<&Vec<String>> = keys.iter().collect();
                    digests.extend(found.into_iter().filter(|row| asked.contains(&row.key)));
                    if *level == Level::Values {
                        refused.look(session, table, keys).await?;
                    }
                }
                let mut found = Vec::with_capacity(documents.len());
                for keys in documents.chunks(DOCUMENTS_A_STATEMENT) {
                    found.extend(session.documents(table, of.named(&named_keys(keys))).await?);
                }
                Side::Columns { digests: without_values(digests, *level), documents: found }
            }
        };
        Ok(SourceSide { side, refused })
    }

    /// What the target has now.
    pub async fn of_target(&self, bigquery: &BigQuery, target: &ComparedTarget<'_>) -> Result<Side, RunError> {
        Ok(match self {
            Self::Counts(within) => {
                let target = ComparedTarget { within, ..*target };
                let sums = bigquery.bucket_sums(&target, Level::Keys, BucketDigits::new(0)).await?;
                Side::Count(sums.values().map(|s| s.rows).sum())
            }
            Self::Buckets { level, digits, buckets, .. } => {
                Side::Rows(bigquery.key_digests(target, *level, *digits, buckets).await?)
            }
            Self::Keys { level, keys, documents, .. } => {
                let mut digests = Vec::with_capacity(keys.len());
                for keys in keys.chunks(KEYS_A_STATEMENT) {
                    digests.extend(bigquery.column_digests(target, keys).await?);
                }
                let mut found = Vec::with_capacity(documents.len());
                for keys in documents.chunks(DOCUMENTS_A_STATEMENT) {
                    found.extend(bigquery.documents(target, keys).await?);
                }
                Side::Columns { digests: without_values(digests, *level), documents: found }
            }
        })
    }

    /// Whether all that differed is looked at.
    pub fn is_all(&self) -> Complete {
        match self {
            Self::Counts(_) => Complete::Yes,
            Self::Keys { is_all, .. } | Self::Buckets { is_all, .. } => *is_all,
        }
    }
}
