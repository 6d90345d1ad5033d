//! `plimsoll pause` and `plimsoll resume`: let tables rest, or go on.

use serde_json::json;

use super::{CliError, Exit, Format, output};
use crate::run::{Context, Pause, Request};

pub(super) async fn set(
    context: &Context,
    tables: Vec<String>,
    pause: Pause,
    format: Format,
) -> Result<Exit, CliError> {
    let request = Request { tables, ..Request::default() };
    let specs = request.select(&context.config.tables)?;
    context.set_pause(&specs, pause).await?;
    let names: Vec<String> = specs.iter().map(|t| t.source.to_string()).collect();
    let word = match pause {
        Pause::Rest => "paused",
        Pause::GoOn => "resumed",
    };
    match format {
        Format::Json => output::json(&json!({ "ok": true, word: names })),
        Format::Text => output::text(&format!("{word}: {}", names.join(", "))),
    }
    Ok(Exit::Done)
}
