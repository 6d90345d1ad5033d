//! A change log that is there already.
//!
//! Where triggers write it, the catalog and the text of their functions say which tables it covers. A table whose every write is
//! logged for certain follows it. What an application writes misses updates in bulk, and only the application knows what it
//! logs: such a log is offered, for views above all.

use super::proposed::{LARGE, LogWriter, ProposedLog, Written};
use super::select::Chosen;
use crate::config::known_logs;
use crate::model::{LogTable, RelationName, TypeColumn};
use crate::source::{Access, Candidate, Listing, RelationKind, Trigger};

/// The log of the database, if it has one: those that triggers write first.
pub fn find(listing: &Listing, chosen: &[Chosen<'_>]) -> Option<ProposedLog> {
    let mut found: Vec<ProposedLog> = known_logs(listing.dialect)
        .filter_map(|spec| {
            let LogTable::One(expected) = &spec.table else { return None };
            let fits = |c: &&Candidate| {
                let needed = std::iter::once(&spec.id).chain(&spec.action).chain(&spec.key.columns);
                c.name.name == expected.name
                    && c.access == Access::Whole
                    && needed.into_iter().all(|n| c.relation.column(n).is_some())
            };
            let log = listing.candidates.iter().find(fits)?;
            let is_by_trigger = matches!(spec.types, TypeColumn::Relation { .. });
            let follows = |c: &Chosen<'_>| follows(listing, c.candidate, &log.name).is_some();
            let covers_some = is_by_trigger && chosen.iter().any(follows);
            Some(ProposedLog {
                preset: spec.name,
                table: log.name.clone(),
                at: (log.name != *expected).then(|| log.name.clone()),
                written: if covers_some { Written::Live } else { Written::Offered },
                writer: if is_by_trigger { LogWriter::Triggers } else { LogWriter::Application },
                example: match spec.types {
                    TypeColumn::ContentType { .. } => "app_label.model".to_owned(),
                    TypeColumn::Relation { .. } => table_of_the_application(chosen, &log.name),
                    TypeColumn::Name(_) | TypeColumn::Table => "Order".to_owned(),
                },
            })
        })
        .collect();
    found.extend(history(listing));
    found.sort_by_key(|l| l.written != Written::Live);
    found.into_iter().next()
}

/// A table that such a log may have entries of, by its own name: as the type of an entry is written.
fn table_of_the_application(chosen: &[Chosen<'_>], log: &RelationName) -> String {
    let is_table = |c: &&Chosen<'_>| c.candidate.relation.kind == RelationKind::Table && c.candidate.name != *log;
    let name = chosen.iter().find(is_table).map(|c| &c.candidate.name);
    name.map_or_else(|| "public.orders".to_owned(), |n| format!("{}.{}", n.schema, n.name))
}

/// What of a table's writes its triggers log, whatever the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    AllWrites,
    /// Every row that is inserted, updated or deleted, but not that all are taken out at once.
    AllButTruncate,
}

/// Whether a table is to follow a log that triggers write, and what the log says of it. A table that a `TRUNCATE` would leave unequal
/// has captures that see it; only of a large one they cost more than a pass over all rows now and then.
pub fn follows(listing: &Listing, candidate: &Candidate, log: &RelationName) -> Option<Coverage> {
    let is_large = candidate.about_rows.is_some_and(|n| n >= LARGE);
    coverage(listing, candidate, log).filter(|c| *c == Coverage::AllWrites || is_large)
}

fn coverage(listing: &Listing, candidate: &Candidate, log: &RelationName) -> Option<Coverage> {
    let relation = &candidate.relation;
    let is_table = matches!(relation.kind, RelationKind::Table | RelationKind::Partitioned);
    // The triggers of a table do not run for the rows of those that inherit from it.
    let has_heirs = relation.kind == RelationKind::Table && !relation.leaves.is_empty();
    if candidate.name == *log || !is_table || has_heirs || relation.primary_key.is_empty() {
        return None;
    }
    let logs = |t: &Trigger| listing.always_logs(t, log) && !names_columns(&t.arguments);
    if !candidate.triggers.iter().any(|t| t.is_of_every_write() && logs(t)) {
        return None;
    }
    // A partition can be emptied, detached or dropped by itself.
    let is_plain = relation.kind == RelationKind::Table;
    let logs_truncate = is_plain && candidate.triggers.iter().any(|t| t.is_of_truncate() && logs(t));
    Some(if logs_truncate { Coverage::AllWrites } else { Coverage::AllButTruncate })
}

/// Whether a trigger is told anything but yes or no: columns to leave out, as a rule.
fn names_columns(arguments: &str) -> bool {
    let is_switch = |text: &str| ["", "t", "f", "true", "false"].contains(&text.to_lowercase().as_str());
    !arguments.split("\\000").all(is_switch)
}

/// Whether a table is a log's own: its entries are about other tables.
pub fn is_log(candidate: &Candidate, log: Option<&ProposedLog>) -> bool {
    log.is_some_and(|l| l.table == candidate.name) || is_history(candidate)
}

fn history(listing: &Listing) -> Option<ProposedLog> {
    let found = listing.candidates.iter().find(|c| is_history(c) && c.access == Access::Whole)?;
    Some(ProposedLog {
        preset: "django-simple-history",
        table: found.name.clone(),
        at: None,
        written: Written::Offered,
        writer: LogWriter::Application,
        example: format!("{}.{}", found.name.schema, found.name.name),
    })
}

/// A table of django-simple-history.
fn is_history(candidate: &Candidate) -> bool {
    let has = |name: &str| candidate.relation.column(name).is_some();
    candidate.name.name.contains("historical") && has("history_id") && has("history_date") && has("history_type")
}
