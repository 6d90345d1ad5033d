//! A comparison waits until BigQuery has applied what was sent to a target row by row: before that its readers see less.

use time::OffsetDateTime;

use crate::bigquery::Seen;
use crate::model::{ApplyBy, TableSpec};
use crate::run::error::RunError;
use crate::run::feed::Run;
use crate::run::report::VerifyReport;
use crate::run::verify::Asked;
use crate::state::Handle;

impl Run<'_> {
    /// The tables whose readers see what was sent to them, and reports of the others. Where BigQuery merges as a query reads, it does that now.
    pub(super) async fn applied(
        &self,
        tables: Vec<Asked>,
    ) -> Result<(Vec<Asked>, Vec<(String, VerifyReport)>), RunError> {
        let (mut ready, mut late) = (Vec::new(), Vec::new());
        for asked in tables {
            match self.why_not_seen(&asked.spec).await? {
                None => ready.push(asked),
                Some(reason) => {
                    let Asked { spec, asked, .. } = asked;
                    let target = self.context.bigquery.target(&spec.target).to_string();
                    let report = VerifyReport::not_compared(spec.source.to_string(), target, asked.level, &reason);
                    late.push((spec.target, report));
                }
            }
        }
        Ok((ready, late))
    }

    /// Why readers of a target don't see yet what was sent to it; `None` where they do.
    pub(super) async fn why_not_seen(&self, spec: &TableSpec) -> Result<Option<String>, RunError> {
        if spec.apply != ApplyBy::Append {
            return Ok(None);
        }
        let document = self.state.as_ref().map(Handle::document);
        let mark = document.and_then(|d| d.watermark.as_ref()?.tables.get(&spec.target));
        let Some(sent_at) = mark.and_then(|m| m.sent).map(|sent| sent.at) else { return Ok(None) };
        let target = self.context.bigquery.target(&spec.target);
        // By the table itself: the config may have had another word before, or somebody else.
        if !self.context.bigquery.shows_late(&target).await? {
            return Ok(None);
        }
        let left = self.context.config.run.budget / 2;
        let left = left.saturating_sub((OffsetDateTime::now_utc() - self.started).unsigned_abs());
        Ok(match self.context.bigquery.await_applied(&target, sent_at, left).await? {
            Seen::Yes => None,
            Seen::UpTo(Some(at)) => {
                Some(format!("BigQuery has applied what it was sent up to {at} only: ask again later"))
            }
            Seen::UpTo(None) => {
                Some("BigQuery has applied nothing yet of what it was sent: ask again later".to_owned())
            }
        })
    }
}
