//! What the server was sent and what it answered, for tests to look at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tonic::Code;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is not decided yet.
    Open,
    /// Its rows are stored.
    Stored,
    /// It was refused in an answer, for no row in particular.
    Refused(Code),
    /// It was refused for so many of its rows.
    BadRows(usize),
    /// It ended the call with a status, or the connection; its rows are not stored.
    Ended,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its place among all requests, from 0.
    pub index: usize,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// The number of its call of AppendRows, from 1.
    pub call: u64,
    /// `project.dataset.table`, or the name of the stream where it is none of a table's.
    pub table: String,
    /// Its trace id.
    pub trace_id: String,
    /// Its encoded length.
    pub bytes: usize,
    /// Its rows.
    pub rows: usize,
    /// Did it bring a writer's schema?
    pub with_schema: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// Has its answer been handed to the connection?
    pub answered: bool,
    /// How many requests of its call had no answer when it came, itself among them.
    pub in_flight: usize,
}

/// A call of `AppendRows`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number, from 1.
    pub number: u64,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// The header `x-goog-request-params`, by which the service finds the table's place.
    pub request_params: Option<String>,
    /// The header `authorization`: is there one?
    pub authorized: bool,
}

#[derive(Default)]
struct Inner {
    requests: Vec<Request>,
    calls: Vec<Call>,
    connections: u64,
    open: usize,
    oversize: usize,
    notes: Vec<String>,
}

/// What the server was sent and what it answered. Clones are the same ledger.
#[derive(Clone, Default)]
pub struct Ledger {
    inner: Arc<Mutex<Inner>>,
}

impl Ledger {
    /// All requests, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// The requests for one table, by `project.dataset.table`.
    pub fn requests_for(&self, table: &str) -> Vec<Request> {
        self.lock().requests.iter().filter(|request| request.table == table).cloned().collect()
    }

    /// All calls.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        self.lock().requests.len()
    }

    /// The bytes of all requests.
    pub fn bytes(&self) -> usize {
        self.lock().requests.iter().map(|request| request.bytes).sum()
    }

    /// The rows of all requests.
    pub fn rows(&self) -> usize {
        self.lock().requests.iter().map(|request| request.rows).sum()
    }

    /// The most requests of one call that waited for an answer at once.
    pub fn window(&self) -> usize {
        self.lock().requests.iter().map(|request| request.in_flight).max().unwrap_or(0)
    }

    /// How many connections there ever were.
    pub fn connections(&self) -> u64 {
        self.lock().connections
    }

    /// How many there are.
    pub fn open_connections(&self) -> usize {
        self.lock().open
    }

    /// How many messages were so large that they ended their connection. They are no requests.
    pub fn oversize(&self) -> usize {
        self.lock().oversize
    }

    /// What went wrong in the stand-in itself, such as an emulator that can't be reached.
    pub fn notes(&self) -> Vec<String> {
        self.lock().notes.clone()
    }

    /// Takes away what [`Ledger::notes`] holds: for a test that expects it.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().notes)
    }

    /// Forgets all requests and calls. What comes is counted from 0 again.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.requests.clear();
        inner.calls.clear();
    }

    pub(crate) fn opened(&self) -> u64 {
        let mut inner = self.lock();
        inner.connections += 1;
        inner.open += 1;
        inner.connections
    }

    pub(crate) fn closed(&self) {
        self.lock().open -= 1;
    }

    pub(crate) fn called(&self, call: Call) {
        self.lock().calls.push(call);
    }

    pub(crate) fn note(&self, what: impl Into<String>) {
        self.lock().notes.push(what.into());
    }

    pub(crate) fn too_large(&self) {
        self.lock().oversize += 1;
    }

    /// Writes a request down as it comes; its place is for [`Ledger::decided`] and [`Ledger::answered`].
    pub(crate) fn came(&self, mut request: Request) -> usize {
        let mut inner = self.lock();
        request.index = inner.requests.len();
        let open = |other: &&Request| other.call == request.call && !other.answered;
        request.in_flight = inner.requests.iter().filter(open).count() + 1;
        inner.requests.push(request);
        inner.requests.len() - 1
    }

    pub(crate) fn decided(&self, index: usize, outcome: Outcome) {
        // A test may have cleared the ledger meanwhile.
        if let Some(request) = self.lock().requests.get_mut(index) {
            request.outcome = outcome;
        }
    }

    pub(crate) fn answered(&self, index: usize) {
        if let Some(request) = self.lock().requests.get_mut(index) {
            request.answered = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
