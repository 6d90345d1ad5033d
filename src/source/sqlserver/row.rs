//! Rows as the driver hands them over, field by field.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use tiberius::ColumnData;

use super::connection::Rows;
use super::error::{READING, SqlServerError};
use super::plan::Form;
use super::{utf16, values};

/// What the fields of a statement's rows are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    forms: Vec<Form>,
    /// Whether a field behind them says which values were too long to be read.
    guarded: bool,
    /// Keys that were handed over: a field behind the others says which of them a row is.
    named: Option<Arc<NamedTexts>>,
}

/// The texts of keys, in the order of the columns that are selected; behind so many other fields.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NamedTexts {
    lead: usize,
    keys: Vec<Vec<String>>,
}

impl Layout {
    /// Of these forms; [`Form::Long`] may be the last one.
    pub fn of(forms: impl IntoIterator<Item = Form>) -> Self {
        let mut forms: Vec<Form> = forms.into_iter().collect();
        let guarded = forms.last() == Some(&Form::Long);
        if guarded {
            forms.pop();
        }
        Self { forms, guarded, named: None }
    }

    /// The same of keys that were handed over: where the server has no value for one, it stays the text that it was.
    pub fn with_named(mut self, keys: Vec<Vec<String>>) -> Self {
        if self.forms.last() == Some(&Form::Number) {
            self.forms.pop();
            let lead = usize::from(self.forms.first() == Some(&Form::Flag));
            self.named = Some(Arc::new(NamedTexts { lead, keys }));
        }
        self
    }
}

/// A row as the driver has it.
#[derive(Clone, Debug)]
pub struct SqlServerRow {
    cells: Vec<ColumnData<'static>>,
    layout: Arc<Layout>,
    /// The fields whose values were too long to be read; hardly any row has one.
    long: Vec<usize>,
}

impl SqlServerRow {
    pub(super) fn new(row: tiberius::Row, layout: &Arc<Layout>) -> Result<Self, SqlServerError> {
        let mut cells: Vec<ColumnData<'static>> = row.into_iter().collect();
        let mut long = Vec::new();
        if layout.guarded
            && let Some(ColumnData::String(Some(list))) = cells.pop()
        {
            long = list.split(',').filter_map(|n| n.parse().ok()).collect();
        }
        if let Some(NamedTexts { lead, keys }) = layout.named.as_deref() {
            let number = cells.pop().as_ref().and_then(values::integer).and_then(|n| usize::try_from(n).ok());
            let key = number.and_then(|n| keys.get(n)).ok_or_else(|| SqlServerError::unexpected(READING))?;
            for (cell, text) in cells.iter_mut().skip(*lead).zip(key) {
                if values::is_null(cell) {
                    *cell = ColumnData::String(Some(text.clone().into()));
                }
            }
        }
        if cells.len() != layout.forms.len() {
            return Err(SqlServerError::unexpected(READING));
        }
        Ok(Self { cells, layout: Arc::clone(layout), long })
    }

    pub(super) fn field(&self, n: usize) -> Option<SqlServerField<'_>> {
        let value = self.cells.get(n)?;
        let kind = match self.layout.forms.get(n) {
            _ if self.long.contains(&n) => FieldKind::Long,
            Some(Form::Text | Form::Variant | Form::Spoken | Form::Shape | Form::Offset | Form::Hash) => {
                FieldKind::Utf16
            }
            _ => FieldKind::Plain,
        };
        Some(SqlServerField { value, kind })
    }

    /// A walk over its fields.
    pub(super) fn fields(&self) -> SqlServerFields<'_> {
        SqlServerFields { row: self, at: 0 }
    }

    /// How many fields it has.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }
}

/// One field of a row.
#[derive(Clone, Copy, Debug)]
pub struct SqlServerField<'r> {
    pub(super) value: &'r ColumnData<'static>,
    pub(super) kind: FieldKind,
}

/// What the driver's value of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    Plain,
    /// A text as bytes.
    Utf16,
    /// It was too long to be read.
    Long,
}

impl SqlServerField<'_> {
    /// The bytes of a text.
    pub(super) fn utf16(&self) -> Option<&[u8]> {
        match self.value {
            ColumnData::Binary(Some(bytes)) if self.kind == FieldKind::Utf16 => Some(bytes),
            _ => None,
        }
    }

    /// Appends the field's text, as keys and people have it.
    pub(super) fn append_text(&self, out: &mut Vec<u8>) {
        match self.utf16() {
            Some(bytes) => utf16::append_lossy(bytes, out),
            None => values::append(self.value, out),
        }
    }

    /// The field's text; `None` for NULL.
    pub(super) fn text(&self) -> Option<String> {
        if values::is_null(self.value) {
            return None;
        }
        let mut out = Vec::new();
        self.append_text(&mut out);
        Some(String::from_utf8_lossy(&out).into_owned())
    }
}

/// A place in the walk over a row's fields.
#[derive(Clone, Copy, Debug)]
pub struct SqlServerFields<'r> {
    row: &'r SqlServerRow,
    at: usize,
}

impl SqlServerFields<'_> {
    /// How many fields lie behind it.
    pub(super) fn at(self) -> usize {
        self.at
    }
}

impl<'r> Iterator for SqlServerFields<'r> {
    type Item = SqlServerField<'r>;

    #[inline]
    fn next(&mut self) -> Option<SqlServerField<'r>> {
        let field = self.row.field(self.at)?;
        self.at += 1;
        Some(field)
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<SqlServerField<'r>> {
        self.at = self.at.saturating_add(n).min(self.row.len());
        self.next()
    }
}

/// Rows of a read.
pub struct RowStream<'s> {
    rows: Rows<'s>,
    layout: Arc<Layout>,
}

impl<'s> RowStream<'s> {
    pub(super) fn new(rows: Rows<'s>, layout: Layout) -> Self {
        Self { rows, layout: Arc::new(layout) }
    }
}

impl Stream for RowStream<'_> {
    type Item = Result<SqlServerRow, SqlServerError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.rows).poll_next(cx);
        next.map(|row| row.map(|row| SqlServerRow::new(row?, &self.layout)))
    }
}

/// A row of these cells, for tests.
#[cfg(test)]
pub(super) fn row_of(cells: Vec<(ColumnData<'static>, Form)>, long: Vec<usize>) -> SqlServerRow {
    let (cells, forms): (Vec<_>, Vec<_>) = cells.into_iter().unzip();
    SqlServerRow { cells, layout: Arc::new(Layout::of(forms)), long }
}
