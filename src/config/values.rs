//! The values of a TOML table by type. Each notes a fault where it is of another one.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::read::{Located, Section, TextOrTable};

impl<'a> Section<'a> {
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
                self.fault(self.at(), format!("`{key}` is missing"), example);
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
            _ => self.child(format!("{} {key} {}:", self.path(), n + 1), entry).map(TextOrTable::Table),
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

    /// Where the key holds this text, for keys that take something else.
    pub fn at_text(&self, key: &str, text: &str) -> Option<usize> {
        let value = self.get(key).filter(|v| v.get_ref().as_str() == Some(text))?;
        Some(value.span().start)
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
