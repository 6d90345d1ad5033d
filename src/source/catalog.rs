//! The relations that a run asked the catalog for.

use std::collections::HashMap;

use super::relation::Relation;
use crate::model::RelationName;

/// Relations by name, read at one go.
#[derive(Clone, Debug, Default)]
pub struct Catalog(HashMap<RelationName, Relation>);

impl FromIterator<(RelationName, Relation)> for Catalog {
    fn from_iter<T: IntoIterator<Item = (RelationName, Relation)>>(relations: T) -> Self {
        Self(relations.into_iter().collect())
    }
}

impl Catalog {
    pub fn get(&self, name: &RelationName) -> Option<&Relation> {
        self.0.get(name)
    }

    /// Takes a relation out.
    pub(super) fn take(&mut self, name: &RelationName) -> Option<Relation> {
        self.0.remove(name)
    }
}
