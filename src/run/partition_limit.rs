//! How many partitions of the target a batch is for: one job writes 4,000 at most, and what is sealed has to be writable.
//!
//! The rows of a batch are counted as they are read, so that it is told before the seal; `check` and `plan` ask the source, where that is
//! cheap. Rows without a date are not counted, nor those that BigQuery keeps in one partition because they are too far away.

use std::collections::HashSet;

use crate::bigquery::{BigQueryError, Partitioning, TableFault};
use crate::encode::Shape;
use crate::model::{PartitionBy, TargetRef};
use crate::run::error::RunError;
use crate::source::{Partitioned, Session, Table};

/// Source: <https://cloud.google.com/bigquery/quotas#partitioned_tables>
const MOST_PARTITIONS: usize = 4000;
/// The years whose days have partitions of their own.
/// Source: <https://cloud.google.com/bigquery/docs/partitioned-tables#date_timestamp_partitioned_tables>
const YEARS: std::ops::RangeInclusive<u64> = 1960..=2159;

/// The partitions of the rows so far. Never more than one job may write, so memory is bounded.
pub(super) struct Partitions {
    /// Which of the row's columns it is.
    index: usize,
    by: PartitionBy,
    column: String,
    target: TargetRef,
    seen: HashSet<u64>,
    last: Option<u64>,
}

impl Partitions {
    /// `None` where the target has none that are made by a time of the rows.
    pub fn of(partitioning: Option<&Partitioning>, shape: &Shape, target: &TargetRef) -> Option<Self> {
        let found = partitioning?;
        let (by, name) = (found.by?, found.column.as_ref()?.to_lowercase());
        let index = shape.columns.iter().position(|c| c.target.name.to_lowercase() == name)?;
        let column = shape.columns[index].target.name.clone();
        Some(Self { index, by, column, target: target.clone(), seen: HashSet::new(), last: None })
    }

    /// Which column of a row of all columns decides its partition.
    pub fn column(&self) -> usize {
        self.index
    }

    /// Takes note of a row, by the text of that column.
    pub fn see(&mut self, value: &[u8]) -> Result<(), BigQueryError> {
        let Some(number) = number(value, self.by) else { return Ok(()) };
        // Neighbours tend to be of one day.
        if self.last.replace(number) == Some(number) {
            return Ok(());
        }
        self.seen.insert(number);
        if self.seen.len() > MOST_PARTITIONS { Err(too_many(&self.target, &self.column, self.by)) } else { Ok(()) }
    }
}

fn too_many(target: &TargetRef, column: &str, by: PartitionBy) -> BigQueryError {
    let (target, column) = (target.to_string(), column.to_owned());
    TableFault::TooManyPartitions { target, column, by: by.word(), limit: MOST_PARTITIONS }.into()
}

/// A partition's number from the text of a date or time: its digits as far as they count.
fn number(text: &[u8], by: PartitionBy) -> Option<u64> {
    let length = match by {
        PartitionBy::Year => 4,
        PartitionBy::Month => 7,
        PartitionBy::Day => 10,
        PartitionBy::Hour => 13,
    };
    let mut number = 0;
    for (n, byte) in text.get(..length)?.iter().enumerate() {
        match (n, byte) {
            (4 | 7, b'-') | (10, b' ') => {}
            (4 | 7 | 10, _) => return None,
            (_, digit @ b'0'..=b'9') => number = number * 10 + u64::from(digit - b'0'),
            _ => return None,
        }
    }
    // A year of five digits has no dash in the fifth place; one of the years B.C. is too far away.
    let is_ours = text.get(4) == Some(&b'-') && !text.ends_with(b"BC");
    let year = text[..4].iter().fold(0, |y, digit| y * 10 + u64::from(digit.wrapping_sub(b'0')));
    (is_ours && YEARS.contains(&year)).then_some(number)
}

/// Fails where all rows of the source are of more partitions than one job may write. Within the source's transaction; nothing is
/// asked where the answer would cost a long read.
pub(super) async fn refuse_too_many(session: &Session, table: Table<'_>, target: &TargetRef) -> Result<(), RunError> {
    let Some(partition) = &table.spec.partition else { return Ok(()) };
    let Some(column) = table.shape.columns.iter().find(|c| c.target.name == partition.column) else { return Ok(()) };
    let by = Partitioned { column, by: partition.by, years: &YEARS, most: MOST_PARTITIONS };
    match session.partitions(table, by).await? {
        Some(count) if count > MOST_PARTITIONS => Err(too_many(target, &partition.column, partition.by).into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_known_by_its_digits() {
        let day = |text: &str| number(text.as_bytes(), PartitionBy::Day);
        assert_eq!(day("2024-01-31 12:34:56+00"), Some(20_240_131));
        assert_eq!(day("2024-01-31"), Some(20_240_131));
        assert_eq!(number(b"2024-01-31 12:34:56", PartitionBy::Hour), Some(2_024_013_112));
        assert_eq!(number(b"2024-01-31", PartitionBy::Month), Some(202_401));
        assert_eq!(number(b"2024-01-31", PartitionBy::Year), Some(2024));
        for none in
            ["\\N", "infinity", "-infinity", "12024-01-31", "2024-01-31 BC", "1959-12-31", "2160-01-01", "", "x"]
        {
            assert_eq!(day(none), None, "{none}");
        }
    }

    #[test]
    fn one_more_than_a_job_may_write_is_too_many() {
        let target = TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() };
        let mut partitions = Partitions {
            index: 1,
            by: PartitionBy::Day,
            column: "at".into(),
            target,
            seen: HashSet::new(),
            last: None,
        };
        let first = time::macros::date!(2000 - 01 - 01);
        let row = |n: usize| {
            let day = first + time::Duration::days(i64::try_from(n).unwrap());
            format!("{day} 00:00:00")
        };
        for n in (0..MOST_PARTITIONS).chain(0..MOST_PARTITIONS) {
            partitions.see(row(n).as_bytes()).unwrap();
        }
        let told = partitions.see(row(MOST_PARTITIONS).as_bytes()).unwrap_err();
        assert!(told.to_string().contains("more than 4000 partitions by day of at"), "{told}");
        assert!(told.hint().contains("by = \"month\"") && told.hint().contains("p.d.t"), "{}", told.hint());
        assert_eq!(partitions.seen.len(), MOST_PARTITIONS + 1);
        assert!(!told.is_transient() && told.is_of_one_table());
    }
}
