//! The lists of a slice: made of all its rows, and noted in its mark.

use super::list_store::ListStore;
use super::listed_rows::ListedRows;
use super::looked::bits_for;
use super::slice_merge::{SliceMerge, Step};
use super::sums_format::{KeptSums, digest};
use crate::batch::{ListObject, ListsOfRun, SliceMark};
use crate::capture::error::CaptureError;
use crate::encode::ShapeColumn;
use crate::source::{HashListing, Hashing, KeyRange, Session, Table};

/// Stores the sums of a slice, and says where it stands.
pub(super) async fn keep_sums(
    store: &ListStore,
    kept: KeptSums,
    until: Option<Vec<String>>,
    hashed: usize,
) -> Result<SliceMark, CaptureError> {
    let sums = store.put(kept.encode()).await?;
    let mut lists: Vec<ListsOfRun> = Vec::new();
    for ListObject { run, number } in kept.lists.into_iter().map(|l| l.object) {
        match lists.iter_mut().find(|l| l.run == run) {
            Some(of_run) => of_run.numbers.push(number),
            None => lists.push(ListsOfRun { run, numbers: vec![number] }),
        }
    }
    let (bits, rows, digest) = (kept.sums.bits, kept.sums.rows(), digest(&kept.sums));
    Ok(SliceMark { until, hashed, bits, digest, rows, sums, lists })
}

/// Every row of a stretch of keys, as the first lists have them.
pub(super) async fn list_all(
    session: &Session,
    store: &ListStore,
    table: Table<'_>,
    columns: &[ShapeColumn],
    range: &KeyRange,
) -> Result<KeptSums, CaptureError> {
    let of = Hashing { table, columns, range };
    let rows = ListedRows::new(session.list_hashes(&HashListing { of, buckets: None, next: None }).await?);
    let mut merge = SliceMerge::new(store, rows, Vec::new(), None);
    let mut keys = Vec::new();
    while merge.step(&mut keys).await? == Step::On {
        // All rows are read as they are.
        keys.clear();
    }
    let (lists, written) = merge.finish().await?;
    let sums = written.map(|all| all.coarser(bits_for(all.rows()))).ok_or(CaptureError::ListsLost)?;
    Ok(KeptSums { lists, sums })
}
