//! The report as a message.

use serde::Serialize;
use tracing::{info, warn};

use super::summary::DailyReport;
use crate::model::figures::period;
use crate::run::context::Context;
use crate::run::error::RunError;

/// What a mail function sends as it is, and the figures for whoever wants them.
#[derive(Clone, Debug, Serialize)]
pub struct DailyMessage {
    pub subject: String,
    pub text: String,
    pub html: String,
    pub report: DailyReport,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// On this topic.
    On(String),
    /// The config names no topic.
    NoTopic,
}

impl DailyMessage {
    pub fn of(report: DailyReport) -> Self {
        Self { subject: report.subject(), text: report.text(), html: report.html(), report }
    }
}

impl Context {
    /// Puts the report on the topic for reports. Its attribute `kind` tells it from the reports of runs, and `trouble` says how many tables
    /// are in trouble.
    pub async fn publish_daily(
        &self,
        message: &DailyMessage,
        span: std::time::Duration,
    ) -> Result<Published, RunError> {
        let Some(topic) = &self.reports else {
            warn!(
                hint = "write [pubsub] reports = \"plimsoll-reports\"",
                "the report is not published: there is no topic for reports"
            );
            return Ok(Published::NoTopic);
        };
        let (trouble, span) = (message.report.trouble.to_string(), period(span));
        topic.publish_with(message, &[("kind", "daily-report"), ("span", &span), ("trouble", &trouble)]).await?;
        info!(topic = topic.name(), trouble, "the report is published");
        Ok(Published::On(topic.name().to_owned()))
    }
}
