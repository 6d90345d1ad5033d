//! What a state says of a table beyond its status, for the table's page.

use time::OffsetDateTime;

use super::look::Known;
use crate::batch::TableMark;

/// A column of the target, as the last commit left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownColumn {
    pub name: String,
    /// The source's type, where the state keeps it.
    pub source_type: Option<String>,
}

impl Known {
    fn mark(&self) -> Option<&TableMark> {
        let target = self.status.target.rsplit('.').next()?;
        self.state.watermark.as_ref()?.tables.get(target)
    }

    /// Rows of the target, as BigQuery has counted them.
    pub fn target_rows(&self) -> Option<u64> {
        self.mark()?.rows
    }

    /// Rows of the source, when all of them, or all their keys, were last read.
    pub fn source_rows(&self) -> Option<u64> {
        self.mark()?.source_rows
    }

    /// Of those, rows that the target lacks, for their key can't be held.
    pub fn left_out(&self) -> Option<u64> {
        self.mark()?.left_out.filter(|n| *n > 0)
    }

    /// When all rows were last read.
    pub fn whole_at(&self) -> Option<OffsetDateTime> {
        self.mark()?.whole_at
    }

    /// When the list of all keys was last compared.
    pub fn keys_at(&self) -> Option<OffsetDateTime> {
        Some(self.mark()?.keys()?.at)
    }

    /// The columns that are published.
    pub fn columns(&self) -> Vec<KnownColumn> {
        let columns = self.mark().map(|m| m.relation.columns.as_slice()).unwrap_or_default();
        let known =
            |c: &crate::batch::MarkedColumn| KnownColumn { name: c.name.clone(), source_type: c.value_type.clone() };
        columns.iter().map(known).collect()
    }

    /// Columns that the target still has, with old values, though the source no longer publishes them.
    pub fn retired(&self) -> &[String] {
        self.mark().map(|m| m.relation.retired.as_slice()).unwrap_or_default()
    }
}
