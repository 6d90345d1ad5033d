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

/// A table's columns and when each came, and those that went.
#[derive(Clone, Debug, Default)]
pub struct History {
    columns: Vec<(Column, Moment)>,
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
        Self { columns: columns.into_iter().map(|column| (column, Moment::default())).collect(), dropped: Vec::new() }
    }

    /// The table has these columns now.
    pub fn becomes(&mut self, columns: Vec<Column>, now: Moment) {
        let old = std::mem::take(&mut self.columns);
        self.columns = columns
            .into_iter()
            .map(|column| {
                let since =
                    old.iter().find(|(known, _)| known.is_called(&column.name)).map_or(now, |(_, since)| *since);
                (column, since)
            })
            .collect();
        let gone =
            old.into_iter().filter(|(column, _)| self.columns.iter().all(|(known, _)| !known.is_called(&column.name)));
        let gone: Vec<_> = gone.map(|(column, _)| (column, now)).collect();
        self.dropped.extend(gone);
        self.dropped.retain(|(column, _)| self.columns.iter().all(|(known, _)| !known.is_called(&column.name)));
    }

    /// The columns that a stream knows which was opened then.
    pub fn known_to(&self, opened: Moment, now: Moment, delays: Delays) -> Vec<Column> {
        let known = self.columns.iter().filter(|(_, since)| {
            let delay = if *since > opened { delays.open } else { delays.new };
            *since == Moment::default() || now.since(*since) >= delay
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

    #[test]
    fn an_added_column_is_known_late_and_later_to_streams_that_were_open() {
        let mut table = History::new(vec![column("a")]);
        table.becomes(vec![column("a"), column("b")], Moment(1000));
        let known = |opened, now| table.known_to(Moment(opened), Moment(now), DELAYS).len();
        assert_eq!((known(999, 1099), known(999, 1100)), (1, 2));
        assert_eq!((known(1001, 1009), known(1001, 1010)), (1, 2));
    }

    #[test]
    fn a_dropped_column_is_discarded_for_a_while() {
        let mut table = History::new(vec![column("a"), column("b")]);
        table.becomes(vec![column("a")], Moment(1000));
        let find = |now| table.find("B", &[column("a")], Moment(now), DELAYS);
        assert_eq!((find(1008), find(1009)), (Known::Discarded, Known::Unknown));
        table.becomes(vec![column("a"), column("b")], Moment(1005));
        assert_eq!(table.find("B", &[column("a")], Moment(1006), DELAYS), Known::Unknown);
    }
}
