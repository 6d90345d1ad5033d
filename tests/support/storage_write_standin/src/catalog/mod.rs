//! Where tables come from and where their readers are.

pub mod emulator;
mod http;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::name::TableName;
use crate::schema::resource::{ResourceError, TableResource};
use emulator::Emulator;

/// The catalog can't answer.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The emulator can't be reached.
    #[error("the emulator of BigQuery can't be reached: {0}")]
    Io(#[from] std::io::Error),
    /// It answers with an error.
    #[error("the emulator of BigQuery answers {status}: {body}")]
    Status {
        /// HTTP's status.
        status: u16,
        /// What it says.
        body: String,
    },
    /// It describes a table in a way that is not understood.
    #[error(transparent)]
    Resource(#[from] ResourceError),
}

/// The tables that a test has declared. Clones are the same tables.
#[derive(Clone, Default)]
pub struct Declared {
    tables: Arc<Mutex<HashMap<TableName, Value>>>,
}

impl Declared {
    /// Puts a table in the place of what had its name.
    pub fn put(&self, name: &TableName, resource: Value) {
        self.lock().insert(name.clone(), resource);
    }

    /// Takes a table away.
    pub fn remove(&self, name: &TableName) {
        self.lock().remove(name);
    }

    fn get(&self, name: &TableName) -> Option<Value> {
        self.lock().get(name).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TableName, Value>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where tables come from.
pub enum Source {
    /// A test.
    Declared(Declared),
    /// The REST emulator.
    Emulator(Emulator),
}

impl Source {
    /// What a table looks like now; `None` if there is none.
    pub async fn get(&self, name: &TableName) -> Result<Option<TableResource>, CatalogError> {
        let resource = match self {
            Self::Declared(declared) => declared.get(name),
            Self::Emulator(emulator) => emulator.get(name).await?,
        };
        Ok(resource.map(|resource| TableResource::read(&resource)).transpose()?)
    }
}
