//! A comparison that goes on, as `status` and the page show it. The state also keeps keys, which are values of rows: none of them is here.

use serde::Serialize;
use time::OffsetDateTime;

use crate::model::VerifyLevel;
use crate::model::figures::{count, counted, minute};
use crate::state::{Found, Verifying};

/// How far a comparison has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifyingStatus {
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
    pub level: VerifyLevel,
    /// Rows of the source that were compared, of about how many.
    pub rows: u64,
    pub about: u64,
    pub missing: u64,
    pub extra: u64,
    pub different: u64,
}

impl VerifyingStatus {
    pub(super) fn of(verifying: &Verifying) -> Self {
        let Verifying { began, asked, about, found, .. } = verifying;
        let Found { source_rows: rows, missing, extra, different, .. } = *found;
        Self { began: *began, level: asked.level, rows, about: (*about).max(rows), missing, extra, different }
    }

    /// As people read it.
    pub fn text(&self) -> String {
        let Self { began, rows, about, .. } = self;
        let differ = match self.missing + self.extra + self.different {
            0 => String::new(),
            n => format!(", {}", counted(n, "differs", "differ")),
        };
        let so_far = format!("{} of about {} so far{differ}", count(*rows), counted(*about, "row", "rows"));
        format!("a comparison goes on since {}: {so_far}", minute(*began))
    }
}
