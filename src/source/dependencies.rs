//! What a published relation is made of.

use std::collections::{HashMap, HashSet};

/// The base columns below a relation.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    /// Names of the columns of each base table, by its own name.
    pub known: HashMap<String, HashSet<String>>,
    /// Names of those that decide what is published.
    pub used: HashSet<String>,
    /// Something is in between that the catalog can't look through.
    pub opaque: bool,
    /// A trigger on a base table may change more columns than an application's log tells.
    pub triggers: bool,
}
