//! How the comment is written that a statement begins with: names and values that can't end it.

use std::fmt::Write as _;

use crate::model::RelationName;

/// A comment, put together part by part.
pub(super) struct Comment(String);

impl Comment {
    pub fn of(name: &str) -> Self {
        Self(format!("/* plimsoll:{name}"))
    }

    pub fn raw(&mut self, name: &str, encoded: &str) {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(encoded);
    }

    pub fn value(&mut self, name: &str, value: &str) {
        self.raw(name, &encoded(value));
    }

    pub fn flag(&mut self, name: &str, is_so: bool) {
        if is_so {
            self.raw(name, "1");
        }
    }

    pub fn table(&mut self, table: &RelationName) {
        self.raw("table", &relation(table));
    }

    pub fn tables(&mut self, name: &str, tables: &[RelationName]) {
        let all: Vec<String> = tables.iter().map(relation).collect();
        self.raw(name, &all.join(","));
    }

    pub fn list<'a>(&mut self, name: &str, items: impl Iterator<Item = &'a str>) {
        let all: Vec<String> = items.map(encoded).collect();
        self.encoded_list(name, &all);
    }

    pub fn encoded_list(&mut self, name: &str, items: &[String]) {
        let is_one_empty = matches!(items, [one] if one.is_empty());
        self.raw(name, if is_one_empty { "%" } else { "" });
        self.0.push_str(&items.join(","));
    }

    pub fn key_text(&mut self, name: &str, key: Option<&[String]>) {
        if let Some(key) = key {
            self.list(name, key.iter().map(String::as_str));
        }
    }

    pub fn page(&mut self, after: u64, top: u64) {
        self.value("after", &after.to_string());
        self.value("top", &top.to_string());
    }

    pub fn filter(&mut self, filter: Option<&str>) {
        if let Some(filter) = filter {
            self.value("where", filter);
        }
    }

    pub fn end(mut self) -> String {
        self.0.push_str(" */");
        self.0
    }
}

fn relation(name: &RelationName) -> String {
    format!("{}.{}", encoded(&name.schema).replace('.', "%2E"), encoded(&name.name).replace('.', "%2E"))
}

/// Letters, digits and `_ . -` as they are, each other byte as `%XX`.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-') {
            out.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
