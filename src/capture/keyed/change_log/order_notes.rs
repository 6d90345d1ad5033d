//! How new entries of a log are told from old ones where its rows do not say who wrote them, and what that may miss.

use super::claim::Claim;
use super::read_entries::LONGEST;
use super::resolve::Log;
use crate::model::figures::period;
use crate::model::{Dialect, Lag};
use crate::source::{CursorType, Sight};

impl Log<'_> {
    /// What `check` has to say of it.
    pub(super) fn order_notes(&self, claim: &Claim, sight: Sight) -> Vec<String> {
        if self.facts.dialect() == Dialect::Postgres {
            return Vec::new();
        }
        let table = &self.tables[claim.log];
        let log = &table.name;
        let numbers = table.ids.as_ref().filter(|ids| ids.kind == CursorType::Integer);
        let version = self.version_of(claim.log);
        let is_found = version.is_some_and(|v| table.relation.leading.iter().any(|leading| leading == v));
        let mut notes = Vec::new();
        match (version, numbers, &table.ids) {
            (Some(version), Some(ids), _) if !is_found => notes.push(format!(
                "new entries of {log} are told by its rowversion {version}, which no index leads with: {} bounds the search",
                ids.name
            )),
            (Some(version), None, _) if !is_found => {
                notes.push(format!("new entries of {log} are told by its rowversion {version}, which no index leads with: every tick scans it"));
            }
            (Some(version), ..) => {
                notes.push(format!("new entries of {log} are told by its rowversion {version}: none is missed, however late it commits"));
            }
            (None, Some(ids), _) => notes.push(format!(
                "new entries of {log} are told by {}: what commits late is found by the numbers that were missing. An entry that is updated is not read again; \
                 a column of the type rowversion, with an index, finds that as well",
                ids.name
            )),
            (None, None, Some(time)) => notes.push(format!(
                "new entries of {log} are told by {} alone: those within lag of the newest are sent again every tick, and one that commits later than lag is missed. \
                 ALTER TABLE {} ADD [version] rowversion, with an index, solves both",
                time.name,
                self.facts.dialect().qualified(log)
            )),
            (None, None, None) => {}
        }
        // The start of the oldest open transaction is what settles a number.
        let unseen = match sight {
            Sight::Everybodys => None,
            Sight::OwnRoles { remedy } => {
                Some(format!("the login can't see when other sessions' transactions began: {remedy}"))
            }
            Sight::Standbys => {
                Some("the source is a secondary, where the primary's open transactions can't be seen".to_owned())
            }
        };
        if let (Some(why), Some(ids), false) = (unseen, numbers, is_found) {
            let lag = match ids.lag {
                Lag::Steps(steps) => steps,
                Lag::Time(_) => 0,
            };
            notes.push(format!(
                "{why}. Until then an entry of {log} is missed that commits over {} after it was written and over {lag} numbers behind the newest ([changelog] lag), and so is a \
                 change whose entry was committed before it",
                period(LONGEST)
            ));
        }
        if claim.key.may_name_a_row_twice() {
            let columns = claim.key.columns.iter().zip(&claim.key.spelling).filter(|(_, s)| s.counts());
            let columns: Vec<&str> = columns.map(|(c, _)| c.name.as_str()).collect();
            notes.push(format!(
                "two spellings of {} are one key to the source and two to BigQuery: of a row that is gone, or has another spelling now, only spellings that the log names are \
                 deleted. reconcile_every finds the others",
                columns.join(", ")
            ));
        }
        notes
    }

    /// The column of the type `rowversion` by which new entries are told.
    fn version_of(&self, log: usize) -> Option<&str> {
        let columns = self.tables[log].relation.columns.iter();
        let mut versions = columns.filter(|c| c.cursor_type() == Some(CursorType::RowVersion));
        versions.next().filter(|_| self.facts.trusts_versions()).map(|c| c.name.as_str())
    }
}
