//! A recording HTTP proxy before one emulator.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tokio::sync::Notify;

/// One request that passed.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub body: Bytes,
}

impl Recorded {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The id of the job this request starts.
    pub fn job_id(&self) -> Option<String> {
        let starts = self.method == Method::POST && self.path.ends_with("/jobs");
        starts.then(|| self.json()["jobReference"]["jobId"].as_str().map(str::to_owned)).flatten()
    }

    pub fn is_job(&self, verb: &str) -> bool {
        self.job_id().is_some_and(|id| id.contains(&format!("_{verb}_")))
    }

    pub fn is_upload(&self) -> bool {
        self.method == Method::POST && self.path.contains("/upload/")
    }

    /// The name of the object that this upload writes.
    pub fn object(&self) -> Option<String> {
        if !self.is_upload() {
            return None;
        }
        let name = self.query.split('&').find_map(|p| p.strip_prefix("name="))?;
        Some(percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned())
    }

    pub fn writes_state(&self) -> bool {
        self.object().is_some_and(|o| o.contains("state/"))
    }
}

type Matcher = Box<dyn Fn(&Recorded) -> bool + Send + Sync>;

enum Action {
    /// Stop before the emulator sees it.
    HoldBefore(Arc<GateState>),
    /// Let the emulator do it and keep the answer.
    HoldAfter(Arc<GateState>),
    Answer(u16, String),
    /// Let the emulator do it and answer with an error instead.
    LoseAnswer,
    /// Let the emulator do it and break off in the middle of its answer.
    Cut,
    /// Break the connection off before the emulator sees anything.
    Refuse,
    /// Break the connection off after so many bytes of the request's body.
    CutRequest(usize),
    /// Too many requests: come back after so many seconds.
    Busy(u64),
    Delay(Duration),
    /// Put one text in the place of another as long, everywhere in the body.
    Alter(&'static str, &'static str),
}

struct Rule {
    matches: Matcher,
    action: Action,
    times: usize,
}

#[derive(Default)]
struct GateState {
    reached: Notify,
    open: Notify,
}

/// A place where requests wait.
pub struct Gate(Arc<GateState>);

impl Gate {
    /// Waits until a request stands at the gate.
    pub async fn reached(&self) {
        tokio::time::timeout(Duration::from_secs(60), self.0.reached.notified()).await.expect("the gate is reached");
    }

    /// Lets one request pass.
    pub fn open(&self) {
        self.0.open.notify_one();
    }
}

#[derive(Default)]
struct Inner {
    log: Mutex<Vec<Recorded>>,
    rules: Mutex<Vec<Rule>>,
}

/// A proxy on a port of its own; it ends with its runtime.
#[derive(Clone)]
pub struct Proxy {
    pub url: String,
    backend: String,
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Shared {
    inner: Arc<Inner>,
    backend: String,
    http: reqwest::Client,
}

impl Proxy {
    pub async fn start(backend: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().unwrap();
        let shared = Shared { inner: inner.clone(), backend: backend.to_owned(), http };
        let app = Router::new().fallback(pass).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, backend: backend.to_owned(), inner }
    }

    pub fn log(&self) -> Vec<Recorded> {
        self.inner.log.lock().unwrap().clone()
    }

    pub fn clear(&self) {
        self.inner.log.lock().unwrap().clear();
    }

    /// Has a request of JSON arrive once more, or late, past the proxy; the status of its answer.
    pub async fn deliver(&self, late: &Recorded) -> u16 {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().unwrap();
        let url = format!("{}{}?{}", self.backend, late.path, late.query);
        let sent = http.request(late.method.clone(), url).json(&late.json()).send();
        sent.await.unwrap().status().as_u16()
    }

    /// The ids of the jobs that were asked for, in order, repeats included.
    pub fn jobs(&self) -> Vec<String> {
        self.log().iter().filter_map(Recorded::job_id).collect()
    }

    /// The objects that were written, in order.
    pub fn written(&self) -> Vec<String> {
        self.log().iter().filter_map(Recorded::object).collect()
    }

    fn rule(&self, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static, action: Action, times: usize) {
        self.inner.rules.lock().unwrap().push(Rule { matches: Box::new(matches), action, times });
    }

    /// Holds the next matching request before the emulator sees it.
    pub fn hold_before(&self, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) -> Gate {
        let state = Arc::<GateState>::default();
        self.rule(matches, Action::HoldBefore(state.clone()), 1);
        Gate(state)
    }

    /// Lets the emulator do the next matching request, and holds its answer.
    pub fn hold_after(&self, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) -> Gate {
        let state = Arc::<GateState>::default();
        self.rule(matches, Action::HoldAfter(state.clone()), 1);
        Gate(state)
    }

    /// Answers matching requests itself.
    pub fn answer(
        &self,
        times: usize,
        status: u16,
        body: &str,
        matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static,
    ) {
        self.rule(matches, Action::Answer(status, body.to_owned()), times);
    }

    /// The work is done, the answer lost.
    pub fn lose_answer(&self, times: usize, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) {
        self.rule(matches, Action::LoseAnswer, times);
    }

    /// The work is done, and the connection ends in the middle of the answer.
    pub fn cut(&self, times: usize, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) {
        self.rule(matches, Action::Cut, times);
    }

    /// The connection ends before the emulator has seen the request.
    pub fn refuse(&self, times: usize, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) {
        self.rule(matches, Action::Refuse, times);
    }

    /// The connection ends after so many bytes of the request's body, of which the emulator makes nothing; `matches` sees no
    /// body.
    pub fn cut_request(&self, times: usize, after: usize, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) {
        self.rule(matches, Action::CutRequest(after), times);
    }

    /// 429 with `Retry-After`.
    pub fn busy(&self, times: usize, seconds: u64, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) {
        self.rule(matches, Action::Busy(seconds), times);
    }

    /// The request waits.
    pub fn delay(&self, times: usize, time: Duration, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) {
        self.rule(matches, Action::Delay(time), times);
    }

    /// Every body has the one text where it had the other, which is as long.
    pub fn alter(
        &self,
        from: &'static str,
        to: &'static str,
        matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static,
    ) {
        assert_eq!(from.len(), to.len());
        self.rule(matches, Action::Alter(from, to), usize::MAX);
    }

    /// Forgets every rule.
    pub fn calm(&self) {
        self.inner.rules.lock().unwrap().clear();
    }
}

impl Inner {
    /// The first rule that matches, used up by one.
    fn take(&self, request: &Recorded) -> Option<Action> {
        self.take_of(request, |action| !matches!(action, Action::CutRequest(_)))
    }

    /// As [`Inner::take`], before the body is read.
    fn take_cut(&self, request: &Recorded) -> Option<usize> {
        match self.take_of(request, |action| matches!(action, Action::CutRequest(_)))? {
            Action::CutRequest(after) => Some(after),
            _ => None,
        }
    }

    fn take_of(&self, request: &Recorded, is_meant: impl Fn(&Action) -> bool) -> Option<Action> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().find(|r| r.times > 0 && is_meant(&r.action) && (r.matches)(request))?;
        rule.times -= 1;
        Some(match &rule.action {
            Action::HoldBefore(gate) => Action::HoldBefore(gate.clone()),
            Action::HoldAfter(gate) => Action::HoldAfter(gate.clone()),
            Action::Answer(status, body) => Action::Answer(*status, body.clone()),
            Action::LoseAnswer => Action::LoseAnswer,
            Action::Cut => Action::Cut,
            Action::Refuse => Action::Refuse,
            Action::CutRequest(after) => Action::CutRequest(*after),
            Action::Busy(seconds) => Action::Busy(*seconds),
            Action::Delay(time) => Action::Delay(*time),
            Action::Alter(from, to) => Action::Alter(from, to),
        })
    }
}

async fn pass(State(shared): State<Shared>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let mut recorded = Recorded {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: Bytes::new(),
    };
    if let Some(after) = shared.inner.take_cut(&recorded) {
        let (mut frames, mut read) = (body.into_data_stream(), 0);
        while read < after
            && let Some(Ok(frame)) = frames.next().await
        {
            read += frame.len();
        }
        return broken_off(StatusCode::OK, Bytes::new());
    }
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    recorded.body = body.clone();
    let action = shared.inner.take(&recorded);
    shared.inner.log.lock().unwrap().push(recorded);
    match &action {
        Some(Action::Answer(status, body)) => {
            let json = [("content-type", "application/json")];
            return (StatusCode::from_u16(*status).unwrap(), json, body.clone()).into_response();
        }
        Some(Action::HoldBefore(gate)) => {
            gate.reached.notify_one();
            gate.open.notified().await;
        }
        Some(Action::Refuse) => return broken_off(StatusCode::OK, Bytes::new()),
        Some(Action::Busy(seconds)) => {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())], "{}").into_response();
        }
        Some(Action::Delay(time)) => tokio::time::sleep(*time).await,
        _ => {}
    }
    let body = match &action {
        Some(Action::Alter(from, to)) => altered(&body, from, to),
        _ => body,
    };
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let mut headers = parts.headers;
    headers.remove("host");
    let sent = shared.http.request(parts.method, format!("{}{path}", shared.backend)).headers(headers).body(body);
    let answer = match sent.send().await {
        Ok(answer) => answer,
        Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
    };
    let status = answer.status();
    let headers: HeaderMap = answer.headers().clone();
    let content = answer.bytes().await.unwrap_or_default();
    match action {
        Some(Action::HoldAfter(gate)) => {
            gate.reached.notify_one();
            gate.open.notified().await;
        }
        Some(Action::LoseAnswer) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Action::Cut) => return broken_off(status, content.slice(..content.len() / 2)),
        _ => {}
    }
    let mut response = (status, content).into_response();
    for (name, value) in headers.iter().filter(|(n, _)| *n != "transfer-encoding" && *n != "content-length") {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

fn altered(body: &Bytes, from: &str, to: &str) -> Bytes {
    let (mut body, from) = (body.to_vec(), from.as_bytes());
    let places: Vec<usize> =
        body.windows(from.len()).enumerate().filter(|(_, w)| *w == from).map(|(at, _)| at).collect();
    for at in places {
        body[at..at + from.len()].copy_from_slice(to.as_bytes());
    }
    body.into()
}

/// The connection is closed on the caller in the middle of the answer.
fn broken_off(status: StatusCode, content: Bytes) -> Response {
    let broken = futures_util::stream::iter([Ok(content), Err(std::io::Error::other("cut"))]);
    (status, Body::from_stream(broken)).into_response()
}
