//! The key of rows that nothing but their values tells apart: a hash of them, and which of the equal rows it is.

use std::borrow::Cow;

use super::column::SourceColumn;
use super::postgres;
use super::relation::Relation;
use super::sqlserver;
use crate::model::{Dialect, TableKey, TableSpec};

/// A relation as the config wants it: under [`TableKey::Row`] with the columns of that key, which the source makes as it reads a row.
pub fn with_key_of<'r>(relation: &'r Relation, spec: &TableSpec) -> Cow<'r, Relation> {
    if spec.key != TableKey::Row {
        return Cow::Borrowed(relation);
    }
    let mut keyed = relation.clone();
    let made: [SourceColumn; 2] = match relation.dialect {
        Dialect::Postgres => postgres::row_key_columns(),
        Dialect::SqlServer => sqlserver::row_key_columns(),
    };
    keyed.primary_key = made.iter().map(|c| c.name.clone()).collect();
    keyed.unique.push(keyed.primary_key.clone());
    keyed.columns.extend(made);
    Cow::Owned(keyed)
}
