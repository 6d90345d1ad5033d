//! What a run's transaction knows of the server.

use time::OffsetDateTime;

use crate::batch::Position;

/// Whose open transactions a session can see the start of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Everybodys,
    /// The role's own alone. What would show it the others', for people.
    OwnRoles {
        remedy: &'static str,
    },
    /// The source is a standby: what is open on its primary is not seen here.
    Standbys,
}

/// Whether the database has prepared transactions that are not committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {
    None,
    Some,
}

/// Which transactions were open that write, where the rows do not say who wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    None,
    /// The oldest of them began then.
    Since(OffsetDateTime),
    /// The login can't see others' transactions, or the rows say it themselves.
    Unknown,
}

/// What the transaction of a run knows of the server at its snapshot.
///
/// Whatever commits after the snapshot has to be found by the next run, which begins at `position`: so that is read with the snapshot or
/// before its first row. Too early sends rows again, too late loses them. The same holds for `taken_at` and `oldest_open`.
#[derive(Clone, Debug)]
pub struct Moment {
    pub position: Position,
    /// The server's clock.
    pub taken_at: OffsetDateTime,
    /// The start of the oldest open transaction that we may see, or the clock; as the source prints values of a cursor with a
    /// time zone.
    pub oldest_open: String,
    /// The transactions that were open.
    pub open: Open,
    /// Whose transactions that is among.
    pub sight: Sight,
    /// Prepared ones are not among them: nobody tells when they began.
    pub prepared: Prepared,
    /// When all that the snapshot shows is on the server's disk.
    pub durable: Durable,
}

/// When what a snapshot shows can no longer be lost by a crash of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durable {
    /// A standby shows nothing else.
    Already,
    /// Once the server's log, which ended here right after the snapshot, is flushed.
    At(String),
    /// Nobody says how far the log is.
    Later,
}
