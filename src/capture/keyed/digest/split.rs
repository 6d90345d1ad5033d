//! A last slice that has grown is cut in several, so that a look at it can be spread over several runs again.

use super::list_store::ListStore;
use super::slice_lists::{keep_sums, list_all};
use crate::batch::SliceMark;
use crate::capture::chunk::may_be_chunked;
use crate::capture::error::CaptureError;
use crate::source::{Session, Table};

/// Slices in the place of the last one, and a digest of what decides the order of their keys.
pub(super) struct Split {
    pub slices: Vec<SliceMark>,
    pub order: String,
}

/// Cuts the slice behind the key `after`, of which the run has looked at every row already: so lists of the same snapshot can take the place
/// of its own. `None` where it is small enough, or no index has the key.
pub(super) async fn split(
    session: &Session,
    store: &ListStore,
    table: Table<'_>,
    last: &SliceMark,
    after: Option<Vec<String>>,
) -> Result<Option<Split>, CaptureError> {
    let slice_rows = store.place.slice_rows;
    let is_large = last.rows > slice_rows.saturating_mul(2) && last.until.is_none();
    if !is_large || !may_be_chunked(table.spec, table.relation, table.shape) {
        return Ok(None);
    }
    let (mut slices, mut after) = (Vec::new(), after);
    loop {
        let range = session.stretch(table, after, slice_rows).await?;
        let kept = list_all(session, store, table, table.hashed_columns(), &range).await?;
        slices.push(keep_sums(store, kept, range.until.clone(), last.hashed).await?);
        if range.until.is_none() {
            return Ok(Some(Split { slices, order: range.order }));
        }
        after = range.until;
    }
}
