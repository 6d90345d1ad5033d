//! Which captures the database can bear.

use super::error::SqlServerError;
use super::facts::{Cleanup, Facts, Place, Rung};
use super::session::Session;
use crate::model::CaptureKind;

impl Facts {
    /// Fails where rows of two moments would be taken for those of one, and where the capture leans on what the primary alone can tell. `full` is one
    /// SELECT. Any other capture asks several times: what changes between two of its statements would be lost for ever.
    pub fn refuse_capture(&self, capture: CaptureKind) -> Result<(), SqlServerError> {
        if self.place == Place::Secondary && capture == CaptureKind::Ct {
            return Err(SqlServerError::ct_of_a_secondary());
        }
        match self.rung {
            Rung::Statement if capture != CaptureKind::Full => {
                Err(SqlServerError::Torn { capture: capture.name(), database: self.database.clone() })
            }
            Rung::Snapshot | Rung::Replica | Rung::Statement | Rung::None => self.refuse_torn(),
        }?;
        match capture {
            CaptureKind::Full | CaptureKind::Cursor => Ok(()),
            // Rows are read by keys that something else has named.
            CaptureKind::Digest | CaptureKind::Ct | CaptureKind::Changelog | CaptureKind::Xmin => self.refuse_keys(),
        }
    }
}

impl Session {
    /// Fails where the database can't bear the capture.
    pub fn refuse_capture(&self, capture: CaptureKind) -> Result<(), SqlServerError> {
        self.facts().refuse_capture(capture)
    }

    /// How long change tracking keeps a change, in minutes; `None` where it is off, or keeps all.
    pub fn kept_minutes(&self) -> Option<u64> {
        let tracking = self.facts().tracking.filter(|t| t.cleanup == Cleanup::On)?;
        Some(tracking.retention_minutes).filter(|minutes| *minutes > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [CaptureKind; 6] = [
        CaptureKind::Full,
        CaptureKind::Digest,
        CaptureKind::Ct,
        CaptureKind::Cursor,
        CaptureKind::Changelog,
        CaptureKind::Xmin,
    ];

    #[test]
    fn only_one_statement_reads_one_moment_without_snapshots() {
        let facts =
            |rung, place| Facts { rung, place, database: "my db".to_owned(), compatibility: 160, ..Facts::default() };
        for capture in ALL {
            let refused = facts(Rung::Statement, Place::Primary).refuse_capture(capture).err();
            assert_eq!(refused.is_none(), capture == CaptureKind::Full, "{capture:?}");
            if let Some(e) = refused {
                assert!(e.hint().starts_with("ALTER DATABASE [my db] SET ALLOW_SNAPSHOT_ISOLATION ON"), "{}", e.hint());
                // It is the database that can't bear it, so no table is set aside.
                assert!(e.to_string().contains(capture.name()) && !e.is_of_one_table());
            }
            assert!(facts(Rung::Snapshot, Place::Primary).refuse_capture(capture).is_ok());
            let secondary = facts(Rung::Replica, Place::Secondary).refuse_capture(capture);
            assert_eq!(secondary.is_err(), capture == CaptureKind::Ct, "{capture:?}");
            let old = Facts { compatibility: 120, ..facts(Rung::Snapshot, Place::Primary) }.refuse_capture(capture);
            let needs_no_keys = matches!(capture, CaptureKind::Full | CaptureKind::Cursor);
            assert_eq!(old.is_ok(), needs_no_keys, "{capture:?}");
        }
    }
}
