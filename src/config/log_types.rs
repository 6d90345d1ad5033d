//! `log_types`: which entries of a change log concern a table.

use super::read::{Section, TextOrTable};
use crate::model::LogType;

/// `log_types = ["app.project"]` with `log_key = "project_id"` for all of them, or `{ type, key, field }` one by one.
pub(super) fn read_log_types(s: &Section<'_>) -> Vec<LogType> {
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
