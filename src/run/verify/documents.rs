//! Documents by what they mean: both sides list them by bucket, and one bucket of each is compared at a time.

use std::collections::HashMap;
use std::collections::VecDeque;

use super::again::may_be_named;
use super::sides::Sides;
use crate::bigquery::DocumentRows;
use crate::canonical::{BucketDigits, Documents, mean_the_same};
use crate::model::CompareDocuments;
use crate::run::error::RunError;
use crate::source::DocumentCursor;

/// Rows of the source that are fetched at once.
const ROWS_A_FETCH: usize = 100;

/// Keys that are looked at again.
const MOST_KEYS: usize = 1000;

/// What a comparison of documents has seen.
#[derive(Clone, Debug, Default)]
pub struct DocumentLook {
    /// Rows of which the documents were compared.
    pub rows: u64,
    /// Keys whose documents differ, or did while a change was on its way.
    pub keys: Vec<Vec<String>>,
    /// Whether there are more than those.
    pub more: More,
}

/// Whether there is more than what is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum More {
    #[default]
    No,
    Yes,
}

/// Compares the documents of a table that has some; `about` says how many rows the table has.
pub async fn look_at_documents(
    sides: Sides<'_>,
    asked: CompareDocuments,
    about: u64,
) -> Result<DocumentLook, RunError> {
    let Sides { session, rows, bigquery, target } = sides;
    let all = BucketDigits::new(BucketDigits::MOST).count();
    let wanted = match asked {
        CompareDocuments::Structure => return Ok(DocumentLook::default()),
        CompareDocuments::All(_) => all,
        CompareDocuments::Some(some) => {
            let share = u128::from(some) * u128::from(all) / u128::from(about.max(1));
            u32::try_from(share + 1).unwrap_or(all).min(all)
        }
    };
    if !may_be_named(rows.table) {
        return Ok(DocumentLook::default());
    }
    let buckets = 0..=wanted - 1;
    let cursor = session.list_documents(rows, buckets.clone()).await?;
    let mut source = SourceBuckets { cursor, waiting: VecDeque::new() };
    let mut found = TargetBuckets { rows: bigquery.list_documents(target, buckets), next: None };
    let mut look = DocumentLook::default();
    while let Some((bucket, rows)) = source.next().await? {
        look.rows += rows.len() as u64;
        let mut others: HashMap<Vec<String>, Documents> =
            found.at(bucket).await?.into_iter().map(|d| (d.key.clone(), d)).collect();
        for row in rows {
            // What one side lacks is told by its digests.
            let Some(other) = others.remove(&row.key) else { continue };
            if is_same(&row, &other) {
                continue;
            }
            match look.keys.len() < MOST_KEYS {
                true => look.keys.push(row.key),
                false => look.more = More::Yes,
            }
        }
    }
    found.end().await?;
    source.cursor.close().await?;
    Ok(look)
}

/// A document that is NULL in the target is one that it can't hold, or is told by its digest.
fn is_same(source: &Documents, target: &Documents) -> bool {
    differing(source, target).next().is_none()
}

/// The columns of documents, counted, that have other documents on either side.
pub fn differing<'a>(source: &'a Documents, target: &'a Documents) -> impl Iterator<Item = usize> + 'a {
    let each = source.texts.iter().zip(&target.texts).enumerate();
    each.filter(|(_, (one, other))| other.is_some() && !mean_the_same(one.as_deref(), other.as_deref())).map(|(n, _)| n)
}

/// The source's rows, bucket by bucket.
struct SourceBuckets<'a> {
    cursor: DocumentCursor<'a>,
    waiting: VecDeque<Documents>,
}

impl SourceBuckets<'_> {
    async fn peek(&mut self) -> Result<Option<u32>, RunError> {
        if self.waiting.is_empty() {
            self.waiting = self.cursor.fetch(ROWS_A_FETCH).await?.into();
        }
        Ok(self.waiting.front().map(|d| d.bucket))
    }

    async fn next(&mut self) -> Result<Option<(u32, Vec<Documents>)>, RunError> {
        let Some(bucket) = self.peek().await? else { return Ok(None) };
        let mut rows = Vec::new();
        while self.peek().await? == Some(bucket) {
            rows.extend(self.waiting.pop_front());
        }
        Ok(Some((bucket, rows)))
    }
}

/// The target's rows, bucket by bucket.
struct TargetBuckets<'a> {
    rows: DocumentRows<'a>,
    next: Option<Documents>,
}

impl TargetBuckets<'_> {
    /// Those of one bucket; of those before it nothing is kept.
    async fn at(&mut self, bucket: u32) -> Result<Vec<Documents>, RunError> {
        let mut rows = Vec::new();
        loop {
            let row = match self.next.take() {
                Some(row) => Some(row),
                None => self.rows.next().await?,
            };
            match row {
                Some(row) if row.bucket < bucket => {}
                Some(row) if row.bucket == bucket => rows.push(row),
                other => {
                    self.next = other;
                    return Ok(rows);
                }
            }
        }
    }

    /// Reads to the end, so that what it is billed for is known.
    async fn end(&mut self) -> Result<(), RunError> {
        while self.rows.next().await?.is_some() {}
        Ok(())
    }
}
