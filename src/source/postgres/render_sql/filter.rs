//! The config's `where`: the one place where it enters a statement.
//!
//! The text is somebody's SQL. It stands in parentheses, so that an `OR` in it stays inside, and a comment at its end is closed by a
//! line of its own. Whether it is one condition and no more the server says: it has to parse in its parentheses *and* without them.
//! `v > 3) or (true` parses in parentheses alone, `v > 3 limit 5` without them alone.

use crate::model::TableSpec;
use crate::source::postgres::error::TRYING_WHERE;
use crate::source::postgres::{PostgresError, Session, qualified};

/// The condition over the row `t`, ready to stand among others.
pub(in crate::source) fn filter(spec: &TableSpec) -> Option<String> {
    spec.filter.as_deref().map(fenced)
}

fn fenced(text: &str) -> String {
    // A comment at its end must not swallow what follows.
    if text.contains("--") { format!("({text}\n)") } else { format!("({text})") }
}

impl Session {
    /// Asks the server whether the config's `where` is a condition over the table's row. Nothing is executed, whatever the text holds.
    pub async fn try_where(&self, spec: &TableSpec) -> Result<(), PostgresError> {
        let Some(text) = &spec.filter else { return Ok(()) };
        for condition in [fenced(text), format!("{text}\n")] {
            let sql = format!("SELECT 1 FROM {} AS t WHERE {condition}", qualified(&spec.source));
            self.parse(TRYING_WHERE, &sql).await?;
        }
        Ok(())
    }
}
