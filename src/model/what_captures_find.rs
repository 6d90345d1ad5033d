//! Which changes a table's capture finds, in the words that `check`, `status` and the page share.

use std::fmt;
use std::time::Duration;

use crate::model::figures::period;
use crate::model::{CaptureKind, Deletes, TableSpec};

/// What a capture finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finds {
    /// Every insert, update and delete, in every run.
    AllChanges,
    /// Every insert and update; deletes only so often: by a list of all keys, or by a read of all rows.
    DeletesEvery(Duration),
    /// A row that is deleted in the source stays in the target.
    InsertsAndUpdates,
    /// Inserts and updates that set the cursor.
    Cursor {
        column: String,
        deletes: FoundDeletes,
        /// How often all rows are read, for what is not found otherwise.
        others: Option<Duration>,
    },
    /// What the change log says.
    Log { others: Option<Duration> },
}

/// How often a list of all keys is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundDeletes {
    EachRun,
    Every(Duration),
    Never,
}

impl fmt::Display for Finds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = match self {
            Self::AllChanges => return f.write_str("all changes"),
            Self::DeletesEvery(every) => return write!(f, "deletes every {}", period(*every)),
            Self::InsertsAndUpdates => return f.write_str("inserts and updates only"),
            Self::Cursor { column, deletes: FoundDeletes::Never, others: None } => {
                return write!(f, "inserts and updates only, where they set {column}");
            }
            Self::Cursor { column, deletes, others } => {
                write!(f, "changes that set {column}")?;
                match deletes {
                    FoundDeletes::EachRun => f.write_str(", and deletes")?,
                    FoundDeletes::Every(every) => write!(f, ", deletes every {}", period(*every))?,
                    FoundDeletes::Never => {}
                }
                others
            }
            Self::Log { others } => {
                f.write_str("changes that the log has")?;
                others
            }
        };
        others.map_or(Ok(()), |every| write!(f, ", all others every {}", period(every)))
    }
}

impl TableSpec {
    /// Which changes the table's capture finds.
    pub fn finds(&self) -> Finds {
        let deletes = match (self.deletes, self.deletes_every) {
            (Deletes::Keys, None) => FoundDeletes::EachRun,
            (Deletes::Keys, Some(every)) => FoundDeletes::Every(every),
            (Deletes::Ignore, _) => FoundDeletes::Never,
        };
        match (self.capture, &self.cursor) {
            (CaptureKind::Full | CaptureKind::Digest | CaptureKind::Ct, _) => Finds::AllChanges,
            (CaptureKind::Changelog, _) => Finds::Log { others: self.reconcile_every },
            (CaptureKind::Cursor, Some(column)) => {
                Finds::Cursor { column: column.clone(), deletes, others: self.reconcile_every }
            }
            (CaptureKind::Cursor | CaptureKind::Xmin, _) => match (deletes, self.reconcile_every) {
                (FoundDeletes::EachRun, _) => Finds::AllChanges,
                (FoundDeletes::Every(keys), rows) => Finds::DeletesEvery(rows.map_or(keys, |rows| keys.min(rows))),
                (FoundDeletes::Never, Some(rows)) => Finds::DeletesEvery(rows),
                (FoundDeletes::Never, None) => Finds::InsertsAndUpdates,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_found_is_claimed() {
        let hours = |n: u64| Duration::from_secs(n * 3600);
        let cursor = |deletes, others| Finds::Cursor { column: "updated_at".to_owned(), deletes, others }.to_string();
        assert_eq!(cursor(FoundDeletes::Never, None), "inserts and updates only, where they set updated_at");
        assert_eq!(cursor(FoundDeletes::EachRun, None), "changes that set updated_at, and deletes");
        assert_eq!(
            cursor(FoundDeletes::Every(hours(6)), Some(hours(168))),
            "changes that set updated_at, deletes every 6h, all others every 7d"
        );
        assert_eq!(cursor(FoundDeletes::Never, Some(hours(24))), "changes that set updated_at, all others every 1d");
        assert_eq!(Finds::Log { others: None }.to_string(), "changes that the log has");
        assert_eq!(
            Finds::Log { others: Some(hours(168)) }.to_string(),
            "changes that the log has, all others every 7d"
        );
        assert_eq!(Finds::DeletesEvery(hours(800)).to_string(), "deletes every 33d 8h");
    }
}
