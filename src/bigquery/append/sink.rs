//! The recipe of the sink: from the parts of a sealed table to acknowledged rows.

use async_trait::async_trait;
use tracing::warn;

use super::fault::AppendFault;
use super::limits::limits_of;
use super::number::sequence_number;
use super::parts::{Lines, Part, parts_of};
use super::progress::{Done, Progress};
use super::refused::{RefusedRow, RefusedRows};
use super::request::{Envelope, Origin, Packer};
use super::row::{Constant, NoRow, RowWriter};
use super::window::{Appending, Sent};
use crate::batch::{Append, RowsWritten, TableBatch, Way};
use crate::bigquery::client::BigQuery;
use crate::bigquery::error::{BigQueryError, Overtaken, TableFault};
use crate::bigquery::job_name::{JobName, Verb};
use crate::bigquery::jobs::Earlier;
use crate::bigquery::load_job::{Load, load_job};
use crate::bigquery::merge_statement::Merger;
use crate::bigquery::sink::{Applied, Loaded, Replay, Sealed, Sink};
use crate::bigquery::target_plan::shows_late;
use crate::model::{Column, RUN_COLUMN, SYNCED_AT_COLUMN};
use crate::storage::Store;

/// Why the service itself refused a row: its words may quote it.
const BY_THE_SERVICE: &str = "BigQuery refused the row";
const TOO_LARGE: &str = "a row of more than 8 MiB, which is what a request of the Storage Write API takes";
const NOT_A_LINE: &str = "a line that no run stages";

#[async_trait]
impl Sink for Append {
    /// There is nothing to find out of an earlier attempt: the same rows under the same number change nothing. Of a load job its id tells.
    async fn load(&self, bigquery: &BigQuery, sealed: Sealed<'_>, uris: Vec<String>) -> Result<Loaded, BigQueryError> {
        let table = sealed.table;
        let found = bigquery.get_table(&table.target).await?;
        let found = found.ok_or_else(|| Overtaken::TargetGone(table.target.to_string()))?;
        if self.way == Way::Job {
            return load_beside(bigquery, sealed, uris, &found).await;
        }
        let columns: Vec<Column> = table.columns.iter().cloned().chain(table.metadata.columns()).collect();
        let limits = limits_of(&columns, &found);
        let unnumbered = || TableFault::PartsLost {
            target: table.target.to_string(),
            table: table.source.clone(),
            reason: "the batch has no place among those of its feed".to_owned(),
        };
        let ordinal = sealed.batch.ordinal.ok_or_else(unnumbered)?;
        let number = sequence_number(self.incarnation, ordinal);
        let constants = constants(table, sealed);
        let writer = RowWriter::new(&columns, &limits, &number, &constants);
        let progress = Progress::new(sealed.store, &table.folder(&sealed.batch.folder), found["creationTime"].as_str());
        let appended = append(bigquery, sealed, &columns, writer, progress).await;
        let (mut sent, refused) = appended.map_err(|e| e.into_error(table))?;
        if shows_late(&found) {
            sent.applied = bigquery.applied_now(&table.target).await;
        }
        if refused > 0 {
            warn!(target = %table.target, rows = refused, "rows that BigQuery can't take are in the batch's folder");
        }
        let rows = RowsWritten::default();
        Ok(Loaded::InTarget(Applied { rows, refused, sent: Some(sent), ..Applied::NOTHING }))
    }

    async fn merge(&self, _: &BigQuery, _: Sealed<'_>) -> Result<Applied, BigQueryError> {
        // The load has said already that nothing is left to do.
        Ok(Applied::NOTHING)
    }

    /// A late row has a lower number than those that are there.
    fn jobs(&self) -> &'static [Verb] {
        match self.way {
            Way::Rows => &[],
            Way::Job => &[Verb::Load],
        }
    }

    fn statement(&self, _: &TableBatch, _: Merger<'_>) -> Option<String> {
        None
    }
}

/// A stretch of a load, by one job: rows without a number, which lose against each change that comes.
async fn load_beside(
    bigquery: &BigQuery,
    sealed: Sealed<'_>,
    uris: Vec<String>,
    found: &serde_json::Value,
) -> Result<Loaded, BigQueryError> {
    let Sealed { batch, table, .. } = sealed;
    let fields = found["schema"]["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let (name, job) =
        (JobName::of(batch, table, Verb::Load), load_job(uris, &table.target, Load::BesideRows { fields }));
    let done = bigquery.run_job(&name, &job, &format!("the load of {}", table.target), Earlier::Counts).await?;
    let rows = RowsWritten { inserted: Some(done.output_rows), ..RowsWritten::NONE };
    Ok(Loaded::InTarget(Applied { rows, ..Applied::NOTHING }))
}

/// The metadata columns have one value for all rows.
fn constants(table: &TableBatch, sealed: Sealed<'_>) -> Vec<Constant> {
    let now = time::OffsetDateTime::now_utc();
    let micros = i64::try_from(now.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX);
    let of = |column: Column| match column.name.as_str() {
        SYNCED_AT_COLUMN => Some(Constant::Micros(column.name, micros)),
        RUN_COLUMN => Some(Constant::Text(column.name, sealed.batch.run.to_string())),
        _ => None,
    };
    table.metadata.columns().into_iter().filter_map(of).collect()
}

/// What becomes of a batch's rows beside those that are stored.
struct Record<'a> {
    store: &'a Store,
    parts: &'a [Part],
    progress: Progress<'a>,
    refused: RefusedRows<'a>,
    /// Of each part, the rows that were refused in those before it, but for those that the service itself refused.
    refused_before: Vec<u64>,
    by_service: u64,
}

impl Record<'_> {
    fn begin_part(&mut self) {
        self.refused_before.push(self.refused.count() - self.by_service);
    }

    /// Notes, once in a while, how many of the first parts are acknowledged.
    async fn note(&mut self, acknowledged: u32, appending: &mut Appending<'_>) -> Result<(), AppendFault> {
        let Some(parts) = self.progress.due(acknowledged) else { return Ok(()) };
        let mut of_them = appending.take_refused(parts);
        self.by_service += of_them.len() as u64;
        keep_refused(self.store, self.parts, &mut of_them, &mut self.refused).await?;
        let files = self.refused.store_all().await?;
        let before = self.refused_before.get(parts as usize);
        let count = before.map_or_else(|| self.refused.count(), |before| before + self.by_service);
        self.progress.note(parts, count, files).await;
        Ok(())
    }
}

async fn append(
    bigquery: &BigQuery,
    sealed: Sealed<'_>,
    columns: &[Column],
    mut writer: RowWriter,
    progress: Progress<'_>,
) -> Result<(Sent, u64), AppendFault> {
    let Sealed { batch, table, store, replay } = sealed;
    let done = if replay == Replay::Yes { progress.done().await? } else { Done::default() };
    let envelope = Envelope::new(&table.target, columns, &format!("plimsoll:{}", batch.run));
    let mut packer = Packer::new(&envelope);
    let mut appending = Appending::new(bigquery, &table.target, &envelope).begun(batch.started);
    let refused = RefusedRows::new(store, table.folder(&batch.folder), table.compression);
    let parts = parts_of(table, &batch.folder);
    let mut record = Record {
        store,
        parts: &parts,
        progress,
        refused: refused.after(done.refused, done.refused_files),
        refused_before: vec![0; done.parts as usize],
        by_service: 0,
    };
    for (part, number) in parts.iter().zip(0u32..).skip(done.parts as usize) {
        record.begin_part();
        let mut lines = Lines::of(store, part);
        let mut origin = Origin { part: number, line: 0 };
        while let Some(some) = lines.next().await? {
            for line in some.split_inclusive(|b| *b == b'\n').map(|l| &l[..l.len() - 1]) {
                let full = match writer.row(line, part.op) {
                    Ok(row) => match packer.add(row, origin) {
                        Ok(full) => full,
                        Err(_) => {
                            record.refused.keep(&RefusedRow { column: None, reason: TOO_LARGE, line }).await?;
                            None
                        }
                    },
                    Err(NoRow::NotHeld { column, why }) => {
                        let column = writer.column(column);
                        record.refused.keep(&RefusedRow { column: Some(&column), reason: why.0, line }).await?;
                        None
                    }
                    Err(NoRow::NotALine) => {
                        let name = part.name.clone();
                        return Err(AppendFault::Broken { name, reason: NOT_A_LINE.to_owned() });
                    }
                };
                origin.line += 1;
                if let Some(rows) = full {
                    appending.send(rows).await?;
                    while let Some(over) = appending.take_over() {
                        packer.take_back(over);
                    }
                    let acknowledged = appending.oldest_part().min(packer.oldest_part()).min(number);
                    record.note(acknowledged, &mut appending).await?;
                }
            }
        }
    }
    if let Some(rows) = packer.take() {
        appending.send(rows).await?;
    }
    while appending.take_answer().await? {
        record.note(appending.oldest_part().min(table.parts.upserts + table.parts.deletes), &mut appending).await?;
    }
    keep_refused(store, &parts, &mut appending.refused, &mut record.refused).await?;
    Ok((appending.sent, record.refused.finish().await?))
}

/// Reads the lines again that the service has refused: they are few.
async fn keep_refused(
    store: &Store,
    parts: &[Part],
    origins: &mut [Origin],
    refused: &mut RefusedRows<'_>,
) -> Result<(), AppendFault> {
    origins.sort_unstable_by_key(|o| (o.part, o.line));
    for (number, part) in (0u32..).zip(parts) {
        let of_part = of_part(origins, number);
        let (mut lines, mut at, mut found) = (Lines::of(store, part), 0u32, 0);
        while found < of_part.len()
            && let Some(some) = lines.next().await?
        {
            for line in some.split_inclusive(|b| *b == b'\n').map(|l| &l[..l.len() - 1]) {
                if of_part.get(found).is_some_and(|o| o.line == at) {
                    found += 1;
                    refused.keep(&RefusedRow { column: None, reason: BY_THE_SERVICE, line }).await?;
                }
                at += 1;
            }
        }
    }
    Ok(())
}

/// Those of one part.
fn of_part(origins: &[Origin], part: u32) -> &[Origin] {
    let begin = origins.partition_point(|o| o.part < part);
    let end = origins.partition_point(|o| o.part <= part);
    origins.get(begin..end).unwrap_or_default()
}
