//! The keys that new entries of one claim name, each once, in chunks.
//!
//! The server reads the entries, collapses them and keeps the result behind a cursor; a chunk of keys is all that is ever
//! in memory here, however many have changed. Keys come typed as the table's columns are, so that `07` and `7` are one
//! integer, and in their order, so that a chunk's rows lie close together.
//!
//! A logged key that is no value of the column's type (a word where the table has numbers) can't be the key of any row: it
//! is counted and left. An entry without a key is another matter: it changed rows without naming them.

use std::collections::VecDeque;

use crate::capture::error::CaptureError;
use crate::capture::keyed::log::claim::Claim;
use crate::capture::keyed::log::diff::Judge;
use crate::capture::keyed::log::key_sql::keys_query;
use crate::capture::keyed::log::place::Place;
use crate::capture::keyed::log::resolve::Log;
use crate::source::{NamedKey, Origin, Session, SourceError};

/// Keys a chunk: enough to make a statement worth its round trip, few enough for one that is quick to plan.
const KEYS_A_CHUNK: usize = 4096;
/// Entries fetched at once where each brings its diff along; with [`super::diff`]'s bound on a diff, a few MiB at most.
const ENTRIES_A_FETCH: usize = 256;
const DOING: &str = "reading the change log";

/// Some of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    pub keys: Vec<NamedKey>,
}

impl Chunk {
    /// How many of the keys the log tells of an insert of.
    pub fn added(&self) -> u64 {
        self.keys.iter().filter(|k| k.origin == Origin::Added).count() as u64
    }
}

/// Whether the new entries name the rows they changed.
pub enum Opened<'a> {
    Reader(KeyReader<'a>),
    /// Some entry changed rows that it does not name.
    NamesNoRow,
}

/// Reads the keys of one claim.
pub struct KeyReader<'a> {
    session: &'a Session,
    cursor: String,
    width: usize,
    judge: Option<&'a Judge>,
    waiting: VecDeque<Vec<Option<String>>>,
    drained: bool,
    current: Option<Collapsed>,
    /// Entries of updates that touched nothing published.
    pub skipped: u64,
    /// Keys that no row of the table can have.
    pub unreadable: u64,
    /// Keys that an earlier run has had already, and a transaction still open then keeps in doubt.
    pub resent: u64,
}

/// A value that the server can't read as the key's type: newer ones are asked first.
fn explain(e: SourceError, claim: &Claim) -> CaptureError {
    match &e {
        SourceError::Statement { code, .. } if code.starts_with("22") => CaptureError::UnreadableKey {
            name: claim.name.clone(),
            type_name: claim.columns.iter().map(|c| c.type_name.as_str()).collect::<Vec<_>>().join(", "),
        },
        _ => e.into(),
    }
}

/// The entries of one key, where the diffs are looked at.
struct Collapsed {
    key: NamedKey,
    again: bool,
    reread: bool,
}

impl<'a> KeyReader<'a> {
    /// Has the server collapse the entries. `number` tells the readers of one table apart: they are open at once, so that
    /// an entry without a key is noticed before anything is staged.
    pub async fn open(
        session: &'a Session,
        number: usize,
        log: &Log<'_>,
        claim: &Claim,
        place: &Place,
        judge: Option<&'a Judge>,
    ) -> Result<Opened<'a>, CaptureError> {
        let cursor = format!("plimsoll_keys_{number}");
        let query = keys_query(log, claim, place, judge);
        let declared = session.execute(DOING, &format!("DECLARE {cursor} NO SCROLL CURSOR FOR {query}")).await;
        declared.map_err(|e| explain(e, claim))?;
        let mut reader = Self {
            session,
            cursor,
            width: claim.columns.len(),
            judge,
            waiting: VecDeque::new(),
            drained: false,
            current: None,
            skipped: 0,
            unreadable: 0,
            resent: 0,
        };
        reader.fetch().await.map_err(|e| explain(e, claim))?;
        // Entries without a key come first.
        let missing = reader.waiting.front().and_then(|row| row.get(reader.width + 1));
        if missing.and_then(|f| f.as_deref()) == Some("t") {
            return Ok(Opened::NamesNoRow);
        }
        Ok(Opened::Reader(reader))
    }

    /// The next chunk; `None` at the end, which closes the cursor.
    pub async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        let mut chunk = Chunk::default();
        while chunk.keys.len() < KEYS_A_CHUNK {
            if self.waiting.is_empty() && !self.drained {
                self.fetch().await?;
            }
            let Some(row) = self.waiting.pop_front() else {
                self.emit(&mut chunk);
                break;
            };
            self.take(row, &mut chunk);
        }
        if !chunk.keys.is_empty() {
            return Ok(Some(chunk));
        }
        self.close().await?;
        Ok(None)
    }

    async fn close(&self) -> Result<(), CaptureError> {
        Ok(self.session.execute(DOING, &format!("CLOSE {}", self.cursor)).await?)
    }

    /// Closes every reader of a table that is given up half-read.
    pub async fn close_all(session: &Session) -> Result<(), CaptureError> {
        Ok(session.execute(DOING, "CLOSE ALL").await?)
    }

    async fn fetch(&mut self) -> Result<(), SourceError> {
        let wanted = if self.judge.is_some() { ENTRIES_A_FETCH } else { KEYS_A_CHUNK };
        let rows = self.session.text_rows(DOING, &format!("FETCH FORWARD {wanted} FROM {}", self.cursor)).await?;
        self.drained = rows.len() < wanted;
        self.waiting = rows.into();
        Ok(())
    }

    /// The row's fields: the key; whether it was sent before; whether it is missing from the entry; how many entries (or,
    /// where diffs are looked at, whether it is an update); the diff.
    fn take(&mut self, mut row: Vec<Option<String>>, chunk: &mut Chunk) {
        let rest = row.split_off(self.width);
        let flag = |n: usize| rest.get(n).and_then(|f| f.as_deref()) == Some("t");
        let again = flag(0);
        let origin = if flag(2) { Origin::Added } else { Origin::Before };
        let count = rest.get(3).and_then(|f| f.as_ref()).and_then(|t| t.parse().ok()).unwrap_or(1);
        let Some(key) = row.into_iter().collect::<Option<Vec<String>>>() else {
            self.unreadable += count;
            return;
        };
        let Some(judge) = self.judge else {
            self.resent += u64::from(again);
            chunk.keys.push(NamedKey { values: key, origin });
            return;
        };
        let diff: Vec<Option<&str>> = rest.iter().skip(4).map(Option::as_deref).collect();
        let skip = flag(3) && judge.is_unpublished(&diff);
        self.skipped += u64::from(skip);
        match &mut self.current {
            Some(current) if current.key.values == key => {
                current.key.origin = current.key.origin.or(origin);
                current.again &= again;
                current.reread |= !skip;
            }
            _ => {
                self.emit(chunk);
                let key = NamedKey { values: key, origin };
                self.current = Some(Collapsed { key, again, reread: !skip });
            }
        }
    }

    fn emit(&mut self, chunk: &mut Chunk) {
        if let Some(done) = self.current.take().filter(|c| c.reread) {
            self.resent += u64::from(done.again);
            chunk.keys.push(done.key);
        }
    }
}
