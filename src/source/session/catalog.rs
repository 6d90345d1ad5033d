//! What a session can be asked of the catalog.

use super::Session;
use crate::model::{CaptureKind, RelationName};
use crate::source::catalog::Catalog;
use crate::source::dependencies::Dependencies;
use crate::source::error::SourceError;
use crate::source::listing::Listing;
use crate::source::of_kind::of_kind;
use crate::source::relation::Relation;
use crate::source::rights::{Grants, Needs};

impl Session {
    /// Reads relations in the transaction. Those that are not there are not in the answer.
    pub async fn read_catalog(&self, names: &[RelationName]) -> Result<Catalog, SourceError> {
        of_kind!(self, session => Ok(session.read_catalog(names).await?))
    }

    /// Reads one relation in the transaction.
    pub async fn read_relation(&self, name: &RelationName) -> Result<Relation, SourceError> {
        of_kind!(self, session => Ok(session.read_relation(name).await?))
    }

    /// A relation that has to be there: of one that is not, the error says which was meant. Fails where rules hide rows from us: those would be
    /// taken for deleted.
    pub async fn required_relation<'c>(
        &self,
        catalog: &'c Catalog,
        name: &RelationName,
    ) -> Result<&'c Relation, SourceError> {
        match catalog.get(name) {
            Some(relation) => {
                of_kind!(self, session => session.refuse_unreadable(name, relation)?);
                Ok(relation)
            }
            None => of_kind!(self, session => Err(session.missing(name).await.into())),
        }
    }

    /// Fails where the source can't bear a capture: rows of several moments would be taken for those of one.
    pub fn refuse_capture(&self, capture: CaptureKind) -> Result<(), SourceError> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::SqlServer(session) => Ok(session.refuse_capture(capture)?),
        }
    }

    /// How long the source keeps which keys were changed, in minutes, where it forgets them by itself.
    pub fn kept_minutes(&self) -> Option<u64> {
        match self {
            Self::Postgres(_) => None,
            Self::SqlServer(session) => session.kept_minutes(),
        }
    }

    /// The database that an administrator would have to alter; `None` where nothing is asked of one.
    pub fn database(&self) -> Option<&str> {
        match self {
            Self::Postgres(_) => None,
            Self::SqlServer(session) => Some(session.database()),
        }
    }

    /// The base columns below a relation. For a table none is `used`: its columns are published by name.
    pub async fn dependencies(&self, relation: &Relation) -> Result<Dependencies, SourceError> {
        of_kind!(self, session => Ok(session.dependencies(relation).await?))
    }

    /// Fails where a table below the relation was truncated or rewritten after the snapshot was taken: its rows would be taken for
    /// deleted. To be asked after the rows were read.
    pub async fn refuse_rewritten(&self, relation: &Relation) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.refuse_rewritten(relation).await?))
    }

    /// Lists what the database has that could be published.
    pub async fn candidates(&self) -> Result<Listing, SourceError> {
        of_kind!(self, session => Ok(session.candidates().await?))
    }

    /// Lists one table or view, a partition as well; `None` where it is not there.
    pub async fn candidate(&self, name: &RelationName) -> Result<Option<Listing>, SourceError> {
        of_kind!(self, session => Ok(session.candidate(name).await?))
    }

    /// The names of all tables and views, for those who mistyped one.
    pub async fn relation_names(&self) -> Result<Vec<RelationName>, SourceError> {
        of_kind!(self, session => Ok(session.relation_names().await?))
    }

    /// What of this the role may not read.
    pub async fn grants(&self, name: &RelationName, needs: &Needs<'_>) -> Result<Grants, SourceError> {
        of_kind!(self, session => Ok(session.grants(name, needs).await?))
    }

    /// Statements that end it that rules hide rows from the role.
    pub async fn hidden_from(&self, name: &RelationName) -> Result<Vec<String>, SourceError> {
        of_kind!(self, session => Ok(session.hidden_from(name).await?))
    }
}
