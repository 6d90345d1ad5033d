//! The messages that the stand-in reads and writes, written down from `google/cloud/bigquery/storage/v1/{storage,protobuf,table}.proto` and
//! `google/rpc/status.proto`. They are its own, so that it does not agree with the product by sharing a mistake of its stubs. A descriptor stays
//! bytes: its options hold extensions that a typed message would lose.

use std::collections::HashMap;

use bytes::Bytes;
use prost::{Message, Oneof};

/// `AppendRowsRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct AppendRowsRequest {
    /// `projects/{project}/datasets/{dataset}/tables/{table}/streams/_default`; empty means the one before.
    #[prost(string, tag = "1")]
    pub write_stream: String,
    /// Not for the default stream.
    #[prost(message, optional, tag = "2")]
    pub offset: Option<i64>,
    /// Rows as protocol buffers.
    #[prost(message, optional, tag = "4")]
    pub proto_rows: Option<ProtoData>,
    /// Rows as Arrow, which takes no changes.
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub arrow_rows: Option<Bytes>,
    /// Who sends, for the service's people.
    #[prost(string, tag = "6")]
    pub trace_id: String,
    /// What a value that is missing means, by column.
    #[prost(map = "string, int32", tag = "7")]
    pub missing_value_interpretations: HashMap<String, i32>,
    /// What it means in the other columns.
    #[prost(int32, tag = "8")]
    pub default_missing_value_interpretation: i32,
}

/// `MissingValueInterpretation.DEFAULT_VALUE`.
pub const DEFAULT_VALUE: i32 = 2;

/// `AppendRowsRequest.ProtoData`.
#[derive(Clone, PartialEq, Message)]
pub struct ProtoData {
    /// How the rows are encoded.
    #[prost(message, optional, tag = "1")]
    pub writer_schema: Option<ProtoSchema>,
    /// The rows.
    #[prost(message, optional, tag = "2")]
    pub rows: Option<ProtoRows>,
}

/// `ProtoSchema`.
#[derive(Clone, PartialEq, Message)]
pub struct ProtoSchema {
    /// A `DescriptorProto`, as it came.
    #[prost(bytes = "bytes", tag = "1")]
    pub proto_descriptor: Bytes,
}

/// `ProtoRows`.
#[derive(Clone, PartialEq, Message)]
pub struct ProtoRows {
    /// Each row a message of the writer schema.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub serialized_rows: Vec<Bytes>,
}

/// `AppendRowsResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct AppendRowsResponse {
    /// Stored, or an error.
    #[prost(oneof = "Response", tags = "1, 2")]
    pub response: Option<Response>,
    /// The table's columns, if the stream learnt of new ones.
    #[prost(message, optional, tag = "3")]
    pub updated_schema: Option<TableSchema>,
    /// What is wrong with which rows.
    #[prost(message, repeated, tag = "4")]
    pub row_errors: Vec<RowError>,
    /// The stream of the request.
    #[prost(string, tag = "5")]
    pub write_stream: String,
}

/// `AppendRowsResponse.response`.
#[derive(Clone, PartialEq, Oneof)]
pub enum Response {
    /// The rows are stored.
    #[prost(message, tag = "1")]
    AppendResult(AppendResult),
    /// They are not.
    #[prost(message, tag = "2")]
    Error(Status),
}

/// `AppendRowsResponse.AppendResult`.
#[derive(Clone, PartialEq, Message)]
pub struct AppendResult {
    /// Not for the default stream.
    #[prost(message, optional, tag = "1")]
    pub offset: Option<i64>,
}

/// `RowError`.
#[derive(Clone, PartialEq, Message)]
pub struct RowError {
    /// The row's place in the request, from 0.
    #[prost(int64, tag = "1")]
    pub index: i64,
    /// [`FIELDS_ERROR`].
    #[prost(int32, tag = "2")]
    pub code: i32,
    /// What is wrong. Like the service's, it may hold the value.
    #[prost(string, tag = "3")]
    pub message: String,
}

/// `RowError.RowErrorCode.FIELDS_ERROR`.
pub const FIELDS_ERROR: i32 = 1;

/// `TableSchema`.
#[derive(Clone, PartialEq, Message)]
pub struct TableSchema {
    /// The columns.
    #[prost(message, repeated, tag = "1")]
    pub fields: Vec<TableFieldSchema>,
}

/// `TableFieldSchema`, as far as a client reads it.
#[derive(Clone, PartialEq, Message)]
pub struct TableFieldSchema {
    /// The column's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// `TableFieldSchema.Type`.
    #[prost(int32, tag = "2")]
    pub kind: i32,
    /// `TableFieldSchema.Mode`.
    #[prost(int32, tag = "3")]
    pub mode: i32,
    /// The fields of a STRUCT.
    #[prost(message, repeated, tag = "4")]
    pub fields: Vec<TableFieldSchema>,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// A gRPC code.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// What is wrong.
    #[prost(string, tag = "2")]
    pub message: String,
    /// A [`StorageError`], where there is one.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub struct Any {
    /// Which message it is.
    #[prost(string, tag = "1")]
    pub type_url: String,
    /// The message.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

/// `StorageError`.
#[derive(Clone, PartialEq, Message)]
pub struct StorageError {
    /// `StorageErrorCode`.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// The stream or table.
    #[prost(string, tag = "2")]
    pub entity: String,
    /// What is wrong.
    #[prost(string, tag = "3")]
    pub error_message: String,
}

/// The type of a [`StorageError`] in an [`Any`].
pub const STORAGE_ERROR: &str = "type.googleapis.com/google.cloud.bigquery.storage.v1.StorageError";
