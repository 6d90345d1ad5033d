//! Where a source stood, by kind of source.

use serde::{Deserialize, Serialize};

use super::floor_candidate::FloorCandidate;

/// What a watermark says of its source. As the state keeps it, the fields of a kind stand beside those of the watermark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Position {
    Postgres {
        /// `pg_current_snapshot()` of the capturing transaction.
        snapshot: Snapshot,
        identity: Identity,
    },
    SqlServer {
        /// `CHANGE_TRACKING_CURRENT_VERSION()`; absent where change tracking is off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ct_version: Option<i64>,
        /// `MIN_ACTIVE_ROWVERSION()`: below it, no transaction that was open has written.
        rowversion: u64,
        server: SqlServerIdentity,
    },
}

/// A position, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At<'a> {
    Postgres { snapshot: &'a Snapshot, identity: &'a Identity },
    SqlServer { ct_version: Option<i64>, rowversion: u64, server: &'a SqlServerIdentity },
}

/// Up to where entries of a log were read: a position without the source it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogPosition {
    Postgres {
        snapshot: Snapshot,
    },
    SqlServer {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ct_version: Option<i64>,
        rowversion: u64,
    },
}

/// Whether one position can speak of what has changed up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuity {
    Unbroken,
    /// They are of two servers, or of one that was restored or failed over.
    AnotherSource,
    /// One lies ahead of the other, or too far behind it.
    Lost,
}

impl Position {
    pub fn at(&self) -> At<'_> {
        match self {
            Self::Postgres { snapshot, identity } => At::Postgres { snapshot, identity },
            Self::SqlServer { ct_version, rowversion, server } => {
                At::SqlServer { ct_version: *ct_version, rowversion: *rowversion, server }
            }
        }
    }

    /// The same as if a transaction had been open: what can be in doubt then is.
    pub fn while_open(&self) -> Self {
        match self {
            Self::Postgres { snapshot, identity } => {
                let open = Snapshot { xmax: snapshot.xmin + 1, xmin: snapshot.xmin, open: vec![snapshot.xmin] };
                Self::Postgres { snapshot: open, identity: identity.clone() }
            }
            // What is open is never told.
            Self::SqlServer { .. } => self.clone(),
        }
    }

    /// Without the source that it is of.
    pub fn in_log(&self) -> LogPosition {
        match self {
            Self::Postgres { snapshot, .. } => LogPosition::Postgres { snapshot: snapshot.clone() },
            Self::SqlServer { ct_version, rowversion, .. } => {
                LogPosition::SqlServer { ct_version: *ct_version, rowversion: *rowversion }
            }
        }
    }
}

impl LogPosition {
    /// Of the source that a watermark speaks of. One watermark speaks of one kind of source: of another it would be the watermark's own.
    pub fn of<'a>(&'a self, source: At<'a>) -> At<'a> {
        match (self, source) {
            (Self::Postgres { snapshot }, At::Postgres { identity, .. }) => At::Postgres { snapshot, identity },
            (Self::SqlServer { ct_version, rowversion }, At::SqlServer { server, .. }) => {
                At::SqlServer { ct_version: *ct_version, rowversion: *rowversion, server }
            }
            (Self::Postgres { .. } | Self::SqlServer { .. }, source) => source,
        }
    }
}

impl LogPosition {
    /// The snapshot of a position in PostgreSQL.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Postgres { snapshot } => Some(snapshot),
            Self::SqlServer { .. } => None,
        }
    }
}

/// Beyond this many transactions the 32 bits a row stores come too close to wrapping round.
const MOST_TRANSACTIONS: u64 = 1 << 31;

impl<'a> At<'a> {
    /// The snapshot of a position in PostgreSQL.
    pub fn snapshot(self) -> Option<&'a Snapshot> {
        match self {
            Self::Postgres { snapshot, .. } => Some(snapshot),
            Self::SqlServer { .. } => None,
        }
    }
}

impl At<'_> {
    /// The version of a SQL Server's change tracking.
    pub fn ct_version(self) -> Option<i64> {
        match self {
            Self::SqlServer { ct_version, .. } => ct_version,
            Self::Postgres { .. } => None,
        }
    }

    pub fn owned(self) -> Position {
        match self {
            Self::Postgres { snapshot, identity } => {
                Position::Postgres { snapshot: snapshot.clone(), identity: identity.clone() }
            }
            Self::SqlServer { ct_version, rowversion, server } => {
                Position::SqlServer { ct_version, rowversion, server: server.clone() }
            }
        }
    }

    /// Whether both are of the same source.
    pub fn is_of_source(self, other: At<'_>) -> bool {
        match (self, other) {
            (Self::Postgres { identity, .. }, At::Postgres { identity: other, .. }) => identity == other,
            (Self::SqlServer { server, .. }, At::SqlServer { server: other, .. }) => server == other,
            (Self::Postgres { .. } | Self::SqlServer { .. }, _) => false,
        }
    }

    /// Whether this position can speak of what has changed up to a later one.
    pub fn up_to(self, now: At<'_>) -> Continuity {
        match (self, now) {
            _ if !self.is_of_source(now) => Continuity::AnotherSource,
            (Self::Postgres { snapshot: then, .. }, At::Postgres { snapshot: now, .. }) => {
                let is_lost = now.xmax < then.xmax || now.xmax - then.xmin > MOST_TRANSACTIONS;
                if is_lost { Continuity::Lost } else { Continuity::Unbroken }
            }
            (
                Self::SqlServer { ct_version: then, rowversion: then_floor, .. },
                At::SqlServer { ct_version: now, rowversion: now_floor, .. },
            ) => {
                // Neither ever goes back, but in a database that was restored.
                let is_behind = matches!((then, now), (Some(then), Some(now)) if now < then);
                if is_behind || now_floor < then_floor { Continuity::Lost } else { Continuity::Unbroken }
            }
            (Self::Postgres { .. } | Self::SqlServer { .. }, _) => Continuity::AnotherSource,
        }
    }

    /// Notes the largest value seen at this position: what is open now may still write below it.
    pub fn candidate(self, value: String) -> FloorCandidate {
        match self {
            Self::Postgres { snapshot, .. } => FloorCandidate { value, xmax: snapshot.xmax },
            Self::SqlServer { .. } => FloorCandidate { value, xmax: 0 },
        }
    }

    /// Whether all that was open when the value was seen has ended by now.
    pub fn has_settled(self, candidate: &FloorCandidate) -> bool {
        match self {
            Self::Postgres { snapshot, .. } => snapshot.xmin >= candidate.xmax,
            // Nobody tells: a floor there leans on the oldest open transaction and on lag.
            Self::SqlServer { .. } => true,
        }
    }

    /// Whether no transaction was open that could have written: nothing that was seen then is in doubt.
    pub fn is_quiet(self) -> bool {
        match self {
            Self::Postgres { snapshot, .. } => snapshot.is_quiet(),
            Self::SqlServer { .. } => false,
        }
    }
}

/// As `status` shows it.
impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres { snapshot, .. } => snapshot.fmt(f),
            Self::SqlServer { ct_version, rowversion, .. } => fmt_versions(*ct_version, *rowversion, f),
        }
    }
}

fn fmt_versions(ct_version: Option<i64>, rowversion: u64, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    match ct_version {
        Some(version) => write!(f, "version {version}, rowversion {rowversion:#x}"),
        None => write!(f, "rowversion {rowversion:#x}"),
    }
}

impl std::fmt::Display for LogPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres { snapshot } => snapshot.fmt(f),
            Self::SqlServer { ct_version, rowversion } => fmt_versions(*ct_version, *rowversion, f),
        }
    }
}

/// The server a snapshot belongs to. Another one's transaction ids mean nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `pg_control_system().system_identifier`; empty where the role may not ask.
    pub system: String,
    pub timeline: u32,
    /// The database's oid: transaction ids are the server's, but tables are the database's.
    pub database: u32,
}

/// The database whose numbers a position has. In another one, or in another history of it, they mean nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlServerIdentity {
    /// `service_broker_guid`: a database that is attached elsewhere gets another one.
    pub broker: String,
    /// `recovery_fork_guid`, of which a restore and a forced failover make another one; in Azure SQL Database, which does not tell it, `create_date`.
    pub history: String,
}

/// A `pg_snapshot` in its text form, `xmin:xmax:xip,…`, with 64-bit transaction ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Snapshot {
    /// Every transaction below was finished.
    pub xmin: u64,
    /// No transaction from here on was finished.
    pub xmax: u64,
    /// Transactions in between that were open. Subtransactions are *not* listed.
    pub open: Vec<u64>,
}

impl Snapshot {
    /// Whether any transaction that had an id was open.
    pub fn is_quiet(&self) -> bool {
        self.xmin == self.xmax
    }
}

/// The text was not a snapshot.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a transaction snapshot")]
pub struct NotASnapshot;

impl TryFrom<String> for Snapshot {
    type Error = NotASnapshot;

    fn try_from(text: String) -> Result<Self, NotASnapshot> {
        text.as_str().parse()
    }
}

impl std::str::FromStr for Snapshot {
    type Err = NotASnapshot;

    fn from_str(text: &str) -> Result<Self, NotASnapshot> {
        let mut fields = text.splitn(3, ':');
        let mut number = || fields.next().and_then(|f| f.parse::<u64>().ok()).ok_or(NotASnapshot);
        let (xmin, xmax) = (number()?, number()?);
        let open = match fields.next().ok_or(NotASnapshot)? {
            "" => Vec::new(),
            list => list.split(',').map(|x| x.parse().map_err(|_| NotASnapshot)).collect::<Result<_, _>>()?,
        };
        if xmin == 0 || xmin > xmax {
            return Err(NotASnapshot);
        }
        Ok(Self { xmin, xmax, open })
    }
}

impl From<Snapshot> for String {
    fn from(s: Snapshot) -> String {
        s.to_string()
    }
}

impl std::fmt::Display for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:", self.xmin, self.xmax)?;
        for (n, xid) in self.open.iter().enumerate() {
            write!(f, "{}{xid}", if n == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_survives_its_text() {
        for text in ["725:728:725,727", "10:10:", "9:12:9"] {
            assert_eq!(text.parse::<Snapshot>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_position_of_sql_server_survives_the_state_and_sees_a_restore() {
        let at = |ct_version, rowversion, history: &str| Position::SqlServer {
            ct_version,
            rowversion,
            server: SqlServerIdentity { broker: "b".to_owned(), history: history.to_owned() },
        };
        let then = at(Some(0), 2001, "h");
        let text = serde_json::to_string(&then).unwrap();
        assert_eq!(text, r#"{"ct_version":0,"rowversion":2001,"server":{"broker":"b","history":"h"}}"#);
        assert_eq!(serde_json::from_str::<Position>(&text).unwrap(), then);
        assert_eq!(serde_json::from_str::<LogPosition>(r#"{"rowversion":1}"#).unwrap(), at(None, 1, "").in_log());
        for (now, wanted) in [
            (at(Some(0), 2001, "h"), Continuity::Unbroken),
            (at(Some(7), 2100, "h"), Continuity::Unbroken),
            (at(None, 2100, "h"), Continuity::Unbroken),
            (at(Some(7), 2000, "h"), Continuity::Lost),
            (at(Some(7), 2100, "other"), Continuity::AnotherSource),
        ] {
            assert_eq!(then.at().up_to(now.at()), wanted, "{now:?}");
        }
        assert_eq!(at(Some(8), 1, "h").at().up_to(at(Some(7), 1, "h").at()), Continuity::Lost);
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        for text in ["", "5", "5:6", "x:6:", "7:6:", "5:6:y", "0:6:", "5:6:,", "-1:6:"] {
            assert_eq!(text.parse::<Snapshot>(), Err(NotASnapshot), "{text}");
        }
    }
}
