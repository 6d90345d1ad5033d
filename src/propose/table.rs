//! What is proposed for one table or view, or why nothing is.

use super::capture;
use super::changelog::is_log;
use super::checked::checked;
use super::frameworks::framework_table;
use super::proposed::{LARGE, LogWriter, Proposed, ProposedLog, Setting, Verdict, Written};
use super::select::Wish;
use super::sensitive::{Sensitive, sensitive};
use super::toml_text::{key as toml_key, list, relation_name, text};
use crate::source::{
    Access, Candidate, Captures, ChangeTracking, Listing, Persistence, Relation, RelationKind, RowSecurity, Withholding,
};

/// Proposes settings for a table or view.
pub fn propose_table(
    listing: &Listing,
    candidate: &Candidate,
    wish: Wish,
    log: Option<&ProposedLog>,
    target: String,
) -> Proposed {
    let relation = &candidate.relation;
    let mut settings = capture::choose(listing, candidate, log);
    let key = capture::key_under(&settings, &candidate.relation);
    settings.extend(of_columns(candidate, key));
    settings.extend(types_of_key(&candidate.relation, key));
    let mut reasons = why_not(listing, candidate, wish, log);
    let mut remarks = remarks(listing, candidate, key);
    let secret = sensitive_key(candidate, key, Sensitive::Secret).into_iter().map(|column| {
        format!("The key {column} is named like a secret, and a key can't be hashed or excluded: name other columns with key.")
    });
    // What somebody names is what they want.
    match wish {
        Wish::Listed => reasons.extend(no_table(candidate, log).into_iter().chain(secret)),
        Wish::Named => remarks.extend(no_table(candidate, log).into_iter().chain(secret)),
    }
    let mut proposed = Proposed {
        dialect: listing.dialect,
        name: candidate.name.clone(),
        heading: heading(candidate),
        remarks,
        verdict: Verdict::Active,
        target: (target != candidate.name.name).then_some(target),
        settings,
    };
    match checked(&mut proposed, relation) {
        Ok(spec) if reasons.is_empty() => proposed.heading.push_str(&format!(": {}", spec.finds())),
        Ok(_) => {}
        Err(reason) => reasons.push(reason),
    }
    if !reasons.is_empty() {
        proposed.remarks.clear();
        proposed.verdict = Verdict::Commented(reasons);
    }
    proposed
}

fn remarks(listing: &Listing, candidate: &Candidate, key: &[String]) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Access::Columns(columns) = &candidate.access {
        remarks.push(format!(
            "The role may read these columns alone: {}. With {} only changed rows would be read.",
            columns.join(", "),
            listing.grant(&candidate.name)
        ));
    }
    if candidate.tracking == ChangeTracking::Unseen {
        remarks.push(format!(
            "Change tracking is on. With {} capture = \"ct\" would read only what was written.",
            listing.grant_tracking(&candidate.name)
        ));
    }
    for column in sensitive_key(candidate, key, Sensitive::Personal) {
        remarks.push(format!(
            "The key {column} is named like personal data. A key can't be hashed or excluded: name other columns with key, or leave the table out."
        ));
    }
    remarks
}

/// The columns of the key that seem to hold something of this sort.
fn sensitive_key<'c>(candidate: &'c Candidate, key: &[String], sort: Sensitive) -> Vec<&'c str> {
    let columns = key.iter().filter_map(|c| candidate.relation.column(c));
    columns.filter(|c| sensitive(c) == Some(sort)).map(|c| c.name.as_str()).collect()
}

/// What keeps a table from being published as it is.
fn why_not(listing: &Listing, candidate: &Candidate, wish: Wish, log: Option<&ProposedLog>) -> Vec<String> {
    let mut reasons = Vec::new();
    if candidate.row_security == RowSecurity::HidesRows {
        reasons.push(format!(
            "Row-level security would hide rows from the {}, and a hidden row looks deleted. To read them all: {}",
            listing.dialect.who_asks(),
            listing.grant_all_rows()
        ));
    }
    if candidate.relation.kind == RelationKind::InMemory {
        reasons.push(
            "A memory-optimized table: SQL Server reads none such in a snapshot. A copy on disk could be published."
                .to_owned(),
        );
    }
    let is_large = candidate.about_rows.is_some_and(|n| n >= LARGE);
    if is_large && candidate.relation.kind == RelationKind::Table && capture::key(&candidate.relation).is_none() {
        reasons.push(
            "So large a table without a key had better not be compared row by row each tick. Give it one, name columns that tell its rows apart \
             with key, or uncomment it with an every such as \"1d\"."
                .to_owned(),
        );
    }
    if let Captures::Full(alone) = listing.captures {
        let key = capture::key(&candidate.relation).unwrap_or_default();
        let is_unreadable = candidate.withheld.iter().any(|w| key.contains(&w.column));
        let why = match (is_large, is_unreadable) {
            (true, _) => Some("So large a table had better not be read whole each tick"),
            (false, true) => {
                Some("The key can't be read as it is, so rows would have to be told apart by what else they hold")
            }
            (false, false) => None,
        };
        let alone = alone.why();
        reasons.extend(why.map(|why| format!("{why}, and {alone}: see the statement at the end of this file.")));
    }
    if candidate.access != Access::Whole && is_large {
        let grant = listing.grant(&candidate.name);
        reasons.push(format!("So large a table had better not be read whole each tick: {grant}"));
    }
    if wish == Wish::Named {
        return reasons;
    }
    if let Some(what) = framework_table(&candidate.name, &candidate.relation) {
        reasons.push(format!("Not data of the application: {what}."));
    } else if let Some(extension) = &candidate.extension {
        reasons.push(format!("Not data of the application: it belongs to the extension {extension}."));
    } else if is_log(candidate, log) {
        reasons.push("The change log itself: its entries name rows of other tables.".to_owned());
    }
    if candidate.persistence == Persistence::Unlogged {
        reasons.push("An unlogged table: a crash of the server empties it, and a standby can't read it.".to_owned());
    }
    reasons
}

/// What a relation is that is no table, and what follows.
fn no_table(candidate: &Candidate, log: Option<&ProposedLog>) -> Option<String> {
    match candidate.relation.kind {
        RelationKind::View => Some(view("A view", log)),
        RelationKind::MaterializedView => {
            let refresh = candidate.relation.dialect.refresh();
            Some(format!("{} {refresh} writes all of its rows again.", view("A materialized view", None)))
        }
        RelationKind::Foreign => Some(
            "A foreign table: its rows do not say which transaction wrote them, and reading it reads another server. As it stands here, all of it is \
             compared each tick."
                .to_owned(),
        ),
        RelationKind::Table | RelationKind::Partitioned | RelationKind::InMemory => None,
    }
}

fn view(what: &str, log: Option<&ProposedLog>) -> String {
    let follows = log.map_or_else(String::new, |log| {
        let logged = match log.writer {
            LogWriter::Triggers => "all tables that it reads, each with triggers that log every write",
            LogWriter::Application => "all types whose entries change its rows",
        };
        format!(
            " With the change log only changed rows are read: write key (the columns that tell its rows apart), capture = \"changelog\" and \
             log_types ({logged}), such as log_types = [\"{}\"].",
            log.example
        )
    });
    format!(
        "{what}: the catalog does not name its key, and its rows do not say which transaction wrote them. As it stands here, all of it is \
         compared each tick.{follows}"
    )
}

/// Types that keep the values of a key apart.
fn types_of_key(relation: &Relation, key: &[String]) -> Option<Setting> {
    let columns = key.iter().filter_map(|name| relation.column(name));
    let forced = columns.filter_map(|c| Some((c.name.as_str(), c.type_in_key()?)));
    let each: Vec<String> =
        forced.map(|(name, target)| format!("{} = {{ type = {} }}", toml_key(name), text(target.sql_name()))).collect();
    (!each.is_empty()).then(|| Setting {
        key: "columns",
        value: format!("{{ {} }}", each.join(", ")),
        why: "BigQuery keeps six digits of a second: without the seventh two keys could be one".to_owned(),
        written: Written::Live,
    })
}

/// Columns that had better stay in the source.
fn of_columns(candidate: &Candidate, key: &[String]) -> Vec<Setting> {
    let relation = &candidate.relation;
    let is_withheld = |name: &String| candidate.withheld.iter().any(|w| w.column == *name);
    let readable = |name: &String| match &candidate.access {
        _ if is_withheld(name) => false,
        Access::Whole => true,
        Access::Columns(columns) => columns.contains(name),
    };
    let of = |sort: Sensitive| -> Vec<&str> {
        let found = relation.columns.iter().filter(|c| !key.contains(&c.name) && readable(&c.name));
        found.filter(|c| sensitive(c) == Some(sort)).map(|c| c.name.as_str()).collect()
    };
    let mut settings = Vec::new();
    let closed: Vec<&str> =
        relation.columns.iter().map(|c| &c.name).filter(|c| !readable(c)).map(String::as_str).collect();
    if !closed.is_empty() {
        let secrets = of(Sensitive::Secret);
        let why = why_excluded(candidate, &closed, &secrets);
        settings.push(Setting {
            key: "exclude",
            value: list(secrets.into_iter().chain(closed)),
            why,
            written: Written::Live,
        });
    }
    for (sort, key, why, written) in [
        (Sensitive::Secret, "exclude", "named like secrets, so never read", Written::Live),
        (Sensitive::Personal, "hash", "named like personal data", Written::Offered),
    ] {
        let columns = of(sort);
        let is_written = settings.iter().any(|e: &Setting| e.key == key);
        if !columns.is_empty() && !is_written {
            settings.push(Setting { key, value: list(columns), why: why.to_owned(), written });
        }
    }
    settings
}

/// Why columns are left out that the role can't read as they are; with them, what is named like a secret.
fn why_excluded(candidate: &Candidate, closed: &[&str], secrets: &[&str]) -> String {
    let withheld = |by| candidate.withheld.iter().any(|w| w.by == by);
    let is_known = |name: &&str| candidate.withheld.iter().any(|w| w.column == *name);
    let who = candidate.relation.dialect.who_asks();
    let reasons = [
        (!secrets.is_empty(), "secrets by their names".to_owned()),
        (!closed.iter().all(is_known), format!("what the {who} may not read")),
        (withheld(Withholding::Mask), format!("what is masked for the {who} (GRANT UNMASK shows it)")),
        (withheld(Withholding::Encryption), "what its clients encrypt (Always Encrypted)".to_owned()),
    ];
    let reasons: Vec<String> = reasons.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what).collect();
    let is_right_alone = secrets.is_empty() && candidate.withheld.is_empty();
    if is_right_alone { format!("the {who} may not read them") } else { reasons.join(", and ") }
}

fn heading(candidate: &Candidate) -> String {
    let relation = &candidate.relation;
    let mut parts = vec![relation_name(&candidate.name)];
    if relation.kind != RelationKind::Table {
        parts.push(relation.kind.name().to_owned());
    } else if !relation.leaves.is_empty() {
        parts.push("with the tables that inherit from it (keys have to differ among all of them)".to_owned());
    }
    parts.extend(
        candidate.about_rows.map(|n| if n == 1 { "about 1 row".to_owned() } else { format!("about {n} rows") }),
    );
    parts.join(", ")
}
