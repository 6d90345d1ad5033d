//! `[[table]]` and `[defaults]`.

use std::collections::HashMap;

use super::read::Section;
use super::table::read_table;
use super::target_name::legal_table_name;
use crate::model::{CaptureKind, Dialect, FeedId, TableSpec};

/// Every key of a table; `[defaults]` takes them too, but for the first three.
const KEYS: &[&str] = &[
    "source",
    "target",
    "key",
    "capture",
    "cursor",
    "lag",
    "deletes",
    "deletes_every",
    "reconcile_every",
    "verify_every",
    "every",
    "delete",
    "deleted_flag",
    "deleted_at",
    "where",
    "exclude",
    "hash",
    "rename",
    "columns",
    "arrays",
    "on_unrepresentable",
    "partition",
    "cluster",
    "log_types",
    "log_key",
    "changed_columns",
    "max_delete_fraction",
    "metadata",
    "apply",
    "max_staleness",
];

pub(super) fn read(root: &Section<'_>, dialect: Dialect, has_log: bool, has_salt: bool) -> Vec<TableSpec> {
    let defaults = root.section_or_empty("defaults");
    defaults.refuse_unknown(&KEYS[3..]);
    let sections = root.sections("table");
    if sections.is_empty() {
        root.fault(0, "no table is configured".to_owned(), "add [[table]] with source = \"public.orders\"");
    }
    let mut specs = Vec::new();
    let mut tracked_alike = None;
    let mut targets: HashMap<String, String> = HashMap::new();
    for section in &sections {
        section.refuse_unknown(KEYS);
        let Some((spec, target_at)) = read_table(section, dialect) else { continue };
        if spec.capture == CaptureKind::Changelog && !has_log {
            let problem = "capture = \"changelog\" needs a change log".to_owned();
            section.fault(section.at(), problem, "add [changelog] with preset = \"django-models-logging\"");
        }
        if !spec.hash.is_empty() && !has_salt {
            let problem = "hash needs a salt: without one a digest of an address is as good as the address".to_owned();
            section.fault(section.at(), problem, "[source] hash_salt = \"${HASH_SALT}\"");
        }
        // BigQuery compares table names with case, file names and people often don't.
        if let Some(other) = targets.get(&spec.target.to_lowercase()) {
            let own = legal_table_name(&format!("{}_{}", spec.source.schema, spec.source.name));
            let mut names = std::iter::once(own.clone()).chain((2..).map(|n| format!("{own}_{n}")));
            let free = names.find(|name| !targets.contains_key(&name.to_lowercase())).unwrap_or(own);
            section.fault(
                target_at,
                format!("the target `{}` is also the target of {other}", spec.target),
                &format!("give it a name of its own: target = \"{free}\""),
            );
        } else {
            targets.insert(spec.target.to_lowercase(), spec.source.to_string());
        }
        if spec.capture != CaptureKind::Ct && spec.target == FeedId::CHANGE_TRACKING {
            tracked_alike = Some((section, target_at, spec.source.to_string()));
        }
        specs.push(spec);
    }
    if let (Some((section, at, source)), true) = (tracked_alike, specs.iter().any(|s| s.capture == CaptureKind::Ct)) {
        let target = FeedId::CHANGE_TRACKING;
        let problem = format!("the state of {source} would have the name of the feed of change tracking, {target}");
        section.fault(at, problem, &format!("give it another name: target = \"{target}_table\""));
    }
    specs
}
