//! `plimsoll pause` and `plimsoll resume`: let tables rest, or go on.

use serde_json::json;
use time::OffsetDateTime;

use super::error::CliError;
use super::exit::{Exit, Format};
use super::output;
use crate::model::TableSpec;
use crate::model::figures::minute;
use crate::run::{Context, Pause, Request};
use crate::state::{PauseReason, PausedBy};

/// Whose command it is, where the system says.
pub(super) fn user() -> Option<PausedBy> {
    let name = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    PausedBy::user(&name?)
}

/// How a pause is told: since when, by whom, and why.
pub(super) fn told(since: OffsetDateTime, by: Option<&PausedBy>, reason: Option<&PauseReason>) -> String {
    let by = by.map_or(String::new(), |by| format!(" by {}", by.as_str()));
    let why = reason.map_or(String::new(), |reason| format!(" ({})", reason.as_str()));
    format!("paused since {}{by}{why}", minute(since))
}

pub(super) async fn set(
    context: &Context,
    tables: Vec<String>,
    pause: Pause,
    format: Format,
) -> Result<Exit, CliError> {
    let request = Request { tables, ..Request::default() };
    let specs = request.select(&context.config.tables)?;
    let changed = context.set_pause(&specs, &pause).await?;
    let names = |specs: &[&TableSpec]| -> Vec<String> { specs.iter().map(|t| t.source.to_string()).collect() };
    let is_changed = |spec: &&TableSpec| changed.contains(&spec.target);
    let (changed, others): (Vec<&TableSpec>, Vec<&TableSpec>) = specs.into_iter().partition(is_changed);
    let (changed, others) = (names(&changed), names(&others));
    let (word, otherwise) = match pause {
        Pause::Rest(_) => ("paused", "paused already"),
        Pause::GoOn => ("resumed", "not paused"),
    };
    match format {
        Format::Json => output::json(&json!({ "ok": true, word: changed, "unchanged": others }))?,
        Format::Text => {
            let lines = [(word.to_owned(), changed), (format!("nothing to do, {otherwise}"), others)];
            let told = lines.iter().filter(|(_, names)| !names.is_empty());
            for (word, names) in told {
                output::text(&format!("{word}: {}", names.join(", ")))?;
            }
        }
    }
    Ok(Exit::Done)
}
