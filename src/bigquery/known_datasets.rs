//! What a process has learned of BigQuery and does not ask or do again: its datasets, and the tables whose clustering it has changed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// What a dataset says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dataset {
    pub location: Option<String>,
    pub tables: Lifetime,
}

/// Whether a dataset's tables go by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lifetime {
    Ends,
    Endless,
}

/// The datasets that were looked at, by name. One that is dropped and made elsewhere is noticed by the next process.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownDatasets(Arc<Mutex<HashMap<String, Dataset>>>);

impl KnownDatasets {
    pub fn get(&self, name: &str) -> Option<Dataset> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Remembers a dataset as the API describes it.
    pub fn note(&self, name: &str, json: &Value) -> Dataset {
        let dataset = Dataset {
            location: json["location"].as_str().map(str::to_owned),
            tables: if json["defaultTableExpirationMs"].is_null() { Lifetime::Endless } else { Lifetime::Ends },
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), dataset.clone());
        dataset
    }
}

/// Tables that were given other clustering by this process. Once each: what does not take effect is not asked for at every run.
#[derive(Clone, Debug, Default)]
pub(super) struct Reclustered(Arc<Mutex<HashSet<String>>>);

impl Reclustered {
    /// Whether this is the first time for the table.
    pub fn is_first(&self, target: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(target.to_owned())
    }
}
