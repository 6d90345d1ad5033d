//! A change log that is there already.
//!
//! Where triggers write it, the catalog says which tables it covers, and the log sees every write of theirs: those tables
//! follow it. What an application writes misses updates in bulk, and only the application knows what it logs: such a log is
//! offered, for views above all.

use super::proposed::{ProposedLog, Written};
use super::select::Chosen;
use crate::config::known_logs;
use crate::model::{LogTable, RelationName, TypeColumn};
use crate::source::{Access, Candidate, Listing, RelationKind};

/// The log of the database, if it has one: those that triggers write first.
pub fn find(listing: &Listing, chosen: &[Chosen<'_>]) -> Option<ProposedLog> {
    let mut found: Vec<ProposedLog> = known_logs()
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
            let covers_some = is_by_trigger && chosen.iter().any(|c| is_covered(listing, c.candidate, &log.name));
            Some(ProposedLog {
                preset: spec.name,
                table: log.name.clone(),
                at: (log.name != *expected).then(|| log.name.clone()),
                written: if covers_some { Written::Live } else { Written::Offered },
                example: match spec.types {
                    TypeColumn::ContentType { .. } => "app_label.model",
                    TypeColumn::Relation { .. } => "public.orders",
                    TypeColumn::Name(_) | TypeColumn::Table => "Order",
                },
            })
        })
        .collect();
    found.extend(history(listing));
    found.sort_by_key(|l| l.written != Written::Live);
    found.into_iter().next()
}

/// Whether a table follows a log that triggers write.
fn is_covered(listing: &Listing, candidate: &Candidate, log: &RelationName) -> bool {
    let is_table = matches!(candidate.relation.kind, RelationKind::Table | RelationKind::Partitioned);
    is_table && !candidate.relation.primary_key.is_empty() && logs_each_write(listing, candidate, log)
}

/// Whether a trigger of the table sees each of its writes and names the log.
pub fn logs_each_write(listing: &Listing, candidate: &Candidate, log: &RelationName) -> bool {
    candidate.name != *log
        && !candidate.relation.primary_key.is_empty()
        && candidate.triggers.iter().filter(|t| t.is_of_every_write()).any(|t| {
            listing.functions.get(&t.function).is_some_and(|f| f.body.to_lowercase().contains(&log.name.to_lowercase()))
        })
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
        example: "public.app_historicalorder",
    })
}

/// A table of django-simple-history.
fn is_history(candidate: &Candidate) -> bool {
    let has = |name: &str| candidate.relation.column(name).is_some();
    candidate.name.name.contains("historical") && has("history_id") && has("history_date") && has("history_type")
}
