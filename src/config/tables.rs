//! `[[table]]` and `[defaults]`.

use std::collections::HashMap;

use super::read::{Located, Section, TextOrTable};
use crate::model::{
    Arrays, CaptureKind, ChangedColumns, DeleteStyle, Deletes, Lag, LogType, Metadata, OnUnrepresentable, Partition,
    PartitionBy, RESERVED_PREFIX, RelationName, TableSpec, TargetType,
};

/// The share of a target that one run may delete.
const MAX_DELETE_FRACTION: f64 = 0.3;

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
];

pub(super) fn read(root: &Section<'_>, has_log: bool, has_salt: bool) -> Vec<TableSpec> {
    let defaults = root.section_or_empty("defaults");
    defaults.refuse_unknown(&KEYS[3..]);
    let sections = root.sections("table");
    if sections.is_empty() {
        root.fault(0, "no table is configured".to_owned(), "add [[table]] with source = \"public.orders\"");
    }
    let mut specs = Vec::new();
    let mut targets: HashMap<String, String> = HashMap::new();
    for section in &sections {
        section.refuse_unknown(KEYS);
        let Some((spec, target_at)) = read_table(section) else { continue };
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
        specs.push(spec);
    }
    specs
}

fn read_table(s: &Section<'_>) -> Option<(TableSpec, usize)> {
    let source = s.required_string("source", "source = \"public.orders\"");
    let target = s.string("target");
    let key = s.strings("key");
    let cursor = s.string("cursor");
    let capture = s.choice(
        "capture",
        &[
            ("full", CaptureKind::Full),
            ("cursor", CaptureKind::Cursor),
            ("xmin", CaptureKind::Xmin),
            ("changelog", CaptureKind::Changelog),
        ],
    );
    // A named cursor column says which capture is meant; without one, transaction ids need no help from the table.
    let capture = capture.unwrap_or(if cursor.is_some() { CaptureKind::Cursor } else { CaptureKind::Xmin });
    let lag = read_lag(s);
    let deletes = s.choice("deletes", &[("ignore", Deletes::Ignore), ("keys", Deletes::Keys)]);
    let deletes_every = s.duration("deletes_every");
    let reconcile_every = s.duration("reconcile_every");
    let log_types = read_log_types(s);
    let changed_columns = s.choice(
        "changed_columns",
        &[("reread", ChangedColumns::Reread), ("skip-unpublished", ChangedColumns::SkipUnpublished)],
    );
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
    let arrays = s.choice("arrays", &[("json", Arrays::Json), ("repeated", Arrays::Repeated)]);

    let source = source?;
    let Some(relation) = RelationName::parse(&source.value) else {
        let problem = format!("source: `{}` is not a table name", s.shown(&source));
        s.fault(source.at, problem, &quoted_remedy(&s.shown(&source)));
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
    if let (CaptureKind::Full | CaptureKind::Xmin | CaptureKind::Changelog, Some(c)) = (capture, &cursor) {
        let problem = format!("capture = \"{}\" has no use for a cursor", capture.name());
        s.fault(c.at, problem, "remove it, or write capture = \"cursor\"");
    }
    if capture == CaptureKind::Full && deletes == Some(Deletes::Keys) && s.has_own("deletes") {
        let problem = format!("capture = \"{}\" finds deletes by itself", capture.name());
        s.fault(s.at(), problem, "remove deletes");
    }
    refuse_foreign_keys(s, capture);
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
        key: key.map(|k| k.value),
        capture,
        cursor: cursor.map(|c| c.value),
        lag,
        deletes: if compares_keys { Deletes::Keys } else { Deletes::Ignore },
        deletes_every: deletes_every.map(|d| d.value),
        reconcile_every: reconcile_every.map(|d| d.value),
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
    };
    Some((spec, target_at))
}

/// How a name that lacks its quotes is to be written.
fn quoted_remedy(text: &str) -> String {
    let parts: Vec<&str> = text.trim().split('.').collect();
    let relation = |schema: &str, name: &str| RelationName { schema: schema.to_owned(), name: name.to_owned() };
    match parts.as_slice() {
        [name] if !name.is_empty() && !name.contains('"') => relation("public", name).source_line(),
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
    } else {
        refuse(&["lag", "deletes", "deletes_every"], "another capture");
    }
    if capture == CaptureKind::Full {
        refuse(&["reconcile_every"], "another capture");
    }
}

/// `log_types = ["app.project"]` with `log_key = "project_id"` for all of them, or `{ type, key, field }` one by one.
fn read_log_types(s: &Section<'_>) -> Vec<LogType> {
    let shared = s.one_or_more("log_key").map(|k| k.value);
    let mut types: Vec<LogType> = Vec::new();
    for entry in s.texts_or_tables("log_types").unwrap_or_default() {
        let (log_type, at) = match entry {
            TextOrTable::Text(name) => (LogType { name: name.value, key: shared.clone(), fields: None }, name.at),
            TextOrTable::Table(t) => {
                t.refuse_unknown(&["type", "key", "field"]);
                let key = t.one_or_more("key").map(|k| k.value).or(shared.clone());
                let fields = t.one_or_more("field");
                let Some(name) = t.required_string("type", "{ type = \"app.project\", key = \"project_id\" }") else {
                    continue;
                };
                let count = key.as_ref().map(Vec::len);
                if let Some(f) = fields.as_ref().filter(|f| count.is_some_and(|n| n != f.value.len())) {
                    t.fault(f.at, "`field` and `key` differ in number".to_owned(), "one field for each key column");
                }
                (LogType { name: name.value, key, fields: fields.map(|f| f.value) }, name.at)
            }
        };
        if log_type.name.trim().is_empty() {
            s.fault(at, "log_types: an empty name".to_owned(), "log_types = [\"app.project\"]");
        }
        if types.contains(&log_type) {
            s.fault(at, format!("log_types names {} twice", log_type.name), "name it once");
        }
        types.push(log_type);
    }
    if types.is_empty()
        && let Some(key) = shared
    {
        // The log names relations, and this one's own name is the type.
        types.push(LogType { name: String::new(), key: Some(key), fields: None });
    }
    types
}

pub(super) fn read_lag(s: &Section<'_>) -> Option<Lag> {
    if s.is_integer("lag") {
        return s.integer("lag", 0..=i64::MAX).and_then(|n| u64::try_from(n).ok()).map(Lag::Steps);
    }
    s.duration("lag").map(|d| Lag::Time(d.value))
}

fn read_delete(s: &Section<'_>) -> DeleteStyle {
    let names = (s.string("deleted_flag"), s.string("deleted_at"));
    let soft = s.choice("delete", &[("hard", false), ("soft", true)]).unwrap_or(false);
    if !soft {
        for name in [&names.0, &names.1].into_iter().flatten() {
            let problem = "deleted_flag and deleted_at need delete = \"soft\"".to_owned();
            s.fault(name.at, problem, "add it, or remove them");
        }
        return DeleteStyle::Hard;
    }
    for name in [&names.0, &names.1].into_iter().flatten() {
        if name.value.to_lowercase().starts_with(RESERVED_PREFIX) {
            let problem = format!("the column name `{}` belongs to Plimsoll", s.shown(name));
            s.fault(name.at, problem, "choose one that does not begin with _plimsoll_");
        }
    }
    DeleteStyle::Soft {
        flag: names.0.map_or("is_deleted".to_owned(), |n| n.value),
        at: names.1.map_or("deleted_at".to_owned(), |n| n.value),
    }
}

fn read_partition(s: &Section<'_>) -> Option<Partition> {
    let p = s.nested("partition")?;
    let column = p.required_string("column", "partition = { column = \"created_at\", by = \"day\" }");
    let by = p.choice(
        "by",
        &[
            ("hour", PartitionBy::Hour),
            ("day", PartitionBy::Day),
            ("month", PartitionBy::Month),
            ("year", PartitionBy::Year),
        ],
    );
    let immutable = p.boolean("immutable").unwrap_or(false);
    p.refuse_unknown(&["column", "by", "immutable"]);
    Some(Partition { column: column?.value, by: by.unwrap_or(PartitionBy::Day), immutable })
}

fn read_rename(s: &Section<'_>) -> Vec<(String, String)> {
    let Some(section) = s.nested("rename") else { return Vec::new() };
    let keys = section.own_keys();
    keys.into_iter().filter_map(|k| section.string(&k.value).map(|v| (k.value, v.value))).collect()
}

fn read_forced_types(s: &Section<'_>) -> Vec<(String, TargetType)> {
    let Some(columns) = s.nested("columns") else { return Vec::new() };
    let mut forced = Vec::new();
    for Located { value: name, .. } in columns.own_keys() {
        let Some(column) = columns.nested(&name) else { continue };
        let types = TargetType::ALL.map(|t| (t.sql_name(), t));
        forced.extend(column.choice("type", &types).map(|target| (name, target)));
        column.refuse_unknown(&["type"]);
    }
    forced
}

/// The name as far as BigQuery takes it.
fn legal_table_name(name: &str) -> String {
    const LONGEST: usize = 890;
    let mut out = String::new();
    let legal = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' });
    for c in legal {
        if out.len() + c.len_utf8() > LONGEST {
            break;
        }
        out.push(c);
    }
    out
}

/// Source: <https://cloud.google.com/bigquery/docs/tables#table_naming>
fn is_table_name(name: &str) -> bool {
    // Room is left for `__<run id>` of the staging table.
    !name.is_empty() && name.len() <= 900 && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}
