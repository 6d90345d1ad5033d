//! A load in stretches that goes on, as `status` and the page show it. The state also keeps a key, which is a value of a row: it is not here.

use serde::Serialize;
use time::OffsetDateTime;

use crate::batch::Standing;
use crate::model::figures::{age, count, counted};

/// How far a load in stretches has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadingStatus {
    /// The moment of the source that its first stretch shows.
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
    pub rows: u64,
    /// Of about how many, by the source's own estimate when it began; absent where an older version has begun it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<u64>,
    /// How many stretches are in BigQuery; absent as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stretches: Option<u32>,
    /// So far, the time between two runs included; absent before the first run's end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_an_hour: Option<u64>,
}

impl LoadingStatus {
    /// The load of a table that stands so, of which a run has last ended then.
    pub(super) fn of(standing: Standing<'_>, last: Option<OffsetDateTime>) -> Option<Self> {
        let loading = standing.mark.loading.as_ref()?;
        let (began, rows) = (standing.taken_at, loading.rows);
        let took = last.and_then(|at| u128::try_from((at - began).whole_milliseconds()).ok()).filter(|ms| *ms > 0);
        Some(Self {
            began,
            rows,
            about: loading.about.map(|n| n.max(rows)),
            stretches: loading.stretches,
            rows_an_hour: took.map(|ms| u64::try_from(u128::from(rows) * 3_600_000 / ms).unwrap_or(u64::MAX)),
        })
    }

    /// As people read it.
    pub fn text(&self) -> String {
        let Self { rows, about, stretches, rows_an_hour, .. } = self;
        let of = |n: u64| format!("{} of an estimated {}", count(*rows), counted(n, "row", "rows"));
        let loaded = about.map_or_else(|| format!("{} so far", counted(*rows, "row", "rows")), of);
        let stretches =
            stretches.map_or(String::new(), |n| format!(", in {}", counted(n.into(), "stretch", "stretches")));
        let rate = rows_an_hour.map_or(String::new(), |n| format!("; {} rows an hour", count(n)));
        let left = self.seconds_left().map_or(String::new(), |s| format!(", about {} left", age(s)));
        format!("{loaded}{stretches}{rate}{left}")
    }

    fn seconds_left(&self) -> Option<i64> {
        let (left, rate) = (self.about?.checked_sub(self.rows)?, self.rows_an_hour.filter(|n| *n > 0)?);
        i64::try_from(u128::from(left) * 3600 / u128::from(rate)).ok().filter(|s| *s > 0)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_load_says_of_how_many_and_how_fast() {
        let load = LoadingStatus {
            began: datetime!(2026-11-27 12:00 UTC),
            rows: 15_000_000,
            about: Some(40_000_000),
            stretches: Some(3),
            rows_an_hour: Some(5_000_000),
        };
        assert_eq!(
            load.text(),
            "15,000,000 of an estimated 40,000,000 rows, in 3 stretches; 5,000,000 rows an hour, about 5 h left"
        );
        // What an older version has begun.
        let old = LoadingStatus { rows: 1, about: None, stretches: None, rows_an_hour: None, ..load };
        assert_eq!(old.text(), "1 row so far");
    }
}
