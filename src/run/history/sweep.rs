//! All reports of a span, newest first: what is added up of them is never in memory at once.

use futures_util::{StreamExt, TryStreamExt};
use time::{Duration, OffsetDateTime};

use super::cursor::{REPORTS, place_of};
use super::kept::Parsed;
use super::look::{AT_ONCE, fetch, own_tick};
use super::names::{Back, Names};
use crate::model::RunId;
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::storage::Listed;

/// A first report this much behind the span's begin may be the first that there ever was.
const LATE: Duration = Duration::hours(1);

/// What a sweep has not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::run) struct Swept {
    /// Reports before this were not looked at: there are too many. `None` where all were.
    pub looked_back_to: Option<OffsetDateTime>,
    /// When the oldest report was made, where that is in the span and no report is older.
    pub first_report: Option<OffsetDateTime>,
    /// Objects that are no reports.
    pub foreign: u64,
}

impl Context {
    /// Shows each report of ticks since a moment that is not known yet, at most so many that this process does not keep.
    pub(in crate::run) async fn sweep(
        &self,
        since: OffsetDateTime,
        reads: usize,
        is_known: impl Fn(&RunId) -> bool,
        mut see: impl FnMut(&RunId, &Parsed),
    ) -> Result<Swept, RunError> {
        let store = self.store.in_a_hurry();
        let kept = &self.kept_reports;
        let mut names = Names::new(&store, kept, None, Some(since), usize::MAX);
        let (mut left, mut swept, mut oldest) = (reads, Swept::default(), None);
        while let Back::Some(found) = names.back().await? {
            let (mut wave, mut is_enough) = (Vec::new(), false);
            for found in found {
                let Some(tick) = own_tick(&found) else {
                    swept.foreign += 1;
                    continue;
                };
                if !is_known(&tick) {
                    let at_hand = kept.get(&tick);
                    is_enough = at_hand.is_none() && left == 0;
                    if is_enough {
                        break;
                    }
                    left -= usize::from(at_hand.is_none());
                    wave.push((found.name, tick.clone(), at_hand));
                }
                oldest = tick.started();
            }
            let mut reports = futures_util::stream::iter(wave)
                .map(async |(name, tick, at_hand)| match at_hand {
                    Some(report) => Ok(Some((tick, report))),
                    None => Ok::<_, RunError>(fetch(&store, &name, &tick).await?.map(|f| (tick, f.report))),
                })
                .buffered(AT_ONCE);
            while let Some(report) = reports.try_next().await? {
                if let Some((tick, report)) = report {
                    see(&tick, &report);
                }
            }
            if is_enough {
                return Ok(Swept { looked_back_to: oldest.or(Some(OffsetDateTime::now_utc())), ..swept });
            }
        }
        let Some(first) = oldest.filter(|first| *first - since > LATE) else { return Ok(swept) };
        let older = store.list_between(REPORTS, REPORTS, Some(&place_of(since))).await?;
        let is_first = matches!(older, Listed::All(found) if found.is_empty());
        Ok(Swept { first_report: is_first.then_some(first), ..swept })
    }
}
