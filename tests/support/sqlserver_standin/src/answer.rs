//! What a statement is answered with.

use crate::error::ServerError;
use crate::typed::Value;
use crate::wire::column::ResultColumn;

/// Rows, one after the other.
pub trait Rows: Send {
    /// Puts the next row into `row` (which is empty) and says whether there was one.
    fn next(&mut self, row: &mut Vec<Value>) -> Result<bool, ServerError>;
}

impl Rows for std::vec::IntoIter<Vec<Value>> {
    fn next(&mut self, row: &mut Vec<Value>) -> Result<bool, ServerError> {
        match Iterator::next(self) {
            Some(next) => {
                *row = next;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// Rows by a closure: it puts the row of this number and says whether there is one.
pub struct Generated<F> {
    next: u64,
    put: F,
}

impl<F: FnMut(u64, &mut Vec<Value>) -> bool + Send> Generated<F> {
    /// From number 0 on.
    pub fn new(put: F) -> Self {
        Self { next: 0, put }
    }
}

impl<F: FnMut(u64, &mut Vec<Value>) -> bool + Send> Rows for Generated<F> {
    fn next(&mut self, row: &mut Vec<Value>) -> Result<bool, ServerError> {
        let number = self.next;
        self.next += 1;
        Ok((self.put)(number, row))
    }
}

/// Columns and rows.
pub struct ResultSet {
    /// What each row has.
    pub columns: Vec<ResultColumn>,
    /// The rows, made while they are sent.
    pub rows: Box<dyn Rows>,
    /// The columns (from 1) by which the rows are in order, if they are.
    pub order: Vec<u16>,
}

impl ResultSet {
    /// Rows that are there already.
    pub fn of(columns: Vec<ResultColumn>, rows: Vec<Vec<Value>>) -> Self {
        Self { columns, rows: Box::new(rows.into_iter()), order: Vec::new() }
    }

    /// Rows that are made while they are sent.
    pub fn stream(columns: Vec<ResultColumn>, rows: impl Rows + 'static) -> Self {
        Self { columns, rows: Box::new(rows), order: Vec::new() }
    }
}

/// What became of the session's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransactionChange {
    Began(u64),
    Committed(u64),
    RolledBack(u64),
}

/// The answer to a statement.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) change: Option<TransactionChange>,
    pub(crate) result: Option<ResultSet>,
}

impl From<ResultSet> for Answer {
    fn from(result: ResultSet) -> Self {
        Self { change: None, result: Some(result) }
    }
}
