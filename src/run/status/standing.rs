//! How a table does, in the words that `status` and the page share.

use time::OffsetDateTime;

use crate::run::status::FeedStatus;
use crate::state::{Complaint, Differs};

/// How a table does, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Failing,
    SetAside,
    Differs,
    Late,
    NeverLoaded,
    Pending,
    Loading,
    Running,
    Paused,
    UpToDate,
}

impl Standing {
    /// In the order of a summary.
    pub const ALL: [Self; 10] = [
        Self::UpToDate,
        Self::Failing,
        Self::SetAside,
        Self::Differs,
        Self::Late,
        Self::NeverLoaded,
        Self::Pending,
        Self::Loading,
        Self::Running,
        Self::Paused,
    ];

    /// A table's.
    pub fn of(f: &FeedStatus) -> Self {
        match (&f.pending, &f.held_by) {
            _ if f.set_aside_since.is_some() => Self::SetAside,
            _ if f.error.is_some() => Self::Failing,
            _ if f.paused_since.is_some() => Self::Paused,
            _ if f.failure.is_some() => Self::Failing,
            (_, Some(_)) => Self::Running,
            _ if f.differs().is_some() => Self::Differs,
            _ if f.load.is_some() => Self::Loading,
            // Also of a first load: it is sealed, and not in BigQuery yet.
            (Some(_), None) if f.last_success.is_none() => Self::Pending,
            _ if f.last_success.is_none() => Self::NeverLoaded,
            _ if f.late => Self::Late,
            (Some(_), None) => Self::Pending,
            (None, None) => Self::UpToDate,
        }
    }

    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::SetAside => "set aside",
            Self::Differs => "differs",
            Self::Late => "late",
            Self::NeverLoaded => "never loaded",
            Self::Pending => "pending",
            Self::Loading => "loading",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::UpToDate => "up to date",
        }
    }
}

impl FeedStatus {
    /// Whether somebody should look: `status` fails, and the page counts the table as in trouble.
    pub fn is_trouble(&self) -> bool {
        match Standing::of(self) {
            Standing::Failing | Standing::SetAside | Standing::Differs | Standing::Late | Standing::NeverLoaded => true,
            Standing::Pending | Standing::Running => self.late,
            Standing::Loading | Standing::Paused | Standing::UpToDate => false,
        }
    }

    /// Since when the table stands where it stands, where that is known.
    pub fn since(&self) -> Option<OffsetDateTime> {
        match Standing::of(self) {
            Standing::SetAside => self.set_aside_since,
            Standing::Failing => self.failing_since,
            Standing::Differs => self.differs().map(|d| d.since),
            Standing::Late => self.last_success?.checked_add(self.age_limit.try_into().ok()?),
            Standing::Paused => self.paused_since,
            Standing::Loading => self.load.as_ref().map(|load| load.began),
            Standing::NeverLoaded | Standing::Pending | Standing::Running | Standing::UpToDate => None,
        }
    }

    /// In what the target differs from the source, as the last comparison has found.
    pub fn differs(&self) -> Option<&Differs> {
        self.verified.as_ref()?.differs.as_ref()
    }

    /// What went wrong with the table, and what to do.
    pub fn complaint(&self) -> Option<&Complaint> {
        self.trouble.as_ref().or(self.failure.as_ref())
    }
}
