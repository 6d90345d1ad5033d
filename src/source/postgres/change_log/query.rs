//! What is asked of new entries, as statements: for people, and for the server to plan.

use crate::source::change_log::LogQuery;
use crate::source::postgres::change_log::keys::keys_statement;
use crate::source::postgres::change_log::scan::scan_statement;
use crate::source::postgres::{PostgresError, Session};

/// The statement that asks a log.
pub fn log_statement(query: LogQuery<'_>) -> String {
    match query {
        LogQuery::Counts(entries) => scan_statement(entries),
        LogQuery::Keys { entries, claimed, diff } => keys_statement(entries, claimed, diff),
    }
}

impl Session {
    /// The planner's guess at how many rows an answer has.
    pub async fn estimate_log(&self, query: LogQuery<'_>) -> Result<u64, PostgresError> {
        self.estimate_rows(&log_statement(query)).await
    }

    /// Has the server plan it and look at the rights it takes, without reading an entry.
    pub async fn try_log(&self, query: LogQuery<'_>) -> Result<(), PostgresError> {
        self.try_query(&log_statement(query)).await
    }
}
