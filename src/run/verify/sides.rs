//! Both sides of a comparison.

use crate::bigquery::{BigQuery, ComparedTarget};
use crate::source::{ComparedRows, Session};

/// A table's rows and its target's, and who can be asked for them.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    pub session: &'a Session,
    pub rows: ComparedRows<'a>,
    pub bigquery: &'a BigQuery,
    pub target: &'a ComparedTarget<'a>,
}
