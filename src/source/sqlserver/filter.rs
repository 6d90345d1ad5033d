//! The config's `where`: the one place where it enters a statement.
//!
//! The text is somebody's SQL. It stands in parentheses, so that an `OR` in it stays inside, and a comment at its end is closed by a
//! line of its own. Whether it is one condition and no more the server says: it has to make sense in its parentheses *and* without them.
//! `v > 3) or (1 = 1` does in parentheses alone, `v > 3 order by v` without them alone.

use super::error::{SqlServerError, TRYING_WHERE};
use super::plan::Plan;
use super::session::Session;
use super::sql::{literal, qualified};
use super::statement_fault::StatementFault;
use crate::model::TableSpec;

/// The condition over the row `t`, ready to stand among others.
pub(super) fn filter(spec: &TableSpec) -> Option<String> {
    spec.filter.as_deref().map(fenced)
}

fn fenced(text: &str) -> String {
    // A comment at its end must not swallow what follows.
    if text.contains("--") { format!("({text}\n)") } else { format!("({text})") }
}

/// Has the server describe what a statement would give: nothing is executed, whatever the text holds.
pub(super) fn try_statement(spec: &TableSpec, text: &str) -> String {
    let each = [fenced(text), format!("{text}\n")].map(|condition| {
        let sql = format!("SELECT 1 AS one FROM {} AS t WHERE {condition}", qualified(&spec.source));
        format!(
            "SELECT d.error_number AS error, d.error_message AS message FROM sys.dm_exec_describe_first_result_set({}, NULL, 0) AS d",
            literal(&sql)
        )
    });
    let sql =
        format!("SELECT TOP (1) x.error, x.message FROM ({}) AS x ORDER BY x.error DESC", each.join(" UNION ALL "));
    Plan::WhereTry { table: &spec.source, filter: text }.statement(&sql)
}

impl Session {
    /// Asks the server whether the config's `where` is a condition over the table's row.
    pub async fn try_where(&self, spec: &TableSpec) -> Result<(), SqlServerError> {
        let Some(text) = &spec.filter else { return Ok(()) };
        let row = self.text_rows(TRYING_WHERE, &try_statement(spec, text)).await?.into_iter().next();
        let mut fields = row.unwrap_or_default().into_iter();
        match (fields.next().flatten().and_then(|n| n.parse().ok()), fields.next().flatten()) {
            (Some(number), message) => Err(SqlServerError::Statement {
                doing: TRYING_WHERE,
                fault: match StatementFault::of(number) {
                    StatementFault::Denied => StatementFault::Denied,
                    _ => StatementFault::Undefined,
                },
                number,
                message: message.unwrap_or_else(|| "it is no condition".to_owned()),
            }),
            (None, _) => Ok(()),
        }
    }
}
