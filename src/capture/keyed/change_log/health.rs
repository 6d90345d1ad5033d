//! Whether a log still has what was not read of it.
//!
//! Owners prune their logs. What was read may go; but where the newest entry of the last look is gone too, entries behind it
//! may have gone with it, unread. They can't have if there were none: nothing is there and the sequence that numbers
//! entries has not moved, or the next number is the first one there. Otherwise the log can't be trusted over that stretch,
//! and the tables are read whole. So are they when the numbers start over, for then the floor would pass what is written
//! next: the entry with the old number is another one by then, or older numbers are there before it.
//!
//! A role that may not read the sequence learns less: it takes an emptied log for a pruned one. So does everyone where the
//! sequence is not what numbers the entries.

use crate::batch::{LogTableMark, Lower};
use crate::capture::error::CaptureError;
use crate::capture::keyed::change_log::read_entries::{all_gaps, among};
use crate::capture::keyed::change_log::resolve::Log;
use crate::model::Dialect;
use crate::source::{CursorType, EntryTable, Session};

/// What became of the log since a table's last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Whole,
    Replaced,
    Pruned,
    /// A type of entries has another number than before: those under the old one have gone by unread.
    Renumbered,
}

/// What a look at the log's ends tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The newest entry's number.
    pub newest: Option<String>,
    /// What tells that entry from another one with its number.
    pub proof: Option<String>,
    /// The stretches of numbers that no entry has, the newest first, where it takes them to tell what was read.
    pub gaps: Vec<[i64; 2]>,
    pub health: Health,
}

/// Looks for the newest entry now, and whether the one that was newest at the mark is still there.
pub(super) async fn examine(
    session: &Session,
    log: &Log<'_>,
    table: &EntryTable,
    mark: Option<&LogTableMark>,
) -> Result<Look, CaptureError> {
    let replaced = mark.is_some_and(|m| m.oid != table.relation.id);
    let Some(ids) = &table.ids else {
        session.log_ends(log.spec, table, None).await?;
        return Ok(Look {
            newest: None,
            proof: None,
            gaps: Vec::new(),
            health: if replaced { Health::Replaced } else { Health::Whole },
        });
    };
    let seen =
        mark.filter(|_| !replaced).and_then(|m| Some((m, m.ids.as_ref()?))).filter(|(_, i)| i.column == ids.name);
    // With a candidate for the floor, transactions were open at the last look: smaller numbers may have come since.
    let was_quiet = seen.is_some_and(|(mark, ids)| match &mark.read {
        // Of a log that was empty then, what may have come and gone since is what may come at any time: that is no reason to read all rows at each tick.
        Some(read) => read.lower == Lower::None || mark.proof.is_none(),
        None => ids.candidate.is_none(),
    });
    let proof = seen.and_then(|(mark, _)| mark.proof.as_deref());
    let seen = seen.and_then(|(_, ids)| ids.seen.as_deref()).filter(|_| ids.kind == CursorType::Integer);
    let found = session.log_ends(log.spec, table, seen).await?;
    let gaps = match (log.facts.dialect(), ids.kind) {
        (Dialect::SqlServer, CursorType::Integer) => {
            let numbers = among(ids, mark.filter(|_| !replaced));
            let between = session.log_gaps(table, numbers).await?;
            all_gaps(ids, numbers, between, &found)
        }
        _ => Vec::new(),
    };
    let ends = Ends {
        seen_is_there: proof.is_some() && found.seen_proof.as_deref() == proof,
        newest: found.newest,
        drawn: found.drawn,
        first: found.first,
    };
    let health = if replaced { Health::Replaced } else { ends.health(seen.and_then(|s| s.parse().ok()), was_quiet) };
    Ok(Look { newest: ends.newest(ids.kind), proof: found.proof, gaps, health })
}

/// The ends of a log whose ids are numbers.
#[derive(Debug, Default)]
struct Ends {
    newest: Option<String>,
    /// The last number that the sequence gave out; see [`crate::source::LogEnds`].
    drawn: Option<i64>,
    /// The entry that was newest at the mark, not just one with its number.
    seen_is_there: bool,
    /// The first number of all that were drawn.
    first: Option<i64>,
}

impl Ends {
    fn health(&self, seen: Option<i64>, was_quiet: bool) -> Health {
        let Some(seen) = seen else { return Health::Whole };
        let starts_over = self.drawn.is_some_and(|d| d < seen);
        let nothing_came = self.first.is_none() && self.drawn == Some(seen);
        let follows = self.first.is_some() && self.first == seen.checked_add(1);
        let none_is_missing = was_quiet && (nothing_came || follows);
        if !starts_over && (self.seen_is_there || none_is_missing) { Health::Whole } else { Health::Pruned }
    }

    /// Of an empty log, what was drawn last: what is written next has a larger number.
    fn newest(&self, kind: CursorType) -> Option<String> {
        let drawn = self.drawn.filter(|_| kind == CursorType::Integer).map(|d| d.to_string());
        self.newest.clone().or(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(drawn: Option<i64>, seen_is_there: bool, first: Option<i64>) -> Ends {
        Ends { newest: None, drawn, seen_is_there, first }
    }

    #[test]
    fn a_log_is_trusted_only_while_nothing_can_have_gone_unread() {
        for (what, found, expected) in [
            ("the newest entry is there", ends(None, true, Some(3)), Health::Whole),
            ("it is gone, and nothing was written since", ends(Some(20), false, None), Health::Whole),
            ("it is gone, and the next number is there", ends(Some(25), false, Some(21)), Health::Whole),
            ("it is gone, and so may be others", ends(Some(25), false, Some(23)), Health::Pruned),
            ("all is gone, and some were written", ends(Some(25), false, None), Health::Pruned),
            ("all is gone, and the sequence may not be read", ends(None, false, None), Health::Pruned),
            ("the numbers start over", ends(Some(3), false, None), Health::Pruned),
            ("the numbers start over, and old entries stay", ends(Some(3), true, Some(1)), Health::Pruned),
            ("they started over and have come as far again", ends(Some(25), false, Some(1)), Health::Pruned),
            ("they started over and have come just as far", ends(Some(20), false, Some(1)), Health::Pruned),
        ] {
            assert_eq!(found.health(Some(20), true), expected, "{what}");
        }
        assert_eq!(ends(Some(3), false, None).health(None, true), Health::Whole);
        // A transaction that was open then may have committed a smaller number, which is gone as well.
        assert_eq!(ends(Some(20), false, None).health(Some(20), false), Health::Pruned);
        // An empty log: what comes next has a larger number than the last one drawn.
        assert_eq!(ends(Some(3), false, None).newest(CursorType::Integer).as_deref(), Some("3"));
    }
}
