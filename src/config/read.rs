//! A TOML table that notes a fault instead of stopping at it.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::expand::expand;
use super::fault::Faults;
use crate::model::nearest;

/// A value and where it stands in the text.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub value: T,
    pub at: usize,
}

/// An entry of a list that takes both.
pub(super) enum TextOrTable<'a> {
    Text(Located<String>),
    Table(Section<'a>),
}

/// One table of the document, with the defaults that stand in for what it lacks.
pub(super) struct Section<'a> {
    table: Option<&'a DeTable<'a>>,
    defaults: Option<&'a DeTable<'a>>,
    path: String,
    at: usize,
    faults: &'a Faults<'a>,
    env: &'a Environment,
}

impl<'a> Section<'a> {
    pub fn root(table: &'a DeTable<'a>, faults: &'a Faults<'a>, env: &'a Environment) -> Self {
        Self { table: Some(table), defaults: None, path: String::new(), at: 0, faults, env }
    }

    /// Where it stands in the document, for people.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn fault(&self, at: usize, problem: String, remedy: &str) {
        self.faults.add(at, format!("{}{problem}", self.label()), remedy);
    }

    pub fn warn(&self, at: usize, problem: String, remedy: &str) {
        self.faults.warn(at, format!("{}{problem}", self.label()), remedy);
    }

    fn label(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("{} ", self.path) }
    }

    pub fn child(&self, path: String, value: &'a Spanned<DeValue<'a>>) -> Option<Section<'a>> {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) => {
                Some(Section { table: Some(table), defaults: None, path, at, faults: self.faults, env: self.env })
            }
            _ => {
                self.fault(at, format!("`{path}` is not a section"), &format!("write {path} on a line of its own"));
                None
            }
        }
    }

    /// A section that must be there.
    pub fn section(&self, name: &str) -> Option<Section<'a>> {
        match self.get(name) {
            Some(value) => self.child(format!("[{name}]"), value),
            None => {
                self.faults.add(0, format!("the section [{name}] is missing"), format!("add [{name}]"));
                None
            }
        }
    }

    pub fn optional_section(&self, name: &str) -> Option<Section<'a>> {
        self.get(name).and_then(|value| self.child(format!("[{name}]"), value))
    }

    pub fn section_or_empty(&self, name: &str) -> Section<'a> {
        self.get(name).and_then(|value| self.child(format!("[{name}]"), value)).unwrap_or(Section {
            table: None,
            defaults: None,
            path: format!("[{name}]"),
            at: 0,
            faults: self.faults,
            env: self.env,
        })
    }

    /// The entries of an array of tables, each with `[defaults]` behind it.
    pub fn sections(&self, name: &str) -> Vec<Section<'a>> {
        let defaults = self.get("defaults").and_then(|d| d.get_ref().as_table());
        let Some(value) = self.get(name) else { return Vec::new() };
        let Some(entries) = value.get_ref().as_array() else {
            self.fault(value.span().start, format!("`{name}` is not a list"), &format!("write [[{name}]]"));
            return Vec::new();
        };
        let numbered = entries.iter().enumerate();
        numbered
            .filter_map(|(n, entry)| self.child(format!("[[{name}]] {}:", n + 1), entry))
            .map(|s| Section { defaults, ..s })
            .collect()
    }

    /// A nested table of this section, such as `partition = { … }`.
    pub fn nested(&self, name: &str) -> Option<Section<'a>> {
        self.get(name).and_then(|value| self.child(format!("{} {name}:", self.path), value))
    }

    /// Whether the key stands in this table itself, not in `[defaults]`.
    pub fn has_own(&self, key: &str) -> bool {
        self.table.is_some_and(|t| t.get(key).is_some())
    }

    pub fn is_given(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A value of this table, or of `[defaults]` behind it.
    pub fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.and_then(|t| t.get(key)).or_else(|| self.defaults.and_then(|t| t.get(key)))
    }

    /// The keys written in this table itself, with their places.
    pub fn own_keys(&self) -> Vec<Located<String>> {
        let entries = self.table.into_iter().flat_map(|t| t.iter());
        entries.map(|(k, _)| Located { value: k.get_ref().to_string(), at: k.span().start }).collect()
    }

    pub fn refuse_unknown(&self, known: &[&str]) {
        for key in self.own_keys().into_iter().filter(|k| !known.contains(&k.value.as_str())) {
            let remedy = match nearest(&key.value, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            self.fault(key.at, format!("unknown key `{}`", key.value), &remedy);
        }
    }

    /// Notes that a value is none of the wanted sort.
    pub fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let given = with_article(value.get_ref().type_str());
        let wanted_one = if wanted == "true or false" { wanted.to_owned() } else { with_article(wanted) };
        let problem = format!("`{key}`: {given} is not {wanted_one}");
        let remedy = match wanted {
            "text" => format!("{key} = \"a text in quotes\""),
            "list of texts" => format!("{key} = [\"one\", \"two\"]"),
            "duration" => format!("{key} = \"10m\""),
            "size" => format!("{key} = \"16MiB\""),
            "true or false" => format!("{key} = true, or {key} = false"),
            _ => format!("write {wanted_one} after {key} ="),
        };
        self.fault(value.span().start, problem, &remedy);
    }

    /// Puts the environment's values in for `${NAME}`. Every text of the config comes through here.
    fn expand(&self, key: &str, text: &str, at: usize) -> Option<String> {
        match expand(text, self.env) {
            Ok(value) => {
                if value != text {
                    self.faults.note_written(at, text);
                }
                Some(value)
            }
            Err(e) => {
                self.fault(at, format!("`{key}`: {}", e.problem()), &e.remedy());
                None
            }
        }
    }

    /// A text as the file has it, for faults: what stands in the environment may be a secret.
    pub fn shown<'t>(&self, text: &'t Located<String>) -> Cow<'t, str> {
        match self.faults.written(text.at) {
            Some(written) => Cow::Owned(written),
            None => Cow::Borrowed(&text.value),
        }
    }

    /// The text of a value, expanded; a fault where it is something else.
    pub fn text(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> Option<Located<String>> {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) => Some(Located { value: self.expand(key, text, at)?, at }),
            _ => {
                self.wrong_type(key, value, wanted);
                None
            }
        }
    }
}

/// `a text`, `an integer`.
fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}
