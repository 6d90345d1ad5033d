//! `plimsoll check`: everything a run depends on, without writing.

use serde_json::json;

use super::{CliError, Exit, Format, TableArgs, output};
use crate::model::Blame;
use crate::run::{Context, Failure, Request, SourceCheck, TableCheck};

pub(super) async fn check(context: &Context, args: &TableArgs, format: Format) -> Result<Exit, CliError> {
    let request = Request { tables: args.tables.clone(), ..Request::default() };
    let tables = request.select(&context.config.tables)?;
    let services = context.check_services().await;
    let SourceCheck { notes, tables: checks } = context.check_source(&tables).await?;
    let blames: Vec<Blame> = services
        .iter()
        .filter_map(|(_, _, outcome)| outcome.as_ref().err().map(|e| e.blame()))
        .chain(checks.iter().filter_map(|c| c.error.as_ref().map(|e| e.blame)))
        .collect();
    match format {
        Format::Json => {
            let services: Vec<_> = services
                .iter()
                .map(|(kind, name, outcome)| {
                    json!({ "service": kind, "name": name, "error": outcome.as_ref().err().map(Failure::from) })
                })
                .collect();
            let source = json!({ "service": "source", "name": context.source.label(), "error": null, "notes": notes });
            output::json(&json!({ "ok": blames.is_empty(), "source": source, "services": services, "tables": checks }));
        }
        Format::Text => {
            output::text(&format!("source    {}  ok", context.source.label()));
            for note in &notes {
                output::text(&format!("  note: {note}"));
            }
            for (kind, name, outcome) in &services {
                match outcome {
                    Ok(()) => output::text(&format!("{kind:<9} {name}  ok")),
                    Err(e) => output::text(&format!("{kind:<9} {name}  error: {e}\n  hint: {}", e.hint())),
                }
            }
            for check in &checks {
                output::text(&describe(check));
            }
        }
    }
    Ok(if blames.is_empty() {
        Exit::Done
    } else if blames.contains(&Blame::World) {
        Exit::Failed
    } else {
        Exit::Misconfigured
    })
}

fn describe(check: &TableCheck) -> String {
    let key = if check.key.is_empty() { "none".to_owned() } else { check.key.join(", ") };
    let mut out = format!("\n{} → {}\n  capture {}, key {key}\n", check.source, check.target, check.capture);
    let rows: Vec<Vec<String>> = check
        .columns
        .iter()
        .map(|c| {
            let caveat =
                if c.cannot_hold.is_empty() { String::new() } else { format!("{}: {}", c.policy, c.cannot_hold) };
            vec![format!("    {}", c.column), c.source_type.clone(), c.target_type.clone(), caveat]
        })
        .collect();
    out.push_str(&output::columns(&rows));
    for note in &check.notes {
        out.push_str(&format!("  note: {note}\n"));
    }
    if let Some(e) = &check.error {
        out.push_str(&format!("  error: {}\n  hint: {}\n", e.message, e.hint));
    }
    out
}
