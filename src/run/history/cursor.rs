//! The names of reports, and the place in their order where a look goes on.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;

use crate::model::RunId;
use crate::model::figures::in_utc;

/// The folder of the reports, below the storage prefix. docs/FORMAT.md describes it.
pub(super) const REPORTS: &str = "reports/";

/// What a tick's name begins with: when it began, to the second.
const STAMP: usize = "20261127t103850".len();

/// The name of a tick's report, below the storage prefix.
pub(in crate::run) fn report_name(tick: &RunId) -> String {
    format!("{}.json", place(tick.as_str()))
}

/// Where the reports begin of ticks that began at a moment or later.
pub(super) fn place_of(moment: OffsetDateTime) -> String {
    place(&stamp(moment))
}

/// A name in its day's folder: names sort as their ticks do, by when they began.
fn place(tick: &str) -> String {
    let part = |from, to| tick.get(from..to).unwrap_or_default();
    format!("{REPORTS}{}/{}/{}/{tick}", part(0, 4), part(4, 6), part(6, 8))
}

fn stamp(moment: OffsetDateTime) -> String {
    let moment = in_utc(moment);
    RunId::new(moment, 0).as_str().get(..STAMP).unwrap_or_default().to_owned()
}

/// The tick of a report, by its name.
pub(super) fn tick_of(name: &str) -> Option<RunId> {
    let (_, file) = name.rsplit_once('/')?;
    let tick = RunId::parse(file.strip_suffix(".json")?)?;
    (report_name(&tick) == name).then_some(tick)
}

/// Where a look at the history goes on: at reports older than this. Written as the name of a tick, `20261127t103850_3f9ac2d19b04`, or
/// as a second, `20261127t103850`; either can stand in an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryCursor(String);

/// The text is no place in the history.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a place in the history, such as 20261127t103850")]
pub struct NotACursor;

impl HistoryCursor {
    /// Before a tick.
    pub fn before(tick: &RunId) -> Self {
        Self(tick.as_str().to_owned())
    }

    /// Before a moment, to the second.
    pub fn before_moment(moment: OffsetDateTime) -> Self {
        Self(stamp(moment))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When what it names began.
    pub(super) fn moment(&self) -> Option<OffsetDateTime> {
        RunId::parse(&format!("{}_000000000000", self.0.get(..STAMP)?))?.started()
    }

    /// The first name that is not older.
    pub(super) fn place(&self) -> String {
        place(&self.0)
    }
}

impl FromStr for HistoryCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let cursor = Self(text.to_owned());
        let is_one = RunId::parse(text).is_some() || (text.len() == STAMP && cursor.moment().is_some());
        if is_one { Ok(cursor) } else { Err(NotACursor) }
    }
}

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for HistoryCursor {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn names_sort_as_their_ticks_and_a_cursor_stands_between_them() {
        let tick = RunId::new(datetime!(2026-11-27 10:38:50 UTC), 7);
        let name = report_name(&tick);
        assert_eq!(name, "reports/2026/11/27/20261127t103850_000000000007.json");
        assert_eq!(tick_of(&name).as_ref(), Some(&tick));
        for foreign in ["reports/2026/11/28/20261127t103850_000000000007.json", "reports/x.json", "x", "reports/2026/"]
        {
            assert_eq!(tick_of(foreign), None, "{foreign}");
        }
        let cursor = HistoryCursor::before(&tick);
        assert!(cursor.place() < name, "the tick itself is no older one");
        let second = HistoryCursor::before_moment(datetime!(2026-11-27 12:38:50 +2));
        assert_eq!(second.as_str(), "20261127t103850");
        assert!(second.place() < cursor.place() && second.place() == place_of(datetime!(2026-11-27 10:38:50 UTC)));
        assert_eq!(second.moment(), Some(datetime!(2026-11-27 10:38:50 UTC)));
        for text in [cursor.as_str(), second.as_str()] {
            assert_eq!(text.parse::<HistoryCursor>().map(|c| c.to_string()).as_deref(), Ok(text));
        }
        for bad in ["", "20261127", "20261327t103850", "../../state", "20261127t103850_", "20261127t10385ä"] {
            assert_eq!(bad.parse::<HistoryCursor>(), Err(NotACursor), "{bad}");
        }
    }
}
