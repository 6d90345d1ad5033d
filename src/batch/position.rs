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
}

/// A position, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At<'a> {
    Postgres { snapshot: &'a Snapshot, identity: &'a Identity },
}

/// Up to where entries of a log were read: a position without the source it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogPosition {
    Postgres { snapshot: Snapshot },
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
        }
    }

    /// The same as if a transaction had been open: what can be in doubt then is.
    pub fn while_open(&self) -> Self {
        match self {
            Self::Postgres { snapshot, identity } => {
                let open = Snapshot { xmax: snapshot.xmin + 1, xmin: snapshot.xmin, open: vec![snapshot.xmin] };
                Self::Postgres { snapshot: open, identity: identity.clone() }
            }
        }
    }

    /// Without the source that it is of.
    pub fn in_log(&self) -> LogPosition {
        match self {
            Self::Postgres { snapshot, .. } => LogPosition::Postgres { snapshot: snapshot.clone() },
        }
    }
}

impl LogPosition {
    /// Of the source that a watermark speaks of.
    pub fn of<'a>(&'a self, source: At<'a>) -> At<'a> {
        match (self, source) {
            (Self::Postgres { snapshot }, At::Postgres { identity, .. }) => At::Postgres { snapshot, identity },
        }
    }
}

/// Beyond this many transactions the 32 bits a row stores come too close to wrapping round.
const MOST_TRANSACTIONS: u64 = 1 << 31;

impl At<'_> {
    pub fn owned(self) -> Position {
        match self {
            Self::Postgres { snapshot, identity } => {
                Position::Postgres { snapshot: snapshot.clone(), identity: identity.clone() }
            }
        }
    }

    /// Whether both are of the same source.
    pub fn is_of_source(self, other: At<'_>) -> bool {
        match (self, other) {
            (Self::Postgres { identity, .. }, At::Postgres { identity: other, .. }) => identity == other,
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
        }
    }

    /// Notes the largest value seen at this position: what is open now may still write below it.
    pub fn candidate(self, value: String) -> FloorCandidate {
        match self {
            Self::Postgres { snapshot, .. } => FloorCandidate { value, xmax: snapshot.xmax },
        }
    }

    /// Whether all that was open when the value was seen has ended by now.
    pub fn has_settled(self, candidate: &FloorCandidate) -> bool {
        match self {
            Self::Postgres { snapshot, .. } => snapshot.xmin >= candidate.xmax,
        }
    }

    /// Whether no transaction was open that could have written: nothing that was seen then is in doubt.
    pub fn is_quiet(self) -> bool {
        match self {
            Self::Postgres { snapshot, .. } => snapshot.is_quiet(),
        }
    }
}

/// As `status` shows it.
impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres { snapshot, .. } => snapshot.fmt(f),
        }
    }
}

impl std::fmt::Display for LogPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres { snapshot } => snapshot.fmt(f),
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
    fn what_is_no_snapshot_is_refused() {
        for text in ["", "5", "5:6", "x:6:", "7:6:", "5:6:y", "0:6:", "5:6:,", "-1:6:"] {
            assert_eq!(text.parse::<Snapshot>(), Err(NotASnapshot), "{text}");
        }
    }
}
