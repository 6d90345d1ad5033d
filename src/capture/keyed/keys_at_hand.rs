//! What names the changed keys of a feed's tables during a run: found once, asked by each table. A new kind of key source is an arm here.

use super::change_log::{Claim, ClaimReading, Concerned, KeyReader, Log, LogAtHand, Opened};
use super::given::{GivenKeys, Listed, ListedKeys};
use super::key_source::{Chunk, KeyColumns, KeyCounts, KeySource, Reach};
use crate::batch::{LogCounts, Repeats, Standing};
use crate::capture::error::CaptureError;
use crate::capture::named_keys::{KeyWord, NextPlace};
use crate::encode::ShapeColumn;
use crate::model::{LogSpec, RelationName, TableSpec};
use crate::source::{Catalog, Moment, Session, Sight, Table};

/// Where the keys of a feed are named, before the source is asked.
pub enum KeysFrom<'a> {
    /// Nowhere: the tables' own rows tell what has changed.
    Rows,
    Log {
        spec: &'a LogSpec,
        /// The tables of the config that it feeds.
        tables: Vec<TableSpec>,
    },
    Given(&'a GivenKeys),
}

/// What names keys, as it stands in the snapshot.
pub enum KeysAtHand<'a> {
    Rows,
    Log(Box<LogAtHand<'a>>),
    Given(&'a GivenKeys),
}

/// What of it concerns one table.
#[derive(Clone, Debug)]
pub enum Claims {
    None,
    Log(Vec<Claim>),
    Given(Listed),
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
    Given(&'a Listed),
}

/// The keys of any key source.
pub enum Keys<'a> {
    Log(KeyReader<'a>),
    Given(ListedKeys<'a>),
}

/// Whether every key source of a table could be opened.
pub enum OpenedKeys<'a> {
    All(Vec<(&'a KeyColumns, Keys<'a>)>),
    /// Rows changed that nothing names.
    NoRow,
}

impl<'a> KeysFrom<'a> {
    /// The relations that are asked beside the tables, for the catalog.
    pub fn relations(&self) -> Vec<RelationName> {
        match self {
            Self::Rows | Self::Given(_) => Vec::new(),
            Self::Log { spec, tables } => Log::relations(spec, tables),
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
            Self::Given(keys) => KeysAtHand::Given(keys),
        })
    }
}

impl KeysAtHand<'_> {
    /// Whether the keys of changed rows are named, rather than found in the rows.
    pub fn names_keys(&self) -> bool {
        !matches!(self, Self::Rows)
    }

    /// What concerns a table.
    pub fn claims(&self, table: Table<'_>) -> Result<Claims, CaptureError> {
        let Table { spec, relation, shape } = table;
        Ok(match self {
            Self::Rows => Claims::None,
            Self::Log(at_hand) => Claims::Log(at_hand.log.claims(spec, relation, shape)?),
            Self::Given(given) => match given.of_target(&spec.target) {
                Some(keys) => Claims::Given(Listed { of: KeyColumns::of_key(relation, shape), keys: keys.clone() }),
                None => Claims::None,
            },
        })
    }

    /// What it says to a run of changes since a table's standing.
    pub async fn word(
        &mut self,
        session: &Session,
        claims: &Claims,
        standing: Option<Standing<'_>>,
    ) -> Result<KeyWord, CaptureError> {
        let (Self::Log(at_hand), Claims::Log(claims)) = (self, claims) else { return Ok(KeyWord::default()) };
        let stale = at_hand.stale(session, claims, standing).await?;
        let mark = standing.and_then(|s| s.mark.log());
        Ok(KeyWord { stale, unnamed: mark.map(|mark| at_hand.unnamed(claims, mark)) })
    }

    /// The keys that are new since a table's standing.
    pub async fn concerning<'l>(
        &mut self,
        session: &Session,
        table: Table<'_>,
        claims: &'l Claims,
        standing: Option<Standing<'_>>,
    ) -> Result<Named<'l>, CaptureError> {
        match (self, claims) {
            (Self::Log(at_hand), Claims::Log(claims)) => {
                Ok(match at_hand.concerning(session, table, claims, standing).await? {
                    Concerned::Nothing => Named::Nothing,
                    Concerned::Claims(readings) => {
                        Named::Keys(readings.into_iter().map(|r| KeyReading::Log(Box::new(r))).collect())
                    }
                    Concerned::NoRow => Named::NoRow,
                })
            }
            (_, Claims::Given(listed)) => Ok(Named::Keys(vec![KeyReading::Given(listed)])),
            _ => Ok(Named::Nothing),
        }
    }

    /// Opens all that a table's keys are read from: at once, so that rows that nothing names are noticed before anything is staged.
    pub async fn open<'s>(
        &self,
        session: &'s Session,
        readings: &'s [KeyReading<'_>],
    ) -> Result<OpenedKeys<'s>, CaptureError> {
        let mut opened = Vec::with_capacity(readings.len());
        for (number, reading) in readings.iter().enumerate() {
            match (self, reading) {
                (Self::Log(at_hand), KeyReading::Log(reading)) => {
                    match at_hand.reader(session, number, reading).await? {
                        Opened::Reader(reader) => opened.push((&reading.claim.key, Keys::Log(reader))),
                        Opened::NamesNoRow => return Ok(OpenedKeys::NoRow),
                    }
                }
                (_, KeyReading::Given(listed)) => opened.push((&listed.of, Keys::Given(ListedKeys::of(listed)))),
                (Self::Rows | Self::Given(_), KeyReading::Log(_)) => {}
            }
        }
        Ok(OpenedKeys::All(opened))
    }

    /// Where a table stands once what was found is in BigQuery; `before` is where it stood, of a run of changes.
    pub fn next_place(&self, claims: &Claims, before: Option<Standing<'_>>, moment: &Moment) -> NextPlace {
        match (self, claims) {
            (Self::Log(at_hand), Claims::Log(claims)) => {
                NextPlace::Log(at_hand.next_mark(claims, before.and_then(|s| s.mark.log()), moment))
            }
            (Self::Given(_), _) if before.is_some() => NextPlace::Stays,
            _ => NextPlace::Rows,
        }
    }

    /// The entries looked through, where there are any.
    pub fn counts(&self) -> Option<LogCounts> {
        match self {
            Self::Log(at_hand) => Some(at_hand.counts()),
            Self::Rows | Self::Given(_) => None,
        }
    }

    /// The statements of a run of changes by named keys, with a place where the keys will stand; for people. None where the rows tell.
    pub fn statements(&self, claims: &Claims, standing: Option<Standing<'_>>, table: Table<'_>) -> Option<Vec<String>> {
        let (Self::Log(at_hand), Claims::Log(claims)) = (self, claims) else { return None };
        Some(at_hand.statements(claims, standing?.mark.log()?, table))
    }

    /// The server's guess at how many rows the first of them gives.
    pub async fn estimate(
        &self,
        session: &Session,
        claims: &Claims,
        standing: Option<Standing<'_>>,
    ) -> Result<u64, CaptureError> {
        match (self, claims, standing.and_then(|s| s.mark.log())) {
            (Self::Log(at_hand), Claims::Log(claims), Some(mark)) => at_hand.estimate(session, claims, mark).await,
            _ => Ok(0),
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
        let (Self::Log(at_hand), Claims::Log(claims)) = (self, claims) else { return Ok(NextPlace::Rows) };
        Ok(NextPlace::Log(at_hand.try_out(session, claims, table, moment).await?))
    }

    /// What the operator should know of it, as far as it concerns a table.
    pub async fn notes(
        &self,
        session: &Session,
        claims: &Claims,
        table: Table<'_>,
        sight: Sight,
    ) -> Result<Vec<String>, CaptureError> {
        let (Self::Log(at_hand), Claims::Log(claims)) = (self, claims) else { return Ok(Vec::new()) };
        at_hand.notes(session, claims, table, sight).await
    }
}

impl Claims {
    fn columns(&self) -> impl Iterator<Item = &KeyColumns> {
        let (log, given) = match self {
            Self::None => (None, None),
            Self::Log(claims) => (Some(claims.iter().map(|c| &c.key)), None),
            Self::Given(listed) => (None, Some(&listed.of)),
        };
        log.into_iter().flatten().chain(given)
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
        if self.columns().nth(1).is_some() { Repeats::Possible } else { Repeats::Never }
    }
}

impl KeyReading<'_> {
    /// Whether this list may bring a row twice.
    pub fn may_repeat(&self) -> bool {
        matches!(self, Self::Log(reading) if reading.is_judged())
    }
}

impl KeySource for Keys<'_> {
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        match self {
            Self::Log(keys) => keys.next().await,
            Self::Given(keys) => keys.next().await,
        }
    }

    fn counts(&self) -> KeyCounts {
        match self {
            Self::Log(keys) => keys.counts(),
            Self::Given(keys) => keys.counts(),
        }
    }
}
