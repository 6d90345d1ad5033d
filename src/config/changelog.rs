//! `[changelog]`: the log that tables with `capture = "changelog"` share.

use super::presets::{self, preset};
use super::read::{Located, Section};
use super::table::read_lag;
use crate::model::{ActionCodes, Dialect, Diff, KeyFormat, Lag, LogKey, LogSpec, LogTable, RelationName, TypeColumn};

const KEYS: &[&str] = &[
    "preset",
    "table",
    "id",
    "at",
    "lag",
    "type",
    "content_types",
    "key",
    "key_format",
    "key_separator",
    "old_key",
    "action",
    "added",
    "changed",
    "truncated",
    "ignored",
    "diff",
    "diff_format",
];

/// The section's descriptor: a preset with whatever the section says otherwise, or the section alone.
pub(super) fn read(s: &Section<'_>, dialect: Dialect) -> Option<LogSpec> {
    s.refuse_unknown(KEYS);
    let mut spec = match s.string("preset") {
        Some(name) => match preset(&name.value, dialect) {
            Some(spec) => spec,
            None => {
                let known: Vec<String> = presets::names(dialect).map(|n| format!("\"{n}\"")).collect();
                let problem = if presets::names(Dialect::Postgres).any(|n| n == name.value) {
                    format!("preset: `{}` is a log of PostgreSQL", s.shown(&name))
                } else {
                    format!("preset: `{}` is not known", s.shown(&name))
                };
                let remedy = format!("one of {}, or table, id and key for a log of your own", known.join(", "));
                s.fault(name.at, problem, &remedy);
                return None;
            }
        },
        None => custom(s, dialect)?,
    };
    if let Some(table) = s.string("table") {
        spec.table = LogTable::One(relation(s, dialect, "table", &table)?);
    }
    read_columns(s, dialect, &mut spec);
    read_key(s, &mut spec)?;
    let is_packed = spec.keys().any(|key| key.format != KeyFormat::Columns);
    if dialect == Dialect::SqlServer && is_packed {
        let problem = "a packed key (`key_format`) is not read from a SQL Server".to_owned();
        s.fault(s.at(), problem, "key = [\"a\", \"b\"]: a column of the log for each column of the key");
    }
    read_codes(s, &mut spec);
    read_diff(s, &mut spec);
    Some(spec)
}

/// What a log without a preset has to say of itself.
fn custom(s: &Section<'_>, dialect: Dialect) -> Option<LogSpec> {
    let table = s.required_string("table", "preset = \"django-models-logging\", or table = \"public.change_log\"");
    let id = s.required_string("id", "id = \"id\": the log's own key, a number that grows");
    let has_key = s.is_given("key");
    if !has_key {
        s.fault(s.at(), "`key` is missing".to_owned(), "key = \"row_id\": the column that holds the changed row's key");
    }
    let (table, id) = (table?, id?);
    Some(LogSpec {
        name: "custom",
        table: LogTable::One(relation(s, dialect, "table", &table)?),
        id: id.value,
        at: None,
        lag: None,
        types: TypeColumn::Table,
        key: LogKey { columns: Vec::new(), format: KeyFormat::Columns },
        old_key: None,
        action: None,
        codes: ActionCodes::default(),
        diff: None,
    })
}

fn relation(s: &Section<'_>, dialect: Dialect, key: &str, text: &Located<String>) -> Option<RelationName> {
    let parsed = RelationName::parse_in(dialect, &text.value);
    if parsed.is_none() {
        let problem = format!("{key}: `{}` is not a table name", s.shown(text));
        s.fault(text.at, problem, &format!("{key} = \"schema.table\""));
    }
    parsed
}

fn read_columns(s: &Section<'_>, dialect: Dialect, spec: &mut LogSpec) {
    if let Some(id) = s.string("id") {
        spec.id = id.value;
    }
    spec.lag = read_lag(s);
    if matches!(spec.lag, Some(Lag::Time(_))) && spec.at.is_none() && !s.is_given("at") {
        s.fault(s.at(), "`lag` needs `at`".to_owned(), "at = \"created_at\", or a number where `id` is one");
    }
    spec.at = s.string("at").map(|at| at.value).or(spec.at.take());
    spec.action = s.string("action").map(|a| a.value).or(spec.action.take());
    let types = s.string("content_types").and_then(|t| relation(s, dialect, "content_types", &t));
    match s.one_or_more("type") {
        Some(given) => match (given.value.as_slice(), &types) {
            ([column], Some(_)) => {
                spec.types = TypeColumn::ContentType { column: column.clone(), types: types.clone() };
            }
            // A preset's reference to content types stays one, under another name.
            ([column], None) if matches!(spec.types, TypeColumn::ContentType { .. }) => {
                spec.types = TypeColumn::ContentType { column: column.clone(), types: None };
            }
            ([column], None) => spec.types = TypeColumn::Name(column.clone()),
            ([schema, name], None) => {
                spec.types = TypeColumn::Relation { schema: schema.clone(), name: name.clone() };
            }
            _ => s.fault(
                given.at,
                "`type` names too many columns".to_owned(),
                "one column, or two: [\"table_schema\", \"table_name\"]",
            ),
        },
        None => {
            if let TypeColumn::ContentType { types: slot, .. } = &mut spec.types {
                *slot = types;
            } else if types.is_some() {
                s.fault(s.at(), "`content_types` needs `type`".to_owned(), "type = \"content_type_id\"");
            }
        }
    }
}

fn read_key(s: &Section<'_>, spec: &mut LogSpec) -> Option<()> {
    let format = s.choice(
        "key_format",
        &[
            ("columns", KeyFormat::Columns),
            ("json", KeyFormat::Json),
            ("json-array", KeyFormat::JsonArray),
            ("hstore", KeyFormat::Hstore),
            ("delimited", KeyFormat::Delimited(",".to_owned())),
        ],
    );
    let separator = s.string("key_separator");
    let format = match (format, &separator) {
        (Some(KeyFormat::Delimited(_)), Some(text)) if !text.value.is_empty() => {
            Some(KeyFormat::Delimited(text.value.clone()))
        }
        (Some(KeyFormat::Delimited(default)), None) => Some(KeyFormat::Delimited(default)),
        (format, None) => format,
        (_, Some(text)) => {
            let problem = "`key_separator` goes with key_format = \"delimited\", and is not empty".to_owned();
            s.fault(text.at, problem, "key_format = \"delimited\", key_separator = \":\"");
            return None;
        }
    };
    if let Some(columns) = s.one_or_more("key") {
        spec.key.columns = columns.value;
    }
    if let Some(format) = format {
        spec.key.format = format;
    }
    if let Some(columns) = s.one_or_more("old_key") {
        spec.old_key = Some(LogKey { columns: columns.value, format: spec.key.format.clone() });
    }
    Some(())
}

fn read_codes(s: &Section<'_>, spec: &mut LogSpec) {
    for (key, slot) in [
        ("added", &mut spec.codes.added),
        ("changed", &mut spec.codes.changed),
        ("truncated", &mut spec.codes.truncated),
        ("ignored", &mut spec.codes.ignored),
    ] {
        let Some(codes) = s.one_or_more(key) else { continue };
        if spec.action.is_none() {
            s.fault(
                codes.at,
                format!("`{key}` needs `action`"),
                "action = \"action\", the column that holds these codes",
            );
        }
        *slot = codes.value;
    }
}

#[derive(Clone, Copy)]
enum DiffFormat {
    OldNew,
    Pair,
    Values,
    Records,
    Hstore,
}

fn read_diff(s: &Section<'_>, spec: &mut LogSpec) {
    let format = s.choice(
        "diff_format",
        &[
            ("old-new", DiffFormat::OldNew),
            ("pair", DiffFormat::Pair),
            ("values", DiffFormat::Values),
            ("records", DiffFormat::Records),
            ("hstore", DiffFormat::Hstore),
        ],
    );
    let Some(columns) = s.one_or_more("diff") else {
        if format.is_some() {
            s.fault(s.at(), "`diff_format` needs `diff`".to_owned(), "diff = \"changed_data\"");
        }
        return;
    };
    let diff = match (format, columns.value.as_slice()) {
        (Some(DiffFormat::OldNew), [c]) => Diff::OldNew { column: c.clone(), merged: None },
        (Some(DiffFormat::Pair), [c]) => Diff::Pair(c.clone()),
        (Some(DiffFormat::Hstore), [c]) => Diff::Hstore(c.clone()),
        (Some(DiffFormat::Values), [old, new]) => Diff::Values { old: old.clone(), new: new.clone() },
        (Some(DiffFormat::Records), [old, new]) => Diff::Records { old: old.clone(), new: new.clone() },
        _ => {
            let remedy = "diff_format = \"old-new\", \"pair\" or \"hstore\" with one column, \"values\" or \"records\" \
                          with two: [\"old\", \"new\"]";
            s.fault(columns.at, "`diff` does not fit `diff_format`".to_owned(), remedy);
            return;
        }
    };
    if spec.codes.changed.is_empty() {
        let remedy = "action = \"action\", changed = [\"update\"]: only an update's diff may prove anything";
        s.fault(columns.at, "`diff` needs the code of an update".to_owned(), remedy);
    }
    spec.diff = Some(diff);
}
