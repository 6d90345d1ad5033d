//! `plimsoll status`: where every table stands, what is wrong first.

use serde_json::json;
use time::OffsetDateTime;

use super::error::CliError;
use super::exit::{Exit, Format};
use super::layout::{Cell, Layout};
use super::outage;
use super::output;
use super::paint::Tone;
use super::pause;
use super::quoted_names::QuotedNames;
use crate::model::Finds;
use crate::model::figures::{age, count, minute};
use crate::run::{Context, FeedStatus, Standing};
use crate::state::{Complaint, Figures};

pub(super) async fn status(context: &Context, format: Format) -> Result<Exit, CliError> {
    let mut feeds = context.status().await;
    match format {
        Format::Json => output::json(&json!({ "feeds": feeds }))?,
        Format::Text => {
            let names = QuotedNames::of(&context.config.tables);
            feeds.iter_mut().for_each(|f| names.quote(&mut f.source));
            output::text(&describe(&feeds, Layout::of_stdout()))?;
        }
    }
    Ok(if feeds.iter().any(FeedStatus::is_trouble) { Exit::Failed } else { Exit::Done })
}

/// What the sign before a number of deletes means.
const AT_LEAST: &str = "≥: a load replaced the target, so at least so many rows are gone";

fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Failing | Standing::SetAside | Standing::Differs | Standing::Late => Tone::Bad,
        Standing::NeverLoaded | Standing::Pending | Standing::Loading | Standing::Paused => Tone::Notable,
        Standing::Running => Tone::Plain,
        Standing::UpToDate => Tone::Good,
    }
}

fn describe(feeds: &[FeedStatus], layout: Layout) -> String {
    let mut sorted: Vec<(Standing, &FeedStatus)> = feeds.iter().map(|f| (Standing::of(f), f)).collect();
    sorted.sort_by_key(|(standing, _)| *standing);
    let has_quarantined = feeds.iter().any(|f| f.quarantined > 0);
    let mut heads = vec!["table", "state", "age", "checked", "upserts", "deletes"];
    heads.extend(has_quarantined.then_some("quarantined"));
    let rows: Vec<Vec<Cell>> = sorted
        .iter()
        .map(|(standing, f)| {
            let last = f.last_run.as_ref().map(|run| run.figures);
            let mut row = vec![
                Cell::plain(&f.source),
                Cell::new(standing.name(), tone(*standing)),
                Cell::plain(f.age_seconds.map_or("-".to_owned(), age)),
                Cell::plain(f.checked_seconds.map_or("-".to_owned(), age)),
                Cell::plain(last.map_or("-".to_owned(), |l| count(l.upserts))),
                Cell::plain(last.map_or("-".to_owned(), deletes)),
            ];
            row.extend(has_quarantined.then(|| Cell::plain(count(f.quarantined))));
            row
        })
        .collect();
    let mut out = layout.table(&heads, &rows);
    let mut remarks: String = sorted.iter().map(|(standing, f)| remarks(*standing, f, &sorted, layout)).collect();
    for (f, going) in sorted.iter().filter_map(|(_, f)| Some((f, f.verifying.as_ref()?))) {
        remarks.push_str(&layout.paragraph(0, ("", Tone::Plain), &format!("{}: {}", f.source, going.text())));
    }
    if feeds.iter().any(|f| f.last_run.as_ref().is_some_and(|run| run.figures.rows_before.is_some())) {
        remarks.push_str(&layout.paragraph(0, ("", Tone::Plain), AT_LEAST));
    }
    if !remarks.is_empty() {
        out.push('\n');
        out.push_str(&remarks);
    }
    out.push('\n');
    out.push_str(&layout.paragraph(0, ("", Tone::Plain), &summary(&sorted)));
    let all_changes = Finds::AllChanges.to_string();
    let blind = feeds.iter().filter(|f| f.finds != all_changes);
    let mut finds: Vec<(&str, Vec<&str>)> = Vec::new();
    for f in blind {
        match finds.iter_mut().find(|(words, _)| *words == f.finds) {
            Some((_, tables)) => tables.push(&f.source),
            None => finds.push((&f.finds, vec![&f.source])),
        }
    }
    if has_quarantined {
        let counted = "quarantined: rows, counted since all rows of the table were last read; `plimsoll run --full` reads them all, and counts \
                       those that are left";
        out.push_str(&layout.paragraph(0, ("", Tone::Plain), counted));
        for (f, refusal) in feeds.iter().flat_map(|f| f.refusals.iter().map(move |r| (f, r))) {
            out.push_str(&layout.paragraph(2, ("", Tone::Plain), &format!("{}: {}", f.source, refusal.text())));
        }
    }
    for (words, tables) in finds {
        out.push_str(&layout.paragraph(0, ("", Tone::Plain), &format!("{words}: {}", tables.join(", "))));
    }
    out
}

/// The deletes of a run; of a load that replaced the target only the least is known.
fn deletes(last: Figures) -> String {
    let sign = if last.rows_before.is_some() { "≥" } else { "" };
    format!("{sign}{}", count(last.deletes))
}

/// What there is to say of a table beside its row. What several tables have failed with is said once.
fn remarks(standing: Standing, f: &FeedStatus, all: &[(Standing, &FeedStatus)], layout: Layout) -> String {
    let argument = crate::model::in_shell(&f.source);
    let told = match standing {
        Standing::SetAside | Standing::Failing => {
            let Some(trouble) = f.complaint() else { return String::new() };
            let is_shared = |o: &FeedStatus| {
                let same = |c: &Complaint| outage::is_same((&c.message, &c.hint), (&trouble.message, &trouble.hint));
                o.paused_since == f.paused_since && o.complaint().is_some_and(same)
            };
            let same: Vec<&str> = all
                .iter()
                .filter(|(other, o)| *other == standing && is_shared(o) && standing == Standing::Failing)
                .map(|(_, o)| o.source.as_str())
                .collect();
            if same.first().is_some_and(|first| *first != f.source) {
                return String::new();
            }
            let since = match f.set_aside_since {
                Some(since) => format!(", set aside since {}", minute(since)),
                None => failing_since(all, f, &same).map_or(String::new(), |t| format!(", since {}", minute(t))),
            };
            let tables = if same.is_empty() { f.source.clone() } else { same.join(", ") };
            let head = layout.paragraph(0, ("", Tone::Plain), &format!("{tables}{since}:"));
            let paused = paused(f).map_or(String::new(), |paused| {
                layout.paragraph(2, ("", Tone::Plain), &format!("{paused}; then {}", resume(&argument)))
            });
            return head + &layout.error(2, &trouble.message, &trouble.hint) + &paused;
        }
        Standing::Differs => match f.differs() {
            Some(differs) => format!(
                "rows differ since {}: {}; `plimsoll verify --table {argument} --repair` reads them again",
                minute(differs.since),
                differs.text()
            ),
            None => return String::new(),
        },
        Standing::NeverLoaded => format!("`plimsoll run --table {argument}` loads it"),
        Standing::Pending => match &f.pending {
            Some(run) => format!("the next tick brings the sealed run {run} into BigQuery"),
            None => return String::new(),
        },
        Standing::Loading => match &f.load {
            Some(load) => format!("loading since {}: {}", minute(load.began), load.text()),
            None => return String::new(),
        },
        Standing::Paused => match paused(f) {
            Some(paused) => format!("{paused}; {}", resume(&argument)),
            None => return String::new(),
        },
        Standing::Running => match f.held_until {
            Some(until) => format!(
                "a run is at work on it. If the process of that run is gone, it is free again at {}",
                minute(until)
            ),
            None => return String::new(),
        },
        Standing::Late | Standing::UpToDate => return String::new(),
    };
    layout.paragraph(0, ("", Tone::Plain), &format!("{}: {told}", f.source))
}

/// Since when the first of some tables fails, which are named together.
fn failing_since(all: &[(Standing, &FeedStatus)], one: &FeedStatus, same: &[&str]) -> Option<OffsetDateTime> {
    let others = all.iter().map(|(_, f)| *f).filter(|f| same.contains(&f.source.as_str()));
    others.chain([one]).filter_map(|f| f.failing_since).min()
}

fn paused(f: &FeedStatus) -> Option<String> {
    Some(pause::told(f.paused_since?, f.paused_by.as_ref(), f.paused_reason.as_ref()))
}

fn resume(argument: &str) -> String {
    format!("`plimsoll resume --table {argument}`")
}

/// `12 tables: 11 up to date, 1 late`.
fn summary(sorted: &[(Standing, &FeedStatus)]) -> String {
    let number = |standing| sorted.iter().filter(|(s, _)| *s == standing).count();
    let parts: Vec<String> = Standing::ALL
        .into_iter()
        .filter_map(|standing| match number(standing) {
            0 => None,
            n => Some(format!("{n} {}", standing.name())),
        })
        .collect();
    format!("{}: {}", output::tables(sorted.len()), parts.join(", "))
}

#[cfg(test)]
mod tests;
