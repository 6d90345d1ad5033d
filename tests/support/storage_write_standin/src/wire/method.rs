//! The one method that is served.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use tonic::body::Body;
use tonic::server::{Grpc, StreamingService};
use tonic::{Status, Streaming};

use super::codec::{AppendCodec, Measured};
use super::messages::AppendRowsResponse;
use crate::call::{self, Answers};
use crate::ledger;
use crate::origin::Origin;
use crate::shared::Shared;

const APPEND_ROWS: &str = "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows";

/// Calls what a request asks for.
pub async fn call(
    shared: Arc<Shared>,
    origin: Origin,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if request.uri().path() != APPEND_ROWS {
        return Ok(Status::unimplemented("only AppendRows is served here").into_http());
    }
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    shared.ledger.called(ledger::Call {
        number: origin.call,
        connection: origin.connection,
        request_params: header("x-goog-request-params"),
        authorized: header("authorization").is_some(),
    });
    let limit = shared.settings.connection_limit;
    let mut grpc = Grpc::new(AppendCodec).max_decoding_message_size(limit);
    Ok(grpc.streaming(AppendRows { shared, origin }, request).await)
}

struct AppendRows {
    shared: Arc<Shared>,
    origin: Origin,
}

impl StreamingService<Measured> for AppendRows {
    type Response = AppendRowsResponse;
    type ResponseStream = Answers;
    type Future = Ready<Result<tonic::Response<Answers>, Status>>;

    fn call(&mut self, request: tonic::Request<Streaming<Measured>>) -> Self::Future {
        let answers = call::start(self.shared.clone(), self.origin.clone(), request.into_inner());
        ready(Ok(tonic::Response::new(answers)))
    }
}
