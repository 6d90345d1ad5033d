//! Typed access to a TOML table that notes a fault instead of stopping at it.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

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

    fn child(&self, path: String, value: &'a Spanned<DeValue<'a>>) -> Option<Section<'a>> {
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

    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
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

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
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
    fn text(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> Option<Located<String>> {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) => Some(Located { value: self.expand(key, text, at)?, at }),
            _ => {
                self.wrong_type(key, value, wanted);
                None
            }
        }
    }

    pub fn string(&self, key: &str) -> Option<Located<String>> {
        self.text(key, self.get(key)?, "text")
    }

    pub fn required_string(&self, key: &str, example: &str) -> Option<Located<String>> {
        match self.get(key) {
            Some(_) => match self.string(key)? {
                text if text.value.trim().is_empty() => {
                    self.fault(text.at, format!("`{key}` is empty"), example);
                    None
                }
                text => Some(text),
            },
            None => {
                self.fault(self.at, format!("`{key}` is missing"), example);
                None
            }
        }
    }

    pub fn strings(&self, key: &str) -> Option<Located<Vec<String>>> {
        let value = self.get(key)?;
        let at = value.span().start;
        let texts = value.get_ref().as_array().filter(|entries| entries.iter().all(|e| e.get_ref().is_str()));
        let Some(texts) = texts else {
            self.wrong_type(key, value, "list of texts");
            return None;
        };
        // All of them, so that each one's fault is told.
        let each: Vec<Option<String>> = texts.iter().map(|e| self.text(key, e, "text").map(|t| t.value)).collect();
        Some(Located { value: each.into_iter().collect::<Option<_>>()?, at })
    }

    /// A text, or a list of texts with something in it.
    pub fn one_or_more(&self, key: &str) -> Option<Located<Vec<String>>> {
        let value = self.get(key)?;
        let list = match value.get_ref() {
            DeValue::String(_) => self.string(key).map(|t| Located { value: vec![t.value], at: t.at })?,
            _ => self.strings(key)?,
        };
        if list.value.is_empty() || list.value.iter().any(String::is_empty) {
            self.fault(list.at, format!("`{key}` is empty"), "remove it, or name a column");
            return None;
        }
        Some(list)
    }

    /// Whether the key stands in this table itself, not in `[defaults]`.
    pub fn has_own(&self, key: &str) -> bool {
        self.table.is_some_and(|t| t.get(key).is_some())
    }

    pub fn is_given(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The entries of a list that are texts, or tables such as `{ type = "…" }`.
    pub fn texts_or_tables(&self, key: &str) -> Option<Vec<TextOrTable<'a>>> {
        let value = self.get(key)?;
        let Some(entries) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "list of texts");
            return None;
        };
        let numbered = entries.iter().enumerate();
        let each = numbered.map(|(n, entry)| match entry.get_ref() {
            DeValue::String(_) => self.text(key, entry, "text").map(TextOrTable::Text),
            _ => self.child(format!("{} {key} {}:", self.path, n + 1), entry).map(TextOrTable::Table),
        });
        // Those without a fault, so that the others' own texts are looked at as well.
        Some(each.flatten().collect())
    }

    pub fn fraction(&self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        let text = match value.get_ref() {
            DeValue::Float(f) => f.as_str().to_owned(),
            DeValue::Integer(i) => i.as_str().to_owned(),
            _ => String::new(),
        };
        let fraction = text.parse::<f64>().ok().filter(|f| (0.0..=1.0).contains(f));
        if fraction.is_none() {
            self.fault(value.span().start, format!("`{key}` is not a fraction"), "between 0.0 and 1.0, such as 0.3");
        }
        fraction
    }

    pub fn integer(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.get(key)?;
        let number = value.get_ref().as_integer().and_then(|i| i64::from_str_radix(i.as_str(), i.radix()).ok());
        match number {
            Some(n) if range.contains(&n) => Some(n),
            Some(n) => {
                let remedy = format!("between {} and {}", range.start(), range.end());
                self.fault(value.span().start, format!("`{key}`: {n} is out of range"), &remedy);
                None
            }
            None => {
                self.wrong_type(key, value, "whole number");
                None
            }
        }
    }

    pub fn boolean(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, value, "true or false");
        }
        flag
    }

    /// Whether the key holds a whole number, for keys that take more than one type.
    pub fn is_integer(&self, key: &str) -> bool {
        self.get(key).is_some_and(|v| v.get_ref().is_integer())
    }

    pub fn duration(&self, key: &str) -> Option<Located<Duration>> {
        let text = self.text(key, self.get(key)?, "duration")?;
        match humantime::parse_duration(text.value.trim()) {
            Ok(value) => Some(Located { value, at: text.at }),
            Err(_) => {
                let problem = format!("`{key}`: `{}` is not a duration", self.shown(&text));
                self.fault(text.at, problem, "such as \"90s\", \"10m\" or \"1h\"");
                None
            }
        }
    }

    pub fn size(&self, key: &str) -> Option<Located<usize>> {
        let text = self.text(key, self.get(key)?, "size")?;
        let size = text.value.trim().parse::<bytesize::ByteSize>();
        match size.ok().and_then(|s| usize::try_from(s.as_u64()).ok()) {
            Some(value) => Some(Located { value, at: text.at }),
            None => {
                let problem = format!("`{key}`: `{}` is not a size", self.shown(&text));
                self.fault(text.at, problem, "such as \"512KiB\" or \"16MiB\"");
                None
            }
        }
    }

    pub fn choice<T: Clone>(&self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.string(key)?;
        let chosen = choices.iter().find(|(name, _)| *name == text.value);
        if chosen.is_none() {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let problem = format!("`{key}`: \"{}\" is not known", self.shown(&text));
            self.fault(text.at, problem, &format!("one of {}", names.join(", ")));
        }
        chosen.map(|(_, value)| value.clone())
    }
}

/// `a text`, `an integer`.
fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}
