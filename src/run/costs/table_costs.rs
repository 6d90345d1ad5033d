//! What a table has cost.

use serde::Serialize;

use super::spend::Spend;

/// What a table's runs have cost.
#[derive(Clone, Debug, Serialize)]
pub struct TableCosts {
    pub source: String,
    /// The target's whole name; empty for what is no single table's, such as a run that failed before it had looked at any.
    pub target: String,
    #[serde(flatten)]
    pub spend: Spend,
    pub dollars: f64,
}
