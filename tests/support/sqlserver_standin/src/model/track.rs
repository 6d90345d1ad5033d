//! Change tracking, switched on and off, and its clean-up.

use super::Model;
use super::database::DatabaseTracking;
use super::mirror::Change;
use super::schema::Kept;
use super::tracking::Tracking;
use crate::error::ServerError;

impl Model {
    /// ALTER DATABASE … SET CHANGE_TRACKING = ON, or OFF with `None`.
    pub fn set_tracking(&self, tracking: Option<DatabaseTracking>) {
        self.with(|database| {
            database.tracking = tracking;
            if tracking.is_none() {
                database.tables.iter_mut().for_each(|table| table.tracking = None);
            }
            database.tell(Change::Tracking(tracking));
        });
    }

    /// ALTER TABLE … ENABLE CHANGE_TRACKING.
    pub fn track(&self, table: &str) -> Result<(), ServerError> {
        self.with(|database| {
            if database.tracking.is_none() {
                return Err(ServerError::new(4996, "Change tracking must be enabled on the database first."));
            }
            let version = database.ct_version;
            let table = database.table_mut(table)?;
            if table.definition.key().is_empty() || table.definition.kept != Kept::OnDisk {
                return Err(ServerError::new(
                    4997,
                    "Cannot enable change tracking on a table that has no primary key or is memory-optimized.",
                ));
            }
            table.tracking = Some(Tracking::from(version));
            table.modified += 1;
            let definition = table.definition.clone();
            database.tell(Change::Track(&definition));
            Ok(())
        })
    }

    /// ALTER TABLE … DISABLE CHANGE_TRACKING.
    pub fn untrack(&self, table: &str) -> Result<(), ServerError> {
        self.with(|database| {
            let table = database.table_mut(table)?;
            table.tracking = None;
            table.modified += 1;
            let definition = table.definition.clone();
            database.tell(Change::Untrack(&definition));
            Ok(())
        })
    }

    /// The clean-up takes changes up to a version away, of all tables.
    pub fn sweep(&self, through: i64) {
        self.with(|database| {
            database.tell(Change::Beyond("a clean-up of change tracking at a moment of the test's own"));
            database.commit += 1;
            let commit = database.commit;
            for tracking in database.tables.iter_mut().filter_map(|table| table.tracking.as_mut()) {
                tracking.sweep(through, commit);
            }
        });
    }

    /// CHANGE_TRACKING_CURRENT_VERSION().
    pub fn current_version(&self) -> Option<i64> {
        self.with(|database| database.current_version())
    }
}
