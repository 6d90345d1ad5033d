//! Tries the statements of a first load and of later ticks on the source, without a row.
//!
//! A first load reads columns; a later tick also asks each row which transaction wrote it, and of partitions where it lies. A
//! role may have the one and lack the other, and row-level security may be in the way of any of them.

use crate::batch::{Absent, Standing};
use crate::capture::keyed::change_log::{Log, Survey};
use crate::capture::keyed::{Chunk, Reread};
use crate::capture::{Capture, Decision, Found, decide};
use crate::model::{CaptureKind, Deletes};
use crate::run::error::RunError;
use crate::run::look_at_table::InSource;
use crate::source::{Columns, LogQuery, Moment, Read, Rows, Session};

/// Fails where one of them would.
pub(super) async fn try_out(
    session: &Session,
    found: &InSource<'_>,
    log: Option<&Log<'_>>,
    moment: &Moment,
) -> Result<(), RunError> {
    let InSource { spec, shape, claims, .. } = found;
    let table = found.table();
    let decision = decide(session, table, moment, None, None).await?;
    let whole = Capture::new(table, moment, None, decision)?;
    session.try_read(&whole.upserts().read).await?;
    session.try_read(&Read { table, columns: Columns::Count, rows: Rows::All }).await?;
    if !shape.key().is_empty() {
        session.try_read(&whole.all_keys().read).await?;
    }
    // Where a tick after this one would begin.
    let mut known = Found::default();
    if let Some(log) = log {
        let mut survey = Survey::default();
        survey.health(session, log, claims, None).await?;
        let mark = survey.next_mark(log, claims, None, moment);
        for claim in claims {
            let place = log.place(claim, &mark);
            let (reread, none) = (Reread { table, of: &claim.key }, Chunk::default());
            session.try_log(LogQuery::Counts(log.new_entries(claim, &place))).await?;
            session.try_log(log.keys_query(claim, &place)).await?;
            session.try_read(&reread.present(&none).read).await?;
            session.try_read(&reread.gone(&none).read).await?;
        }
        known.log = Some(mark);
    }
    let mut mark = whole.next_mark(known);
    // As if each partition had been attached since, and a transaction been open.
    mark.relation.leaves.clear();
    let open = moment.position.while_open();
    let standing = Standing { at: open.at(), taken_at: moment.taken_at, mark: &mark };
    match spec.capture {
        CaptureKind::Cursor | CaptureKind::Xmin => {
            let later = Capture::new(table, moment, Some(standing), Decision::Changes)?;
            let absent = if spec.deletes == Deletes::Keys { Absent::Remove } else { Absent::Keep };
            for pass in later.changes(absent) {
                session.try_read(&pass.read).await?;
            }
        }
        CaptureKind::Changelog => session.try_partitions(table).await?,
        CaptureKind::Full => {}
    }
    Ok(())
}
