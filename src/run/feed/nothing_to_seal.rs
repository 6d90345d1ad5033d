//! A run that has nothing to seal: what the state is told all the same.

use time::OffsetDateTime;

use crate::run::assignment::Before;
use crate::run::captured_tables::Quiet;
use crate::run::error::RunError;
use crate::run::feed::Run;
use crate::run::report::{RunState, seconds_since, timed};
use crate::run::status::seen::{Seen, up_to_date};
use crate::run::when_due::is_worth_a_write;
use crate::state::{PastRun, Told};

impl Run<'_> {
    /// Moves the watermark where that is worth a write; nothing is lost where it is not.
    pub(in crate::run) async fn nothing_to_seal(&mut self, before: Before<'_>, quiet: Quiet) -> Result<(), RunError> {
        let Quiet { done, looked_at, next, moment, aside } = quiet;
        if self.keys.is_none() {
            self.context.note_failure(&self.feed.id, None);
        }
        let heartbeat = self.context.config.run.heartbeat;
        let is_worth_it = is_worth_a_write(&done, before.watermark, &next, self.log, heartbeat);
        let (targets, now) = (up_to_date(&looked_at, &next, &aside), OffsetDateTime::now_utc());
        // Whoever looks at the state is to see that it works again.
        let is_failed = |t: &String| self.state.as_ref().is_some_and(|s| s.document().failure_of(t).is_some());
        let failed = targets.iter().any(is_failed);
        let past = failed.then(|| PastRun {
            tables: self.shares(&targets),
            ..PastRun::of(&self.id, seconds_since(self.started), None)
        });
        let Some(state) = self.state.as_mut() else { return Ok(()) };
        if failed || aside != *before.aside || is_worth_it {
            let told = Told { past, checked: Some((targets.clone(), now)), ..Told::default() };
            timed(&mut self.verb_seconds.commit, state.advance(next, aside, &told)).await?
        } else {
            state.release().await?
        }
        for target in &targets {
            self.context.note_seen(target, Seen { moment, checked: now });
        }
        // The run that was finished before this one already speaks for the feed.
        if self.reports.is_empty() || !self.postponed.is_empty() {
            self.report(RunState::Empty, Vec::new(), None);
        }
        Ok(())
    }
}
