//! Values that only the encoder can say whether the target holds: of documents no statement can tell, nor of a row that is too long.

use std::collections::{BTreeSet, HashMap};

use futures_util::StreamExt;

use super::named_keys::named_keys;
use crate::capture::keyed::KeyColumns;
use crate::encode::{LONGEST_ROW, RowEncoder, RowKind};
use crate::model::{OnUnrepresentable, Op, TargetType};
use crate::run::error::RunError;
use crate::source::{Columns, Read, RowDecoder, Rows, Session, Table};

/// A byte that the source prints is at most so many in a line of JSON: a control character is `\u0001`.
const MOST_BYTES_A_BYTE: usize = 6;

/// Columns that are NULL in the target because they can't be held there, by the canonical texts of their row's key; each by its name in the
/// target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedCells(HashMap<Vec<String>, BTreeSet<String>>);

impl RefusedCells {
    pub fn has(&self, key: &[String], column: &str) -> bool {
        self.0.get(key).is_some_and(|columns| columns.contains(column))
    }

    /// Adds those of the rows that have one of the keys. Where a table has no documents, no row is read but those that may be too long. One
    /// that is so by nothing but the metadata columns of a load that replaced the target is not taken for one: written again it is held.
    pub(super) async fn look(
        &mut self,
        session: &Session,
        table: Table<'_>,
        keys: &[Vec<String>],
    ) -> Result<(), RunError> {
        let of = KeyColumns::of_key(table.relation, table.shape);
        let has_documents = table.shape.columns.iter().any(|c| c.target.target_type == TargetType::Json);
        let longer_than = (!has_documents).then_some(LONGEST_ROW / (MOST_BYTES_A_BYTE + 1));
        let mut named = named_keys(keys);
        if longer_than.is_some() {
            let long = session.key_spellings(table, of.named(&named), longer_than).await?;
            if long.is_empty() {
                return Ok(());
            }
            named = named_keys(&long.into_iter().map(|k| k.canonical).collect::<Vec<_>>());
        }
        let nulled = nulled(session, table, &Rows::Among(of.named(&named))).await?;
        if nulled.is_empty() {
            return Ok(());
        }
        for spelling in session.key_spellings(table, of.named(&named), None).await? {
            if let Some(columns) = nulled.get(&spelling.plain) {
                self.0.entry(spelling.canonical).or_default().extend(columns.iter().cloned());
            }
        }
        Ok(())
    }
}

/// The columns that the encoder leaves NULL, by their row's key as the source prints it.
async fn nulled(
    session: &Session,
    table: Table<'_>,
    rows: &Rows<'_>,
) -> Result<HashMap<Vec<String>, Vec<String>>, RunError> {
    let columns = Columns::Published { doubt: None, cursor: None };
    let read = Read { table, columns, rows: *rows };
    let (decoder, kind) = (RowDecoder::of(table.relation.dialect), RowKind::Change(Op::Upsert));
    let mut encoder = RowEncoder::new(decoder, table.shape, kind, OnUnrepresentable::Null);
    let (mut line, mut lines) = (Vec::new(), Vec::new());
    let mut found = HashMap::new();
    let mut rows = session.rows(&read).await?;
    while let Some(row) = rows.next().await.transpose()? {
        line.clear();
        lines.clear();
        encoder.encode(&row, &mut line, &mut lines)?;
        let numbers = encoder.nulled_columns().iter();
        let names: Vec<String> =
            numbers.filter_map(|n| table.shape.columns.get(*n)).map(|c| c.target.name.clone()).collect();
        if names.is_empty() {
            continue;
        }
        let texts = (0..table.shape.key_len).map(|n| encoder.plain_text(&row, n).map(<[u8]>::to_vec));
        let key: Option<Vec<String>> = texts.map(|text| String::from_utf8(text?).ok()).collect();
        found.extend(key.map(|key| (key, names)));
    }
    Ok(found)
}
