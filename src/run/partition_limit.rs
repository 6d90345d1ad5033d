//! How many partitions of the target a batch is for: one job writes 4,000 at most, and what is sealed has to be writable.
//!
//! The rows of a batch are counted as they are read, so that it is told before the seal; `check` and `plan` ask the source, where that is
//! cheap. Rows without a date are not counted, nor those that BigQuery keeps in one partition because they are too far away.

use std::collections::HashSet;

use crate::bigquery::{BigQueryError, Partitioning};
use crate::capture::filter;
use crate::encode::{Flag, Shape, ShapeColumn};
use crate::model::{PartitionBy, TableSpec, TargetRef};
use crate::run::error::RunError;
use crate::source::{Relation, Session, SourceError, ident, literal, qualified};

/// Source: <https://cloud.google.com/bigquery/quotas#partitioned_tables>
const MOST_PARTITIONS: usize = 4000;
/// The years whose days have partitions of their own.
/// Source: <https://cloud.google.com/bigquery/docs/partitioned-tables#date_timestamp_partitioned_tables>
const YEARS: std::ops::RangeInclusive<u64> = 1960..=2159;
/// A table of more rows is not read for this alone.
const FEW_ROWS: u64 = 1_000_000;

/// The partitions of the rows so far. Never more than one job may write, so memory is bounded.
pub(super) struct Partitions {
    /// Which of the read columns it is, without the flag.
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

    /// Takes note of a row of all columns, as `COPY` writes it.
    pub fn see(&mut self, row: &[u8], flag: Flag) -> Result<(), BigQueryError> {
        let index = self.index + usize::from(flag == Flag::Leading);
        let start = match index {
            0 => 0,
            n => match memchr::memchr_iter(b'\t', row).nth(n - 1) {
                Some(tab) => tab + 1,
                None => return Ok(()),
            },
        };
        let Some(number) = number(&row[start..], self.by) else { return Ok(()) };
        // Neighbours tend to be of one day.
        if self.last.replace(number) == Some(number) {
            return Ok(());
        }
        self.seen.insert(number);
        if self.seen.len() > MOST_PARTITIONS { Err(too_many(&self.target, &self.column, self.by)) } else { Ok(()) }
    }
}

fn too_many(target: &TargetRef, column: &str, by: PartitionBy) -> BigQueryError {
    BigQueryError::TooManyPartitions {
        target: target.to_string(),
        column: column.to_owned(),
        by: by.word(),
        limit: MOST_PARTITIONS,
    }
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
    let ends = text.iter().position(|b| matches!(b, b'\t' | b'\n')).unwrap_or(text.len());
    let is_ours = text.get(4) == Some(&b'-') && !text[..ends].ends_with(b"BC");
    let year = text[..4].iter().fold(0, |y, digit| y * 10 + u64::from(digit.wrapping_sub(b'0')));
    (is_ours && YEARS.contains(&year)).then_some(number)
}

/// Fails where all rows of the source are of more partitions than one job may write. Within the source's transaction; nothing is
/// asked where the answer would cost a long read.
pub(super) async fn refuse_too_many(
    session: &Session,
    spec: &TableSpec,
    relation: &Relation,
    shape: &Shape,
    target: &TargetRef,
) -> Result<(), RunError> {
    let Some(partition) = &spec.partition else { return Ok(()) };
    let Some(column) = shape.columns.iter().find(|c| c.target.name == partition.column) else { return Ok(()) };
    let Some(time) = time_type(column) else { return Ok(()) };
    let query = if spec.filter.is_none() && has_btree(session, relation, column).await? {
        by_index(spec, column, time, partition.by)
    } else if session.estimate_size(&spec.source).await? <= FEW_ROWS {
        by_reading(spec, column, time, partition.by)
    } else {
        return Ok(());
    };
    let rows = session.text_rows("counting the target's partitions", &query).await?;
    let count = rows.first().and_then(|r| r.first()).and_then(|f| f.as_ref()).and_then(|n| n.parse::<usize>().ok());
    match count {
        Some(count) if count > MOST_PARTITIONS => Err(too_many(target, &partition.column, partition.by).into()),
        _ => Ok(()),
    }
}

/// The type that a column's bounds are written in, if it is a date or time as PostgreSQL has them.
fn time_type(column: &ShapeColumn) -> Option<&'static str> {
    let name = column.source_type.as_str();
    match name {
        "date" => Some("date"),
        _ if name.starts_with("timestamp") && name.ends_with("with time zone") => Some("timestamptz"),
        _ if name.starts_with("timestamp") => Some("timestamp"),
        _ => None,
    }
}

/// Whether the smallest value above another is one look into an index.
async fn has_btree(session: &Session, relation: &Relation, column: &ShapeColumn) -> Result<bool, SourceError> {
    let query = format!(
        "SELECT 1 FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_am AS a ON a.oid = c.relam \
         WHERE i.indrelid = {} AND i.indkey[0] = {} AND i.indisvalid AND i.indpred IS NULL AND a.amname = 'btree' LIMIT 1",
        relation.oid, column.number
    );
    Ok(!session.text_rows("looking for an index", &query).await?.is_empty())
}

fn bounds(column: &str, time: &str) -> String {
    let year = |y: u64| literal(&format!("{y}-01-01"), time);
    format!("{column} >= {} AND {column} < {}", year(*YEARS.start()), year(YEARS.end() + 1))
}

/// From each partition's first value to the next one's, as many looks as there are partitions.
fn by_index(spec: &TableSpec, column: &ShapeColumn, time: &str, by: PartitionBy) -> String {
    let (relation, value) = (qualified(&spec.source), format!("t.{}", ident(&column.source)));
    let (bounds, by, most) = (bounds(&value, time), by.word(), MOST_PARTITIONS + 2);
    format!(
        "WITH RECURSIVE step AS (\
         (SELECT {value} AS v FROM {relation} AS t WHERE {bounds} ORDER BY {value} LIMIT 1) UNION ALL \
         SELECT (SELECT {value} FROM {relation} AS t WHERE {bounds} AND {value} >= \
         CAST(date_trunc('{by}', CAST(step.v AS timestamp)) + interval '1 {by}' AS {time}) \
         ORDER BY {value} LIMIT 1) FROM step WHERE step.v IS NOT NULL) \
         SELECT count(s.v) FROM (SELECT step.v FROM step LIMIT {most}) AS s"
    )
}

fn by_reading(spec: &TableSpec, column: &ShapeColumn, time: &str, by: PartitionBy) -> String {
    let (relation, value) = (qualified(&spec.source), format!("t.{}", ident(&column.source)));
    let (bounds, by, most) = (bounds(&value, time), by.word(), MOST_PARTITIONS + 1);
    let filter = filter(spec).map_or(String::new(), |f| format!(" AND {f}"));
    format!(
        "SELECT count(*) FROM (SELECT DISTINCT date_trunc('{by}', CAST({value} AS timestamp)) \
         FROM {relation} AS t WHERE {bounds}{filter} LIMIT {most}) AS s"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_known_by_its_digits() {
        let day = |text: &str| number(text.as_bytes(), PartitionBy::Day);
        assert_eq!(day("2024-01-31 12:34:56+00\tx"), Some(20_240_131));
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
            format!("t\t{n}\t{day} 00:00:00\tx\n")
        };
        for n in (0..MOST_PARTITIONS).chain(0..MOST_PARTITIONS) {
            partitions.see(row(n).as_bytes(), Flag::Leading).unwrap();
        }
        let told = partitions.see(row(MOST_PARTITIONS).as_bytes(), Flag::Leading).unwrap_err();
        assert!(told.to_string().contains("more than 4000 partitions by day of at"), "{told}");
        assert!(told.hint().contains("by = \"month\"") && told.hint().contains("p.d.t"), "{}", told.hint());
        assert_eq!(partitions.seen.len(), MOST_PARTITIONS + 1);
        assert!(!told.is_transient() && told.is_of_one_table());
    }
}
