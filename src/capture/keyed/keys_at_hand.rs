//! What names the changed keys of a feed's tables during a run: found once, asked by each table. A new kind of key source is an arm here.

use super::change_log::{Concerned, Log, LogAtHand, Opened};
use super::claims::{Claims, KeyReading, Keys, Named, OpenedKeys};
use super::ct::{CtAtHand, CtClaim};
use super::digest::{DigestAtHand, DigestClaim, ListPlace, Wanted};
use super::given::{GivenKeys, ListedKeys};
use crate::batch::{DigestMark, LogCounts, Standing};
use crate::capture::error::CaptureError;
use crate::capture::named_keys::{KeyWord, NextPlace};
use crate::model::{Dialect, LogSpec, RelationName, TableSpec};
use crate::source::{Catalog, KeyRange, Moment, Session, Sight, Table};

/// Where the keys of a feed are named, before the source is asked.
pub enum KeysFrom<'a> {
    /// Nowhere: the tables' own rows tell what has changed.
    Rows,
    Log {
        spec: &'a LogSpec,
        /// The tables of the config that it feeds.
        tables: Vec<TableSpec>,
    },
    /// In the rows' hashes; with a place, where something is to be looked for.
    Digest(Option<Box<ListPlace>>),
    /// The tables' own rows tell what has changed, and lists of their keys which are gone; with a place, where something is to be looked for.
    KeyLists(Option<Box<ListPlace>>),
    /// In the server's own change tracking, which stood at this version before the snapshot began.
    Ct {
        version: Option<i64>,
        /// The tables that are asked for, all at once.
        tables: Vec<RelationName>,
    },
    /// Somebody hands them in.
    Given {
        keys: &'a GivenKeys,
        /// What names the feed's keys otherwise: it says whether they can be trusted, and where a table stands that has to be read whole.
        others: Box<KeysFrom<'a>>,
    },
}

/// What names keys, as it stands in the snapshot. Each question is a `match` over all of them: a new kind has to answer each.
pub enum KeysAtHand<'a> {
    Rows,
    Log(Box<LogAtHand<'a>>),
    Digest(Box<DigestAtHand>),
    KeyLists(Box<DigestAtHand>),
    Ct(CtAtHand),
    Given { keys: &'a GivenKeys, others: Box<KeysAtHand<'a>> },
}

impl<'a> KeysFrom<'a> {
    /// The relations that are asked beside the tables, for the catalog.
    pub fn relations(&self, dialect: Dialect) -> Vec<RelationName> {
        match self {
            Self::Rows | Self::Digest(_) | Self::KeyLists(_) | Self::Ct { .. } => Vec::new(),
            Self::Log { spec, tables } => Log::relations(spec, tables, dialect),
            Self::Given { others, .. } => others.relations(dialect),
        }
    }

    /// Finds what names the keys.
    pub async fn open(self, session: &Session, catalog: &Catalog) -> Result<KeysAtHand<'a>, CaptureError> {
        Ok(match self {
            Self::Rows => KeysAtHand::Rows,
            Self::Log { spec, tables } => {
                let log = Log::open(session, spec, &tables, catalog).await?;
                KeysAtHand::Log(Box::new(LogAtHand::new(log, tables)))
            }
            Self::Digest(place) => KeysAtHand::Digest(Box::new(DigestAtHand::new(place.map(|p| *p), Wanted::All))),
            Self::KeyLists(place) => KeysAtHand::KeyLists(Box::new(DigestAtHand::new(place.map(|p| *p), Wanted::Gone))),
            Self::Ct { version, tables } => KeysAtHand::Ct(CtAtHand::find(session, version, &tables).await?),
            Self::Given { keys, others } => {
                let others = Box::pin(others.open(session, catalog)).await?;
                KeysAtHand::Given { keys, others: Box::new(others) }
            }
        })
    }
}

impl KeysAtHand<'_> {
    /// Whether the keys of changed rows are named, rather than found in the rows.
    pub fn names_keys(&self) -> bool {
        match self {
            Self::Rows | Self::KeyLists(_) => false,
            Self::Log(_) | Self::Digest(_) | Self::Ct(_) | Self::Given { .. } => true,
        }
    }

    /// Whether inserts are told from other changes.
    pub fn tells_inserts(&self) -> bool {
        match self {
            Self::Log(at_hand) => !at_hand.log.spec().codes.added.is_empty(),
            // Lists of all keys tell which of them are new.
            Self::Digest(_) => true,
            Self::Rows | Self::KeyLists(_) | Self::Ct(_) | Self::Given { .. } => false,
        }
    }

    /// What concerns a table.
    pub fn claims(&self, table: Table<'_>) -> Result<Claims, CaptureError> {
        let Table { spec, relation, shape } = table;
        Ok(match self {
            Self::Rows => Claims::default(),
            Self::Log(at_hand) => Claims { log: at_hand.log.claims(spec, relation, shape)?, ..Claims::default() },
            Self::Digest(_) | Self::KeyLists(_) => {
                Claims { digest: Some(DigestClaim::new(table)), ..Claims::default() }
            }
            Self::Ct(_) => Claims { ct: Some(CtClaim::new(table)?), ..Claims::default() },
            Self::Given { keys, others } => Claims { given: keys.of_table(table)?, ..others.claims(table)? },
        })
    }

    /// What it says to a run of changes since a table's standing.
    pub async fn word(
        &mut self,
        session: &Session,
        table: Table<'_>,
        claims: &Claims,
        standing: Option<Standing<'_>>,
    ) -> Result<KeyWord, CaptureError> {
        match self {
            Self::Rows => Ok(KeyWord::default()),
            Self::Log(at_hand) => {
                let stale = at_hand.stale(session, &claims.log, standing).await?;
                let mark = standing.and_then(|s| s.mark.log());
                Ok(KeyWord { stale, unnamed: mark.and_then(|mark| at_hand.unnamed(&claims.log, mark)) })
            }
            Self::Digest(at_hand) | Self::KeyLists(at_hand) => {
                Ok(KeyWord { stale: at_hand.stale(session, table, standing).await?, unnamed: None })
            }
            Self::Ct(at_hand) => Ok(KeyWord { stale: at_hand.stale(session, table, standing).await?, unnamed: None }),
            Self::Given { others, .. } => Box::pin(others.word(session, table, claims, standing)).await,
        }
    }

    /// The keys that are new since a table's standing.
    pub async fn concerning<'l>(
        &mut self,
        session: &Session,
        table: Table<'l>,
        claims: &'l Claims,
        standing: Option<Standing<'l>>,
    ) -> Result<Named<'l>, CaptureError> {
        Ok(match self {
            Self::Rows => Named::Nothing,
            Self::Log(at_hand) => match at_hand.concerning(session, table, &claims.log, standing).await? {
                Concerned::Nothing => Named::Nothing,
                Concerned::Claims(readings) => {
                    Named::Keys(readings.into_iter().map(|r| KeyReading::Log(Box::new(r))).collect())
                }
                Concerned::NoRow => Named::NoRow,
            },
            Self::Digest(at_hand) | Self::KeyLists(at_hand) => {
                let reading = claims.digest.as_ref().and_then(|claim| at_hand.reading(table, claim, standing));
                match reading {
                    Some(reading) => Named::Keys(vec![KeyReading::Digest(Box::new(reading))]),
                    None => Named::Nothing,
                }
            }
            Self::Ct(at_hand) => {
                let reading = claims.ct.as_ref().and_then(|claim| at_hand.reading(table, claim, standing));
                reading.map_or(Named::Nothing, |reading| Named::Keys(vec![KeyReading::Ct(reading)]))
            }
            Self::Given { .. } => Named::Keys(claims.given.iter().map(KeyReading::Given).collect()),
        })
    }

    /// Opens all that a table's keys are read from: at once, so that rows that nothing names are noticed before anything is staged.
    pub async fn open<'s>(
        &'s self,
        session: &'s Session,
        readings: &'s [KeyReading<'_>],
    ) -> Result<OpenedKeys<'s>, CaptureError> {
        let mut opened = Vec::with_capacity(readings.len());
        for (number, reading) in readings.iter().enumerate() {
            match (reading, self) {
                (KeyReading::Log(reading), Self::Log(at_hand)) => {
                    match at_hand.reader(session, number, reading).await? {
                        Opened::Reader(reader) => opened.push((&reading.claim.key, Keys::Log(reader))),
                        Opened::NamesNoRow => return Ok(OpenedKeys::NoRow),
                    }
                }
                (KeyReading::Digest(reading), Self::Digest(at_hand) | Self::KeyLists(at_hand)) => {
                    let keys = at_hand.keys(session, reading);
                    opened.extend(keys.map(|keys| (&reading.claim.of, Keys::Digest(Box::new(keys)))));
                }
                (KeyReading::Ct(reading), Self::Ct(at_hand)) => {
                    let keys = at_hand.keys(session, number, reading).await?;
                    opened.push((&reading.claim.of, Keys::Ct(keys)));
                }
                // Only what is at hand makes such readings.
                (KeyReading::Log(_) | KeyReading::Digest(_) | KeyReading::Ct(_), _) => {}
                (KeyReading::Given(listed), _) => opened.push((&listed.of, Keys::Given(ListedKeys::of(listed)))),
            }
        }
        Ok(OpenedKeys::All(opened))
    }

    /// Keeps what the next run compares with, where all rows were read, or a stretch of them: `loaded` has what is kept of the stretches before.
    pub async fn keep_all(
        &self,
        session: &Session,
        table: Table<'_>,
        claims: &Claims,
        loaded: Option<&DigestMark>,
        range: Option<&KeyRange>,
    ) -> Result<(), CaptureError> {
        match self {
            Self::Rows | Self::Log(_) | Self::Ct(_) => Ok(()),
            Self::Digest(at_hand) | Self::KeyLists(at_hand) => match &claims.digest {
                Some(claim) => at_hand.keep_all(session, table, claim, loaded, range).await,
                None => Ok(()),
            },
            Self::Given { others, .. } => Box::pin(others.keep_all(session, table, claims, loaded, range)).await,
        }
    }

    /// Where a table stands once what was found is in BigQuery; `before` is where it stood, of a run of changes.
    pub fn next_place(&self, claims: &Claims, before: Option<Standing<'_>>, moment: &Moment) -> NextPlace {
        match self {
            Self::Rows => NextPlace::Rows,
            Self::Log(at_hand) => {
                NextPlace::Log(at_hand.next_mark(&claims.log, before.and_then(|s| s.mark.log()), moment))
            }
            Self::Digest(at_hand) => at_hand.next_place(before, moment),
            Self::KeyLists(at_hand) => match at_hand.next_place(before, moment) {
                NextPlace::Digest { mark, .. } => NextPlace::KeyLists(mark),
                other => other,
            },
            Self::Ct(at_hand) => match &claims.ct {
                Some(claim) => at_hand.next_place(claim, before, moment),
                None => NextPlace::Rows,
            },
            Self::Given { .. } if before.is_some() => {
                let keys = claims.given.iter().flat_map(|listed| listed.keys.iter());
                NextPlace::Stays { again: keys.map(|k| k.values.clone()).collect() }
            }
            // All rows were read: what names the keys goes on from now.
            Self::Given { others, .. } => others.next_place(claims, None, moment),
        }
    }

    /// The entries looked through, where there are any.
    pub fn counts(&self) -> Option<LogCounts> {
        match self {
            Self::Log(at_hand) => Some(at_hand.counts()),
            Self::Rows | Self::Digest(_) | Self::KeyLists(_) | Self::Ct(_) | Self::Given { .. } => None,
        }
    }

    /// The statements of a run of changes by named keys, with a place where the keys will stand; for people. `None` where the rows tell.
    pub fn statements(&self, claims: &Claims, standing: Option<Standing<'_>>, table: Table<'_>) -> Option<Vec<String>> {
        match self {
            Self::Rows | Self::KeyLists(_) => None,
            Self::Log(at_hand) => Some(at_hand.statements(&claims.log, standing?.mark.log()?, table)),
            Self::Digest(at_hand) => Some(at_hand.statements(claims.digest.as_ref()?, standing, table)),
            Self::Ct(at_hand) => Some(at_hand.statements(claims.ct.as_ref()?, standing, table)),
            Self::Given { others, .. } => others.statements(claims, standing, table),
        }
    }

    /// The statements that compare the kept list of keys with the source, where rows tell what else has changed.
    pub fn key_list_statements(
        &self,
        claims: &Claims,
        standing: Option<Standing<'_>>,
        table: Table<'_>,
    ) -> Vec<String> {
        match (self, claims.digest.as_ref()) {
            (Self::KeyLists(at_hand), Some(claim)) => at_hand.statements(claim, standing, table),
            _ => Vec::new(),
        }
    }

    /// The server's guess at how many rows the first of them gives.
    pub async fn estimate(
        &self,
        session: &Session,
        claims: &Claims,
        standing: Option<Standing<'_>>,
    ) -> Result<u64, CaptureError> {
        match self {
            Self::Log(at_hand) => match standing.and_then(|s| s.mark.log()) {
                Some(mark) => at_hand.estimate(session, &claims.log, mark).await,
                None => Ok(0),
            },
            Self::Rows | Self::Digest(_) | Self::KeyLists(_) | Self::Ct(_) | Self::Given { .. } => Ok(0),
        }
    }

    /// Has the server look at the statements that the tick after this one sends; the place where that would begin.
    pub async fn try_out(
        &mut self,
        session: &Session,
        claims: &Claims,
        table: Table<'_>,
        moment: &Moment,
    ) -> Result<NextPlace, CaptureError> {
        match self {
            Self::Log(at_hand) => Ok(NextPlace::Log(at_hand.try_out(session, &claims.log, table, moment).await?)),
            Self::Digest(at_hand) | Self::KeyLists(at_hand) => {
                if let Some(claim) = &claims.digest {
                    at_hand.try_out(session, claim, table).await?;
                }
                Ok(NextPlace::Rows)
            }
            Self::Ct(at_hand) => match &claims.ct {
                Some(claim) => at_hand.try_out(session, claim, table, moment).await,
                None => Ok(NextPlace::Rows),
            },
            Self::Rows | Self::Given { .. } => Ok(NextPlace::Rows),
        }
    }

    /// What the operator should know of it, as far as it concerns a table.
    pub async fn notes(
        &self,
        session: &Session,
        claims: &Claims,
        table: Table<'_>,
        sight: Sight,
    ) -> Result<Vec<String>, CaptureError> {
        match self {
            Self::Log(at_hand) => at_hand.notes(session, &claims.log, table, sight).await,
            Self::Rows | Self::Digest(_) | Self::KeyLists(_) | Self::Ct(_) | Self::Given { .. } => Ok(Vec::new()),
        }
    }
}
