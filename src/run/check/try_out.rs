//! Tries the statements of a first load and of later ticks on the source, without a row.
//!
//! A first load reads columns; a later tick also asks each row which transaction wrote it, and of partitions where it lies. A
//! role may have the one and lack the other, and row-level security may be in the way of any of them.

use super::Looked;
use crate::batch::{Snapshot, Standing};
use crate::capture::keyed::log::{Chunk, Log, Place, Reread, Survey, keys_query, scan_query};
use crate::capture::{Capture, Decision, Found, decide};
use crate::model::{CaptureKind, Deletes, TableSpec};
use crate::run::error::RunError;
use crate::source::{Moment, RelationKind, Session, qualified};

/// Fails where one of them would.
pub(super) async fn try_out(
    session: &Session,
    spec: &TableSpec,
    looked: &Looked,
    log: Option<&Log<'_>>,
    moment: &Moment,
) -> Result<(), RunError> {
    let Looked { relation, shape, claims, .. } = looked;
    let decision = decide(session, spec, relation, shape, moment, None, None).await?;
    let whole = Capture::new(spec, relation, shape, moment, None, decision)?;
    let mut queries = vec![whole.upserts().query, whole.count_query()];
    if !shape.key().is_empty() {
        queries.push(whole.all_keys().query);
    }
    // Where a tick after this one would begin.
    let mut found = Found::default();
    if let Some(log) = log {
        let mut survey = Survey::default();
        survey.health(session, log, claims, None).await?;
        let mark = survey.next_mark(log, claims, None, moment);
        for claim in claims {
            let place = Place::of(log, claim, &mark);
            let (reread, none) = (Reread { spec, shape, claim }, Chunk::default());
            queries.extend([scan_query(log, claim, &place), keys_query(log, claim, &place, None)]);
            queries.extend([reread.present(&none).query, reread.gone(&none).query]);
        }
        found.log = Some(mark);
    }
    let mut mark = whole.next_mark(found);
    // As if each partition had been attached since, and a transaction been open.
    mark.relation.leaves.clear();
    let open =
        Snapshot { xmax: moment.snapshot.xmin + 1, xmin: moment.snapshot.xmin, open: vec![moment.snapshot.xmin] };
    let standing = Standing { snapshot: &open, taken_at: moment.taken_at, identity: &moment.identity, mark: &mark };
    match spec.capture {
        CaptureKind::Cursor | CaptureKind::Xmin => {
            let later = Capture::new(spec, relation, shape, moment, Some(standing), Decision::Changes)?;
            let keys = later.other_keys().filter(|_| spec.deletes == Deletes::Keys);
            let passes = [Some(later.upserts()), later.leavers(), keys];
            queries.extend(passes.into_iter().flatten().map(|pass| pass.query));
        }
        CaptureKind::Changelog if relation.kind != RelationKind::View && !relation.leaves.is_empty() => {
            queries.push(format!("SELECT t.tableoid FROM {} AS t", qualified(&spec.source)));
        }
        CaptureKind::Changelog | CaptureKind::Full => {}
    }
    for query in queries {
        session.try_query(&query).await?;
    }
    Ok(())
}
