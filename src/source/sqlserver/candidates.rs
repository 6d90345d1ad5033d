//! What a database has that could be published.

use std::collections::HashMap;

use super::error::SqlServerError;
use super::native_type::Secrecy;
use super::plan::Plan;
use super::render::Unmask;
use super::session::Session;
use super::sql::literal;
use crate::model::{Dialect, RelationName};
use crate::source::listing::{
    Access, Candidate, Captures, Closed, Listing, Persistence, SchemaAccess, Withheld, Withholding,
};
use crate::source::relation::{Relation, RelationKind};

/// Relations that are read from the catalog at once.
const AT_ONCE: usize = 200;

/// What is known of a relation before its columns are read.
struct Listed {
    name: RelationName,
    kind: RelationKind,
    readable: bool,
}

impl Session {
    /// Lists what the database has that could be published.
    pub async fn candidates(&self) -> Result<Listing, SqlServerError> {
        self.listing(None).await
    }

    /// Lists one table or view; `None` where it is not there.
    pub async fn candidate(&self, name: &RelationName) -> Result<Option<Listing>, SqlServerError> {
        let listing = self.listing(Some(name)).await?;
        Ok((!listing.candidates.is_empty() || !listing.closed.is_empty()).then_some(listing))
    }

    async fn listing(&self, only: Option<&RelationName>) -> Result<Listing, SqlServerError> {
        let rows = self.text_rows("listing tables", &list_statement(only)).await?;
        let mut listing = Listing {
            dialect: Dialect::SqlServer,
            role: self.facts().user.clone(),
            database: self.facts().database.clone(),
            functions: HashMap::new(),
            captures: self.facts().full_alone().map_or(Captures::All, Captures::Full),
            remarks: self.facts().remarks().map(capital).collect(),
            ..Listing::default()
        };
        let mut open = Vec::new();
        for listed in rows.into_iter().filter_map(listed) {
            if listed.readable {
                open.push(listed);
            } else {
                let schema = SchemaAccess::Given;
                listing.closed.push(Closed { name: listed.name, kind: listed.kind, schema });
            }
        }
        let mut unmask = None;
        for part in open.chunks(AT_ONCE) {
            let names: Vec<RelationName> = part.iter().map(|l| l.name.clone()).collect();
            let found = self.read_tracked(&names).await?;
            let is_masked =
                |relation: &Relation| withheld(relation, Unmask::Refused).any(|w| w.by == Withholding::Mask);
            if unmask.is_none() && found.iter().any(|(_, relation, _)| is_masked(relation)) {
                unmask = Some(self.unmask().await?);
            }
            for Listed { name, .. } in part {
                // One that was dropped meanwhile is not there.
                let Some((_, relation, tracking)) = found.iter().find(|(n, ..)| n == name) else { continue };
                listing.candidates.push(Candidate {
                    name: name.clone(),
                    relation: relation.clone(),
                    access: Access::Whole,
                    withheld: withheld(relation, unmask.unwrap_or(Unmask::Refused)).collect(),
                    extension: None,
                    persistence: Persistence::Permanent,
                    row_security: relation.row_security,
                    tracking: *tracking,
                    triggers: Vec::new(),
                    about_rows: relation.rows.filter(|n| *n > 0),
                });
            }
        }
        Ok(listing)
    }
}

/// As a sentence of its own.
fn capital(text: String) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

/// The columns that the login does not get as they are.
fn withheld(relation: &Relation, unmask: Unmask) -> impl Iterator<Item = Withheld> {
    relation.columns.iter().filter_map(move |column| {
        let by = match (column.sqlserver()?.secrecy, unmask) {
            (Secrecy::Masked, Unmask::Refused) => Withholding::Mask,
            (Secrecy::Encrypted, _) => Withholding::Encryption,
            (Secrecy::Masked, Unmask::Given) | (Secrecy::Open, _) => return None,
        };
        Some(Withheld { column: column.name.clone(), by })
    })
}

pub(super) fn list_statement(only: Option<&RelationName>) -> String {
    let wanted = only
        .map_or(String::new(), |n| format!("AND s.name = {} AND o.name = {}", literal(&n.schema), literal(&n.name)));
    Plan::CatalogList { table: only }.statement(&LIST.replace("WANTED", &wanted))
}

/// Reads the row of an answer.
fn listed(row: Vec<Option<String>>) -> Option<Listed> {
    let mut fields = row.into_iter();
    let name = RelationName { schema: fields.next()??, name: fields.next()?? };
    let kind = if fields.next()??.trim() == "V" { RelationKind::View } else { RelationKind::Table };
    let readable = fields.next().flatten().as_deref() == Some("t");
    Some(Listed { name, kind, readable })
}

const LIST: &str = "\
SELECT s.name AS [schema], o.name, CAST(o.type AS nvarchar(2)) AS kind, \
CAST(COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), 'OBJECT', 'SELECT'), 0) AS bit) AS readable \
FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 WANTED ORDER BY s.name, o.name";
