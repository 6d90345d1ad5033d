//! What a run would stage of a table, for people: the same snapshot, statement and encoder, and nothing is written anywhere.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use futures_util::StreamExt;
use serde::Serialize;

use super::error::RunError;
use crate::capture::{Capture, KeyWord, Reconcile, decide};
use crate::encode::{RowEncoder, Shape};
use crate::model::{TableSpec, TargetRef};
use crate::run::wanted_target::target_plan;
use crate::source::{Moment, Relation, RowDecoder, Session, Table};

/// A table that is to be sampled. The session is in the transaction that it is read in.
pub struct Sample<'a> {
    session: &'a Session,
    spec: &'a TableSpec,
    relation: &'a Relation,
    moment: &'a Moment,
    shape: Shape,
    /// The statement that would make the target.
    pub ddl: String,
}

/// What was read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sampled {
    /// Rows read.
    pub read: u64,
    /// Rows staged.
    pub staged: u64,
    /// Rows with a line in the quarantine file.
    pub quarantined: u64,
    /// Values in whose place a NULL is staged.
    pub nulled: u64,
    /// Values that are staged without the seventh digit of a second.
    pub truncated: u64,
    /// Rows that are not staged, for their key can't be held.
    pub left_out: u64,
    /// What can't be held, by column and reason.
    #[serde(skip)]
    pub refusals: Vec<Refusal>,
}

/// Values of one column that the target can't hold, for one reason.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    pub column: String,
    pub reason: String,
    pub values: u64,
    /// The row that the first of them is in, counted from 1.
    pub first_row: u64,
    /// That value and its row, as the source prints them.
    pub first: serde_json::Value,
}

impl<'a> Sample<'a> {
    /// Fails where a run would fail before its first row.
    pub fn open(
        session: &'a Session,
        spec: &'a TableSpec,
        relation: &'a Relation,
        moment: &'a Moment,
        target: TargetRef,
    ) -> Result<Self, RunError> {
        let shape = Shape::of(spec, relation)?;
        let ddl = target_plan(target, spec, &shape)?.create_statement();
        Ok(Self { session, spec, relation, moment, shape, ddl })
    }

    /// Reads at most so many rows and gives the line of each to `line`, until that has enough.
    pub async fn read(&self, rows: u64, mut line: impl FnMut(&[u8]) -> ControlFlow<()>) -> Result<Sampled, RunError> {
        let Self { session, spec, relation, moment, shape, .. } = self;
        let table = Table { spec, relation, shape };
        let decision = decide(session, table, moment, None, KeyWord::default(), Reconcile::NotDue).await?;
        let capture = Capture::new(table, moment, None, decision)?;
        let pass = capture.sample(rows);
        let mut encoder =
            RowEncoder::new(RowDecoder::of(self.relation.dialect), shape, pass.kind, spec.on_unrepresentable)
                .flagged(pass.flag);
        if let Some(cursor) = &capture.cursor {
            encoder = encoder.watching_cursor(&cursor.name, cursor.kind.target_type());
        }
        let (mut out, mut refused) = (Vec::new(), Vec::new());
        let mut refusals: BTreeMap<(String, String), Refusal> = BTreeMap::new();
        let mut read = 0;
        let mut stream = session.rows(&pass.read).await?;
        while let Some(row) = stream.next().await.transpose()? {
            out.clear();
            refused.clear();
            encoder.encode(&row, &mut out, &mut refused)?;
            read += 1;
            note(&refused, read, &mut refusals);
            if !out.is_empty() && line(&out).is_break() {
                break;
            }
        }
        let tally = encoder.tally();
        Ok(Sampled {
            read,
            staged: tally.rows,
            quarantined: tally.quarantined,
            nulled: tally.nulled,
            truncated: tally.truncated,
            left_out: tally.left_out,
            refusals: refusals.into_values().collect(),
        })
    }
}

/// Adds up the lines of the quarantine file.
fn note(lines: &[u8], row: u64, refusals: &mut BTreeMap<(String, String), Refusal>) {
    for line in lines.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let Ok(entry) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let (column, reason) = (text("column"), text("reason"));
        let known = refusals.entry((column.clone(), reason.clone())).or_insert_with(|| {
            let first = serde_json::json!({ "value": entry["value"], "row": entry["row"] });
            Refusal { column, reason, values: 0, first_row: row, first }
        });
        known.values += 1;
    }
}
