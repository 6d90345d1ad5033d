//! Which capture is proposed: the cheapest that finds inserts, updates and deletes by itself.
//!
//! | the table | proposed | why |
//! | --- | --- | --- |
//! | triggers log each of its writes to a log that is known, whatever the row is | `changelog` | the log names every row, deleted ones too |
//! | large, and they log all but `TRUNCATE` | `changelog`, and `reconcile_every` | what is truncated is found later |
//! | no key, or one that can't be used or read; a view | `digest` by row | all rows are compared as they are, each as often as it is there; only what differs leaves the source |
//! | an indexed column that a trigger sets to the time on every insert and update | `cursor` | cheap, and no write can miss it |
//! | large, with an indexed column that the application sets | `cursor`, and `reconcile_every` | a scan each tick would be dear; what the application forgets is found later |
//! | of a SQL Server: few rows | `full` | loads are free |
//! | of a SQL Server without snapshots, or below compatibility level 130 | `full` | it is one statement, and needs no keys; a large table stands there as a comment |
//! | of a SQL Server: change tracking is on | `ct` | finds everything, for what was written alone |
//! | it has a key, and its rows do not say which transaction wrote them | `digest` | finds everything, for a hash of each row each tick; only changed rows leave the source |
//! | any other | `xmin` | finds every write, for a scan each tick |
//!
//! `cursor` and `xmin` find no deletes, so `deletes = "keys"` goes with them.

use super::changelog::{Coverage, follows};
use super::proposed::{LARGE, ProposedLog, Setting, Written};
use super::sensitive::{Sensitive, sensitive};
use super::toml_text::{list, text};
use crate::model::Dialect;
use crate::source::{
    Access, Candidate, Captures, ChangeTracking, CursorType, Listing, Relation, RelationKind, SourceColumn, Withholding,
};

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

/// The columns of the key: the primary key, or a unique index over columns that can't be NULL.
pub fn key(relation: &Relation) -> Option<&[String]> {
    if !relation.primary_key.is_empty() {
        return Some(&relation.primary_key);
    }
    let is_full = |columns: &&Vec<String>| columns.iter().all(|c| relation.column(c).is_some_and(|c| c.not_null));
    // A key is always read and can't be hashed: a secret is the last choice.
    let has_secret = |columns: &[String]| {
        columns.iter().filter_map(|c| relation.column(c)).any(|c| sensitive(c) == Some(Sensitive::Secret))
    };
    let best = relation.unique.iter().filter(is_full).min_by_key(|columns| (has_secret(columns), columns.len()));
    best.map(Vec::as_slice)
}

/// The columns of the key that these settings leave the table: none where its rows are told apart by what they hold.
pub fn key_under<'r>(settings: &[Setting], relation: &'r Relation) -> &'r [String] {
    let is_by_row = settings.iter().any(|s| s.key == "key" && s.value == text(BY_ROW));
    key(relation).filter(|_| !is_by_row).unwrap_or_default()
}

/// What `key` says of rows that are told apart by what they hold.
const BY_ROW: &str = "row";

/// All rows compared, each as often as it is there: of a table whose rows nothing else tells apart.
pub fn by_row(why: &str) -> [Setting; 2] {
    [digest(why), Setting { key: "key", value: text(BY_ROW), why: String::new(), written: Written::Live }]
}

/// All rows compared with those of the last run, each tick.
fn digest(why: &str) -> Setting {
    live("capture", "digest", why)
}

/// Chooses for a table or view.
pub fn choose(listing: &Listing, candidate: &Candidate, log: Option<&ProposedLog>) -> Vec<Setting> {
    let relation = &candidate.relation;
    if let Captures::Full(alone) = listing.captures {
        return vec![live("capture", "full", alone.why())];
    }
    if matches!(relation.kind, RelationKind::View | RelationKind::MaterializedView | RelationKind::Foreign) {
        return by_row("").into();
    }
    let Some(key) = key(relation) else {
        if relation.dialect == Dialect::SqlServer && is_small(candidate) {
            return vec![live("capture", "full", FEW_ROWS)];
        }
        return by_row(
            "no primary key, and no unique index over columns that are NOT NULL: rows are told apart by what they hold",
        )
        .into();
    };
    if let Some(withheld) = candidate.withheld.iter().find(|w| key.contains(&w.column)) {
        let why = match withheld.by {
            Withholding::Mask => {
                format!("the key's {} is masked for the {}", withheld.column, listing.dialect.who_asks())
            }
            Withholding::Encryption => format!("the key's {} is encrypted by its clients", withheld.column),
        };
        return by_row(&format!("{why}: rows are told apart by what else they hold")).into();
    }
    let is_primary = !relation.primary_key.is_empty();
    let named = || {
        let value = list(key.iter().map(String::as_str));
        Setting {
            key: "key",
            value,
            why: "no primary key; a unique index is on this".to_owned(),
            written: Written::Live,
        }
    };
    let mut settings: Vec<Setting> = (!is_primary).then(named).into_iter().collect();
    match &candidate.access {
        Access::Columns(columns) if key.iter().all(|c| columns.contains(c)) => {
            settings.push(digest(
                "the role may not read which transaction wrote a row (xmin): all rows are compared by hash",
            ));
        }
        Access::Columns(_) => settings = by_row("the role may not read the key").into(),
        Access::Whole if relation.dialect == Dialect::SqlServer => settings.extend(by_tracking(candidate, key)),
        Access::Whole if !relation.tells_its_writers() => {
            settings.push(digest(
                "a part of it is a foreign table, whose rows do not say which transaction wrote them: all rows are compared by hash",
            ));
        }
        Access::Whole => {
            let log = log.filter(|l| l.written == Written::Live);
            match log.and_then(|l| Some((l, follows(listing, candidate, &l.table)?))) {
                Some((log, coverage)) => settings.extend(by_its_log(log, coverage)),
                None => settings.extend(by_its_rows(listing, candidate)),
            }
        }
    }
    settings
}

/// Fewer rows are replaced as a whole.
const FEW: u64 = 1000;
const FEW_ROWS: &str = "so few rows are replaced as a whole";

fn is_small(candidate: &Candidate) -> bool {
    candidate.about_rows.is_some_and(|n| n < FEW)
}

/// By what SQL Server tells of a table's changes.
fn by_tracking(candidate: &Candidate, key: &[String]) -> Vec<Setting> {
    let relation = &candidate.relation;
    if is_small(candidate) {
        return vec![live("capture", "full", FEW_ROWS)];
    }
    let has_one_spelling = key.iter().all(|k| relation.column(k).is_some_and(SourceColumn::has_one_spelling));
    match candidate.tracking {
        ChangeTracking::On if key == relation.primary_key && has_one_spelling => {
            vec![live("capture", "ct", "change tracking is on")]
        }
        ChangeTracking::On => vec![digest(
            "change tracking does not report the old spelling when only a key's spelling changes: all rows are compared by hash",
        )],
        ChangeTracking::Unseen => {
            vec![digest("change tracking is on, but the login may not read it: all rows are compared by hash")]
        }
        ChangeTracking::OfPrimary => {
            vec![digest("change tracking is the primary's alone: all rows are compared by hash")]
        }
        ChangeTracking::Off => vec![digest("change tracking is off: all rows are compared by hash")],
    }
}

/// By the log that its triggers write.
fn by_its_log(log: &ProposedLog, coverage: Coverage) -> Vec<Setting> {
    let table = &log.table;
    match coverage {
        Coverage::AllWrites => {
            let why = format!("triggers log each write to {table}, deletes and TRUNCATE included");
            vec![live("capture", "changelog", &why)]
        }
        Coverage::AllButTruncate => {
            let why = format!("a trigger logs each insert, update and delete to {table}");
            let later = "no trigger logs TRUNCATE: a pass over the whole table finds which rows are gone";
            vec![live("capture", "changelog", &why), live("reconcile_every", "7d", later)]
        }
    }
}

/// By what the rows themselves say: a column that every write sets, or the transaction that wrote them.
fn by_its_rows(listing: &Listing, candidate: &Candidate) -> Vec<Setting> {
    let relation = &candidate.relation;
    let is_large = candidate.about_rows.is_some_and(|n| n >= LARGE);
    let mut settings = Vec::new();
    match cursor(relation) {
        None => settings.push(live("capture", "xmin", "")),
        Some(column) if !relation.ordered.contains(&column.name) => {
            let cursor = &column.name;
            let why = format!("no index begins with {cursor}, so a cursor would scan the table too, and find less");
            settings.push(live("capture", "xmin", &why));
        }
        Some(column) => match (trigger_that_sets(candidate, listing, column), is_large) {
            (Some(trigger), _) => {
                let why = format!("it has an index, and the trigger {trigger} sets it on every insert and update");
                settings.push(live("cursor", &column.name, &why));
            }
            (None, true) => {
                let why = "it has an index; a write that does not set it, such as an update in bulk, waits for reconcile_every";
                settings.push(live("cursor", &column.name, why));
                let why = "reads the whole table and compares it with the target, so that nothing is missed for longer";
                settings.push(live("reconcile_every", "7d", why));
            }
            (None, false) => {
                let why = format!("also finds writes that do not set {}, such as updates in bulk", column.name);
                settings.push(live("capture", "xmin", &why));
                let why = "in place of capture, when the table is large and every write sets it: it has an index";
                settings.push(Setting { written: Written::Offered, ..live("cursor", &column.name, why) });
            }
        },
    }
    settings.push(live("deletes", "keys", ""));
    if is_large {
        settings.push(live("deletes_every", "1h", "each time reads all keys of the source"));
    }
    settings
}

fn live(key: &'static str, value: &str, why: &str) -> Setting {
    Setting { key, value: text(value), why: why.to_owned(), written: Written::Live }
}

fn cursor(relation: &Relation) -> Option<&SourceColumn> {
    let is_time = |c: &SourceColumn| matches!(c.cursor_type(), Some(CursorType::Timestamp | CursorType::TimestampTz));
    let is_one = |c: &&SourceColumn| c.not_null && is_time(c);
    CURSORS.iter().find_map(|name| relation.column(name).filter(is_one))
}

/// A trigger that sets the column to the time whenever a row is inserted or updated.
fn trigger_that_sets<'a>(candidate: &'a Candidate, listing: &Listing, column: &SourceColumn) -> Option<&'a str> {
    let relation = &candidate.relation;
    // The triggers of a table do not run for the rows of those that inherit from it.
    if relation.kind == RelationKind::Table && !relation.leaves.is_empty() {
        return None;
    }
    // One that runs after it may set the column to something else.
    let last = candidate.triggers.iter().rfind(|t| t.is_before_some_write())?;
    let sets = last.is_before_every_write() && listing.always_sets_to_now(last, column);
    sets.then_some(&last.name)
}
