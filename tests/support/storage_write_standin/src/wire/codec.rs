//! Messages in gRPC frames. A request is measured as it is read: what counts is how long it was on the wire.

use bytes::Buf;
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::messages::{AppendRowsRequest, AppendRowsResponse};

/// A request and its encoded length in bytes.
#[derive(Debug)]
pub struct Measured {
    /// The request.
    pub request: AppendRowsRequest,
    /// Its length.
    pub bytes: usize,
}

/// The codec of `AppendRows`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AppendCodec;

impl Codec for AppendCodec {
    type Encode = AppendRowsResponse;
    type Decode = Measured;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AppendCodec {
    type Item = AppendRowsResponse;
    type Error = Status;

    fn encode(&mut self, item: AppendRowsResponse, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for AppendCodec {
    type Item = Measured;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Measured>, Status> {
        let bytes = buffer.remaining();
        let request = AppendRowsRequest::decode(buffer).map_err(|error| Status::internal(error.to_string()))?;
        Ok(Some(Measured { request, bytes }))
    }
}
