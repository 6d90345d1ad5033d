//! Comparing a table with its target: the canonical text of each row is made here, from the driver's values, and nothing of it follows
//! from how `encode` writes a value. So every row crosses the wire.

use std::ops::RangeInclusive;

use futures_util::TryStreamExt;

use super::error::SqlServerError;
use super::key_range::of_stretch;
use super::native_type::{Family, SqlServerType};
use super::row::{FieldKind, SqlServerField, SqlServerRow};
use super::session::Session;
use super::utf16;
use super::values::{self, Moment};
use crate::canonical::{
    ALL_KEYS, BucketDigits, Buckets, ColumnDigests, ComparedColumn, Digest, Document, Documents, KeyDigest,
    KeySpelling, Level, PlainValue, RowText, Structure,
};
use crate::encode::ShapeColumn;
use crate::model::TargetType;
use crate::source::keys::Keys;
use crate::source::read::{Columns, ComparedRows, KeyRange, Read, Rows, Table};
use tiberius::ColumnData;

/// What both sides can say of the documents that a column becomes.
pub(in crate::source) fn structure(native: &SqlServerType) -> Structure {
    match native.family() {
        Family::Json => Structure::Full,
        _ => Structure::Kind,
    }
}

/// Reads rows of a table as canonical texts. It keeps its buffers from row to row.
pub(super) struct Reader<'a> {
    shape: &'a [ShapeColumn],
    compared: &'a [ComparedColumn],
    key_len: usize,
    scratch: Vec<u8>,
    text: RowText,
}

/// The digests of a row.
struct RowDigests {
    /// Of its key; of a table without one, of all of it.
    identity: Digest,
    whole: Option<Digest>,
    nulled: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn of(table: Table<'a>, compared: &'a [ComparedColumn]) -> Self {
        let key_len = table.shape.key_len;
        Self { shape: &table.shape.columns, compared, key_len, scratch: Vec::new(), text: RowText::default() }
    }

    /// `None` for a row that the target is not to have: its key is NULL, or can't be held.
    fn digests(&mut self, row: &SqlServerRow, level: Level) -> Option<RowDigests> {
        self.text.clear();
        for n in 0..self.key_len {
            if values::is_null(row.field(n)?.value) {
                return None;
            }
            self.push(row, n)?;
        }
        if self.text.nulled() > 0 {
            return None;
        }
        let key = self.text.digest();
        if level == Level::Keys && self.key_len > 0 {
            return Some(RowDigests { identity: key, whole: None, nulled: 0 });
        }
        for n in self.key_len..self.compared.len() {
            self.push(row, n)?;
        }
        let whole = self.text.digest();
        let identity = if self.key_len == 0 { whole } else { key };
        Some(RowDigests { identity, whole: Some(whole).filter(|_| level == Level::Values), nulled: self.text.nulled() })
    }

    fn push(&mut self, row: &SqlServerRow, n: usize) -> Option<()> {
        let (column, compared) = (self.shape.get(n)?, self.compared.get(n)?);
        match plain(row.field(n)?, column, &mut self.scratch) {
            Some(value) => self.text.push(compared, &value),
            None => self.text.push_refused(compared),
        }
        Some(())
    }

    /// The canonical texts of the key's columns.
    fn key(&mut self, row: &SqlServerRow) -> Option<Vec<String>> {
        self.key_to(row, self.key_len)
    }

    /// The canonical texts of the key's first columns.
    pub(super) fn key_to(&mut self, row: &SqlServerRow, columns: usize) -> Option<Vec<String>> {
        (0..columns).map(|n| self.column_text(row, n)).collect()
    }

    /// The text of one column, without what tells where it ends.
    fn column_text(&mut self, row: &SqlServerRow, n: usize) -> Option<String> {
        let value = plain(row.field(n)?, self.shape.get(n)?, &mut self.scratch)?;
        Some(value.text())
    }

    /// The digest of one column's piece; `None` for NULL.
    fn column_digest(&mut self, row: &SqlServerRow, n: usize) -> Option<String> {
        let (column, compared) = (self.shape.get(n)?, self.compared.get(n)?);
        let value = plain(row.field(n)?, column, &mut self.scratch)?;
        if value == PlainValue::Null || !value.is_held(column.target.target_type) {
            return None;
        }
        self.text.clear();
        self.text.push(compared, &value);
        Some(self.text.digest().hex())
    }
}

/// A field as a plain value; `None` where it is none: of half a surrogate pair, and of a value that was too long to be read.
fn plain<'b>(field: SqlServerField<'b>, column: &ShapeColumn, scratch: &'b mut Vec<u8>) -> Option<PlainValue<'b>> {
    if field.kind == FieldKind::Long {
        return None;
    }
    if values::is_null(field.value) {
        return Some(PlainValue::Null);
    }
    scratch.clear();
    let target = column.target.target_type;
    if let (FieldKind::Utf16, ColumnData::Binary(Some(bytes))) = (field.kind, field.value) {
        utf16::append_plain(bytes, scratch).ok()?;
        let text = std::str::from_utf8(scratch).unwrap_or_default();
        return match target {
            TargetType::Json => Document::read(text).map(PlainValue::Document),
            _ => Some(PlainValue::Text(text)),
        };
    }
    let value = match (target, field.value) {
        (TargetType::String, value) => {
            values::append(value, scratch);
            PlainValue::Text(std::str::from_utf8(scratch).unwrap_or_default())
        }
        (TargetType::Numeric | TargetType::BigNumeric, value) => {
            values::append(value, scratch);
            PlainValue::Decimal(std::str::from_utf8(scratch).unwrap_or_default())
        }
        (_, ColumnData::Bit(Some(v))) => PlainValue::Bool(*v),
        (_, ColumnData::F32(Some(v))) => PlainValue::Single(*v),
        (_, ColumnData::F64(Some(v))) => PlainValue::Double(*v),
        (_, ColumnData::Binary(Some(bytes))) => PlainValue::Bytes(bytes),
        (_, value @ ColumnData::Date(_)) => values::days(value).map_or(PlainValue::Null, PlainValue::Date),
        (_, value @ ColumnData::Time(_)) => {
            values::time_of_day(value).map_or(PlainValue::Null, |t| PlainValue::Time(micros(t.ticks)))
        }
        (_, value) => match (Moment::of(value), values::integer(value)) {
            (Some(moment), _) => {
                let at = moment.days * 86_400_000_000 + micros(moment.time.ticks);
                match target {
                    TargetType::Timestamp => PlainValue::Timestamp(at),
                    _ => PlainValue::DateTime(at),
                }
            }
            (None, Some(n)) => PlainValue::Int(n),
            (None, None) => PlainValue::Null,
        },
    };
    Some(value)
}

/// Without the seventh digit, which is cut off.
fn micros(ticks: u64) -> i64 {
    i64::try_from(ticks / 10).unwrap_or(i64::MAX)
}

const DOING: &str = "comparing rows";

impl Session {
    /// Calls `each` for every row that the target is to have.
    async fn compare(
        &self,
        read: &Read<'_>,
        compared: &[ComparedColumn],
        level: Level,
        mut each: impl FnMut(&mut Reader<'_>, &SqlServerRow, RowDigests) -> Option<()>,
    ) -> Result<(), SqlServerError> {
        let mut reader = Reader::of(read.table, compared);
        let mut rows = self.rows(read).await?;
        while let Some(row) = rows.try_next().await? {
            if let Some(digests) = reader.digests(&row, level) {
                each(&mut reader, &row, digests).ok_or_else(|| SqlServerError::unexpected(DOING))?;
            }
        }
        Ok(())
    }

    /// Adds up the digests of a table's rows, bucket by bucket.
    pub async fn bucket_sums(
        &self,
        rows: ComparedRows<'_>,
        level: Level,
        digits: BucketDigits,
    ) -> Result<Buckets, SqlServerError> {
        let (compared, range) = (compared_columns(rows.table), of_stretch(rows.within));
        let mut buckets = Buckets::new();
        self.compare(&looked_at(rows, &range, level), &compared, level, |_, _, row| {
            buckets.entry(row.identity.bucket(digits)).or_default().add(row.identity, row.whole, row.nulled);
            Some(())
        })
        .await?;
        Ok(buckets)
    }

    /// Lists the rows of some buckets by their keys.
    pub async fn key_digests(
        &self,
        rows: ComparedRows<'_>,
        level: Level,
        digits: BucketDigits,
        buckets: &[u32],
    ) -> Result<Vec<KeyDigest>, SqlServerError> {
        let (compared, range) = (compared_columns(rows.table), of_stretch(rows.within));
        let mut found = Vec::new();
        self.compare(&looked_at(rows, &range, level), &compared, level, |reader, row, digests| {
            if buckets.contains(&digests.identity.bucket(digits)) {
                let whole = if reader.key_len == 0 { Some(digests.identity) } else { digests.whole };
                found.push(KeyDigest { key: reader.key(row)?, row: whole.map(|d| d.lanes()) });
            }
            Some(())
        })
        .await?;
        Ok(found)
    }

    /// Digests each column of the rows that have one of the keys.
    pub async fn column_digests(&self, table: Table<'_>, keys: Keys<'_>) -> Result<Vec<ColumnDigests>, SqlServerError> {
        let compared = compared_columns(table);
        let mut found = Vec::new();
        let count = compared.len();
        self.compare(&among(table, keys), &compared, Level::Keys, |reader, row, _| {
            let columns = (reader.key_len..count).map(|n| reader.column_digest(row, n)).collect();
            found.push(ColumnDigests { key: reader.key(row)?, columns });
            Some(())
        })
        .await?;
        Ok(found)
    }

    /// The keys that rows have, in both spellings.
    pub async fn key_spellings(
        &self,
        table: Table<'_>,
        keys: Keys<'_>,
        longer_than: Option<usize>,
    ) -> Result<Vec<KeySpelling>, SqlServerError> {
        let compared = compared_columns(table);
        let (mut found, count) = (Vec::new(), compared.len());
        self.compare(&among(table, keys), &compared, Level::Keys, |reader, row, _| {
            let bytes: usize = (0..count).filter_map(|n| row.field(n)?.text()).map(|t| t.len()).sum();
            if longer_than.is_none_or(|most| bytes > most) {
                let plain = (0..reader.key_len).map(|n| row.field(n)?.text()).collect::<Option<_>>()?;
                found.push(KeySpelling { canonical: reader.key(row)?, plain });
            }
            Some(())
        })
        .await?;
        Ok(found)
    }

    /// Lists the documents of rows in some buckets.
    pub async fn list_documents(
        &self,
        rows: ComparedRows<'_>,
        buckets: RangeInclusive<u32>,
    ) -> Result<DocumentCursor, SqlServerError> {
        let range = of_stretch(rows.within);
        let mut found = self.read_documents(&looked_at(rows, &range, Level::Values), Some(&buckets)).await?;
        found.sort_by_key(|d| std::cmp::Reverse(d.bucket));
        Ok(DocumentCursor { rest: found })
    }

    /// The documents of the rows that have one of the keys.
    pub async fn documents(&self, table: Table<'_>, keys: Keys<'_>) -> Result<Vec<Documents>, SqlServerError> {
        self.read_documents(&among(table, keys), None).await
    }

    async fn read_documents(
        &self,
        read: &Read<'_>,
        buckets: Option<&RangeInclusive<u32>>,
    ) -> Result<Vec<Documents>, SqlServerError> {
        let compared = compared_columns(read.table);
        let is_document = |c: &ComparedColumn| c.column.target_type == TargetType::Json;
        let places: Vec<usize> = (0..compared.len()).filter(|n| is_document(&compared[*n])).collect();
        let mut found = Vec::new();
        self.compare(read, &compared, Level::Keys, |reader, row, digests| {
            let bucket = digests.identity.bucket(BucketDigits::new(BucketDigits::MOST));
            if buckets.is_none_or(|b| b.contains(&bucket)) {
                let texts = places.iter().map(|n| row.field(*n).and_then(|f| f.text())).collect();
                found.push(Documents { bucket, key: reader.key(row)?, texts });
            }
            Some(())
        })
        .await?;
        Ok(found)
    }
}

pub(super) fn compared_columns(table: Table<'_>) -> Vec<ComparedColumn> {
    let structure =
        |name: &str| table.relation.column(name).and_then(|c| c.sqlserver()).map_or(Structure::Kind, structure);
    let columns = table.shape.columns.iter();
    columns.map(|c| ComparedColumn { column: c.target.clone(), structure: structure(&c.source) }).collect()
}

/// The rows that are compared, of which as much is read as is.
fn looked_at<'a>(rows: ComparedRows<'a>, range: &'a KeyRange, level: Level) -> Read<'a> {
    let table = rows.table;
    let columns = match level {
        Level::Keys if table.shape.key_len > 0 => Columns::Key,
        _ => Columns::Published { doubt: None, cursor: None },
    };
    let rows = if rows.within == &ALL_KEYS { Rows::All } else { Rows::Within(range) };
    Read { table, columns, rows }
}

fn among<'a>(table: Table<'a>, keys: Keys<'a>) -> Read<'a> {
    Read { table, columns: Columns::Published { doubt: None, cursor: None }, rows: Rows::Among(keys) }
}

/// Listed documents, by bucket.
pub struct DocumentCursor {
    /// The next one last.
    rest: Vec<Documents>,
}

impl DocumentCursor {
    /// The next rows; none at the end.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<Documents>, SqlServerError> {
        let from = self.rest.len() - wanted.min(self.rest.len());
        Ok(self.rest.drain(from..).rev().collect())
    }

    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn close(&self) -> Result<(), SqlServerError> {
        Ok(())
    }
}
