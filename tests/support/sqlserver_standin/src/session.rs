//! A connection after its login: one request after the other.

use std::sync::Arc;

use tokio::io::{AsyncWrite, WriteHalf};
use tokio::sync::mpsc;

use crate::answer::{Answer, ResultSet, TransactionChange};
use crate::error::{Ended, ServerError};
use crate::faults::{Action, Fault, Moment, Place};
use crate::handshake::{Entered, Stream};
use crate::model::SessionState;
use crate::plans;
use crate::plans::comment::Comment;
use crate::server::Shared;
use crate::typed::Value;
use crate::wire::column::metadata;
use crate::wire::packet::{PacketWriter, Tripwire, read_message};
use crate::wire::request::{self, Request};
use crate::wire::token::{self, Change, Done};
use crate::wire::value::{self, RowForm};

type Writer = PacketWriter<WriteHalf<Box<dyn Stream>>>;

/// Rows between two looks for a cancellation.
const LOOK_EVERY: u64 = 64;
/// How many bytes of an answer wait before they are packed.
const PACK_AT: usize = 32 << 10;

/// Which token ends a statement's answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskedBy {
    Batch,
    Procedure,
}

pub(crate) async fn run(entered: Entered, number: u64, shared: Arc<Shared>) -> Result<(), Ended> {
    let (mut reader, writer) = tokio::io::split(entered.stream);
    let mut writer = PacketWriter::new(writer, entered.payload);
    writer.resume(entered.counters.0, entered.counters.1);
    let (send, requests) = mpsc::channel(4);
    let reading = tokio::spawn(async move {
        loop {
            let request = match read_message(&mut reader).await {
                Ok(Some((kind, message))) => request::parse(kind, &message),
                Ok(None) => return,
                Err(error) => Err(error),
            };
            let is_last = request.is_err();
            if send.send(request).await.is_err() || is_last {
                return;
            }
        }
    });
    let mut session = Session {
        number,
        state: shared.model.session(entered.login.read_only),
        writer,
        requests,
        shared,
        cancelled: false,
    };
    let ended = session.serve().await;
    reading.abort();
    ended
}

struct Session {
    number: u64,
    state: SessionState,
    writer: Writer,
    requests: mpsc::Receiver<Result<Request, Ended>>,
    shared: Arc<Shared>,
    cancelled: bool,
}

impl Session {
    async fn serve(&mut self) -> Result<(), Ended> {
        while let Some(request) = self.requests.recv().await {
            match request? {
                Request::Batch { descriptor, text } => {
                    self.statement(descriptor, &text, &[], AskedBy::Batch).await?;
                }
                Request::Execute { descriptor, text, parameters } => {
                    self.statement(descriptor, &text, &parameters, AskedBy::Procedure).await?;
                }
                Request::Begin { isolation } => {
                    let answer = self.state.begin(isolation);
                    self.transaction(answer).await?;
                }
                Request::Commit { descriptor } => {
                    let answer = self.state.check(descriptor).and_then(|()| self.state.commit());
                    self.transaction(answer).await?;
                }
                Request::Rollback { descriptor } => {
                    let answer = self.state.check(descriptor).and_then(|()| self.state.roll_back());
                    self.transaction(answer).await?;
                }
                Request::Attention => self.cancel().await?,
                Request::BulkLoad => self.refuse("a bulk load").await?,
                Request::Unsupported(what) => self.refuse(what).await?,
            }
        }
        Ok(())
    }

    async fn refuse(&mut self, what: &str) -> Result<(), Ended> {
        self.shared.log.refuse(what);
        let error = ServerError::new(40_510, format!("the stand-in does not know {what}"));
        self.fail(&error, AskedBy::Batch).await
    }

    async fn transaction(&mut self, answer: Result<TransactionChange, ServerError>) -> Result<(), Ended> {
        if let Some(fault) = self.shared.faults.take(&Moment::Transaction) {
            match fault.then {
                Action::Error(error) => return self.fail(&error, AskedBy::Batch).await,
                then => return Err(Ended::Fault(then)),
            }
        }
        match answer {
            Ok(change) => {
                put_change(&mut self.writer, change);
                token::done(&mut self.writer.message, Done::Batch, 0, 0);
                self.writer.finish().await
            }
            Err(error) => self.fail(&error, AskedBy::Batch).await,
        }
    }

    async fn statement(&mut self, descriptor: u64, text: &str, parameters: &[Value], by: AskedBy) -> Result<(), Ended> {
        let comment = match Comment::parse(text) {
            Ok(comment) => comment,
            Err(why) => {
                self.shared.log.refuse(format!("{why}: {}", text.chars().take(200).collect::<String>()));
                return self.fail(&ServerError::no_object(why), by).await;
            }
        };
        let logged = self.shared.log.asked(self.number, &comment, text);
        let before = self.writer.sent();
        let fault = self.shared.faults.take(&Moment::Plan(comment.plan.clone()));
        let mut rows = 0;
        let answered = match self.state.check(descriptor) {
            Ok(()) => match fault {
                Some(Fault { at: Place::Start, then: Action::Error(error), .. }) => Err(error),
                fault => match plans::answer(&mut self.state, &self.shared, &comment, parameters) {
                    Ok(answer) => Ok((answer, fault)),
                    Err(error) => Err(error),
                },
            },
            Err(error) => Err(error),
        };
        let outcome = match answered {
            Ok((answer, fault)) => self.send(answer, by, fault, &mut rows).await,
            Err(error) => Err(Stop::Statement(error)),
        };
        self.writer.disarm_answers();
        let (outcome, error) = match outcome {
            Ok(()) => (Ok(()), None),
            Err(Stop::Statement(error)) => (self.fail(&error, by).await, Some(error)),
            Err(Stop::Cancelled) => (self.cancel().await, None),
            Err(Stop::Connection(ended)) => (Err(ended), None),
        };
        let after = self.writer.sent();
        let sent =
            crate::wire::packet::Sent { packets: after.packets - before.packets, bytes: after.bytes - before.bytes };
        let whole = outcome.is_ok() && error.is_none() && !std::mem::take(&mut self.cancelled);
        self.shared.log.ended(logged, rows, sent, error.as_ref(), whole);
        outcome
    }

    async fn send(&mut self, answer: Answer, by: AskedBy, fault: Option<Fault>, sent: &mut u64) -> Result<(), Stop> {
        let mut miscount = 0;
        let mut at_row = None;
        let mut at_end = None;
        match fault {
            Some(Fault { then: Action::WrongCount(more), .. }) => miscount = more,
            Some(Fault { at: Place::Start, then, .. }) => at_row = Some((0, then)),
            Some(Fault { at: Place::Row(n), then, .. }) => at_row = Some((n, then)),
            Some(Fault { at: Place::End, then, .. }) => at_end = Some(then),
            Some(Fault { at, then, .. }) => {
                let since = self.writer.sent();
                self.writer.arm(Tripwire { at, then, since });
            }
            None => {}
        }
        if let Some(change) = answer.change {
            put_change(&mut self.writer, change);
        }
        let has_rows = answer.result.is_some();
        if let Some(ResultSet { columns, mut rows, order }) = answer.result {
            metadata(&mut self.writer.message, &columns);
            if !order.is_empty() {
                token::order(&mut self.writer.message, &order);
            }
            let mut row = Vec::with_capacity(columns.len());
            loop {
                if let Some((_, then)) = at_row.take_if(|(n, _)| *n == *sent) {
                    self.strike(then).await?;
                }
                row.clear();
                if !rows.next(&mut row)? {
                    break;
                }
                let null_bits = match self.shared.settings.rows {
                    RowForm::Plain => false,
                    RowForm::NullBits => true,
                    RowForm::Alternating => *sent % 2 == 1,
                };
                let start = self.writer.message.len();
                if let Err(error) = value::row(&mut self.writer.message, &columns, &row, null_bits) {
                    // No half of a row stands before the error.
                    self.writer.message.truncate(start);
                    self.shared.log.refuse(error.to_string());
                    return Err(error.into());
                }
                *sent += 1;
                if self.writer.message.len() >= PACK_AT {
                    self.writer.flush_full().await?;
                }
                if sent.is_multiple_of(LOOK_EVERY) {
                    self.look_for_attention()?;
                }
            }
        }
        // A fault at a row that never came strikes at the end.
        for then in at_row.map(|(_, then)| then).into_iter().chain(at_end) {
            self.strike(then).await?;
        }
        let out = &mut self.writer.message;
        let count = sent.saturating_add_signed(miscount);
        let status = if has_rows { token::COUNT } else { 0 };
        match by {
            AskedBy::Batch => token::done(out, Done::Batch, status, count),
            AskedBy::Procedure => {
                token::done(out, Done::InProcedure, status | token::MORE, count);
                token::return_status(out, 0);
                token::done(out, Done::Procedure, 0, 0);
            }
        }
        self.writer.finish().await?;
        Ok(())
    }

    async fn strike(&mut self, then: Action) -> Result<(), Stop> {
        match then {
            Action::Error(error) => return Err(Stop::Statement(error)),
            Action::Kill(ref error) => token::error(&mut self.writer.message, error),
            Action::Garbage => {
                // No token begins with 0x00; what follows reads as if it were some.
                self.writer.message.extend_from_slice(&[0x00, 0x13, 0x37, 0xde, 0xad, 0xbe, 0xef]);
                self.writer.finish().await?;
                return Err(Stop::Connection(Ended::Fault(Action::Stall)));
            }
            Action::Busy => {
                self.writer.flush_full().await?;
                self.writer.abandon().await?;
                return self.be_busy().await;
            }
            Action::Cut | Action::Reset | Action::Stall | Action::WrongCount(_) | Action::Route { .. } => {}
        }
        self.writer.abandon().await?;
        Err(Stop::Connection(Ended::Fault(then)))
    }

    /// A slow statement: it goes on when it is released, and can be cancelled meanwhile.
    async fn be_busy(&mut self) -> Result<(), Stop> {
        let mut released = self.shared.faults.released();
        tokio::select! {
            _ = released.changed() => Ok(()),
            request = self.requests.recv() => match request {
                Some(Ok(Request::Attention)) => Err(Stop::Cancelled),
                Some(Ok(_)) => Err(Stop::Connection(Ended::Protocol("a request before the last one's answer"))),
                Some(Err(ended)) => Err(Stop::Connection(ended)),
                None => Err(Stop::Connection(Ended::Protocol("the client left"))),
            },
        }
    }

    fn look_for_attention(&mut self) -> Result<(), Stop> {
        match self.requests.try_recv() {
            Ok(Ok(Request::Attention)) => Err(Stop::Cancelled),
            Ok(Ok(_)) => Err(Stop::Connection(Ended::Protocol("a request before the last one's answer"))),
            Ok(Err(ended)) => Err(Stop::Connection(ended)),
            Err(mpsc::error::TryRecvError::Empty) => Ok(()),
            // What is left of the answer goes nowhere, but the client may read it still.
            Err(mpsc::error::TryRecvError::Disconnected) => Ok(()),
        }
    }

    /// Ends an answer because it was cancelled, which rolls nothing back by itself (XACT_ABORT does).
    async fn cancel(&mut self) -> Result<(), Ended> {
        self.cancelled = true;
        if let Some(change) = self.state.abort() {
            put_change(&mut self.writer, change);
        }
        token::done(&mut self.writer.message, Done::Batch, token::ATTENTION, 0);
        self.writer.finish().await
    }

    /// Ends an answer by an error. XACT_ABORT is on: it takes the transaction with it.
    async fn fail(&mut self, error: &ServerError, by: AskedBy) -> Result<(), Ended> {
        token::error(&mut self.writer.message, error);
        if let Some(change) = self.state.abort() {
            put_change(&mut self.writer, change);
        }
        let which = match by {
            AskedBy::Batch => Done::Batch,
            AskedBy::Procedure => Done::Procedure,
        };
        token::done(&mut self.writer.message, which, token::FAILED, 0);
        self.writer.finish().await?;
        if error.class >= 20 {
            return Err(Ended::Fault(Action::Cut));
        }
        Ok(())
    }
}

/// What keeps an answer from its end.
enum Stop {
    Statement(ServerError),
    Cancelled,
    Connection(Ended),
}

impl From<ServerError> for Stop {
    fn from(error: ServerError) -> Self {
        Self::Statement(error)
    }
}

impl From<Ended> for Stop {
    fn from(ended: Ended) -> Self {
        Self::Connection(ended)
    }
}

fn put_change<W: AsyncWrite + Unpin>(writer: &mut PacketWriter<W>, change: TransactionChange) {
    let change = match change {
        TransactionChange::Began(descriptor) => Change::Began(descriptor),
        TransactionChange::Committed(descriptor) => Change::Committed(descriptor),
        TransactionChange::RolledBack(descriptor) => Change::RolledBack(descriptor),
    };
    token::change(&mut writer.message, &change);
}
