//! `plimsoll report`: what happened in the last time, where the tables stand, and what it cost.

use serde_json::json;

use super::arguments::ReportArgs;
use super::error::CliError;
use super::exit::{Exit, Format};
use super::output;
use crate::run::{Context, DailyMessage, DailyReport, Published};

pub(super) async fn report(context: &Context, args: &ReportArgs, format: Format) -> Result<Exit, CliError> {
    let report = context.daily_report(DailyReport::begin(args.since)).await;
    let message = DailyMessage::of(report);
    match format {
        Format::Json => output::json(&json!({
            "subject": message.subject, "text": message.text, "html": message.html, "report": message.report
        }))?,
        Format::Text if args.html => output::text(&message.html)?,
        Format::Text => output::text(&message.text)?,
    }
    if args.publish {
        match context.publish_daily(&message, args.since).await? {
            Published::On(topic) => tracing::info!(topic, "published"),
            Published::NoTopic => return Err(CliError::NoReportsTopic),
        }
    }
    Ok(Exit::Done)
}
