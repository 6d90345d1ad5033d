//! Which capture is proposed: the cheapest that finds inserts, updates and deletes by itself.
//!
//! | the table | proposed | why |
//! | --- | --- | --- |
//! | a trigger logs each of its writes to a log that is known | `changelog` | the log names every row, deleted ones too |
//! | no key | `full` | rows can't be told apart |
//! | an indexed column that a trigger sets on every update | `cursor` | cheap, and no write can miss it |
//! | large, with an indexed column that the application sets | `cursor`, and `reconcile_every` | a scan each tick would be dear; what the application forgets is found later |
//! | any other | `xmin` | finds every write, for a scan each tick |
//!
//! `cursor` and `xmin` find no deletes, so `deletes = "keys"` goes with them.

use super::changelog::logs_each_write;
use super::proposed::{Entry, ProposedLog, Written};
use super::toml_text::{list, text};
use crate::source::{Access, Candidate, Listing, Relation, RelationKind, oid};

/// Names that applications give to the column every write sets, best first.
const CURSORS: [&str; 12] = [
    "updated_at",
    "modified_at",
    "updated",
    "modified",
    "last_modified",
    "updated_on",
    "modified_on",
    "write_date",
    "last_modified_at",
    "date_modified",
    "date_updated",
    "updatedAt",
];

/// From so many rows on, a scan or a list of all keys each tick is a burden.
pub const LARGE: u64 = 1_000_000;

/// The columns of the key: the primary key, or a unique index over columns that can't be NULL.
pub fn key(relation: &Relation) -> Option<&[String]> {
    if !relation.primary_key.is_empty() {
        return Some(&relation.primary_key);
    }
    let is_full = |columns: &&Vec<String>| columns.iter().all(|c| relation.column(c).is_some_and(|c| c.not_null));
    relation.unique.iter().filter(is_full).min_by_key(|columns| columns.len()).map(Vec::as_slice)
}

/// The whole table, each tick.
pub fn full(why: &str) -> Entry {
    live("capture", "full", why)
}

/// No column is the key's.
pub fn no_key(why: &str) -> Entry {
    Entry { key: "key", value: list([]), why: why.to_owned(), written: Written::Live }
}

/// Chooses for a table or view.
pub fn choose(listing: &Listing, candidate: &Candidate, log: Option<&ProposedLog>) -> Vec<Entry> {
    let relation = &candidate.relation;
    if matches!(relation.kind, RelationKind::View | RelationKind::MaterializedView | RelationKind::Foreign) {
        return vec![full("")];
    }
    let Some(key) = key(relation) else {
        return vec![full(
            "no primary key, and no unique index over columns that are NOT NULL: the whole table replaces the target each tick",
        )];
    };
    let is_primary = !relation.primary_key.is_empty();
    let named = || {
        let value = list(key.iter().map(String::as_str));
        Entry { key: "key", value, why: "no primary key; a unique index is on this".to_owned(), written: Written::Live }
    };
    let mut entries: Vec<Entry> = (!is_primary).then(named).into_iter().collect();
    match &candidate.access {
        Access::Columns(columns) if key.iter().all(|c| columns.contains(c)) => {
            entries.push(full("the role may not read which transaction wrote a row (xmin)"));
        }
        Access::Columns(_) => entries = vec![full("the role may not read the key"), no_key("")],
        Access::Whole if !relation.has_xmin() => {
            entries.push(full("a part of it is a foreign table, whose rows do not say which transaction wrote them"));
        }
        Access::Whole => {
            match log.filter(|l| l.written == Written::Live && logs_each_write(listing, candidate, &l.table)) {
                Some(log) => {
                    let why = format!("a trigger logs each write to {}, deletes included", log.table);
                    entries.push(live("capture", "changelog", &why));
                }
                None => entries.extend(by_its_rows(listing, candidate)),
            }
        }
    }
    entries
}

/// By what the rows themselves say: a column that every write sets, or the transaction that wrote them.
fn by_its_rows(listing: &Listing, candidate: &Candidate) -> Vec<Entry> {
    let relation = &candidate.relation;
    let is_large = candidate.about_rows.is_some_and(|n| n >= LARGE);
    let mut entries = Vec::new();
    match cursor(relation) {
        None => entries.push(live("capture", "xmin", "")),
        Some(cursor) if !relation.ordered.iter().any(|c| c == cursor) => {
            let why = format!("no index begins with {cursor}, so a cursor would scan the table too, and find less");
            entries.push(live("capture", "xmin", &why));
        }
        Some(cursor) => match (trigger_that_sets(listing, candidate, cursor), is_large) {
            (Some(trigger), _) => {
                let why = format!("it has an index, and the trigger {trigger} sets it on every update");
                entries.push(live("cursor", cursor, &why));
            }
            (None, true) => {
                let why = "it has an index; a write that does not set it, such as an update in bulk, waits for reconcile_every";
                entries.push(live("cursor", cursor, why));
                let why = "reads the whole table and compares it with the target, so that nothing is missed for longer";
                entries.push(live("reconcile_every", "7d", why));
            }
            (None, false) => {
                let why = format!("also finds writes that do not set {cursor}, such as updates in bulk");
                entries.push(live("capture", "xmin", &why));
                let why = "in place of capture, when the table is large and every write sets it: it has an index";
                entries.push(Entry { written: Written::Offered, ..live("cursor", cursor, why) });
            }
        },
    }
    entries.push(live("deletes", "keys", ""));
    if is_large {
        entries.push(live("deletes_every", "1h", "each time reads all keys of the source"));
    }
    entries
}

fn live(key: &'static str, value: &str, why: &str) -> Entry {
    Entry { key, value: text(value), why: why.to_owned(), written: Written::Live }
}

fn cursor(relation: &Relation) -> Option<&'static str> {
    let is_one = |name: &&&str| {
        let column = relation.column(name).filter(|c| c.not_null);
        column.is_some_and(|c| [oid::TIMESTAMP, oid::TIMESTAMPTZ].contains(&c.base_oid))
    };
    CURSORS.iter().find(is_one).copied()
}

/// A trigger that sets the column whenever a row is updated, as far as the text of its function tells.
fn trigger_that_sets<'a>(listing: &Listing, candidate: &'a Candidate, column: &str) -> Option<&'a str> {
    let sets = |trigger: &&crate::source::Trigger| {
        let Some(function) = listing.functions.get(&trigger.function) else { return false };
        // The contrib function takes the column's name as its argument.
        let by_name = function.name == "moddatetime" && trigger.arguments.trim_end_matches("\\000") == column;
        by_name || assigns(&function.body, column)
    };
    candidate.triggers.iter().filter(|t| t.is_before_every_update()).find(sets).map(|t| t.name.as_str())
}

/// Whether a PL/pgSQL text has the statement `NEW.column := …`, not only a comparison.
fn assigns(body: &str, column: &str) -> bool {
    let body = body.to_lowercase().replace('"', "");
    let field = format!("new.{}", column.to_lowercase());
    body.match_indices(&field).any(|(at, _)| {
        let before = body[..at].trim_end();
        let begins = [";", "begin", "then", "else"].iter().any(|end| before.ends_with(end));
        let after = body[at + field.len()..].trim_start();
        begins && (after.starts_with(":=") || after.starts_with('='))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_told_from_a_comparison() {
        for body in [
            "BEGIN NEW.updated_at = now(); RETURN NEW; END",
            "begin\n  new.\"updated_at\" := clock_timestamp();\n  return new;\nend",
            "BEGIN IF OLD IS DISTINCT FROM NEW THEN\n NEW.updated_at=now(); END IF; RETURN NEW; END",
        ] {
            assert!(assigns(body, "updated_at"), "{body}");
        }
        for body in [
            "BEGIN IF NEW.updated_at = OLD.updated_at THEN RAISE 'stale'; END IF; RETURN NEW; END",
            "BEGIN NEW.updated_at_by = 1; RETURN NEW; END",
            "BEGIN RETURN NEW; END",
        ] {
            assert!(!assigns(body, "updated_at"), "{body}");
        }
    }
}
