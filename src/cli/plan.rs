//! `plimsoll plan`: what the next tick would do.

use time::format_description::well_known::Rfc3339;

use super::{CliError, Exit, Format, TableArgs, output};
use crate::run::{Context, Request, TablePlan};

pub(super) async fn plan(context: &Context, args: &TableArgs, format: Format) -> Result<Exit, CliError> {
    let request = Request { tables: args.tables.clone(), ..Request::default() };
    let tables = request.select(&context.config.tables)?;
    let plans = context.plan_tables(&tables).await?;
    match format {
        Format::Json => output::json(&plans),
        Format::Text => plans.iter().for_each(|p| output::text(&describe(p))),
    }
    let failure = plans.iter().find_map(|p| p.error.as_ref());
    Ok(failure.map_or(Exit::Done, |e| e.blame.into()))
}

fn describe(plan: &TablePlan) -> String {
    let mut out = format!("{} → {}\n", plan.source, plan.target);
    if let Some(since) = plan.paused_since {
        let since = since.format(&Rfc3339).unwrap_or_default();
        out.push_str(&format!(
            "  paused since {since}: no tick reads it until `plimsoll resume --table {}`; then\n",
            plan.source
        ));
    }
    if let Some(e) = &plan.error {
        out.push_str(&format!("  error: {}\n  hint: {}\n", e.message, e.hint));
        return out;
    }
    let what = plan.whole.map_or("changes".to_owned(), |why| format!("the whole table ({why})"));
    out.push_str(&format!("  reads {what}, about {} rows\n", plan.estimated_rows));
    for sql in &plan.source_sql {
        out.push_str(&format!("  PostgreSQL: {sql}\n"));
    }
    match &plan.merge_sql {
        Some(sql) => {
            out.push_str(&format!("  BigQuery, at most {} billed:\n", output::bytes(plan.estimated_bytes)));
            sql.lines().for_each(|line| out.push_str(&format!("    {line}\n")));
        }
        None => out.push_str("  BigQuery: one load job into the target, nothing billed\n"),
    }
    for note in &plan.notes {
        out.push_str(&format!("  note: {note}\n"));
    }
    out
}
