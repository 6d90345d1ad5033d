//! The variables that a config's text may name.

use std::collections::HashMap;

/// The variables `${NAME}` may name.
#[derive(Clone, Debug, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    pub fn of_process() -> Self {
        // One that is no text can be put into none; `vars` would panic at it.
        let texts = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        Self(texts.collect())
    }

    /// With this variable where it is not set.
    pub fn or(mut self, name: &str, value: &str) -> Self {
        self.0.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(vars: [(&str, &str); N]) -> Self {
        Self(vars.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
    }
}
