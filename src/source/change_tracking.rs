//! What a source keeps of a table's changes by itself, and the keys that they name.

use super::error::SourceError;
use super::read::Table;
use super::session::Session;
use super::sqlserver::{self, SqlServerError};
use crate::model::RelationName;

/// Where a table's change tracking stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracked {
    /// Changes from this version on can be told of; `None` where nothing is tracked, or we may not see it.
    pub oldest: Option<i64>,
    /// The version at which it was switched on: off and on again, it has another one.
    pub begin: Option<i64>,
    /// When the table's structure was last changed; switching its tracking off and on counts.
    pub modified: Option<String>,
}

impl Session {
    /// Where tables' change tracking stands: one question, however many there are. Those that are not there are not in the answer.
    pub async fn tracked(&self, names: &[RelationName]) -> Result<Vec<(RelationName, Tracked)>, SourceError> {
        match self {
            Self::Postgres(_) => Ok(Vec::new()),
            Self::SqlServer(session) => Ok(session.tracked(names).await?),
        }
    }

    /// Has the server list the keys that a table's changes since a version name, each once. `number` tells the lists of one transaction apart.
    pub async fn changed_keys(
        &self,
        number: usize,
        table: Table<'_>,
        since: i64,
    ) -> Result<ChangedKeys<'_>, SourceError> {
        match self {
            Self::Postgres(_) => {
                let remedy = "write capture = \"xmin\", which needs nothing from the table";
                Err(SqlServerError::not_done_elsewhere("change tracking", remedy).into())
            }
            Self::SqlServer(session) => Ok(ChangedKeys::SqlServer(session.changed_keys(number, table, since).await?)),
        }
    }
}

/// Listed keys, kept by the server and fetched some at a time.
pub enum ChangedKeys<'a> {
    SqlServer(sqlserver::ChangedKeys<'a>),
}

impl ChangedKeys<'_> {
    /// The next keys, as the source prints their columns; none at the end.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<Vec<String>>, SourceError> {
        let Self::SqlServer(keys) = self;
        Ok(keys.fetch(wanted).await?)
    }

    /// Drops the list. Fails where changes may have been removed before they were listed.
    pub async fn close(&self) -> Result<(), SourceError> {
        let Self::SqlServer(keys) = self;
        Ok(keys.close().await?)
    }
}
