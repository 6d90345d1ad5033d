//! What an answer says of a request. There are three places to look at: the status of the call, an error within an answer, and a list of rows.
//!
//! Source: <https://cloud.google.com/bigquery/docs/reference/storage/rpc/google.cloud.bigquery.storage.v1#appendrowsresponse>,
//! <https://cloud.google.com/bigquery/docs/write-api-best-practices>. A message may quote a row, so it is only looked into, never passed on
//! as it is.

use gcp_bigquery_client::google::cloud::bigquery::storage::v1::append_rows_response::Response;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::storage_error::StorageErrorCode;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::{AppendRowsResponse, StorageError};
use prost::Message as _;
use tonic::Code;

/// What became of the rows of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// They are stored: durable, and seen by whoever reads.
    Stored,
    /// None of them is, because of some, by their numbers in the request in order.
    BadRows(Vec<usize>),
    Failed(Failure),
}

/// Why rows were not stored, or why nobody knows whether they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It passes: the same is sent again.
    Passing(Code),
    /// The project or the table sends too much: the same is sent again, later.
    Throttled,
    /// The service does not know a column of ours yet, or not any more.
    Schema,
    /// The service knows no such table, or no longer the one that was there before.
    NoTable,
    /// The table takes no changes: it has no primary key, or is fed in another way.
    NoChanges,
    Denied,
    /// For good, and nobody has foreseen it.
    Refused(Code),
}

/// What an answer on an open call says.
pub(super) fn answer(response: &AppendRowsResponse) -> Answer {
    let failure = match &response.response {
        Some(Response::Error(status)) => {
            let code = StorageError::among(status.details.iter().map(|any| (any.type_url.as_str(), &any.value[..])));
            Some(failure(Code::from_i32(status.code), code, &status.message))
        }
        _ => None,
    };
    // An error may stand beside the rows that it is about: those can be left out. What is wrong with all of them is not theirs.
    if !response.row_errors.is_empty() && failure.is_none_or(|f| matches!(f, Failure::Refused(_))) {
        let mut bad: Vec<usize> = response.row_errors.iter().filter_map(|e| usize::try_from(e.index).ok()).collect();
        bad.sort_unstable();
        bad.dedup();
        // Rows that nobody can tell can't be left out: the same would be refused again and again.
        return if bad.is_empty() {
            Answer::Failed(failure.unwrap_or(Failure::Refused(Code::InvalidArgument)))
        } else {
            Answer::BadRows(bad)
        };
    }
    match (&response.response, failure) {
        (_, Some(failure)) => Answer::Failed(failure),
        (Some(Response::AppendResult(_)), None) => Answer::Stored,
        // Neither stored nor refused: nobody knows.
        (_, None) => Answer::Failed(Failure::Passing(Code::Unknown)),
    }
}

/// What the end of a call says. An end without a word leaves open what became of the requests that wait for an answer.
pub(super) fn of_end(status: Option<&tonic::Status>) -> Failure {
    let Some(status) = status else { return Failure::Passing(Code::Unavailable) };
    let details = Details::decode(status.details()).unwrap_or_default();
    let code = StorageError::among(details.details.iter().map(|any| (any.type_url.as_str(), &any.value[..])));
    failure(status.code(), code, status.message())
}

/// A `google.rpc.Status`, as far as its details.
#[derive(Clone, PartialEq, prost::Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<AnyMessage>,
}

/// A `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
struct AnyMessage {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// What the service itself says beside a code of gRPC.
trait Among {
    fn among<'a>(details: impl Iterator<Item = (&'a str, &'a [u8])>) -> Option<StorageErrorCode>;
}

impl Among for StorageError {
    fn among<'a>(mut details: impl Iterator<Item = (&'a str, &'a [u8])>) -> Option<StorageErrorCode> {
        let (_, value) = details.find(|(url, _)| url.ends_with("google.cloud.bigquery.storage.v1.StorageError"))?;
        StorageErrorCode::try_from(Self::decode(value).ok()?.code).ok()
    }
}

/// Words of a message that tell of another schema, where no code does.
const OF_SCHEMA: [&str; 4] =
    ["extra proto fields", "missing in the proto message", "input schema has more fields", "proto field mismatched"];

/// Words of a message that tell of a table without changes.
const OF_CHANGES: [&str; 3] = ["change_type", "primary key", "change_sequence_number"];

fn failure(code: Code, said: Option<StorageErrorCode>, message: &str) -> Failure {
    let message = message.to_ascii_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|w| message.contains(w));
    match (code, said) {
        (_, Some(StorageErrorCode::SchemaMismatchExtraFields)) => Failure::Schema,
        (Code::NotFound, _) | (_, Some(StorageErrorCode::TableNotFound | StorageErrorCode::StreamNotFound)) => {
            Failure::NoTable
        }
        (Code::InvalidArgument, _) if speaks_of(&OF_SCHEMA) => Failure::Schema,
        (Code::InvalidArgument | Code::FailedPrecondition, _) if speaks_of(&OF_CHANGES) => Failure::NoChanges,
        (Code::ResourceExhausted, _) => Failure::Throttled,
        (
            Code::Unavailable
            | Code::Internal
            | Code::Aborted
            | Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Unknown
            | Code::Ok,
            _,
        ) => Failure::Passing(code),
        (Code::PermissionDenied | Code::Unauthenticated, _) => Failure::Denied,
        _ => Failure::Refused(code),
    }
}

#[cfg(test)]
mod tests {
    use gcp_bigquery_client::google::cloud::bigquery::storage::v1::RowError;
    use gcp_bigquery_client::google::cloud::bigquery::storage::v1::append_rows_response::AppendResult;
    use gcp_bigquery_client::google::rpc::Status;

    use super::*;

    fn error(code: Code, message: &str) -> AppendRowsResponse {
        let status = Status { code: code as i32, message: message.to_owned(), details: Vec::new() };
        AppendRowsResponse { response: Some(Response::Error(status)), ..AppendRowsResponse::default() }
    }

    fn row_error(index: i64) -> RowError {
        RowError { index, message: "the value 4012".to_owned(), ..RowError::default() }
    }

    #[test]
    fn only_a_result_says_that_rows_are_stored() {
        let stored = Some(Response::AppendResult(AppendResult { offset: None }));
        let result = AppendRowsResponse { response: stored.clone(), ..AppendRowsResponse::default() };
        assert_eq!(answer(&result), Answer::Stored);
        let bad = AppendRowsResponse { row_errors: vec![row_error(7), row_error(2), row_error(7)], ..result.clone() };
        assert_eq!(answer(&bad), Answer::BadRows(vec![2, 7]));
        let both = AppendRowsResponse { row_errors: vec![row_error(0)], ..error(Code::InvalidArgument, "rows") };
        assert_eq!(answer(&both), Answer::BadRows(vec![0]));
        let change = "The given value is not a valid CHANGE_TYPE";
        let of_all = AppendRowsResponse { row_errors: vec![row_error(0)], ..error(Code::InvalidArgument, change) };
        assert_eq!(answer(&of_all), Answer::Failed(Failure::NoChanges));
        let nobody = AppendRowsResponse { row_errors: vec![row_error(-1)], ..result.clone() };
        assert_eq!(answer(&nobody), Answer::Failed(Failure::Refused(Code::InvalidArgument)));
        // An error in a call that is well.
        assert_eq!(answer(&error(Code::Internal, "x")), Answer::Failed(Failure::Passing(Code::Internal)));
        assert_eq!(answer(&AppendRowsResponse::default()), Answer::Failed(Failure::Passing(Code::Unknown)));
    }

    #[test]
    fn what_follows_from_an_error() {
        let of = |code, message: &str| match answer(&error(code, message)) {
            Answer::Failed(failure) => failure,
            other => panic!("{other:?}"),
        };
        for code in [Code::Unavailable, Code::Internal, Code::Aborted, Code::Cancelled, Code::DeadlineExceeded] {
            assert_eq!(of(code, ""), Failure::Passing(code));
        }
        assert_eq!(of(Code::ResourceExhausted, ""), Failure::Throttled);
        assert_eq!(of(Code::NotFound, "no table"), Failure::NoTable);
        assert_eq!(of(Code::PermissionDenied, ""), Failure::Denied);
        assert_eq!(of(Code::InvalidArgument, "Input schema has more fields than BigQuery's"), Failure::Schema);
        let change = "The given value is not a valid CHANGE_TYPE in insert mode: UPSERT";
        assert_eq!(of(Code::InvalidArgument, change), Failure::NoChanges);
        assert_eq!(of(Code::InvalidArgument, "else"), Failure::Refused(Code::InvalidArgument));
        assert_eq!(of_end(None), Failure::Passing(Code::Unavailable));
        let detail =
            StorageError { code: StorageErrorCode::SchemaMismatchExtraFields as i32, ..StorageError::default() };
        let any = AnyMessage {
            type_url: "type.googleapis.com/google.cloud.bigquery.storage.v1.StorageError".to_owned(),
            value: detail.encode_to_vec(),
        };
        let status = tonic::Status::with_details(
            Code::InvalidArgument,
            "in another language",
            Details { details: vec![any] }.encode_to_vec().into(),
        );
        assert_eq!(of_end(Some(&status)), Failure::Schema);
    }
}
