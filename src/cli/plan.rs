//! `plimsoll plan`: what the next tick would do.

use super::arguments::TableArgs;
use super::error::CliError;
use super::exit::{Exit, Format};
use super::layout::Layout;
use super::output;
use super::paint::Tone;
use crate::model::figures::{bytes, count, counted, minute};
use crate::model::in_shell;
use crate::run::{Context, Request, TablePlan};

pub(super) async fn plan(context: &Context, args: &TableArgs, format: Format) -> Result<Exit, CliError> {
    let request = Request { tables: args.tables.clone(), ..Request::default() };
    let tables = request.select(&context.config.tables)?;
    let plans = context.plan_tables(&tables).await?;
    let layout = Layout::of_stdout();
    match format {
        Format::Json => output::json(&plans)?,
        Format::Text => plans.iter().try_for_each(|p| output::text(&describe(p, layout)))?,
    }
    let failure = plans.iter().find_map(|p| p.error.as_ref());
    Ok(failure.map_or(Exit::Done, |e| e.blame.into()))
}

fn describe(plan: &TablePlan, layout: Layout) -> String {
    let mut out = format!("{} → {}\n", plan.source, plan.target);
    if let Some(since) = plan.paused_since {
        let why = plan.paused_reason.as_ref().map_or(String::new(), |reason| format!(" ({})", reason.as_str()));
        out.push_str(&format!(
            "  paused since {}{why}: no tick reads it until `plimsoll resume --table {}`; then\n",
            minute(since),
            in_shell(&plan.source)
        ));
    }
    if let Some(e) = &plan.error {
        out.push_str(&layout.error(2, &e.message, &e.hint));
        return out;
    }
    let rows = counted(plan.estimated_rows, "row", "rows");
    out.push_str(&match plan.whole {
        Some(why) => format!("  reads the whole table ({why}), about {rows}\n"),
        // Without a better guess the planner takes a third of the table.
        None => format!("  reads what has changed: the source's planner guesses {rows}, and there may be none\n"),
    });
    for sql in &plan.source_sql {
        out.push_str(&format!("  {}: {sql}\n", plan.source_kind));
    }
    if let Some(rows) = plan.stretch_rows {
        let into = match plan.apply {
            "append" => "Each is loaded by a load job, nothing billed",
            _ => "Into a target without rows the first is loaded by a load job, nothing billed; all others are merged",
        };
        let text =
            format!("a stretch of {} rows at a time, each read by keys and a run of its own. {into}", count(rows));
        out.push_str(&layout.paragraph(2, ("", Tone::Plain), &text));
        return notes(plan, layout, out);
    }
    match &plan.merge_sql {
        Some(sql) => {
            let when = if plan.whole.is_some() { "" } else { " where something has changed," };
            out.push_str(&format!("  BigQuery,{when} at most {} billed:\n", bytes(plan.estimated_bytes)));
            sql.lines().for_each(|line| out.push_str(&format!("    {line}\n")));
        }
        None if plan.apply == "append" && plan.whole.is_none() => {
            out.push_str("  BigQuery: rows are sent one by one (Storage Write API), and applied by BigQuery itself\n");
        }
        None => out.push_str("  BigQuery: one load job into the target, nothing billed\n"),
    }
    notes(plan, layout, out)
}

fn notes(plan: &TablePlan, layout: Layout, mut out: String) -> String {
    for note in &plan.notes {
        out.push_str(&layout.paragraph(2, ("note: ", Tone::Notable), note));
    }
    out
}
