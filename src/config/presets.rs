//! Change logs that are known by name.
//!
//! Only what all versions of a library have in common stands here; whether a key is a number or a text, or a column is
//! there at all, is asked of the catalog when the log is read.

use crate::model::{
    ActionCodes, Dialect, Diff, KeyFormat, LogKey, LogSpec, LogTable, Merged, RelationName, TypeColumn,
};

/// The names `preset` takes for this kind of source.
pub(super) fn names(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().filter(move |name| preset(name, dialect).is_some())
}

const NAMES: [&str; 8] = [
    "django-models-logging",
    "django-auditlog",
    "django-simple-history",
    "paper_trail",
    "audited",
    "laravel-auditing",
    "supa_audit",
    "audit-trigger",
];

/// The presets whose log is one table.
pub(crate) fn known_logs(dialect: Dialect) -> impl Iterator<Item = LogSpec> {
    NAMES.iter().filter_map(move |name| preset(name, dialect)).filter(|spec| matches!(spec.table, LogTable::One(_)))
}

/// The descriptor of a log that a known library or trigger writes, with its default names.
pub(super) fn preset(name: &str, dialect: Dialect) -> Option<LogSpec> {
    let home = dialect.default_schema();
    Some(match name {
        "django-models-logging" => django_models_logging(home),
        "django-auditlog" => django_auditlog(home),
        "django-simple-history" => django_simple_history(),
        "paper_trail" => paper_trail(home),
        "audited" => audited(home),
        "laravel-auditing" => laravel_auditing(home),
        // Triggers of PostgreSQL write these, with keys packed as jsonb and hstore.
        "supa_audit" if dialect == Dialect::Postgres => supa_audit(),
        "audit-trigger" if dialect == Dialect::Postgres => audit_trigger(),
        _ => return None,
    })
}

/// <https://github.com/legion-an/django-models-logging>, 0.9 to 5.2.
fn django_models_logging(home: &str) -> LogSpec {
    LogSpec {
        types: content_types(),
        key: columns(&["object_id"]),
        action: text("action"),
        codes: codes(&["added"], &["changed"], &[], &[]),
        diff: Some(Diff::OldNew {
            column: "changed_data".to_owned(),
            // 1.0 kept the last diff of a request; 2.1, which brought `extras`, joins them.
            merged: Some(Merged { column: "revision_id".to_owned(), joined_with: "extras".to_owned() }),
        }),
        ..base("django-models-logging", home, "models_logging_change", "id", "date_created")
    }
}

/// <https://github.com/jazzband/django-auditlog>. Action 3 is "access": somebody looked.
fn django_auditlog(home: &str) -> LogSpec {
    LogSpec {
        types: content_types(),
        key: columns(&["object_pk"]),
        action: text("action"),
        codes: codes(&["0"], &["1"], &[], &["3"]),
        diff: Some(Diff::Pair("changes".to_owned())),
        ..base("django-auditlog", home, "auditlog_logentry", "id", "timestamp")
    }
}

/// <https://github.com/django-commons/django-simple-history>: a table for each model, with the model's columns.
fn django_simple_history() -> LogSpec {
    LogSpec {
        table: LogTable::PerType,
        types: TypeColumn::Table,
        key: columns(&[]),
        action: text("history_type"),
        codes: codes(&["+"], &["~"], &[], &[]),
        ..base("django-simple-history", "", "", "history_id", "history_date")
    }
}

/// <https://github.com/paper-trail-gem/paper_trail>. `object` is the state *before*; `object_changes` is optional.
fn paper_trail(home: &str) -> LogSpec {
    LogSpec {
        types: TypeColumn::Name("item_type".to_owned()),
        key: columns(&["item_id"]),
        action: text("event"),
        codes: codes(&["create"], &["update"], &[], &[]),
        diff: Some(Diff::Pair("object_changes".to_owned())),
        ..base("paper_trail", home, "versions", "id", "created_at")
    }
}

/// <https://github.com/collectiveidea/audited>
fn audited(home: &str) -> LogSpec {
    LogSpec {
        types: TypeColumn::Name("auditable_type".to_owned()),
        key: columns(&["auditable_id"]),
        action: text("action"),
        codes: codes(&["create"], &["update"], &[], &[]),
        diff: Some(Diff::Pair("audited_changes".to_owned())),
        ..base("audited", home, "audits", "id", "created_at")
    }
}

/// <https://github.com/owen-it/laravel-auditing>. `retrieved` is a look.
fn laravel_auditing(home: &str) -> LogSpec {
    LogSpec {
        types: TypeColumn::Name("auditable_type".to_owned()),
        key: columns(&["auditable_id"]),
        action: text("event"),
        codes: codes(&["created"], &["updated"], &[], &["retrieved"]),
        diff: Some(Diff::Values { old: "old_values".to_owned(), new: "new_values".to_owned() }),
        ..base("laravel-auditing", home, "audits", "id", "created_at")
    }
}

/// <https://github.com/supabase/supa_audit>
fn supa_audit() -> LogSpec {
    LogSpec {
        types: relation("table_schema", "table_name"),
        key: packed(&["record"], KeyFormat::Json),
        old_key: Some(packed(&["old_record"], KeyFormat::Json)),
        action: text("op"),
        codes: codes(&["INSERT"], &["UPDATE"], &["TRUNCATE"], &[]),
        diff: Some(Diff::Records { old: "old_record".to_owned(), new: "record".to_owned() }),
        ..base("supa_audit", "audit", "record_version", "id", "ts")
    }
}

/// <https://wiki.postgresql.org/wiki/Audit_trigger_91plus>: the row before an update, and what it changed.
fn audit_trigger() -> LogSpec {
    LogSpec {
        types: relation("schema_name", "table_name"),
        key: packed(&["changed_fields", "row_data"], KeyFormat::Hstore),
        old_key: Some(packed(&["row_data"], KeyFormat::Hstore)),
        action: text("action"),
        codes: codes(&["I"], &["U"], &["T"], &[]),
        diff: Some(Diff::Hstore("changed_fields".to_owned())),
        ..base("audit-trigger", "audit", "logged_actions", "event_id", "action_tstamp_clk")
    }
}

fn base(name: &'static str, schema: &str, table: &str, id: &str, at: &str) -> LogSpec {
    LogSpec {
        name,
        table: LogTable::One(RelationName { schema: schema.to_owned(), name: table.to_owned() }),
        id: id.to_owned(),
        at: Some(at.to_owned()),
        lag: None,
        types: TypeColumn::Table,
        key: columns(&[]),
        old_key: None,
        action: None,
        codes: ActionCodes::default(),
        diff: None,
    }
}

fn text(name: &str) -> Option<String> {
    Some(name.to_owned())
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn columns(names: &[&str]) -> LogKey {
    packed(names, KeyFormat::Columns)
}

fn packed(names: &[&str], format: KeyFormat) -> LogKey {
    LogKey { columns: list(names), format }
}

fn content_types() -> TypeColumn {
    TypeColumn::ContentType { column: "content_type_id".to_owned(), types: None }
}

fn relation(schema: &str, name: &str) -> TypeColumn {
    TypeColumn::Relation { schema: schema.to_owned(), name: name.to_owned() }
}

fn codes(added: &[&str], changed: &[&str], truncated: &[&str], ignored: &[&str]) -> ActionCodes {
    ActionCodes { added: list(added), changed: list(changed), truncated: list(truncated), ignored: list(ignored) }
}
