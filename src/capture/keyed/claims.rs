//! What of a feed's named keys concerns one table, and how it is read.

use super::change_log::{Claim, ClaimReading, KeyReader};
use super::ct::{CtClaim, CtKeys, CtReading};
use super::digest::{DigestClaim, DigestKeys, DigestReading};
use super::given::{Listed, ListedKeys};
use super::key_source::{Chunk, KeyColumns, KeyCounts, KeySource, Reach};
use crate::batch::Repeats;
use crate::capture::error::CaptureError;
use crate::encode::ShapeColumn;
use crate::source::Table;

/// What of it concerns one table.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Of a change log.
    pub(super) log: Vec<Claim>,
    /// Of rows that are compared by their hashes.
    pub(super) digest: Option<DigestClaim>,
    /// Of a table whose changes the server tracks.
    pub(super) ct: Option<CtClaim>,
    /// Keys that somebody hands in.
    pub(super) given: Option<Listed>,
}

/// The new keys of one table.
pub enum Named<'a> {
    Nothing,
    Keys(Vec<KeyReading<'a>>),
    /// Rows changed that nothing names.
    NoRow,
}

/// One list of keys that is to be read.
pub enum KeyReading<'a> {
    Log(Box<ClaimReading<'a>>),
    Digest(Box<DigestReading<'a>>),
    Ct(CtReading<'a>),
    Given(&'a Listed),
}

/// The keys of any key source.
pub enum Keys<'a> {
    Log(KeyReader<'a>),
    Digest(Box<DigestKeys<'a>>),
    Ct(CtKeys<'a>),
    Given(ListedKeys<'a>),
}

/// Whether every key source of a table could be opened.
pub enum OpenedKeys<'a> {
    All(Vec<(&'a KeyColumns, Keys<'a>)>),
    /// Rows changed that nothing names.
    NoRow,
}

impl Claims {
    fn columns(&self) -> impl Iterator<Item = &KeyColumns> {
        let digest = self.digest.iter().map(|claim| &claim.of);
        let ct = self.ct.iter().map(|claim| &claim.of);
        self.log
            .iter()
            .map(|claim| &claim.key)
            .chain(digest)
            .chain(ct)
            .chain(self.given.iter().map(|listed| &listed.of))
    }

    /// The columns other than the key whose values are named: each value is about many rows.
    pub fn scopes<'t>(&self, table: Table<'t>) -> impl Iterator<Item = &'t ShapeColumn> {
        let scopes = self.columns().filter(|of| of.reach == Reach::Scope).filter_map(|of| of.columns.first());
        scopes.filter_map(move |c| table.shape.column(&c.name))
    }

    /// Whether some keys are about many rows.
    pub fn have_scopes(&self) -> bool {
        self.columns().any(|of| of.reach == Reach::Scope)
    }

    /// Whether two lists may bring the same row.
    pub fn repeats(&self) -> Repeats {
        let is_digest_unsure = self.digest.as_ref().is_some_and(DigestClaim::may_repeat)
            || self.ct.as_ref().is_some_and(|claim| claim.of.may_name_a_row_twice());
        if is_digest_unsure || self.columns().nth(1).is_some() { Repeats::Possible } else { Repeats::Never }
    }
}

impl KeyReading<'_> {
    /// Whether this list may bring a row twice.
    pub fn may_repeat(&self) -> bool {
        match self {
            Self::Log(reading) => reading.is_judged(),
            Self::Digest(reading) => reading.may_repeat(),
            // Each key is named once.
            Self::Ct(_) => false,
            // Two texts may be one key, and nobody has asked the source.
            Self::Given(_) => true,
        }
    }
}

impl KeySource for Keys<'_> {
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        match self {
            Self::Log(keys) => keys.next().await,
            Self::Digest(keys) => keys.next().await,
            Self::Ct(keys) => keys.next().await,
            Self::Given(keys) => keys.next().await,
        }
    }

    fn counts(&self) -> KeyCounts {
        match self {
            Self::Log(keys) => keys.counts(),
            Self::Digest(keys) => keys.counts(),
            Self::Ct(keys) => keys.counts(),
            Self::Given(keys) => keys.counts(),
        }
    }
}
