//! A client: it encodes by hand, and looks at each answer when the test asks for it.

use gcp_bigquery_client::google::cloud::bigquery::storage::v1::append_rows_request::{ProtoData, Rows};
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::append_rows_response::Response;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::big_query_write_client::BigQueryWriteClient;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::{
    AppendRowsRequest, AppendRowsResponse, ProtoRows, ProtoSchema, StorageError,
};
use prost::Message as _;
use prost::encoding;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto};
use serde_json::{Value, json};
use storage_write_standin::{Settings, Standin};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Streaming};

/// A value on the wire.
#[derive(Clone, Debug)]
pub enum Wire {
    Null,
    Int(i64),
    Zigzag(i64),
    Double(f64),
    Float(f32),
    Text(String),
    Raw(Vec<u8>),
    Many(Vec<Wire>),
    Message(Vec<Wire>),
}

pub fn text(value: &str) -> Wire {
    Wire::Text(value.to_owned())
}

/// A row: the values of fields 1, 2, 3 and so on.
pub fn encode(values: &[Wire]) -> Vec<u8> {
    let mut row = Vec::new();
    for (number, value) in (1..).zip(values) {
        put(number, value, &mut row);
    }
    row
}

fn put(number: u32, value: &Wire, row: &mut Vec<u8>) {
    match value {
        Wire::Null => {}
        Wire::Int(value) => encoding::int64::encode(number, value, row),
        Wire::Zigzag(value) => encoding::sint64::encode(number, value, row),
        Wire::Double(value) => encoding::double::encode(number, value, row),
        Wire::Float(value) => encoding::float::encode(number, value, row),
        Wire::Text(value) => encoding::string::encode(number, value, row),
        Wire::Raw(value) => encoding::bytes::encode(number, value, row),
        Wire::Many(values) => values.iter().for_each(|value| put(number, value, row)),
        Wire::Message(values) => encoding::bytes::encode(number, &encode(values), row),
    }
}

/// A descriptor's fields, numbered from 1.
#[derive(Clone, Debug)]
pub struct Schema(pub DescriptorProto);

impl Schema {
    pub fn new(fields: &[(&str, Type)]) -> Self {
        let mut schema = Self(DescriptorProto { name: Some("Row".into()), ..DescriptorProto::default() });
        fields.iter().for_each(|(name, kind)| schema.push(name, *kind, Label::Optional, None));
        schema
    }

    /// Fields, then the change type, then the number.
    pub fn with_changes(fields: &[(&str, Type)]) -> Self {
        let mut schema = Self::new(fields);
        schema.push("_CHANGE_TYPE", Type::String, Label::Optional, None);
        schema.push("_CHANGE_SEQUENCE_NUMBER", Type::String, Label::Optional, None);
        schema
    }

    pub fn push(&mut self, name: &str, kind: Type, label: Label, of: Option<&str>) {
        let number = i32::try_from(self.0.field.len()).unwrap() + 1;
        self.0.field.push(FieldDescriptorProto {
            name: Some(name.into()),
            number: Some(number),
            label: Some(label as i32),
            r#type: Some(kind as i32),
            type_name: of.map(str::to_owned),
            ..FieldDescriptorProto::default()
        });
    }
}

/// The stream of a table in project `p`, dataset `d`.
pub fn stream_of(table: &str) -> String {
    format!("projects/p/datasets/d/tables/{table}/streams/_default")
}

/// A request for a table, with a schema if there is one.
pub fn request(stream: &str, schema: Option<&Schema>, rows: &[Vec<u8>]) -> AppendRowsRequest {
    let writer_schema = schema.map(|schema| ProtoSchema { proto_descriptor: Some(schema.0.clone()) });
    AppendRowsRequest {
        write_stream: stream.to_owned(),
        trace_id: "tests:1".into(),
        rows: Some(Rows::ProtoRows(ProtoData {
            writer_schema,
            rows: Some(ProtoRows { serialized_rows: rows.to_vec() }),
        })),
        ..AppendRowsRequest::default()
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Stored,
    /// The code, the words, and the structured code.
    Refused(Code, String, Option<i32>),
    /// The words, and the rows with what is wrong with them.
    BadRows(String, Vec<(i64, String)>),
}

impl Answer {
    pub fn words(&self) -> &str {
        match self {
            Self::Stored => "",
            Self::Refused(_, words, _) | Self::BadRows(words, _) => words,
        }
    }
}

fn read(response: &AppendRowsResponse) -> Answer {
    match &response.response {
        Some(Response::AppendResult(_)) if response.row_errors.is_empty() => Answer::Stored,
        Some(Response::Error(status)) if response.row_errors.is_empty() => {
            let structured = status.details.first().map(|any| StorageError::decode(any.value.as_slice()).unwrap().code);
            Answer::Refused(Code::from_i32(status.code), status.message.clone(), structured)
        }
        Some(Response::Error(status)) => {
            let rows = response.row_errors.iter().map(|row| (row.index, row.message.clone()));
            Answer::BadRows(status.message.clone(), rows.collect())
        }
        other => panic!("an answer without a result: {other:?}"),
    }
}

/// A call of AppendRows.
pub struct Call {
    requests: mpsc::UnboundedSender<AppendRowsRequest>,
    answers: Streaming<AppendRowsResponse>,
}

impl Call {
    pub fn send(&self, request: AppendRowsRequest) {
        let _ = self.requests.send(request);
    }

    /// The next answer as it came.
    pub async fn response(&mut self) -> Result<AppendRowsResponse, Code> {
        match self.answers.message().await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(Code::Ok),
            Err(status) => Err(status.code()),
        }
    }

    pub async fn answer(&mut self) -> Result<Answer, Code> {
        self.response().await.map(|response| read(&response))
    }

    pub async fn ask(&mut self, request: AppendRowsRequest) -> Result<Answer, Code> {
        self.send(request);
        self.answer().await
    }
}

/// A server and a connection to it.
pub struct Client {
    pub server: Standin,
    channel: Channel,
}

impl Client {
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let server = Standin::start(settings).await.unwrap();
        let channel = connect(&server).await;
        Self { server, channel }
    }

    /// A call on the connection that is there.
    pub async fn call(&self) -> Call {
        call_on(self.channel.clone()).await.unwrap()
    }

    /// A call on a connection of its own.
    pub async fn fresh_call(&self) -> Call {
        call_on(connect(&self.server).await).await.unwrap()
    }

    /// Declares `p.d.{table}`.
    pub async fn declare(&self, table: &str, resource: Value) {
        self.server.tables().declare(&format!("p.d.{table}"), resource).await.unwrap();
    }

    /// One request on a call of its own.
    pub async fn append(&self, table: &str, schema: &Schema, rows: &[Vec<u8>]) -> Result<Answer, Code> {
        self.call().await.ask(request(&stream_of(table), Some(schema), rows)).await
    }

    /// What readers see, as JSON.
    pub async fn read(&self, table: &str) -> Value {
        json!(self.server.tables().read(&format!("p.d.{table}")).await.unwrap())
    }
}

pub async fn connect(server: &Standin) -> Channel {
    Channel::from_shared(server.url()).unwrap().connect().await.unwrap()
}

pub async fn call_on(channel: Channel) -> Result<Call, Code> {
    let (requests, queue) = mpsc::unbounded_channel();
    let mut stub = BigQueryWriteClient::new(channel).max_decoding_message_size(usize::MAX);
    let answers = stub.append_rows(UnboundedReceiverStream::new(queue)).await.map_err(|status| status.code())?;
    Ok(Call { requests, answers: answers.into_inner() })
}

/// A table of an INT64 key `id` and a STRING `note`.
pub fn notes_table() -> Value {
    json!({
        "creationTime": "1",
        "schema": {"fields": [
            {"name": "id", "type": "INTEGER", "mode": "REQUIRED"},
            {"name": "note", "type": "STRING"},
        ]},
        "tableConstraints": {"primaryKey": {"columns": ["id"]}},
    })
}

/// Its rows' descriptor.
pub fn notes_schema() -> Schema {
    Schema::with_changes(&[("id", Type::Int64), ("note", Type::String)])
}

/// A change of it; an empty number is none.
pub fn note(id: i64, note: &str, kind: &str, number: &str) -> Vec<u8> {
    let optional = |value: &str| if value.is_empty() { Wire::Null } else { text(value) };
    encode(&[Wire::Int(id), optional(note), optional(kind), optional(number)])
}

/// A client with that table, named `notes`.
pub async fn notes(settings: Settings) -> Client {
    let client = Client::with(settings).await;
    client.declare("notes", notes_table()).await;
    client
}

/// One change of that table on a call of its own, which has to be stored.
pub async fn change(client: &Client, change: Vec<u8>) {
    assert_eq!(client.append("notes", &notes_schema(), &[change]).await, Ok(Answer::Stored));
}
