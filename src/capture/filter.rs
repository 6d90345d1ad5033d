//! The config's `where`: the one place where it enters a statement.
//!
//! The text is somebody's SQL. It stands in parentheses, so that an `OR` in it stays inside, and a comment at its end is closed by a
//! line of its own. Whether it is one condition and no more the server says: it has to parse in its parentheses *and* without them.
//! `v > 3) or (true` parses in parentheses alone, `v > 3 limit 5` without them alone.

use super::error::CaptureError;
use crate::model::{RelationName, TableSpec};
use crate::source::{Session, SourceError, TRYING_WHERE, qualified};

/// The condition over the row `t`, ready to stand among others.
pub fn filter(spec: &TableSpec) -> Option<String> {
    spec.filter.as_deref().map(fenced)
}

fn fenced(text: &str) -> String {
    // A comment at its end must not swallow what follows.
    if text.contains("--") { format!("({text}\n)") } else { format!("({text})") }
}

/// Asks the server whether the text is a condition over the table's row. Nothing is executed, whatever the text holds.
pub(super) async fn try_filter(session: &Session, spec: &TableSpec) -> Result<(), CaptureError> {
    let Some(text) = &spec.filter else { return Ok(()) };
    for condition in [fenced(text), format!("{text}\n")] {
        let sql = format!("SELECT 1 FROM {} AS t WHERE {condition}", qualified(&spec.source));
        session.parse(TRYING_WHERE, &sql).await.map_err(|e| explain(e, &spec.source))?;
    }
    Ok(())
}

/// A syntax error or a name that is not there is the text's fault; a right that is missing, or a server that is going, is not.
fn explain(e: SourceError, table: &RelationName) -> CaptureError {
    match &e {
        SourceError::Statement { code, message, .. } if code != "42501" && is_of_the_text(code) => {
            CaptureError::BadFilter { table: table.clone(), reason: message.clone() }
        }
        _ => e.into(),
    }
}

fn is_of_the_text(code: &str) -> bool {
    ["42", "22", "0A"].iter().any(|class| code.starts_with(class))
}
