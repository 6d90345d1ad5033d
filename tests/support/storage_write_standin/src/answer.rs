//! What the service answers to a request.

use prost::Message;
use tonic::Code;

use crate::wire::messages::{
    Any, AppendResult, AppendRowsResponse, FIELDS_ERROR, Response, RowError, STORAGE_ERROR, Status, StorageError,
    TableSchema,
};

/// What the service says of a request with bad rows.
const BAD_ROWS: &str = "Errors found while processing rows. Please refer to the row_errors field for details. \
                        The list may not be complete because of the size limitations.";

/// `StorageError.StorageErrorCode`, as far as the default stream knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageCode {
    /// There is no such table.
    TableNotFound = 1,
    /// There is no such stream.
    StreamNotFound = 3,
    /// The stream is of another type.
    InvalidStreamType = 4,
    /// The stream is in another state.
    InvalidStreamState = 5,
    /// The stream is finalized.
    StreamFinalized = 6,
    /// The writer's schema has fields that the table has not.
    SchemaMismatchExtraFields = 7,
    /// The offset was used before.
    OffsetAlreadyExists = 8,
    /// The offset is beyond the end.
    OffsetOutOfRange = 9,
}

/// Why a request is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// What is said.
    pub message: String,
    /// The structured code, where there is one.
    pub storage: Option<StorageCode>,
}

impl Refusal {
    /// A refusal without a structured code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), storage: None }
    }

    /// INVALID_ARGUMENT.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// With a structured code.
    #[must_use]
    pub fn with(self, storage: StorageCode) -> Self {
        Self { storage: Some(storage), ..self }
    }

    fn status(&self, stream: &str) -> Status {
        let message = format!("{} Entity: {stream}", self.message);
        let details = self.storage.map(|code| {
            let error = StorageError { code: code as i32, entity: stream.to_owned(), error_message: message.clone() };
            Any { type_url: STORAGE_ERROR.to_owned(), value: error.encode_to_vec() }
        });
        Status { code: self.code as i32, message, details: details.into_iter().collect() }
    }

    /// As the status that ends a call.
    pub fn into_call_status(self, stream: &str) -> tonic::Status {
        let status = self.status(stream);
        tonic::Status::with_details(self.code, status.message.clone(), status.encode_to_vec().into())
    }
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its place in the request, from 0.
    pub index: usize,
    /// What is wrong. It may hold the value, as the service's messages do.
    pub message: String,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is stored.
    Stored,
    /// It is refused.
    Refused(Refusal),
    /// It is refused for these rows, with the service's usual words.
    BadRows(Vec<BadRow>),
    /// It is refused with words of its own, and these rows are named.
    RefusedFor(Refusal, Vec<BadRow>),
}

/// The answer to a request.
pub fn answer(stream: &str, verdict: &Verdict, updated_schema: Option<TableSchema>) -> AppendRowsResponse {
    let (response, rows): (_, &[BadRow]) = match verdict {
        Verdict::Stored => (Response::AppendResult(AppendResult { offset: None }), &[]),
        Verdict::Refused(refusal) => (Response::Error(refusal.status(stream)), &[]),
        Verdict::BadRows(rows) => (Response::Error(Refusal::invalid(BAD_ROWS).status(stream)), rows),
        Verdict::RefusedFor(refusal, rows) => (Response::Error(refusal.status(stream)), rows),
    };
    let row_errors = rows.iter().map(|row| RowError {
        index: i64::try_from(row.index).unwrap_or(i64::MAX),
        code: FIELDS_ERROR,
        message: row.message.clone(),
    });
    AppendRowsResponse {
        response: Some(response),
        updated_schema,
        row_errors: row_errors.collect(),
        write_stream: stream.to_owned(),
    }
}
