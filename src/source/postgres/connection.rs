//! One connection, and statements over it.

use tokio::task::AbortHandle;
use tokio_postgres::{Client, CopyOutStream, SimpleQueryMessage};

use super::error::PostgresError;

/// A connection that is open.
pub(super) struct Connection {
    client: Client,
    task: AbortHandle,
}

/// Closing the socket at once ends a half-read `COPY`: the driver alone would read it to its end first.
impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    pub fn new(client: Client, task: AbortHandle) -> Self {
        Self { client, task }
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs a statement that gives no rows.
    pub async fn execute(&self, doing: &'static str, sql: &str) -> Result<(), PostgresError> {
        self.client.batch_execute(sql).await.map_err(PostgresError::wrap(doing))
    }

    /// Has the server parse one statement, look up its names and settle its types, and no more. Several statements in one text are
    /// refused, and so are parameters.
    pub async fn parse(&self, doing: &'static str, sql: &str) -> Result<(), PostgresError> {
        let statement = self.client.prepare(sql).await.map_err(PostgresError::wrap(doing))?;
        if statement.params().is_empty() {
            return Ok(());
        }
        Err(PostgresError::statement(doing, "42P02".to_owned(), "there is no parameter $1".to_owned()))
    }

    /// Starts a `COPY … TO STDOUT`.
    pub async fn copy(&self, doing: &'static str, sql: &str) -> Result<CopyOutStream, PostgresError> {
        self.client.copy_out(sql).await.map_err(PostgresError::wrap(doing))
    }

    /// Every row of a statement, as text. The simple protocol: nothing stays prepared, so poolers don't mind.
    pub async fn text_rows(&self, doing: &'static str, sql: &str) -> Result<Vec<Vec<Option<String>>>, PostgresError> {
        let messages = self.client.simple_query(sql).await.map_err(PostgresError::wrap(doing))?;
        let rows = messages.into_iter().filter_map(|m| match m {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|n| row.get(n).map(str::to_owned)).collect()),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The one row of a statement.
    pub async fn text_row(&self, doing: &'static str, sql: &str) -> Result<Vec<Option<String>>, PostgresError> {
        let mut rows = self.text_rows(doing, sql).await?;
        match rows.pop() {
            Some(row) if rows.is_empty() => Ok(row),
            _ => Err(PostgresError::Unexpected { doing, what: "not one row".to_owned() }),
        }
    }
}
