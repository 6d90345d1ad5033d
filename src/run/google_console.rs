//! Where Google's own console shows what a run did; nowhere for an emulator.

use super::context::Context;
use crate::emulator;

/// What an address in Google's console needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoogleConsole {
    pub project: String,
    /// The datasets', where the config names it: a job is found under its location alone.
    pub location: Option<String>,
}

impl Context {
    /// `None` where BigQuery is an emulator.
    pub fn google_console(&self) -> Option<GoogleConsole> {
        let emulator = emulator::address(emulator::BIGQUERY).ok().flatten();
        let config = &self.config.bigquery;
        emulator.is_none().then(|| GoogleConsole { project: config.project.clone(), location: config.location.clone() })
    }
}
