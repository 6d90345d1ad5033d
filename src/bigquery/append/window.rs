//! Requests on their way, as many as the window holds, until each is acknowledged. What passes by itself is sent again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::answer::{Answer, Failure, answer, of_end};
use super::call::{Call, Ended};
use super::request::{Envelope, Origin, Rows, Turn, stream_name};
use crate::batch::AppliedUpTo;
use crate::bigquery::client::BigQuery;
use crate::bigquery::error::{ApiRefusal, BigQueryError, Overtaken, TableFault};
use crate::failpoint::{Effect, around};
use crate::model::TargetRef;

/// How much may be on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub requests: usize,
    /// Bytes of rows. One request may always go.
    pub bytes: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { requests: 8, bytes: 16 << 20 }
    }
}

/// What it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Requests, those that were sent again included.
    pub requests: u64,
    /// Bytes of rows of all these.
    pub bytes: u64,
    /// How often requests were sent again.
    pub retries: u64,
    /// When the last of them was handed over.
    pub last: Option<OffsetDateTime>,
    /// How far what was sent before is applied; absent where nobody waits for it, or it may not be asked.
    pub applied: Option<AppliedUpTo>,
}

/// How often the same is tried without anything being stored in between.
const ATTEMPTS: u32 = 6;
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// What the service needs, at most, to know of a table or a column that was made a moment ago.
/// Source: <https://cloud.google.com/bigquery/docs/write-api#update_the_schema> ("on the order of minutes").
const LATE: Duration = Duration::from_secs(600);

/// Of a batch that is older than that, only so long: its ticks before have waited already, and it may hold up the other tables of its feed.
const BRIEFLY: Duration = Duration::from_secs(60);

/// The rows of one table on their way.
pub(super) struct Appending<'a> {
    bigquery: &'a BigQuery,
    target: &'a TargetRef,
    envelope: &'a Envelope,
    window: Window,
    /// Nothing is waited for beyond it.
    deadline: Instant,
    /// How long the service may take to know a column or a table.
    late: Duration,
    call: Option<Call>,
    /// Until something is stored, nobody says that the service has taken note of what rows look like: a request whose rows are bad may be
    /// the one that said it.
    turn: Turn,
    /// The oldest first; the answers come in this order.
    waiting: VecDeque<Rows>,
    bytes: usize,
    failures: u32,
    since: Option<Instant>,
    pub sent: Sent,
    /// Requests that are over.
    over: Vec<Rows>,
    /// Rows that the service can't take.
    pub refused: Vec<Origin>,
}

impl<'a> Appending<'a> {
    pub fn new(bigquery: &'a BigQuery, target: &'a TargetRef, envelope: &'a Envelope) -> Self {
        Self {
            bigquery,
            target,
            envelope,
            window: Window::default(),
            deadline: Instant::now() + bigquery.job_timeout(),
            late: LATE,
            call: None,
            turn: Turn::First,
            waiting: VecDeque::new(),
            bytes: 0,
            failures: 0,
            since: None,
            sent: Sent::default(),
            over: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Of a batch that was begun then.
    pub fn begun(self, at: OffsetDateTime) -> Self {
        let late = if OffsetDateTime::now_utc() - at > LATE { BRIEFLY } else { LATE };
        Self { late, ..self }
    }

    /// With another window.
    #[cfg(test)]
    pub fn within(self, window: Window) -> Self {
        Self { window, ..self }
    }

    /// Sends rows, once there is room in the window.
    pub async fn send(&mut self, rows: Rows) -> Result<(), BigQueryError> {
        while self.is_full(rows.bytes.len()) {
            self.settle().await?;
        }
        self.hand_over(rows).await
    }

    /// Rows that are acknowledged, for their memory.
    pub fn take_over(&mut self) -> Option<Rows> {
        self.over.pop()
    }

    /// Waits for the answer to a request; whether there was one to wait for. Without any, every row is acknowledged.
    pub async fn take_answer(&mut self) -> Result<bool, BigQueryError> {
        if self.waiting.is_empty() {
            self.call = None;
            return Ok(false);
        }
        self.settle().await?;
        Ok(true)
    }

    /// The first part with a row that is not acknowledged; without any, a part that there is not.
    pub fn oldest_part(&self) -> u32 {
        self.waiting.iter().filter_map(Rows::first_part).min().unwrap_or(u32::MAX)
    }

    /// Takes the rows that the service can't take, of the parts before this one.
    pub fn take_refused(&mut self, before: u32) -> Vec<Origin> {
        let (taken, left) = self.refused.drain(..).partition(|origin| origin.part < before);
        self.refused = left;
        taken
    }

    fn is_full(&self, more: usize) -> bool {
        !self.waiting.is_empty()
            && (self.waiting.len() >= self.window.requests || self.bytes + more > self.window.bytes)
    }

    async fn hand_over(&mut self, rows: Rows) -> Result<(), BigQueryError> {
        self.bytes += rows.bytes.len();
        self.waiting.push_back(rows);
        match around(Effect::AppendSend, self.write_last()).await {
            Ok(()) => Ok(()),
            Err(Interrupted::Ended(ended)) => self.again(of_end(ended.0.as_ref())).await,
            Err(Interrupted::Injected) => self.again(Failure::Passing(tonic::Code::Unavailable)).await,
            Err(Interrupted::Failed(e)) => Err(*e),
        }
    }

    async fn write_last(&mut self) -> Result<(), Interrupted> {
        match self.waiting.back() {
            Some(rows) => {
                let rows = rows.clone();
                self.write(&rows).await
            }
            None => Ok(()),
        }
    }

    /// Writes a request to the call; to a new one where none is open.
    async fn write(&mut self, rows: &Rows) -> Result<(), Interrupted> {
        let call = match &mut self.call {
            Some(call) => call,
            None => {
                self.turn = Turn::First;
                let stream = stream_name(self.target);
                let opened =
                    Call::open(self.bigquery.write_api(), self.target, &stream, self.window.requests + 1).await;
                self.call.insert(opened.map_err(|e| Interrupted::Failed(Box::new(e)))?)
            }
        };
        self.sent.requests += 1;
        self.sent.bytes += rows.bytes.len() as u64;
        self.sent.last = Some(OffsetDateTime::now_utc());
        call.send(self.envelope.around(rows, self.turn)).await.map_err(Interrupted::Ended)
    }

    /// Takes the answer to the oldest request.
    async fn settle(&mut self) -> Result<(), BigQueryError> {
        let Some(call) = &mut self.call else { return self.again(Failure::Passing(tonic::Code::Unavailable)).await };
        let answered = async { call.answer().await.map_err(Interrupted::Ended) };
        let response = match around(Effect::AppendAnswer, answered).await {
            Ok(response) => response,
            Err(Interrupted::Ended(ended)) => return self.again(of_end(ended.0.as_ref())).await,
            Err(Interrupted::Injected) => return self.again(Failure::Passing(tonic::Code::Unavailable)).await,
            Err(Interrupted::Failed(e)) => return Err(*e),
        };
        match answer(&response) {
            Answer::Stored => {
                let over = self.take_oldest();
                self.over.extend(over);
                self.turn = Turn::Later;
                (self.failures, self.since) = (0, None);
                Ok(())
            }
            Answer::BadRows(bad) => self.leave_out(&bad).await,
            Answer::Failed(failure) => self.again(failure).await,
        }
    }

    fn take_oldest(&mut self) -> Option<Rows> {
        let rows = self.waiting.pop_front()?;
        self.bytes -= rows.bytes.len();
        Some(rows)
    }

    /// Sends the rows of the oldest request once more, but for those that the service can't take.
    async fn leave_out(&mut self, bad: &[usize]) -> Result<(), BigQueryError> {
        let Some(rows) = self.take_oldest() else { return Ok(()) };
        let known: Vec<Origin> = bad.iter().filter_map(|n| rows.rows.get(*n)).map(|(_, origin)| *origin).collect();
        if known.len() != bad.len() {
            // It speaks of rows that were not sent.
            return Err(refusal(self.target, "it refuses rows that the request did not have"));
        }
        self.refused.extend(known);
        match rows.without(bad) {
            Some(rest) => {
                self.sent.retries += 1;
                Box::pin(self.hand_over(rest)).await
            }
            None => Ok(()),
        }
    }

    /// Begins a new call after a pause, with all requests that were not acknowledged: the same rows under the same numbers.
    async fn again(&mut self, failure: Failure) -> Result<(), BigQueryError> {
        let mut failure = failure;
        loop {
            self.call = None;
            self.failures += 1;
            let since = *self.since.get_or_insert_with(Instant::now);
            self.give_up(failure, since).await?;
            let doubled = SHORTEST_PAUSE.saturating_mul(1 << self.failures.min(10));
            let pause = doubled.min(LONGEST_PAUSE).mul_f64(0.5 + f64::from(fraction()) / 512.0);
            tokio::time::sleep(pause).await;
            self.sent.retries += 1;
            match self.write_all().await {
                Ok(()) => return Ok(()),
                Err(Interrupted::Ended(ended)) => failure = of_end(ended.0.as_ref()),
                Err(Interrupted::Injected) => failure = Failure::Passing(tonic::Code::Unavailable),
                Err(Interrupted::Failed(e)) => return Err(*e),
            }
        }
    }

    async fn write_all(&mut self) -> Result<(), Interrupted> {
        for n in 0..self.waiting.len() {
            if let Some(rows) = self.waiting.get(n).cloned() {
                self.write(&rows).await?;
            }
        }
        Ok(())
    }

    /// Fails where trying again is of no use, or has been for long enough.
    async fn give_up(&mut self, failure: Failure, since: Instant) -> Result<(), BigQueryError> {
        let target = self.target;
        let is_late = since.elapsed() > self.late || Instant::now() >= self.deadline;
        match failure {
            Failure::Passing(_) | Failure::Throttled
                if self.failures >= ATTEMPTS || Instant::now() >= self.deadline =>
            {
                let reason = match failure {
                    Failure::Passing(code) => code.description().to_owned(),
                    _ => "more is sent than its quota allows".to_owned(),
                };
                Err(BigQueryError::unavailable("append rows to", target.to_string(), reason))
            }
            Failure::Passing(_) | Failure::Throttled => Ok(()),
            Failure::Schema if is_late => Err(TableFault::NotYetKnown { target: target.to_string() }.into()),
            Failure::NoTable if is_late => Err(Overtaken::TargetGone(target.to_string()).into()),
            // A table that was made a moment ago is not known to all of the service; one that is gone is known to nobody.
            Failure::NoTable if self.bigquery.get_table(target).await?.is_none() => {
                Err(Overtaken::TargetGone(target.to_string()).into())
            }
            Failure::Schema | Failure::NoTable => Ok(()),
            Failure::NoChanges => Err(TableFault::NoChanges { target: target.to_string() }.into()),
            Failure::Denied => {
                let reason = format!("the right bigquery.tables.updateData on {target} is missing");
                Err(ApiRefusal::Denied { doing: "append rows to", what: target.to_string(), reason }.into())
            }
            Failure::Refused(code) => Err(refusal(target, code.description())),
        }
    }
}

fn refusal(target: &TargetRef, reason: &str) -> BigQueryError {
    BigQueryError::rejected("append rows to", target.to_string(), reason)
}

/// Why a request did not get on its way.
enum Interrupted {
    Ended(Ended),
    /// A test wants it.
    Injected,
    Failed(Box<BigQueryError>),
}

impl From<crate::failpoint::Injected> for Interrupted {
    fn from(_: crate::failpoint::Injected) -> Self {
        Self::Injected
    }
}

/// A number of chance below 256: two that are thrown back together had better not come again together.
fn fraction() -> u8 {
    let mut byte = [128];
    // Without chance the pause is a middling one.
    let _ = getrandom::fill(&mut byte);
    byte[0]
}
