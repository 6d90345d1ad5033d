//! How requests and answers pass through gRPC: a request is bytes already.

use bytes::Buf as _;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::AppendRowsResponse;
use prost::Message as _;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::request::Framed;

/// Of `AppendRows`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AppendRows;

impl Codec for AppendRows {
    type Encode = Framed;
    type Decode = AppendRowsResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for AppendRows {
    type Item = Framed;
    type Error = Status;

    fn encode(&mut self, request: Framed, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(request.len());
        request.write_to(out);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        // A request is a megabyte and more: it goes out as soon as it is there.
        BufferSettings::new(64 << 10, 1)
    }
}

impl Decoder for AppendRows {
    type Item = AppendRowsResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<AppendRowsResponse>, Status> {
        let answer = AppendRowsResponse::decode(buffer.copy_to_bytes(buffer.remaining()));
        answer.map(Some).map_err(|e| Status::internal(format!("an answer that can't be read: {e}")))
    }
}
