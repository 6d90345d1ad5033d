//! The report as text.

use std::fmt::Write;

use super::subject::one_line;
use super::summary::{DailyReport, TableDay};
use crate::model::figures::{age, bytes, count, counted, dollars, minute};
use crate::model::sentence;
use crate::run::costs::{DearTable, Spend};
use crate::state::Complaint;

impl DailyReport {
    /// For a terminal, or the plain part of a mail.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n{} to {}\n", self.subject(), minute(self.since), minute(self.until));
        if let Some(partly) = self.partly() {
            let _ = writeln!(out, "{partly}.");
        }
        if let Some(e) = &self.unread {
            section(
                &mut out,
                "What the runs did is not known",
                [format!("{}\n    {}", one_line(&e.message), one_line(&sentence(&e.hint)))],
            );
        }
        section(&mut out, "In trouble", self.tables.iter().filter(|t| t.is_trouble).map(trouble));
        section(&mut out, "Differs from its source", self.tables.iter().filter_map(differs));
        section(&mut out, "Paused", self.tables.iter().filter_map(paused));
        section(&mut out, "Has rows in quarantine", self.tables.iter().filter_map(quarantined));
        section(
            &mut out,
            "Failed in this time",
            self.failures.iter().map(|f| {
                let how = if f.has_recovered { "and has recovered" } else { "and has not recovered" };
                format!(
                    "{}: {}, from {} to {}, {how}\n    {}",
                    one_line(&f.source),
                    counted(f.runs, "run", "runs"),
                    minute(f.first),
                    minute(f.last),
                    one_line(&f.error.message)
                )
            }),
        );
        section(&mut out, &format!("Cost, by the list prices of {}", self.costs.prices.date), self.cost());
        section(&mut out, "The dearest", self.costs.dearest.iter().map(dear));
        section(&mut out, "All tables", self.tables.iter().map(table).chain(self.not_listed()));
        out
    }

    /// What is said of tables that are left out.
    pub(super) fn not_listed(&self) -> Option<String> {
        let more = self.table_count.saturating_sub(self.tables.len());
        (more > 0).then(|| {
            format!("{} more, which are in no worse state than these. `plimsoll status` lists all", count(more as u64))
        })
    }

    /// What is said where runs and costs are those of a part of the time.
    pub(super) fn partly(&self) -> Option<String> {
        let back_to = self.costs.looked_back_to?;
        let what = "What runs did, what failed and what it cost is told";
        Some(format!("{what} only since {}: there are too many reports", minute(back_to)))
    }

    /// What all of it has cost, and what is not in it.
    pub(super) fn cost(&self) -> Vec<String> {
        let Spend { runs, staged_bytes, sent_bytes, storage_writes, .. } = self.costs.total;
        let mut lines = vec![format!(
            "{}: {} billed by BigQuery,{} {} staged, {}; {}",
            dollars(self.costs.dollars),
            bytes(self.costs.total.bytes_billed()),
            if sent_bytes > 0 { format!(" {} sent row by row,", bytes(sent_bytes)) } else { String::new() },
            bytes(staged_bytes),
            counted(storage_writes, "object written", "objects written"),
            counted(runs, "run", "runs")
        )];
        if self.costs.unreadable > 0 {
            let n = counted(self.costs.unreadable, "report", "reports");
            lines.push(format!("without {n} that this version can't read in full"));
        }
        lines
    }
}

/// Nothing where there is nothing to say.
fn section(out: &mut String, head: &str, lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_none() {
        return;
    }
    // Writing to a text can't fail.
    let _ = writeln!(out, "\n{head}");
    lines.for_each(|line| _ = writeln!(out, "  {line}"));
}

/// Where a table stands, and since when.
pub(super) fn standing(table: &TableDay) -> String {
    table.since.map_or(table.standing.to_owned(), |since| format!("{} since {}", table.standing, minute(since)))
}

pub(super) fn how_old(table: &TableDay) -> String {
    table.age_seconds.map_or("never loaded".to_owned(), age)
}

fn trouble(table: &TableDay) -> String {
    let mut line = format!("{}: {}; its data is {} old", one_line(&table.source), standing(table), how_old(table));
    if table.age_seconds.is_none() {
        line = format!("{}: {}", one_line(&table.source), standing(table));
    }
    if let Some(Complaint { message, hint }) = &table.error {
        let _ = write!(line, "\n    {}\n    {}", one_line(message), one_line(&sentence(hint)));
    }
    line
}

pub(super) fn differs(table: &TableDay) -> Option<String> {
    let (how, since) = (table.differs.as_ref()?, table.differs_since?);
    Some(format!("{}: {how}, since {}", one_line(&table.source), minute(since)))
}

pub(super) fn paused(table: &TableDay) -> Option<String> {
    Some(format!("{}: since {}", one_line(&table.source), minute(table.paused_since?)))
}

pub(super) fn quarantined(table: &TableDay) -> Option<String> {
    let rows = counted(table.quarantined, "row", "rows");
    (table.quarantined > 0).then(|| format!("{}: {rows}", one_line(&table.source)))
}

/// What a dear table has used.
pub(super) fn dear(dear: &DearTable) -> String {
    let mut share = format!("{} ({:.0}%)", dollars(dear.dollars), dear.percent);
    if let Some(month) = dear.dollars_a_month {
        let _ = write!(share, ", {} a month", dollars(month));
    }
    match &dear.knob {
        Some(knob) => format!("{}: {share}\n    {}\n    {}", one_line(&dear.source), knob.why, knob.advice),
        None => format!("{}: {share}", one_line(&dear.source)),
    }
}

fn table(t: &TableDay) -> String {
    format!(
        "{}: {}, {}; {} in, {} out, {} billed, {}",
        one_line(&t.source),
        t.standing,
        how_old(t),
        count(t.upserts),
        count(t.deletes),
        bytes(t.bytes_billed),
        counted(t.runs, "run", "runs")
    )
}
