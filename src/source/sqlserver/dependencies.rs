//! What a published relation is made of.

use super::error::SqlServerError;
use super::session::Session;
use crate::source::dependencies::Dependencies;
use crate::source::relation::Relation;

impl Session {
    /// The base columns below a relation. The catalog's view of what a view is made of, and of triggers, takes rights that a reader has not, so nobody
    /// looks.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn dependencies(&self, _: &Relation) -> Result<Dependencies, SqlServerError> {
        Ok(Dependencies { opaque: true, ..Dependencies::default() })
    }

    /// A table whose structure was changed after the snapshot began can't be read in it: the server says so by itself.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn refuse_rewritten(&self, _: &Relation) -> Result<(), SqlServerError> {
        Ok(())
    }
}
