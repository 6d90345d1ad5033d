//! Where a table stands once what a run has found is in BigQuery.

use time::OffsetDateTime;

use super::cursor::Seen;
use super::decision::{Decision, Part};
use super::named_keys::NextPlace;
use super::passes::{Capture, Found};
use super::whole_or_changes::relation_mark;
use crate::batch::{CaptureMark, KeyListMark, Loading, Position, Removal, Repeated, RowsBefore, TableMark};
use crate::model::ApplyBy;
use crate::source::{KeyRange, Relation};

impl Capture<'_> {
    /// Where the table stands once what was found is in BigQuery.
    pub fn next_mark(&self, found: Found) -> TableMark {
        let loading = self.next_loading(&found);
        // Until the load is done, and for the run after it, the watermark is the first chunk's.
        if let (Decision::Chunk(_, Part::Next), Some(standing)) = (self.decision, self.standing) {
            let mut mark = TableMark { loading, ..standing.mark.clone() };
            if let NextPlace::Digest { mark: lists, .. } | NextPlace::KeyLists(lists) = found.place
                && let Some(known) = mark.lists_mut()
            {
                *known = lists;
            }
            mark.quarantined += found.quarantined;
            mark.refusals = found.refusals.with(Some(&mark.refusals));
            note_other_leaves(&mut mark.relation.leaves, self.table.relation);
            if mark.loading.is_none() {
                mark.whole_at = Some(self.moment.taken_at);
                let all = self.loading().map(|l| (l.rows + found.rows, l.left_out.map(|n| n + found.left_out)));
                let counted = found.source_rows.map(|rows| (rows, Some(found.left_out))).or(all);
                (mark.source_rows, mark.left_out) = (counted.map(|c| c.0), counted.and_then(|c| c.1));
            }
            // A row that came into an earlier stretch meanwhile is in the source's list of keys and not in the target yet.
            if self.ends_a_load_over_rows() {
                mark.rows = None;
            }
            return mark;
        }
        if let (NextPlace::Stays { again }, Some(standing)) = (&found.place, self.previous()) {
            let mut mark = standing.mark.clone();
            if let Some(lists) = mark.lists_mut() {
                lists.read_again(again.iter().cloned());
            }
            // What came or went with these keys may come or go again before the list of keys is next looked at.
            mark.forget_key_digest();
            // So may a partition that is gone now: it would be taken for one that never was away.
            let leaves = &mut mark.relation.leaves;
            let all = leaves.len();
            leaves.retain(|oid| *oid == NO_PARTITION || self.table.relation.leaves.iter().any(|l| l.id == *oid));
            if leaves.len() < all && !leaves.contains(&NO_PARTITION) {
                leaves.push(NO_PARTITION);
            }
            return mark;
        }
        let before = self.standing.filter(|_| !self.replaces());
        // What a whole read does not trust bounds no search either: another server's numbers may lie far ahead.
        let goes_on = matches!(self.decision, Decision::Changes | Decision::Reconcile(_));
        let floor = before.filter(|_| goes_on).and_then(|p| p.mark.cursor());
        let seen = Seen { max: found.cursor_max, bulk: found.cursor_bulk };
        let cursor = self.cursor.as_ref().map(|c| match goes_on {
            true => c.advance(floor, seen, self.moment),
            false => c.mark_of_whole(seen, self.moment),
        });
        let keys = match found.keys {
            Some(digest) => {
                let (at, repeats) = (self.moment.taken_at, Repeated::No);
                Some(KeyListMark { at, count: digest.count, digest: digest.hex(), repeats })
            }
            // Upserts may have added keys that the old list lacks. Equality with it would no longer mean that the target
            // has no others, so it may not be compared again; its date still counts.
            None => before
                .filter(|_| goes_on)
                .and_then(|p| p.mark.keys().cloned())
                .map(|mark| if found.upserts > 0 { KeyListMark { digest: String::new(), ..mark } } else { mark }),
        };
        let whole_at = if self.is_whole() { Some(self.moment.taken_at) } else { before.and_then(|p| p.mark.whole_at) };
        TableMark {
            relation: relation_mark(self.table, before),
            capture: match found.place {
                NextPlace::Log(log) => CaptureMark::Log { log },
                NextPlace::Digest { mark: digest, .. } => CaptureMark::Digest { digest },
                NextPlace::Ct(ct) => CaptureMark::Ct { ct },
                NextPlace::KeyLists(lists) => CaptureMark::of_rows(cursor, keys, Some(lists)),
                NextPlace::Rows | NextPlace::Stays { .. } => CaptureMark::of_rows(cursor, keys, None),
            },
            loading,
            whole_at,
            rows: before.and_then(|p| p.mark.rows),
            source_rows: found.source_rows.or(before.and_then(|p| p.mark.source_rows)),
            left_out: found.source_rows.map_or(before.and_then(|p| p.mark.left_out), |_| Some(found.left_out)),
            quarantined: found.quarantined + self.previous().map_or(0, |p| p.mark.quarantined),
            refusals: found.refusals.with(self.previous().map(|p| &p.mark.refusals)),
            apply: self.table.spec.apply,
            sent: before.and_then(|p| p.mark.sent),
            incarnation: self.next_incarnation(),
            created: before.and_then(|p| p.mark.created.clone()),
        }
    }

    /// A reload creates the target again. The moment itself is taken where it is later than what was there before: a number that is
    /// remembered by the target alone, after the state was lost, is lower than it.
    fn next_incarnation(&self) -> u64 {
        let before = self.previous().map_or(0, |p| p.mark.incarnation);
        let is_recreated = self.table.spec.apply == ApplyBy::Append && self.replaces();
        if !is_recreated {
            return before;
        }
        (before + 1).max(u64::try_from(self.moment.taken_at.unix_timestamp()).unwrap_or(0))
    }

    /// How far the load has come; `None` where it is done, or was none.
    fn next_loading(&self, found: &Found) -> Option<Loading> {
        let (so_far, before) = self.loaded_so_far()?;
        let left_out = self.loading().map_or(Some(0), |l| l.left_out).map(|n| n + found.left_out);
        let KeyRange { until: Some(after), order, .. } = self.range.clone()? else { return None };
        let removal = self.loading().map_or(Removal::Guarded, |l| l.removal);
        let stretches = self.loading().map_or(Some(0), |l| l.stretches).map(|n| n + 1);
        Some(Loading {
            after,
            rows: so_far + found.rows,
            left_out,
            before,
            removal,
            order,
            stretches,
            about: self.about,
        })
    }

    /// The rows that the stretches before have brought, and what the target had before them.
    pub(super) fn loaded_so_far(&self) -> Option<(u64, RowsBefore)> {
        match self.decision {
            Decision::Chunk(_, Part::First(before)) => Some((0, before)),
            _ => self.loading().map(|l| (l.rows, l.before)),
        }
    }

    /// The load that this stretch goes on with.
    pub fn loading(&self) -> Option<&Loading> {
        let standing = self.standing.filter(|_| matches!(self.decision, Decision::Chunk(_, Part::Next)))?;
        standing.mark.loading.as_ref()
    }

    /// The moment the watermark goes on speaking of, where it is not this run's.
    pub fn keeps_moment(&self, place: &NextPlace) -> Option<(Position, OffsetDateTime)> {
        if let (NextPlace::Digest { since, .. }, Decision::Changes) = (place, self.decision) {
            return since.clone();
        }
        let looks_for_nothing = matches!((place, self.decision), (NextPlace::Stays { .. }, Decision::Changes));
        let goes_on = matches!(self.decision, Decision::Chunk(_, Part::Next));
        let standing = self.standing.filter(|_| goes_on || looks_for_nothing)?;
        Some((standing.at.owned(), standing.taken_at))
    }
}

/// The number of a partition that no table has.
const NO_PARTITION: u32 = 0;

/// The partitions stay those of the first stretch: what was attached since is found by that, once the load is done. One that
/// went again would not be, so any difference leaves a partition that no table has.
fn note_other_leaves(known: &mut Vec<u32>, relation: &Relation) {
    let is_known = |oid: u32| known.contains(&oid) || oid == NO_PARTITION;
    let is_same = relation.leaves.iter().all(|l| is_known(l.id))
        && known.iter().all(|oid| relation.leaves.iter().any(|l| l.id == *oid) || *oid == NO_PARTITION);
    if !is_same && !known.contains(&NO_PARTITION) {
        known.push(NO_PARTITION);
    }
}
