//! Which changes a table's capture finds, in the words that `check`, `status` and the page share.

use std::fmt;
use std::time::Duration;

use super::{CaptureKind, Deletes, TableSpec};

/// What a capture finds. Inserts and updates it always does; deletes are another matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finds {
    /// Deletes too, in every run.
    AllChanges,
    /// Deletes only so often: by a list of all keys, or by a read of all rows.
    DeletesEvery(Duration),
    /// A row that is deleted in the source stays in the target.
    InsertsAndUpdates,
}

impl fmt::Display for Finds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllChanges => f.write_str("all changes"),
            Self::DeletesEvery(every) => {
                // In the units of the config.
                let every = humantime::format_duration(*every).to_string();
                write!(f, "deletes every {}", every.replace("days", "d").replace("day", "d"))
            }
            Self::InsertsAndUpdates => f.write_str("inserts and updates only"),
        }
    }
}

impl TableSpec {
    /// Which changes the table's capture finds.
    pub fn finds(&self) -> Finds {
        let by_keys = match (self.capture, self.deletes) {
            (CaptureKind::Full | CaptureKind::Changelog, _) => return Finds::AllChanges,
            (CaptureKind::Cursor | CaptureKind::Xmin, Deletes::Keys) => match self.deletes_every {
                None => return Finds::AllChanges,
                every => every,
            },
            (CaptureKind::Cursor | CaptureKind::Xmin, Deletes::Ignore) => None,
        };
        let each = by_keys.into_iter().chain(self.reconcile_every);
        each.min().map_or(Finds::InsertsAndUpdates, Finds::DeletesEvery)
    }
}
