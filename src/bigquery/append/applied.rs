//! How far BigQuery has applied what it was sent.

use std::time::Duration;

use time::OffsetDateTime;
use tracing::debug;

use crate::batch::AppliedUpTo;
use crate::bigquery::client::BigQuery;
use crate::bigquery::error::BigQueryError;
use crate::bigquery::sql;
use crate::model::TargetRef;

const PAUSE: Duration = Duration::from_secs(2);
/// A run whose rows are all acknowledged waits no longer for a figure of its report.
const BRIEFLY: Duration = Duration::from_secs(10);

/// Whether readers see what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Yes,
    /// Up to this moment; absent where nothing was applied ever.
    UpTo(Option<OffsetDateTime>),
}

impl BigQuery {
    /// The moment up to which changes are applied; `None` where they never were. The query is billed as the smallest that there is.
    /// Source: <https://cloud.google.com/bigquery/docs/change-data-capture#monitor_table_upsert_operation_progress>
    pub async fn applied_up_to(&self, target: &TargetRef) -> Result<Option<OffsetDateTime>, BigQueryError> {
        let answer = self.ask(watermark_query(target), "ask how far is applied", &target.to_string()).await?;
        let micros = answer["rows"][0]["f"][0]["v"].as_str().and_then(|n| n.parse::<i128>().ok());
        Ok(micros.and_then(|us| OffsetDateTime::from_unix_timestamp_nanos(us * 1000).ok()))
    }

    /// The same for a report: `None` where it can't be asked, which is in nobody's way.
    pub(super) async fn applied_now(&self, target: &TargetRef) -> Option<AppliedUpTo> {
        let late = || BigQueryError::unavailable("ask how far is applied", target.to_string(), "no answer in time");
        let asked = tokio::time::timeout(BRIEFLY, self.applied_up_to(target)).await;
        match asked.unwrap_or_else(|_| Err(late())) {
            Ok(moment) => Some(moment.map_or(AppliedUpTo::Nothing, AppliedUpTo::Moment)),
            Err(e) => {
                debug!(target = %target, reason = %e, "how far changes are applied is not known");
                None
            }
        }
    }

    /// Waits until what was sent up to a moment is applied, but no longer than this.
    pub async fn await_applied(
        &self,
        target: &TargetRef,
        sent_at: OffsetDateTime,
        patience: Duration,
    ) -> Result<Seen, BigQueryError> {
        let began = tokio::time::Instant::now();
        loop {
            let applied = self.applied_up_to(target).await?;
            if applied.is_some_and(|at| at >= sent_at) {
                return Ok(Seen::Yes);
            }
            if began.elapsed() + PAUSE > patience {
                return Ok(Seen::UpTo(applied));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn watermark_query(target: &TargetRef) -> String {
    let of_schema = format!("`{}.{}`.INFORMATION_SCHEMA.TABLES", target.project, target.dataset);
    format!(
        "SELECT CAST(UNIX_MICROS(upsert_stream_apply_watermark) AS STRING) FROM {of_schema} WHERE table_name = {}",
        sql::string(&target.table)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dataset_says_how_far_its_tables_are() {
        let target = TargetRef { project: "my-project".into(), dataset: "app".into(), table: "orders".into() };
        assert_eq!(
            watermark_query(&target),
            "SELECT CAST(UNIX_MICROS(upsert_stream_apply_watermark) AS STRING) FROM `my-project.app`.INFORMATION_SCHEMA.TABLES \
             WHERE table_name = 'orders'"
        );
    }
}
