//! The first look: one scan on either side, and the keys of those buckets alone that differ.

use std::collections::HashSet;

use super::again::{Again, Complete, may_be_named};
use super::difference::{compare_lists, differing_buckets, groups};
use super::documents::{DocumentLook, More, look_at_documents};
use super::sides::Sides;
use crate::canonical::{ALL_KEYS, BucketDigits, Buckets, Level};
use crate::model::{Difference, IgnoredDeletes, TargetType, Verification, VerifyLevel};
use crate::run::error::RunError;

/// Rows that a bucket should have: few enough that a list of some is small, enough that the sums are few.
const ROWS_A_BUCKET: u64 = 10_000;

/// Rows of either side that are listed at once.
const ROWS_A_LIST: u64 = 200_000;

/// Keys that are looked at again. Of more rows that differ, the first are.
const MOST_KEYS: usize = 20_000;

/// What a first look has seen.
#[derive(Clone, Debug, Default)]
pub struct FirstLook {
    pub source_rows: u64,
    pub target_rows: u64,
    /// Values of the source that the target can't hold.
    pub nulled: u64,
    /// What is to be looked at again; `None` where both sides are the same.
    pub again: Option<Again>,
    /// Rows of which the documents were compared by what they mean.
    pub documents: u64,
    /// Rows that only the target has, and that are no difference.
    pub ignored: u64,
}

/// About how many rows there are, as the source's planner knows.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Of the whole table.
    pub table: u64,
    /// Of what is looked at: a stretch, or all.
    pub looked_at: u64,
    /// Whether rows that only the target has are a difference.
    pub extras: IgnoredDeletes,
}

/// Compares two sides as they are now. Changes that are on their way differ, too.
pub async fn first_look(sides: Sides<'_>, verification: Verification, about: About) -> Result<FirstLook, RunError> {
    let Sides { rows, target, .. } = sides;
    let asked = verification.level;
    let (level, mut digits) = match asked {
        VerifyLevel::Counts => (Level::Keys, BucketDigits::new(0)),
        VerifyLevel::Keys => (Level::Keys, BucketDigits::for_rows(about.looked_at, ROWS_A_BUCKET)),
        VerifyLevel::Values => (Level::Values, BucketDigits::for_rows(about.looked_at, ROWS_A_BUCKET)),
    };
    let (mut source, mut found) = sums(sides, level, digits).await?;
    let mut differing = differing_buckets(&source, &found);
    let more = BucketDigits::for_rows(count(&source).max(count(&found)), ROWS_A_BUCKET);
    let is_large = |bucket: &u32| rows_of(&source, *bucket).max(rows_of(&found, *bucket)) > 8 * ROWS_A_BUCKET;
    // Of many more rows than the planner knew of, a bucket is too large to be listed: one more scan, with buckets for what there is.
    if asked != VerifyLevel::Counts && more.get() > digits.get() && differing.iter().any(is_large) {
        digits = more;
        (source, found) = sums(sides, level, digits).await?;
        differing = differing_buckets(&source, &found);
    }
    let mut look = FirstLook {
        source_rows: count(&source),
        target_rows: count(&found),
        nulled: source.values().map(|s| s.nulled).sum(),
        again: None,
        documents: 0,
        ignored: 0,
    };
    look.again = match asked {
        VerifyLevel::Counts if look.source_rows == look.target_rows => None,
        VerifyLevel::Counts => Some(Again::Counts(rows.within.clone())),
        VerifyLevel::Keys | VerifyLevel::Values if differing.is_empty() => None,
        VerifyLevel::Keys | VerifyLevel::Values => {
            let groups = groups(&differing, &source, &found, ROWS_A_LIST);
            match may_be_named(rows.table) {
                true => {
                    let listing = Listing { level, digits, groups: &groups, extras: about.extras };
                    let (again, ignored) = named(sides, listing).await?;
                    look.ignored = ignored;
                    again
                }
                // All of them are compared at once, then.
                false => {
                    let is_all = Complete::from(groups.len() <= 1);
                    groups.into_iter().next().map(|buckets| Again::Buckets { level, digits, buckets, is_all })
                }
            }
        }
    };
    let has_documents = target.columns.iter().any(|c| c.column.target_type == TargetType::Json);
    if asked == VerifyLevel::Values && has_documents {
        let all = if rows.within == &ALL_KEYS { look.source_rows } else { about.table.max(look.source_rows) };
        let documents = look_at_documents(sides, verification.documents, all).await?;
        look.documents = documents.rows;
        look.again = with_documents(look.again, documents);
    }
    Ok(look)
}

/// Nothing of ours writes the target meanwhile, and the snapshot is as old as it is.
async fn sums(sides: Sides<'_>, level: Level, digits: BucketDigits) -> Result<(Buckets, Buckets), RunError> {
    let Sides { session, rows, bigquery, target } = sides;
    let (source, found) =
        tokio::join!(session.bucket_sums(rows, level, digits), bigquery.bucket_sums(target, level, digits));
    Ok((source?, found?))
}

fn count(side: &Buckets) -> u64 {
    side.values().map(|s| s.rows).sum()
}

fn rows_of(side: &Buckets, bucket: u32) -> u64 {
    side.get(&bucket).map_or(0, |s| s.rows)
}

/// What is looked at again, the documents of these keys included.
fn with_documents(again: Option<Again>, look: DocumentLook) -> Option<Again> {
    let (of, are_all) = (look.keys, Complete::from(look.more == More::No));
    match again {
        _ if of.is_empty() => again,
        Some(Again::Keys { level, keys, is_all, .. }) => {
            let is_all = if is_all == Complete::Yes { are_all } else { Complete::No };
            Some(Again::Keys { level, keys, is_all, documents: of })
        }
        // Documents are looked at where rows can be asked for by their keys.
        None | Some(Again::Counts(_) | Again::Buckets { .. }) => {
            let (level, keys) = (Level::Values, Vec::new());
            Some(Again::Keys { level, keys, is_all: are_all, documents: of })
        }
    }
}

/// Buckets whose rows are listed, some at a time.
struct Listing<'a> {
    level: Level,
    digits: BucketDigits,
    groups: &'a [Vec<u32>],
    extras: IgnoredDeletes,
}

/// The rows that are looked at again, and how many only the target has that are let be: those would fill the places of others.
async fn named(sides: Sides<'_>, listing: Listing<'_>) -> Result<(Option<Again>, u64), RunError> {
    let Sides { session, rows, bigquery, target } = sides;
    let Listing { level, digits, groups, extras } = listing;
    let (mut keys, mut seen, mut ignored) = (Vec::new(), 0, 0);
    for buckets in groups {
        seen += 1;
        let (source, found) = tokio::join!(
            session.key_digests(rows, level, digits, buckets),
            bigquery.key_digests(target, level, digits, buckets)
        );
        let (source, found) = (source?, found?);
        // A row that the target has twice is no row whose delete is let be.
        let in_source: HashSet<Vec<String>> = match extras {
            IgnoredDeletes::Counted => source.iter().map(|row| row.key.clone()).collect(),
            IgnoredDeletes::Differ => HashSet::new(),
        };
        for (key, difference) in compare_lists(source, found) {
            match (difference, extras) {
                (Difference::Extra, IgnoredDeletes::Counted) if !in_source.contains(&key) => ignored += 1,
                _ => keys.push(key),
            }
        }
        keys.sort_unstable();
        keys.dedup();
        if keys.len() >= MOST_KEYS {
            break;
        }
    }
    let is_all = seen == groups.len() && keys.len() <= MOST_KEYS;
    keys.truncate(MOST_KEYS);
    let again = Again::Keys { level, keys, is_all: is_all.into(), documents: Vec::new() };
    let is_none = matches!(&again, Again::Keys { keys, .. } if keys.is_empty());
    Ok(((!is_none).then_some(again), ignored))
}
