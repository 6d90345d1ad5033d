//! One open call of `AppendRows`: requests go in, an answer comes out for each, in their order.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use gcp_bigquery_client::google::cloud::bigquery::storage::v1::AppendRowsResponse;
use http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status, Streaming};

use super::codec::AppendRows;
use super::request::Framed;
use crate::bigquery::auth::AccessToken;
use crate::bigquery::error::BigQueryError;
use crate::emulator::{self, BIGQUERY_WRITE};
use crate::model::TargetRef;

/// The service's own address.
const SERVICE: &str = "https://bigquerystorage.googleapis.com";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// An answer that takes longer is taken for lost. The service answers within seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// A connection that nobody has told of its end is found out by a question that is not answered: the attempts that follow get another one. Google's own
/// clients ask as often.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// An answer names each row that it refuses, and why.
const LARGEST_ANSWER: usize = 64 << 20;
const METHOD: &str = "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows";

/// The Storage Write API: the service, or the emulator that the environment names.
#[derive(Clone, Debug)]
pub struct WriteApi {
    channel: Channel,
    token: AccessToken,
}

impl WriteApi {
    /// At an address of its own, if there is one. `token` is what the rest of BigQuery is asked with.
    pub(in crate::bigquery) fn open(address: Option<&str>, token: &AccessToken) -> Result<Self, BigQueryError> {
        let (address, token) = match emulator::address(BIGQUERY_WRITE)? {
            Some(address) => (address, AccessToken::Emulator),
            None => (address.unwrap_or(SERVICE).to_owned(), token.clone()),
        };
        Self::at(address, token)
    }

    pub(in crate::bigquery) fn at(address: String, token: AccessToken) -> Result<Self, BigQueryError> {
        let unusable =
            |e: tonic::transport::Error| BigQueryError::rejected("reach", "the Storage Write API", e.to_string());
        let is_tls = address.starts_with("https://");
        let endpoint = Endpoint::from_shared(address)
            .map_err(unusable)?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .tcp_nodelay(true);
        let endpoint = match is_tls {
            true => endpoint.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(unusable)?,
            false => endpoint,
        };
        Ok(Self { channel: endpoint.connect_lazy(), token })
    }
}

type Opening = Pin<Box<dyn Future<Output = Result<Streaming<AppendRowsResponse>, Status>> + Send>>;

enum Answers {
    /// The service answers a call once the first request is there.
    Opening(Opening),
    Open(Box<Streaming<AppendRowsResponse>>),
}

/// The call is over; with the status that says why, if there is one. What became of the requests without an answer is open.
#[derive(Debug)]
pub(super) struct Ended(pub Option<Status>);

/// An open call.
pub(super) struct Call {
    requests: mpsc::Sender<Framed>,
    answers: Answers,
}

impl Call {
    /// Begins a call for rows of one table. No more requests than `window` may wait for an answer.
    pub async fn open(api: &WriteApi, target: &TargetRef, stream: &str, window: usize) -> Result<Self, BigQueryError> {
        let (requests, queue) = mpsc::channel(window.max(1));
        let mut request = Request::new(ReceiverStream::new(queue));
        let rejected = |_| BigQueryError::rejected("append to", target.to_string(), "its name fits in no header");
        // The service finds the table's own server by it.
        let route = format!(
            "write_stream={}",
            percent_encoding::utf8_percent_encode(stream, percent_encoding::NON_ALPHANUMERIC)
        );
        let bearer = format!("Bearer {}", api.token.get().await?);
        for (name, value) in [("x-goog-request-params", route), ("authorization", bearer)] {
            let mut value: MetadataValue<_> = value.parse().map_err(rejected)?;
            value.set_sensitive(name == "authorization");
            request.metadata_mut().insert(name, value);
        }
        let channel = api.channel.clone();
        let opening = async move {
            let mut grpc = Grpc::new(channel).max_decoding_message_size(LARGEST_ANSWER);
            grpc.ready().await.map_err(|e| Status::unavailable(e.to_string()))?;
            let answered = grpc.streaming(request, PathAndQuery::from_static(METHOD), AppendRows).await?;
            Ok(answered.into_inner())
        };
        Ok(Self { requests, answers: Answers::Opening(Box::pin(opening)) })
    }

    /// Hands a request over. It waits for nobody while no more than the window are under way.
    pub async fn send(&mut self, request: Framed) -> Result<(), Ended> {
        self.requests.send(request).await.map_err(|_| Ended(None))
    }

    /// The answer to the oldest request that has none.
    pub async fn answer(&mut self) -> Result<AppendRowsResponse, Ended> {
        let answer = async {
            if let Answers::Opening(opening) = &mut self.answers {
                let open = opening.await.map_err(|status| Ended(Some(status)))?;
                self.answers = Answers::Open(Box::new(open));
            }
            match &mut self.answers {
                Answers::Open(open) => match open.message().await {
                    Ok(Some(answer)) => Ok(answer),
                    Ok(None) => Err(Ended(None)),
                    Err(status) => Err(Ended(Some(status))),
                },
                Answers::Opening(_) => Err(Ended(None)),
            }
        };
        let late = || Ended(Some(Status::new(Code::DeadlineExceeded, "no answer in time")));
        tokio::time::timeout(ANSWER_TIMEOUT, answer).await.unwrap_or_else(|_| Err(late()))
    }
}
