//! All tables, and what a test may ask of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::Mutex as AsyncMutex;

use crate::catalog::emulator::{Emulator, View};
use crate::catalog::{CatalogError, Declared, Source};
use crate::change::kind::{Change, Row};
use crate::change::shown::Difference;
use crate::clock::Moment;
use crate::name::TableName;
use crate::schema::history::Arrival;
use crate::settings::{Catalog, Settings};
use crate::table::Table;
use crate::value::row::Wanted;

/// A table's state, or none yet.
pub(crate) type Entry = Arc<AsyncMutex<Option<Table>>>;

/// Is the table there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It is.
    There,
    /// It is not, or the way to it still leads to the one that had its name before.
    NotFound,
}

/// All tables. Clones are the same tables.
#[derive(Clone)]
pub struct Tables {
    settings: Settings,
    source: Arc<Source>,
    entries: Arc<Mutex<HashMap<TableName, Entry>>>,
}

/// A test asks for what is not there.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The name is not `project.dataset.table`.
    #[error("not the full name of a table: {0}")]
    Name(String),
    /// Tables of the emulator are made, changed and read there.
    #[error("the tables of this stand-in are in the emulator of BigQuery: make, change and read them there")]
    NotDeclared,
    /// The catalog can't answer.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl Tables {
    pub(crate) fn new(settings: Settings) -> Self {
        let source = match &settings.catalog {
            Catalog::Declared => Source::Declared(Declared::default()),
            Catalog::Emulator(url) => Source::Emulator(Emulator::new(url)),
        };
        Self { settings, source: Arc::new(source), entries: Arc::default() }
    }

    /// Declares a table (`project.dataset.table`), or changes it, as the REST API describes it: `schema`, `tableConstraints`, `maxStaleness`. With
    /// another `creationTime` it is another table.
    pub async fn declare(&self, name: &str, resource: Value) -> Result<(), TablesError> {
        let name = parse(name)?;
        self.declared()?.put(&name, resource);
        self.look(&name, &mut *self.entry(&name).lock().await).await?;
        Ok(())
    }

    /// Takes a declared table away.
    pub fn remove(&self, name: &str) -> Result<(), TablesError> {
        self.declared()?.remove(&parse(name)?);
        Ok(())
    }

    /// Puts rows into a declared table as a load job would.
    pub async fn load(&self, name: &str, rows: Vec<Row>) -> Result<(), TablesError> {
        self.declared()?;
        if let Some(table) = &mut *self.entry(&parse(name)?).lock().await {
            let difference = Difference { appends: rows.into_iter().map(Arc::new).collect(), ..Difference::default() };
            table.shown.take(difference, &table.resource.key);
        }
        Ok(())
    }

    /// What a reader of a declared table sees, by key.
    pub async fn read(&self, name: &str) -> Result<Vec<Row>, TablesError> {
        self.declared()?;
        let name = parse(name)?;
        let entry = self.entry(&name);
        let mut table = entry.lock().await;
        let is_there = self.look(&name, &mut table).await? == Presence::There;
        Ok(table.as_ref().filter(|_| is_there).map(|table| table.shown.rows()).unwrap_or_default())
    }

    /// Every change that a table was sent, in the order of arrival.
    pub async fn log(&self, name: &str) -> Result<Vec<Change>, TablesError> {
        let entry = self.entry(&parse(name)?);
        let table = entry.lock().await;
        Ok(table.as_ref().map(|table| table.log.clone()).unwrap_or_default())
    }

    /// Had a table ever a change?
    pub async fn has_changes(&self, name: &str) -> Result<bool, TablesError> {
        let entry = self.entry(&parse(name)?);
        let table = entry.lock().await;
        Ok(table.as_ref().is_some_and(Table::has_changes))
    }

    /// Applies all changes of a table, as BigQuery's background job does: readers see them, whatever `max_staleness` says.
    pub async fn apply(&self, name: &str) -> Result<(), TablesError> {
        self.apply_to(&parse(name)?).await
    }

    /// Applies the changes of all tables that had some.
    pub async fn apply_all(&self) -> Result<(), TablesError> {
        let names: Vec<TableName> = self.lock().keys().cloned().collect();
        for name in names {
            self.apply_to(&name).await?;
        }
        Ok(())
    }

    /// `upsert_stream_apply_watermark`: up to where changes are applied; `None` if they never were.
    pub async fn watermark(&self, name: &str) -> Result<Option<Moment>, TablesError> {
        let entry = self.entry(&parse(name)?);
        let table = entry.lock().await;
        Ok(table.as_ref().and_then(|table| table.applied))
    }

    async fn apply_to(&self, name: &TableName) -> Result<(), TablesError> {
        let entry = self.entry(name);
        let mut state = entry.lock().await;
        if let Some(table) = state.as_mut().filter(|table| table.has_changes()) {
            let difference = table.apply(self.settings.clock.now());
            self.show(name, table, difference).await?;
        }
        Ok(())
    }

    fn declared(&self) -> Result<&Declared, TablesError> {
        match &*self.source {
            Source::Declared(declared) => Ok(declared),
            Source::Emulator(_) => Err(TablesError::NotDeclared),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TableName, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of a table.
    pub(crate) fn entry(&self, name: &TableName) -> Entry {
        self.lock().entry(name.clone()).or_default().clone()
    }

    /// Brings a state up to what the catalog says.
    pub(crate) async fn look(&self, name: &TableName, state: &mut Option<Table>) -> Result<Presence, CatalogError> {
        let now = self.settings.clock.now();
        let Some(resource) = self.source.get(name).await? else {
            return Ok(Presence::NotFound);
        };
        if let Some(table) = state.as_mut().filter(|table| table.is(&resource)) {
            // A test that declares a table is waited for; what happens in the emulator is seen with the next request.
            let after = match &*self.source {
                Source::Declared(_) => now,
                Source::Emulator(_) => table.looked,
            };
            table.becomes(resource, Arrival { after, seen: now });
        } else {
            let remade = state.is_some().then_some(now);
            *state = Some(Table::new(resource, now, remade, &self.settings));
        }
        let remade = state.as_ref().and_then(|table| table.remade);
        let is_lost = remade.is_some_and(|remade| now.since(remade) < self.settings.routing_delay);
        Ok(if is_lost { Presence::NotFound } else { Presence::There })
    }

    /// Stores rows and shows readers what they are to see of them.
    pub(crate) async fn store(
        &self,
        name: &TableName,
        table: &mut Table,
        rows: Vec<Wanted>,
    ) -> Result<(), CatalogError> {
        table.store(rows, self.settings.clock.now());
        match table.unseen() {
            Some(difference) => self.show(name, table, difference).await,
            None => Ok(()),
        }
    }

    async fn show(&self, name: &TableName, table: &mut Table, difference: Difference) -> Result<(), CatalogError> {
        match &*self.source {
            Source::Declared(_) => table.shown.take(difference, &table.resource.key),
            Source::Emulator(emulator) => {
                let view = View {
                    table: name,
                    created: &table.resource.created,
                    key: &table.resource.key,
                    has_changes: table.has_changes(),
                    applied: table.applied,
                    difference: &difference,
                };
                emulator.show(view).await?;
            }
        }
        Ok(())
    }
}

fn parse(name: &str) -> Result<TableName, TablesError> {
    TableName::parse(name).ok_or_else(|| TablesError::Name(name.to_owned()))
}
