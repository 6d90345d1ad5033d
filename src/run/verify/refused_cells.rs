//! Values that only the encoder can say whether the target holds: of documents no statement can tell.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use serde::Deserialize;

use crate::encode::{RowEncoder, RowKind};
use crate::model::{OnUnrepresentable, Op};
use crate::run::error::RunError;
use crate::source::{Columns, Keys, Read, RowDecoder, Rows, Session, Table};

/// A line of the quarantine file, as far as it is needed.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    column: std::borrow::Cow<'a, str>,
}

/// Counts the values of these keys' rows that are refused, by the column's name in the target.
pub(super) async fn refused_cells(
    session: &Session,
    table: Table<'_>,
    keys: Keys<'_>,
    counts: &mut BTreeMap<String, u64>,
) -> Result<(), RunError> {
    let columns = Columns::Published { doubt: None, cursor: None };
    let read = Read { table, columns, rows: Rows::Among(keys) };
    let (decoder, kind) = (RowDecoder::of(table.relation.dialect), RowKind::Change(Op::Upsert));
    let mut encoder = RowEncoder::new(decoder, table.shape, kind, OnUnrepresentable::Quarantine);
    let (mut line, mut refused) = (Vec::new(), Vec::new());
    let mut rows = session.rows(&read).await?;
    while let Some(row) = rows.next().await.transpose()? {
        line.clear();
        refused.clear();
        encoder.encode(&row, &mut line, &mut refused)?;
        for text in refused.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            let Ok(Line { column }) = serde_json::from_slice(text) else { continue };
            if let Some(column) = table.shape.column(&column) {
                *counts.entry(column.target.name.clone()).or_default() += 1;
            }
        }
    }
    Ok(())
}
