//! One `[[table]]`, with `[defaults]` behind it.

use super::log_types::read_log_types;
use super::read::{Located, Section};
use super::target_columns::{read_delete, read_forced_types, read_partition, read_rename};
use super::target_name::{is_table_name, legal_table_name};
use crate::model::{
    ApplyBy, Arrays, CaptureKind, ChangedColumns, DeleteStyle, Deletes, Dialect, Lag, Metadata, OnUnrepresentable,
    RelationName, TableKey, TableSpec,
};

/// The share of a target that one run may delete.
const MAX_DELETE_FRACTION: f64 = 0.3;

/// Reads it; with it comes where its target is named. `None` only where a fault was noted.
pub(super) fn read_table(s: &Section<'_>, dialect: Dialect) -> Option<(TableSpec, usize)> {
    let source = s.required_string("source", "source = \"public.orders\"");
    let target = s.string("target");
    let by_row = s.at_text("key", "row");
    let key = match by_row {
        Some(_) => None,
        None => s.strings("key"),
    };
    let cursor = s.string("cursor");
    let capture = s.choice(
        "capture",
        &[
            ("full", CaptureKind::Full),
            ("cursor", CaptureKind::Cursor),
            ("xmin", CaptureKind::Xmin),
            ("changelog", CaptureKind::Changelog),
            ("digest", CaptureKind::Digest),
            ("ct", CaptureKind::Ct),
        ],
    );
    // A named cursor column says which capture is meant.
    let capture =
        capture.unwrap_or(if cursor.is_some() { CaptureKind::Cursor } else { CaptureKind::default_of(dialect) });
    let elsewhere = match (capture, dialect) {
        (CaptureKind::Ct, Dialect::Postgres) => Some("write capture = \"xmin\", which needs nothing from the table"),
        (CaptureKind::Xmin, Dialect::SqlServer) => {
            Some("write capture = \"ct\" where change tracking is on, else capture = \"digest\"")
        }
        _ => None,
    };
    if let Some(remedy) = elsewhere {
        let problem = format!("capture = \"{}\" is not done for this kind of source", capture.name());
        s.fault(s.at(), problem, remedy);
    }
    let lag = read_lag(s);
    let deletes = s.choice("deletes", &[("ignore", Deletes::Ignore), ("keys", Deletes::Keys)]);
    let deletes_every = s.duration("deletes_every");
    let reconcile_every = s.duration("reconcile_every");
    let verify_every = s.duration("verify_every");
    let log_types = read_log_types(s);
    let changed_columns = s.choice(
        "changed_columns",
        &[("reread", ChangedColumns::Reread), ("skip-unpublished", ChangedColumns::SkipUnpublished)],
    );
    if (changed_columns, dialect) == (Some(ChangedColumns::SkipUnpublished), Dialect::SqlServer) {
        let problem = "changed_columns = \"skip-unpublished\" is not done for a SQL Server: its catalog does not tell a reader what a \
                       diff would prove"
            .to_owned();
        s.fault(s.at(), problem, "remove it: every changed row is read again");
    }
    let max_delete_fraction = s.fraction("max_delete_fraction").unwrap_or(MAX_DELETE_FRACTION);
    let every = s.duration("every").map(|d| d.value);
    let delete = read_delete(s);
    let filter = s.string("where");
    if let Some(empty) = filter.as_ref().filter(|f| f.value.trim().is_empty()) {
        s.fault(empty.at, "`where` is empty".to_owned(), "remove it");
    }
    let filter = filter.map(|f| f.value);
    let exclude = s.strings("exclude").map(|l| l.value).unwrap_or_default();
    let on_unrepresentable = s.choice(
        "on_unrepresentable",
        &[
            ("quarantine", OnUnrepresentable::Quarantine),
            ("fail", OnUnrepresentable::Fail),
            ("null", OnUnrepresentable::Null),
        ],
    );
    let partition = read_partition(s);
    let cluster = s.strings("cluster");
    let rename = read_rename(s);
    let hash = s.strings("hash");
    let forced = read_forced_types(s);
    let metadata = match s.boolean("metadata") {
        Some(true) => Metadata::Columns,
        Some(false) | None => Metadata::Off,
    };
    let apply = s.choice("apply", &[("merge", ApplyBy::Merge), ("append", ApplyBy::Append)]).unwrap_or_default();
    let max_staleness = s.duration("max_staleness");
    let arrays = s.choice("arrays", &[("json", Arrays::Json), ("repeated", Arrays::Repeated)]);

    let source = source?;
    let Some(relation) = RelationName::parse_in(dialect, &source.value) else {
        let problem = format!("source: `{}` is not a table name", s.shown(&source));
        s.fault(source.at, problem, &quoted_remedy(&s.shown(&source), dialect));
        return None;
    };
    let target = target.unwrap_or(Located { value: relation.name.clone(), at: source.at });
    if !is_table_name(&target.value) {
        let name = legal_table_name(s.shown(&target).as_ref());
        let remedy = format!("target = \"{name}\": letters, digits, underscores and dashes");
        s.fault(target.at, format!("`{}` cannot be a BigQuery table's name", s.shown(&target)), &remedy);
    }
    let (target_name, target_at) = (target.value, target.at);
    if capture == CaptureKind::Cursor && cursor.is_none() {
        s.fault(s.at(), "capture = \"cursor\" needs a cursor column".to_owned(), "cursor = \"updated_at\"");
    }
    if let (
        CaptureKind::Full | CaptureKind::Xmin | CaptureKind::Changelog | CaptureKind::Digest | CaptureKind::Ct,
        Some(c),
    ) = (capture, &cursor)
    {
        let problem = format!("capture = \"{}\" has no use for a cursor", capture.name());
        s.fault(c.at, problem, "remove it, or write capture = \"cursor\"");
    }
    if capture == CaptureKind::Full && deletes == Some(Deletes::Keys) && s.has_own("deletes") {
        let problem = format!("capture = \"{}\" finds deletes by itself", capture.name());
        s.fault(s.at(), problem, "remove deletes");
    }
    refuse_foreign_keys(s, capture);
    if let Some(at) = by_row.filter(|_| capture != CaptureKind::Digest) {
        let problem = format!("key = \"row\" means nothing under capture = \"{}\"", capture.name());
        let remedy = "write capture = \"digest\", which compares rows that nothing but their values tells apart; or name columns that are unique \
                      together: key = [\"id\"]; capture = \"full\" needs no key";
        s.fault(at, problem, remedy);
    }
    if let Some(k) = key.as_ref().filter(|k| k.value.iter().enumerate().any(|(n, c)| k.value[..n].contains(c))) {
        s.fault(k.at, "`key` names a column twice".to_owned(), "name each key column once");
    }
    let compares_keys = deletes == Some(Deletes::Keys) && matches!(capture, CaptureKind::Cursor | CaptureKind::Xmin);
    if let (Some(every), false) = (&deletes_every, deletes == Some(Deletes::Keys)) {
        s.fault(every.at, "deletes_every needs deletes = \"keys\"".to_owned(), "add it, or remove deletes_every");
    }
    if let Some(columns) = cluster.as_ref().filter(|c| c.value.len() > 4) {
        s.fault(columns.at, "cluster: more than 4 columns".to_owned(), "BigQuery clusters by at most 4");
    }
    if let Some(hash) = &hash {
        let is_forced = |c: &String| forced.iter().any(|(name, _)| name == c);
        if let Some(column) = hash.value.iter().find(|c| exclude.contains(c) || is_forced(c)) {
            let problem = format!("the column {column} is hashed, and excluded or given a type as well");
            s.fault(hash.at, problem, "say one of them");
        }
    }
    let spec = TableSpec {
        source: relation,
        target: target_name,
        home: String::new(),
        key: match (by_row, key) {
            (Some(_), _) => TableKey::Row,
            (None, Some(key)) => TableKey::Columns(key.value),
            (None, None) => TableKey::Primary,
        },
        capture,
        cursor: cursor.map(|c| c.value),
        lag,
        deletes: if compares_keys { Deletes::Keys } else { Deletes::Ignore },
        deletes_every: deletes_every.map(|d| d.value),
        reconcile_every: reconcile_every.map(|d| d.value),
        verify_every: verify_every.map(|d| d.value),
        max_delete_fraction,
        every,
        delete,
        filter,
        exclude,
        rename,
        hash: hash.map(|h| h.value).unwrap_or_default(),
        salt: String::new(),
        forced,
        arrays: arrays.unwrap_or_default(),
        on_unrepresentable: on_unrepresentable.unwrap_or(OnUnrepresentable::Quarantine),
        partition,
        cluster: cluster.map(|c| c.value),
        log_types,
        log: String::new(),
        changed_columns: changed_columns.unwrap_or(ChangedColumns::Reread),
        metadata,
        apply,
        max_staleness: max_staleness.as_ref().map(|d| d.value),
    };
    refuse_unfit_for_append(s, &spec, max_staleness.map(|d| d.at));
    Some((spec, target_at))
}

/// How a name that lacks its quotes is to be written.
fn quoted_remedy(text: &str, dialect: Dialect) -> String {
    let parts: Vec<&str> = text.trim().split('.').collect();
    let relation = |schema: &str, name: &str| RelationName { schema: schema.to_owned(), name: name.to_owned() };
    match parts.as_slice() {
        [name] if !name.is_empty() && !name.contains('"') => relation(dialect.default_schema(), name).source_line(),
        [schema, name] if !schema.is_empty() && !name.is_empty() && !text.contains('"') => {
            relation(schema, name).source_line()
        }
        _ => "source = \"schema.table\"; a part with blanks, dots or quotes in it stands in quotes: source = \
              \"public.\\\"Order Items\\\"\""
            .to_owned(),
    }
}

/// Keys that only mean something under another capture. In `[defaults]` they are for the tables they fit.
fn refuse_foreign_keys(s: &Section<'_>, capture: CaptureKind) {
    let refuse = |keys: &[&str], wanted: &str| {
        for key in s.own_keys().into_iter().filter(|k| keys.contains(&k.value.as_str())) {
            let problem = format!("`{}` means nothing under capture = \"{}\"", key.value, capture.name());
            s.fault(key.at, problem, &format!("remove it, or write {wanted}"));
        }
    };
    if capture != CaptureKind::Changelog {
        refuse(&["log_types", "log_key", "changed_columns"], "capture = \"changelog\"");
    }
    if matches!(capture, CaptureKind::Changelog | CaptureKind::Digest | CaptureKind::Ct) {
        refuse(&["lag", "deletes", "deletes_every"], "another capture");
    }
    if capture == CaptureKind::Full {
        refuse(&["reconcile_every"], "another capture");
    }
}

/// What the Storage Write API can't do, or must not be asked to.
fn refuse_unfit_for_append(s: &Section<'_>, spec: &TableSpec, max_staleness: Option<usize>) {
    if spec.apply == ApplyBy::Merge {
        if let Some(at) = max_staleness.filter(|_| s.has_own("max_staleness")) {
            let remedy = "remove it, or write apply = \"append\"";
            s.fault(at, "`max_staleness` means nothing under apply = \"merge\"".to_owned(), remedy);
        }
        return;
    }
    let refuse = |problem: String, remedy: &str| s.fault(s.at(), problem, remedy);
    if spec.delete != DeleteStyle::Hard {
        let problem = "apply = \"append\" replaces whole rows, so a deleted row can't keep its columns".to_owned();
        refuse(problem, "write delete = \"hard\", or apply = \"merge\"");
    }
    if spec.capture == CaptureKind::Full {
        let problem =
            "apply = \"append\" has no use for capture = \"full\", which replaces the table each time".to_owned();
        refuse(problem, "write apply = \"merge\", or a capture that finds changes");
    }
    if spec.reconcile_every.is_some() && spec.capture != CaptureKind::Digest {
        let problem = "apply = \"append\" takes no MERGE, which `reconcile_every` needs".to_owned();
        refuse(
            problem,
            "write capture = \"digest\", verify_every with `plimsoll verify --repair`, or apply = \"merge\"",
        );
    }
    if spec.deletes_every.is_some() {
        let problem = "apply = \"append\" has to look for deleted rows in each run: a row that comes and goes between two looks would stay".to_owned();
        refuse(problem, "remove deletes_every, and give the table a longer `every` where that costs too much");
    }
}

pub(super) fn read_lag(s: &Section<'_>) -> Option<Lag> {
    if s.is_integer("lag") {
        return s.integer("lag", 0..=i64::MAX).and_then(|n| u64::try_from(n).ok()).map(Lag::Steps);
    }
    s.duration("lag").map(|d| Lag::Time(d.value))
}
