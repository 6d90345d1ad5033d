//! What a session can be asked of row hashes.

use super::Session;
use crate::source::error::SourceError;
use crate::source::of_kind::of_kind;
use crate::source::postgres;
use crate::source::row_hashes::{BucketSums, HashListing, HashedRow, Hashing};
use crate::source::sqlserver;

impl Session {
    /// Adds up the rows by bucket, of two to the power of `bits`.
    pub async fn hash_sums(&self, of: &Hashing<'_>, bits: u8) -> Result<BucketSums, SourceError> {
        of_kind!(self, session => Ok(session.hash_sums(of, bits).await?))
    }

    /// Has the server list rows by bucket; inside of a bucket in any order. At most one list is open at a time, and other reads go on
    /// meanwhile.
    pub async fn list_hashes(&self, listing: &HashListing<'_>) -> Result<HashCursor<'_>, SourceError> {
        Ok(match self {
            Self::Postgres(session) => HashCursor::Postgres(session.list_hashes(listing).await?),
            Self::SqlServer(session) => HashCursor::SqlServer(session.list_hashes(listing).await?),
        })
    }

    /// Has the server look at the rights that all this takes, without reading a row.
    pub async fn try_hashes(&self, listing: &HashListing<'_>) -> Result<(), SourceError> {
        of_kind!(self, session => Ok(session.try_hashes(listing).await?))
    }
}

/// Listed rows, kept by the server and fetched some at a time.
pub enum HashCursor<'a> {
    Postgres(postgres::HashCursor<'a>),
    SqlServer(sqlserver::HashCursor<'a>),
}

impl HashCursor<'_> {
    /// The next rows; none at the end.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<HashedRow>, SourceError> {
        of_kind!(self, cursor => Ok(cursor.fetch(wanted).await?))
    }

    pub async fn close(&self) -> Result<(), SourceError> {
        of_kind!(self, cursor => Ok(cursor.close().await?))
    }
}
