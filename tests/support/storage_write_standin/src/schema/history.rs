//! How a table's columns changed, and who knows of it: streams learn of it later than the REST API.

use std::time::Duration;

use super::column::Column;
use crate::clock::Moment;

/// How long streams stay behind.
#[derive(Clone, Copy, Debug)]
pub struct Delays {
    /// Streams that were open when a column was added.
    pub open: Duration,
    /// Streams that are opened afterwards.
    pub new: Duration,
    /// All, when a column was dropped.
    pub dropped: Duration,
}

/// When a column came: some time between two looks at the table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival {
    /// The look that did not find it: a stream that was opened later may be newer than the column.
    pub after: Moment,
    /// The look that found it: delays are counted from here.
    pub seen: Moment,
}

/// A table's columns and when each came, and those that went.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Those that the table was made with have no arrival.
    columns: Vec<(Column, Option<Arrival>)>,
    dropped: Vec<(Column, Moment)>,
}

/// What a stream knows of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is a column.
    Column(Column),
    /// It was one until a moment ago: values are taken and thrown away.
    Discarded,
    /// It is none, as far as the stream knows.
    Unknown,
}

impl History {
    /// A table as it was made.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns: columns.into_iter().map(|column| (column, None)).collect(), dropped: Vec::new() }
    }

    /// The table has these columns now; those that are new have just arrived.
    pub fn becomes(&mut self, columns: Vec<Column>, arrival: Arrival) {
        let old = std::mem::take(&mut self.columns);
        for column in columns {
            let known = old.iter().find(|(known, _)| known.is_called(&column.name));
            let since = known.map_or(Some(arrival), |(_, since)| *since);
            self.columns.push((column, since));
        }
        let is_gone = |column: &Column| self.columns.iter().all(|(known, _)| !known.is_called(&column.name));
        let gone = old.into_iter().map(|(column, _)| column).filter(is_gone);
        let gone: Vec<_> = gone.map(|column| (column, arrival.seen)).collect();
        self.dropped.extend(gone);
        self.dropped.retain(|(column, _)| self.columns.iter().all(|(known, _)| !known.is_called(&column.name)));
    }

    /// The columns that a stream knows which was opened then.
    pub fn known_to(&self, opened: Moment, now: Moment, delays: Delays) -> Vec<Column> {
        let known = self.columns.iter().filter(|(_, arrival)| {
            arrival.is_none_or(|arrival| {
                let delay = if opened <= arrival.after { delays.open } else { delays.new };
                now.since(arrival.seen) >= delay
            })
        });
        known.map(|(column, _)| column.clone()).collect()
    }

    /// What a stream that knows these columns knows of a name.
    pub fn find(&self, name: &str, known: &[Column], now: Moment, delays: Delays) -> Known {
        if let Some(column) = known.iter().find(|column| column.is_called(name)) {
            return Known::Column(column.clone());
        }
        let dropped = self.dropped.iter().find(|(column, _)| column.is_called(name));
        match dropped {
            Some((_, at)) if now.since(*at) < delays.dropped => Known::Discarded,
            _ => Known::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::{ColumnType, Mode};
    use super::*;

    const DELAYS: Delays =
        Delays { open: Duration::from_micros(100), new: Duration::from_micros(10), dropped: Duration::from_micros(9) };

    fn column(name: &str) -> Column {
        Column { name: name.into(), kind: ColumnType::Int64, mode: Mode::Nullable }
    }

    fn at(moment: i64) -> Arrival {
        Arrival { after: Moment(moment - 10), seen: Moment(moment) }
    }

    #[test]
    fn an_added_column_is_known_late_and_later_to_streams_that_were_open() {
        let mut table = History::new(vec![column("a")]);
        table.becomes(vec![column("a"), column("b")], at(1000));
        let known = |opened, now| table.known_to(Moment(opened), Moment(now), DELAYS).len();
        assert_eq!((known(990, 1099), known(990, 1100)), (1, 2));
        assert_eq!((known(991, 1009), known(991, 1010)), (1, 2));
    }

    #[test]
    fn a_dropped_column_is_discarded_for_a_while() {
        let mut table = History::new(vec![column("a"), column("b")]);
        table.becomes(vec![column("a")], at(1000));
        let find = |now| table.find("B", &[column("a")], Moment(now), DELAYS);
        assert_eq!((find(1008), find(1009)), (Known::Discarded, Known::Unknown));
        table.becomes(vec![column("a"), column("b")], at(1005));
        assert_eq!(table.find("B", &[column("a")], Moment(1006), DELAYS), Known::Unknown);
    }
}
