//! `plimsoll check`: everything a run depends on, without writing. What is wrong comes first; what many tables share is told once.

use serde_json::json;

use super::arguments::CheckArgs;
use super::error::CliError;
use super::exit::{Exit, Format};
use super::layout::{Cell, Layout};
use super::output;
use super::paint::Tone;
use super::quoted_names::QuotedNames;
use crate::model::Blame;
use crate::run::{Context, Failure, Request, ServiceCheck, SourceCheck, TableCheck};

/// Characters of a key as the table shows it; `--json` has every column of a longer one.
const LONGEST_KEY: usize = 30;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// What somebody has to know or to do.
    Noteworthy,
    All,
}

/// Everything that was looked at.
struct Findings {
    source: String,
    services: Vec<ServiceCheck>,
    /// Nothing where the source did not answer.
    looked: Result<SourceCheck, Failure>,
}

pub(super) async fn check(context: &Context, args: &CheckArgs, format: Format) -> Result<Exit, CliError> {
    let request = Request { tables: args.tables.tables.clone(), ..Request::default() };
    let tables = request.select(&context.config.tables)?;
    let (services, session) = tokio::join!(context.check_services(), context.open_source());
    let mut looked = match session {
        Ok(session) => Ok(context.check_source(&session, &tables, &services).await),
        Err(e) => Err(Failure::from(&e)),
    };
    if let (Format::Text, Ok(looked)) = (format, &mut looked) {
        let names = QuotedNames::of(&context.config.tables);
        looked.tables.iter_mut().for_each(|t| names.quote(&mut t.source));
    }
    let found = Findings { source: context.source.label(), services, looked };
    let detail = if args.verbose { Detail::All } else { Detail::Noteworthy };
    match format {
        Format::Json => output::json(&found.json())?,
        Format::Text => output::text(&found.describe(detail, Layout::of_stdout()))?,
    }
    Ok(found.exit())
}

impl Findings {
    fn tables(&self) -> &[TableCheck] {
        self.looked.as_ref().map(|l| l.tables.as_slice()).unwrap_or_default()
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        let services = self.services.iter().filter_map(|s| s.error.as_ref());
        let tables = self.tables().iter().filter_map(|t| t.error.as_ref());
        self.looked.as_ref().err().into_iter().chain(services).chain(tables)
    }

    fn exit(&self) -> Exit {
        if self.failures().any(|f| f.blame == Blame::World) {
            Exit::Failed
        } else if self.failures().next().is_some() {
            Exit::Misconfigured
        } else {
            Exit::Done
        }
    }

    fn json(&self) -> serde_json::Value {
        let (error, notes) = match &self.looked {
            Ok(looked) => (None, looked.notes.as_slice()),
            Err(e) => (Some(e), &[][..]),
        };
        let source = json!({ "service": "source", "name": self.source, "error": error, "notes": notes });
        let ok = self.failures().next().is_none();
        json!({ "ok": ok, "source": source, "services": self.services, "tables": self.tables() })
    }

    fn describe(&self, detail: Detail, layout: Layout) -> String {
        let none = Vec::new();
        let notes = self.looked.as_ref().map_or(&none, |l| &l.notes);
        let mut places = vec![("source", &self.source, self.looked.as_ref().err(), notes)];
        places.extend(self.services.iter().map(|s| (s.service.name(), &s.name, s.error.as_ref(), &s.notes)));
        places.sort_by_key(|(_, _, error, _)| error.is_none());
        let mut out = String::new();
        for (service, name, error, notes) in places {
            let (word, tone) = if error.is_some() { ("error", Tone::Bad) } else { ("ok", Tone::Good) };
            out.push_str(&format!("{}  {service:<8}  {name}\n", layout.paint.apply(tone, &format!("{word:<5}"))));
            if let Some(e) = error {
                out.push_str(&layout.error(7, &e.message, &e.hint));
            }
            for note in notes {
                out.push_str(&layout.paragraph(7, ("note: ", Tone::Notable), note));
            }
        }
        match &self.looked {
            Ok(_) => {
                let services: Vec<&str> =
                    self.services.iter().filter(|s| s.error.is_some()).map(|s| s.service.name()).collect();
                out.push_str(&describe_tables(self.tables(), &services, detail, layout));
            }
            Err(_) => out.push_str("\nno table was looked at, for the source does not answer\n"),
        }
        out
    }
}

fn describe_tables(tables: &[TableCheck], failed: &[&str], detail: Detail, layout: Layout) -> String {
    let mut sorted: Vec<&TableCheck> = tables.iter().collect();
    sorted.sort_by_key(|t| t.error.is_none());
    // What is said of one table stands with it; what is said of more than one is told once, after them.
    let of_each = |what: fn(&TableCheck) -> Vec<Remark>| -> Vec<(Remark, Vec<&str>)> {
        let mut all: Vec<(Remark, Vec<&str>)> = Vec::new();
        for table in &sorted {
            for remark in what(table) {
                match all.iter_mut().find(|(known, _)| *known == remark) {
                    Some((_, names)) => names.push(&table.source),
                    None => all.push((remark, vec![&table.source])),
                }
            }
        }
        all.retain(|(_, names)| names.len() > 1);
        all
    };
    let shared_errors = of_each(|t| t.error.iter().map(Remark::error).collect());
    let shared_notes = of_each(|t| t.notes.iter().map(|n| Remark::note(n)).collect());
    let is_shared = |remark: &Remark| shared_errors.iter().chain(&shared_notes).any(|(shared, _)| shared == remark);
    let mut out = String::from("\n");
    let rows: Vec<Vec<Cell>> = sorted
        .iter()
        .map(|t| {
            let (word, tone) = if t.error.is_some() { ("error", Tone::Bad) } else { ("ok", Tone::Good) };
            let key = match t.key.join(", ") {
                none if none.is_empty() => "none".to_owned(),
                long if long.chars().count() > LONGEST_KEY => format!("{} columns", t.key.len()),
                key => key,
            };
            vec![Cell::plain(&t.source), Cell::new(word, tone), Cell::plain(t.capture), Cell::plain(key)]
        })
        .collect();
    out.push_str(&layout.table(&["table", "", "capture", "key"], &rows));
    let told_once = |shared: &[(Remark, Vec<&str>)]| -> String {
        let each = shared.iter().map(|(remark, names)| {
            format!("\n{}\n{}", of_tables(names, tables.len(), layout), remark.describe(layout))
        });
        each.collect()
    };
    out.push_str(&told_once(&shared_errors));
    let mut rest = 0;
    for table in &sorted {
        let mut lines = String::new();
        for error in table.error.iter().filter(|e| !is_shared(&Remark::error(e))) {
            lines.push_str(&layout.error(2, &error.message, &error.hint));
        }
        for note in table.notes.iter().filter(|n| !is_shared(&Remark::note(n))) {
            lines.push_str(&layout.paragraph(2, ("note: ", Tone::Notable), note));
        }
        match detail {
            Detail::All => lines.push_str(&columns(table, layout)),
            Detail::Noteworthy => rest += table.columns.len(),
        }
        if !lines.is_empty() {
            out.push_str(&format!("\n{} → {}\n{lines}", table.source, table.target));
        }
    }
    out.push_str(&told_once(&shared_notes));
    out.push('\n');
    out.push_str(&summary(tables, failed));
    out.push('\n');
    if rest > 0 {
        out.push_str("`plimsoll check --verbose` shows the types of all columns\n");
    }
    out
}

/// What can be said of more than one table.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Remark {
    Error { message: String, hint: String },
    Note(String),
}

impl Remark {
    fn error(failure: &Failure) -> Self {
        Self::Error { message: failure.message.clone(), hint: failure.hint.clone() }
    }

    fn note(text: &str) -> Self {
        Self::Note(text.to_owned())
    }

    fn describe(&self, layout: Layout) -> String {
        match self {
            Self::Error { message, hint } => layout.error(2, message, hint),
            Self::Note(text) => layout.paragraph(2, ("note: ", Tone::Notable), text),
        }
    }
}

/// Whom a remark is about.
fn of_tables(names: &[&str], all: usize, layout: Layout) -> String {
    let told = if names.len() == all { format!("all {all} tables") } else { names.join(", ") };
    layout.paragraph(0, ("", Tone::Plain), &told).trim_end().to_owned()
}

fn columns(table: &TableCheck, layout: Layout) -> String {
    let mut out = String::new();
    let rows: Vec<Vec<Cell>> = table
        .columns
        .iter()
        .map(|c| {
            vec![Cell::plain(format!("    {}", c.column)), Cell::plain(&c.source_type), Cell::plain(&c.target_type)]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str(&layout.table(&["    column", "type", "in BigQuery"], &rows));
    }
    for c in table.columns.iter().filter(|c| !c.cannot_hold.is_empty()) {
        out.push_str(&layout.paragraph(
            4,
            ("", Tone::Plain),
            &format!("{}, {}: {}", c.column, c.policy, c.cannot_hold),
        ));
    }
    out
}

/// `12 tables: 11 ok, 1 with an error`.
/// `8 tables: 7 ok, 1 with an error; storage with an error`: with many tables what stands at the top has scrolled away.
fn summary(tables: &[TableCheck], services: &[&str]) -> String {
    let failed = tables.iter().filter(|t| t.error.is_some()).count();
    let ok = tables.len() - failed;
    let parts = [(ok, "ok"), (failed, "with an error")];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let mut summary = format!("{}: {}", output::tables(tables.len()), parts.join(", "));
    if !services.is_empty() {
        summary.push_str(&format!("; {} with an error", services.join(" and ")));
    }
    summary
}

#[cfg(test)]
mod tests;
