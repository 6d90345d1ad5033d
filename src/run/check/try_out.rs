//! Tries the statements of a first load and of later ticks on the source, without a row.
//!
//! A first load reads columns; a later tick also asks each row which transaction wrote it, and of partitions where it lies. A
//! role may have the one and lack the other, and row-level security may be in the way of any of them.

use crate::batch::{Absent, Standing};
use crate::capture::keyed::KeysAtHand;
use crate::capture::{Capture, Decision, Found, KeyWord, Reconcile, decide};
use crate::model::{CaptureKind, Deletes};
use crate::run::error::RunError;
use crate::run::look_at_table::InSource;
use crate::source::{Columns, Moment, Read, Rows, Session};

/// Fails where one of them would.
pub(super) async fn try_out(
    session: &Session,
    found: &InSource<'_>,
    keys: &mut KeysAtHand<'_>,
    moment: &Moment,
) -> Result<(), RunError> {
    let InSource { spec, shape, claims, .. } = found;
    let table = found.table();
    let decision = decide(session, table, moment, None, KeyWord::default(), Reconcile::NotDue).await?;
    let whole = Capture::new(table, moment, None, decision)?;
    session.try_read(&whole.upserts().read).await?;
    session.try_read(&Read { table, columns: Columns::Count, rows: Rows::All }).await?;
    if !shape.key().is_empty() {
        session.try_read(&whole.all_keys().read).await?;
    }
    // Where a tick after this one would begin.
    let known = Found { place: keys.try_out(session, claims, table, moment).await?, ..Found::default() };
    let mut mark = whole.next_mark(known);
    // As if each partition had been attached since, and a transaction been open.
    mark.relation.leaves.clear();
    let open = moment.position.while_open();
    let standing = Standing { at: open.at(), taken_at: moment.taken_at, mark: &mark };
    match spec.capture {
        CaptureKind::Cursor | CaptureKind::Xmin => {
            let later = Capture::new(table, moment, Some(standing), Decision::Changes)?;
            let absent =
                if spec.deletes == Deletes::Keys && !spec.keeps_key_list() { Absent::Remove } else { Absent::Keep };
            for pass in later.changes(absent) {
                session.try_read(&pass.read).await?;
            }
        }
        CaptureKind::Changelog | CaptureKind::Digest | CaptureKind::Ct | CaptureKind::Full => {}
    }
    Ok(())
}
