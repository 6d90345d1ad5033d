//! Tables of a shared feed that failed for good: set aside, so that they don't hold up the others.
//!
//! Such a table loses its place in the watermark (but for one that the delete guard has stopped); every report names it.
//! Each run looks at it again, and once nothing is in its way it is loaded whole, alone. One that failed after its rows
//! were read is tried again ever more rarely, because that costs a read of the whole table.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::batch::{Aside, Watermark};
use crate::model::TableSpec;
use crate::run::error::RunError;

const FIRST_PAUSE: Duration = Duration::from_secs(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// Where a table failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before its rows were read: looking again costs little.
    Look,
    /// After that, or at its load or merge.
    Read,
}

/// The moment of the source that BigQuery was last known to be equal to: its place in the watermark goes, its age does not.
pub(super) fn last_success(
    target: &str,
    watermark: Option<&Watermark>,
    before: Option<&Aside>,
) -> Option<OffsetDateTime> {
    let standing = watermark.and_then(|w| w.standing(target)).filter(|s| s.mark.loading.is_none());
    standing.map(|s| s.taken_at).or(before.and_then(|a| a.last_success))
}

/// The entry of a table that has failed, on top of what was known of it.
pub(super) fn set_aside(
    source: &str,
    before: Option<&Aside>,
    stage: Stage,
    error: &RunError,
    now: OffsetDateTime,
) -> Aside {
    let failures = before.map_or(0, |a| a.failures) + u32::from(stage == Stage::Read);
    let pause = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    Aside {
        source: source.to_owned(),
        since: before.map_or(now, |a| a.since),
        last_success: before.and_then(|a| a.last_success),
        reason: error.to_string(),
        hint: error.hint(),
        failures,
        not_before: match stage {
            Stage::Read => Some(now + pause),
            Stage::Look => before.and_then(|a| a.not_before),
        },
    }
}

/// Whether a table that is aside has to wait.
pub(super) fn must_wait(aside: &BTreeMap<String, Aside>, spec: &TableSpec, now: OffsetDateTime) -> bool {
    aside.get(&spec.target).and_then(|a| a.not_before).is_some_and(|t| t > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_load_is_tried_ever_more_rarely() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut known: Option<Aside> = None;
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let next = set_aside("public.t", known.as_ref(), Stage::Read, &RunError::Stopping, now);
            pauses.push((next.not_before.unwrap_or(now) - now).whole_minutes());
            known = Some(next);
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 360, 360]);
    }
}
