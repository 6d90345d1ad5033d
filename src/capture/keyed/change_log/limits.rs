//! What each kind of log can't see. `check` prints it for the configured one; docs/LIMITS.md has the same table.

use crate::model::LogSpec;

/// Writes that leave no entry, by the log's name.
pub const UNSEEN: [(&str, &str); 9] = [
    (
        "django-models-logging",
        "bulk_create, bulk_update, QuerySet.update, raw SQL, cascades done by the database, many-to-many changes, \
         ignore_changes(), fields left out by LOGGING_IGNORE_FIELDS or LOGGING_ONLY_FIELDS",
    ),
    (
        "django-auditlog",
        "bulk_create, bulk_update, QuerySet.update, raw SQL, cascades done by the database, disable_auditlog(), fields \
         left out when the model was registered",
    ),
    (
        "django-simple-history",
        "bulk_create, bulk_update and QuerySet.update without their _with_history helpers, raw SQL, cascades done by the \
         database, skip_history_when_saving, excluded_fields",
    ),
    (
        "paper_trail",
        "update_column(s), update_all, delete, delete_all, insert_all, upsert_all, raw SQL, cascades done by the database, \
         attributes under ignore or skip",
    ),
    (
        "audited",
        "update_column(s), update_all, delete, delete_all, insert_all, upsert_all, raw SQL, cascades done by the database, \
         columns under except, without_auditing",
    ),
    (
        "laravel-auditing",
        "updates and deletes by a query, insert, upsert, saveQuietly, raw SQL, cascades done by the database, attributes \
         under auditExclude",
    ),
    (
        "supa_audit",
        "writes while its triggers are disabled (session_replication_role, ALTER TABLE … DISABLE TRIGGER), attached and \
         detached partitions",
    ),
    (
        "audit-trigger",
        "writes while its triggers are disabled (session_replication_role, ALTER TABLE … DISABLE TRIGGER), updates of \
         ignored columns alone, attached and detached partitions",
    ),
    ("custom", "every write that does not add to it"),
];

/// The writes that leave no entry in this log.
pub fn unseen(spec: &LogSpec) -> &'static str {
    UNSEEN.iter().find(|(name, _)| *name == spec.name).map_or("", |(_, text)| text)
}
