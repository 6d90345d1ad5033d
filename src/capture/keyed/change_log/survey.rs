//! What a run asks of the log before it reads a key: is it whole, what is new in it, and where do we stand then?

use std::collections::{BTreeMap, HashMap};

use crate::batch::{LogCounts, LogMark, LogTableMark};
use crate::capture::cursor::Seen;
use crate::capture::error::CaptureError;
use crate::capture::keyed::change_log::claim::Claim;
use crate::capture::keyed::change_log::health::{Health, Look, examine};
use crate::capture::keyed::change_log::read_entries::{SeenNumbers, Writer, next};
use crate::capture::keyed::change_log::resolve::Log;
use crate::capture::keyed::change_log::scan::Scan;
use crate::model::{Dialect, TableSpec, TypeColumn};
use crate::source::{Bulk, CursorColumn, CursorType, LogPlace, Moment, Session};

/// What a run has asked of the log so far: tables of one feed mostly ask the same.
#[derive(Default)]
pub struct Survey {
    looked: HashMap<(usize, Option<String>), Look>,
    scans: HashMap<(usize, String), Scan>,
}

impl Survey {
    /// Whether the log still has all that a table has not read.
    pub async fn health(
        &mut self,
        session: &Session,
        log: &Log<'_>,
        claims: &[Claim],
        mark: Option<&LogMark>,
    ) -> Result<Health, CaptureError> {
        let mut worst = match mark {
            Some(mark) if mark.types != content_types(log, claims) => Health::Renumbered,
            _ => Health::Whole,
        };
        for claim in claims {
            let table = &log.tables[claim.log];
            let marked = mark.and_then(|m| m.logs.iter().find(|l| l.name == table.name.to_string()));
            let seen = marked.map(|m| {
                format!("{} {:?} {:?} {:?}", m.oid, m.ids.as_ref().and_then(|i| i.seen.clone()), m.proof, m.read)
            });
            let looked = match self.looked.get(&(claim.log, seen.clone())) {
                Some(looked) => looked.clone(),
                None => examine(session, log, table, marked).await?,
            };
            let found = looked.health;
            self.looked.insert((claim.log, seen), looked.clone());
            // Whoever asks next for the newest entry alone need not ask the server.
            self.looked.insert((claim.log, None), Look { health: Health::Whole, ..looked });
            if worst == Health::Whole {
                worst = found;
            }
        }
        Ok(worst)
    }

    /// Looks through the entries since a place, once for all tables that stand there.
    pub async fn scan(
        &mut self,
        session: &Session,
        log: &Log<'_>,
        claim: &Claim,
        place: &LogPlace,
    ) -> Result<&Scan, CaptureError> {
        // What is new is told by the position, and where that does not move with every entry by the numbers.
        let key = (claim.log, format!("{} {:?}", place.position, place.read));
        if !self.scans.contains_key(&key) {
            let types = session.count_entries(log.new_entries(claim, place)).await?;
            self.scans.insert(key.clone(), Scan::of(types));
        }
        Ok(self.scans.entry(key).or_default())
    }

    /// The entries looked through: those since the oldest place of each table of entries.
    pub fn counts(&self, log: &Log<'_>, tables: &[TableSpec]) -> LogCounts {
        let mut counts = LogCounts::default();
        for n in 0..log.tables.len() {
            let of_table = self.scans.iter().filter(|((table, _), _)| *table == n).map(|(_, scan)| scan);
            if let Some(widest) = of_table.max_by_key(|s| s.total()) {
                widest.count(log, n, tables, &mut counts);
            }
        }
        counts
    }

    /// A table's place once what was found is in BigQuery.
    pub fn next_mark(&self, log: &Log<'_>, claims: &[Claim], before: Option<&LogMark>, moment: &Moment) -> LogMark {
        let mut logs: Vec<LogTableMark> = Vec::new();
        for claim in claims {
            let table = &log.tables[claim.log];
            let name = table.name.to_string();
            if logs.iter().any(|l| l.name == name) {
                continue;
            }
            let same = |l: &&LogTableMark| l.name == name && l.oid == table.relation.id;
            let previous = before.and_then(|m| m.logs.iter().find(same));
            let look = self.looked.get(&(claim.log, None));
            let newest = look.and_then(|l| l.newest.clone());
            let seen = || Seen { max: newest.clone(), bulk: Bulk::Unknown };
            // What all entries were read for has a floor at once: else the next run would read all of them once more.
            let advance = |ids: &CursorColumn| {
                let known = previous.and_then(|m| m.ids.as_ref()).filter(|m| m.column == ids.name);
                known.map_or_else(|| ids.mark_of_whole(seen(), moment), |m| ids.advance(Some(m), seen(), moment))
            };
            let ids = table.ids.as_ref().map(advance);
            let read = match (log.facts.dialect(), table.ids.as_ref()) {
                (Dialect::SqlServer, Some(ids)) if ids.kind == CursorType::Integer => {
                    let number = |text: Option<&String>| text.and_then(|t| t.parse::<i64>().ok());
                    let known = previous.and_then(|m| number(m.ids.as_ref()?.seen.as_ref()));
                    let gaps = look.map_or(&[][..], |l| l.gaps.as_slice());
                    let newest = number(newest.as_ref()).max(known).unwrap_or(0);
                    let writer = if log.is_by_trigger() { Writer::Triggers } else { Writer::Application };
                    let before = previous.and_then(|m| m.read.as_ref());
                    Some(next(ids, (before, known), SeenNumbers { newest, gaps }, moment, writer))
                }
                _ => None,
            };
            let proof = match ids.as_ref().is_some_and(|ids| ids.seen == newest) {
                true => look.and_then(|l| l.proof.clone()),
                false => previous.and_then(|m| m.proof.clone()),
            };
            logs.push(LogTableMark { name, oid: table.relation.id, ids, proof, read });
        }
        let types = content_types(log, claims);
        LogMark { position: moment.position.in_log(), taken_at: moment.taken_at, logs, types }
    }
}

/// The numbers of the content types that claims name.
fn content_types(log: &Log<'_>, claims: &[Claim]) -> BTreeMap<String, String> {
    if !matches!(log.spec.types, TypeColumn::ContentType { .. }) {
        return BTreeMap::new();
    }
    let number = |c: &Claim| c.groups.first().and_then(|g| g[0].clone()).map(|id| (c.name.clone(), id));
    claims.iter().filter_map(number).collect()
}
