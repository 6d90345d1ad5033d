//! Faults of a config: all of them at once, each with its line and what to write instead.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use crate::model::Blame;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    pub problem: String,
    pub remedy: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}", FaultList(name, faults))]
    Faults { name: String, faults: Vec<Fault> },

    #[error("{name}: cannot be read: {reason}")]
    Unreadable { name: String, reason: String },

    #[error("no config: {name} does not exist")]
    Missing { name: String },
}

impl ConfigError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Faults { .. } => "correct the lines above, then run `plimsoll check`".to_owned(),
            Self::Unreadable { .. } => "check the path and the rights on it".to_owned(),
            Self::Missing { .. } => {
                "write one with `plimsoll init` (DATABASE_URL has the source's address), or name it with --config or PLIMSOLL_CONFIG"
                    .to_owned()
            }
        }
    }

    pub fn blame(&self) -> Blame {
        Blame::Config
    }
}

struct FaultList<'a>(&'a str, &'a [Fault]);

impl fmt::Display for FaultList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.1.iter().enumerate() {
            let newline = if n == 0 { "" } else { "\n" };
            write!(f, "{newline}{}:{}: {}; {}", self.0, fault.line, fault.problem, fault.remedy)?;
        }
        Ok(())
    }
}

/// Collects faults while the document is walked.
pub(super) struct Faults<'a> {
    name: &'a str,
    text: &'a str,
    found: RefCell<Vec<(usize, Fault)>>,
    warnings: RefCell<Vec<Fault>>,
    /// Texts as they were before variables were put in, by their place.
    written: RefCell<HashMap<usize, String>>,
}

impl<'a> Faults<'a> {
    pub fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text, found: RefCell::default(), warnings: RefCell::default(), written: RefCell::default() }
    }

    /// Notes a fault at a byte offset of the text.
    pub fn add(&self, at: usize, problem: impl Into<String>, remedy: impl Into<String>) {
        let fault = Fault { line: self.line(at), problem: problem.into(), remedy: remedy.into() };
        let mut found = self.found.borrow_mut();
        if !found.iter().any(|(_, f)| *f == fault) {
            found.push((at, fault));
        }
    }

    /// Notes what is right and unwise.
    pub fn warn(&self, at: usize, problem: impl Into<String>, remedy: impl Into<String>) {
        let warning = Fault { line: self.line(at), problem: problem.into(), remedy: remedy.into() };
        self.warnings.borrow_mut().push(warning);
    }

    pub fn take_warnings(&self) -> Vec<Fault> {
        self.warnings.take()
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.iter().filter(|&&b| b == b'\n').count() + 1
    }

    /// Remembers what the file says where a variable's value was put in.
    pub fn note_written(&self, at: usize, text: &str) {
        self.written.borrow_mut().insert(at, text.to_owned());
    }

    pub fn written(&self, at: usize) -> Option<String> {
        self.written.borrow().get(&at).cloned()
    }

    pub fn into_result<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(at, _)| *at);
        let faults: Vec<Fault> = found.into_iter().map(|(_, f)| f).collect();
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            _ => Err(ConfigError::Faults { name: self.name.to_owned(), faults }),
        }
    }
}
