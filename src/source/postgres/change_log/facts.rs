//! What the statements over a log depend on beside its tables.

use crate::model::{Diff, KeyFormat, LogSpec, RelationName};
use crate::source::postgres::{PostgresError, Session, qualified};

/// What a server says of itself that the statements over a log depend on.
#[derive(Clone, Debug, Default)]
pub struct PostgresLogFacts {
    /// The schema of the hstore extension, where the key or the diff is packed by it.
    pub(super) hstore: Option<String>,
    /// As `server_version_num`.
    pub(super) version: u32,
}

impl PostgresLogFacts {
    /// For tests of statements.
    #[cfg(test)]
    pub(crate) fn of(hstore: Option<&str>, version: u32) -> Self {
        Self { hstore: hstore.map(str::to_owned), version }
    }

    /// Fails where keys or diffs are packed in a type that the database does not have.
    pub fn refuse_packed(&self, spec: &LogSpec) -> Result<(), PostgresError> {
        if self.hstore.is_none() && needs_hstore(spec) { Err(PostgresError::NoHstore) } else { Ok(()) }
    }
}

fn needs_hstore(spec: &LogSpec) -> bool {
    spec.keys().any(|k| k.format == KeyFormat::Hstore) || matches!(spec.diff, Some(Diff::Hstore(_)))
}

impl Session {
    /// Finds out what the statements over a log depend on.
    pub async fn log_facts(&self, spec: &LogSpec) -> Result<PostgresLogFacts, PostgresError> {
        const SQL: &str = "SELECT n.nspname FROM pg_catalog.pg_extension e \
            JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hstore'";
        let hstore = match needs_hstore(spec) {
            true => {
                let rows = self.text_rows("looking for hstore", SQL).await?;
                rows.into_iter().next().and_then(|mut r| r.pop().flatten())
            }
            false => None,
        };
        Ok(PostgresLogFacts { hstore, version: self.version() })
    }

    /// Locks tables of entries to the end of the transaction, all or none: one that is emptied meanwhile would look as if nothing were
    /// new.
    pub async fn lock_entries(&self, names: &[&RelationName]) -> Result<(), PostgresError> {
        const DOING: &str = "locking the change log against being emptied";
        if names.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = names.iter().map(|n| qualified(n)).collect();
        let lock = format!("SAVEPOINT locking; LOCK TABLE {} IN ACCESS SHARE MODE; RELEASE locking", names.join(", "));
        let locked = self.execute(DOING, &lock).await;
        if locked.is_err() {
            self.execute(DOING, "ROLLBACK TO locking").await?;
        }
        locked
    }
}
