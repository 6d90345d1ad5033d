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
use crate::capture::keyed::change_log::claim::Claim;
use crate::capture::keyed::change_log::diff::Judge;
use crate::capture::keyed::change_log::resolve::Log;
use crate::capture::keyed::key_source::{Chunk, KeyCounts, KeySource};
use crate::source::{CollapsedEntry, Fetched, KeyCursor, LogPlace, NamedKey, Origin, Session, SourceError};

/// Keys a chunk: enough to make a statement worth its round trip, few enough for one that is quick to plan.
const KEYS_A_CHUNK: usize = 4096;

/// Whether the new entries name the rows they changed.
pub enum Opened<'a> {
    Reader(KeyReader<'a>),
    /// Some entry changed rows that it does not name.
    NamesNoRow,
}

/// Reads the keys of one claim.
pub struct KeyReader<'a> {
    cursor: KeyCursor<'a>,
    judge: Option<&'a Judge>,
    waiting: VecDeque<CollapsedEntry>,
    current: Option<Collapsed>,
    /// Entries of updates that touched nothing published are skipped; keys that a transaction still open then keeps in doubt are resent.
    counts: KeyCounts,
}

/// A value that the server can't read as the key's type: newer ones are asked first.
fn explain(e: SourceError, claim: &Claim) -> CaptureError {
    if !e.is_of_a_value() {
        return e.into();
    }
    CaptureError::UnreadableKey {
        name: claim.name.clone(),
        type_name: claim.key.columns.iter().map(|c| c.type_name.as_str()).collect::<Vec<_>>().join(", "),
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
        place: &LogPlace,
        judge: Option<&'a Judge>,
    ) -> Result<Opened<'a>, CaptureError> {
        let (entries, diff) = (log.new_entries(claim, place), judge.map(Judge::diff));
        let cursor = session.collapse_entries(number, entries, claim.claimed(), diff).await;
        let mut reader = Self {
            cursor: cursor.map_err(|e| explain(e, claim))?,
            judge,
            waiting: VecDeque::new(),
            current: None,
            counts: KeyCounts::default(),
        };
        reader.fetch().await.map_err(|e| explain(e, claim))?;
        // Entries without a key come first.
        if reader.waiting.front().is_some_and(|entry| entry.missing) {
            return Ok(Opened::NamesNoRow);
        }
        Ok(Opened::Reader(reader))
    }

    async fn fetch(&mut self) -> Result<(), SourceError> {
        self.waiting = self.cursor.fetch(KEYS_A_CHUNK).await?.into();
        Ok(())
    }

    fn take(&mut self, entry: CollapsedEntry, chunk: &mut Chunk) {
        let origin = if entry.added { Origin::Added } else { Origin::Before };
        let again = entry.again;
        let Some(key) = entry.key.into_iter().collect::<Option<Vec<String>>>() else {
            self.counts.unreadable += entry.count;
            return;
        };
        let Some(judge) = self.judge else {
            self.counts.resent += u64::from(again);
            chunk.keys.push(NamedKey { values: key, origin });
            return;
        };
        let skip = entry.diff.is_some_and(|diff| {
            let texts: Vec<Option<&str>> = diff.iter().map(Option::as_deref).collect();
            judge.is_unpublished(&texts)
        });
        self.counts.skipped += u64::from(skip);
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
            self.counts.resent += u64::from(done.again);
            chunk.keys.push(done.key);
        }
    }
}

impl KeySource for KeyReader<'_> {
    /// The next chunk; `None` at the end, which closes the cursor.
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        let mut chunk = Chunk::default();
        while chunk.keys.len() < KEYS_A_CHUNK {
            if self.waiting.is_empty() && self.cursor.state() == Fetched::Some {
                self.fetch().await?;
            }
            let Some(entry) = self.waiting.pop_front() else {
                self.emit(&mut chunk);
                break;
            };
            self.take(entry, &mut chunk);
        }
        if !chunk.keys.is_empty() {
            return Ok(Some(chunk));
        }
        self.cursor.close().await?;
        Ok(None)
    }

    fn counts(&self) -> KeyCounts {
        self.counts
    }
}
