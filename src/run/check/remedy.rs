//! What to type where the source does not let a table be read, with the names of this table and this role.

use crate::capture::CaptureError;
use crate::encode::Shape;
use crate::model::{CaptureKind, LogTable, RelationName, TableSpec, TypeColumn};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::source::{Dialect, Needs, RelationKind, Session, SourceError, ToldByRows, with_key_of};

impl Context {
    /// `None` where the error's own hint is all there is to say.
    pub(super) async fn remedy(&self, session: &Session, spec: &TableSpec, error: &RunError) -> Option<String> {
        let (RunError::Source(e) | RunError::Capture(CaptureError::Source(e))) = error else { return None };
        // The failed statement has spoilt its transaction.
        session.end().await.ok()?;
        let found = match e {
            e if e.hides_rows() => self.bypass(session, spec).await,
            // The message names the function, and the error's own hint the right.
            e if e.is_of_a_function() => return None,
            e if e.is_denied() => self.missing(session, spec).await,
            _ => return None,
        };
        found.ok().flatten()
    }

    async fn bypass(&self, session: &Session, spec: &TableSpec) -> Result<Option<String>, SourceError> {
        let mut ways = Vec::new();
        for name in std::iter::once(spec.source.clone()).chain(self.logs(session.dialect(), spec)) {
            for way in session.hidden_from(&name).await? {
                if !ways.contains(&way) {
                    ways.push(way);
                }
            }
        }
        let is_owner = ways.iter().any(|w| w.starts_with("ALTER TABLE"));
        let is_view = session.read_relation(&spec.source).await?.kind == RelationKind::View;
        let owner = if is_owner || is_view { "" } else { ", or connect as the table's owner" };
        let statements = ways.join(", or ");
        Ok((!ways.is_empty()).then(|| format!("{statements}{owner}; a GRANT does not help here")))
    }

    async fn missing(&self, session: &Session, spec: &TableSpec) -> Result<Option<String>, SourceError> {
        let (columns, told) = self.reads(session, spec).await?;
        let needs = Needs::Rows { columns: &columns, told: &told };
        let mut found = vec![session.grants(&spec.source, &needs).await?];
        for log in self.logs(session.dialect(), spec) {
            found.push(session.grants(&log, &Needs::Whole).await?);
        }
        let statements: Vec<&str> = found.iter().flat_map(|g| &g.statements).map(String::as_str).collect();
        if statements.is_empty() {
            let what =
                "what the message names: a view's owner needs SELECT on what the view reads, and a function EXECUTE";
            return Ok(Some(format!("GRANT {what}")));
        }
        let notes: Vec<&str> = found.iter().map(|g| g.note.as_str()).collect();
        Ok(Some(format!("{}{}", statements.join("; "), notes.concat())))
    }

    /// What a tick reads of the table, as far as the config says.
    async fn reads(&self, session: &Session, spec: &TableSpec) -> Result<(Vec<String>, Vec<ToldByRows>), SourceError> {
        let relation = session.read_relation(&spec.source).await?;
        let mut columns: Vec<String> = match Shape::of(spec, with_key_of(&relation, spec).as_ref()) {
            // What is made of a row is no column of it.
            Ok(shape) => shape
                .columns
                .iter()
                .filter(|c| relation.column(&c.source).is_some())
                .map(|c| c.source.clone())
                .collect(),
            Err(_) => Vec::new(),
        };
        columns.extend(spec.cursor.clone());
        let by_transaction =
            matches!(spec.capture, CaptureKind::Cursor | CaptureKind::Xmin) && relation.tells_its_writers();
        let mut told: Vec<ToldByRows> = by_transaction.then_some(ToldByRows::Writer).into_iter().collect();
        let has_partitions = relation.kind != RelationKind::View && !relation.leaves.is_empty();
        let by_partition = !matches!(spec.capture, CaptureKind::Full | CaptureKind::Digest) && has_partitions;
        told.extend(by_partition.then_some(ToldByRows::Partition));
        Ok((columns, told))
    }

    /// The tables of the change log that the table's entries stand in.
    fn logs(&self, dialect: Dialect, spec: &TableSpec) -> Vec<RelationName> {
        let Some(log) = self.config.changelog.as_ref().filter(|_| spec.capture == CaptureKind::Changelog) else {
            return Vec::new();
        };
        let mut names = match &log.table {
            LogTable::One(name) => vec![name.clone()],
            LogTable::PerType => {
                spec.log_types.iter().filter_map(|t| RelationName::parse_in(dialect, &t.name)).collect()
            }
        };
        if let TypeColumn::ContentType { types, .. } = &log.types {
            names.extend(types.clone());
        }
        names
    }
}
