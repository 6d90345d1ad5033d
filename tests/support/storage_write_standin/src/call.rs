//! One call of `AppendRows`: requests are read and judged one by one, and answered in the same order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::answer::{Verdict, answer};
use crate::faults::Action;
use crate::ledger::{Outcome, Request};
use crate::origin::{Order, Origin};
use crate::request::{Call, Judgement};
use crate::settings::Keeping;
use crate::shared::Shared;
use crate::wire::codec::Measured;
use crate::wire::messages::AppendRowsResponse;

/// The answers of a call.
pub type Answers = ReceiverStream<Result<AppendRowsResponse, Status>>;

/// When an answer goes.
enum Wait {
    No,
    For(Duration),
    Release(watch::Receiver<u64>),
}

/// What goes back to the client, in this order.
enum Outgoing {
    Answer { response: AppendRowsResponse, index: usize, wait: Wait },
    End(Status),
    Order(Order),
}

/// Starts to read a call's requests; its answers come as they are made.
pub fn start(shared: Arc<Shared>, origin: Origin, requests: Streaming<Measured>) -> Answers {
    let (answers, stream) = mpsc::channel(1);
    let (outgoing, queue) = mpsc::unbounded_channel();
    tokio::spawn(send(shared.clone(), origin.orders.clone(), queue, answers));
    tokio::spawn(receive(shared, origin, requests, outgoing));
    ReceiverStream::new(stream)
}

async fn receive(
    shared: Arc<Shared>,
    origin: Origin,
    mut requests: Streaming<Measured>,
    outgoing: mpsc::UnboundedSender<Outgoing>,
) {
    let mut call = Call::new(shared.settings.clock.now());
    loop {
        let measured = match requests.message().await {
            Ok(Some(measured)) => measured,
            Ok(None) => break,
            Err(status) => {
                // The message's length was over the limit: nothing of it is read.
                if status.code() == tonic::Code::OutOfRange {
                    shared.ledger.too_large();
                    let _ = outgoing.send(Outgoing::Order(Order::Close));
                }
                break;
            }
        };
        match take(&shared, &origin, &mut call, measured, &outgoing).await {
            Next::Read => {}
            Next::ReadLater(pause) => tokio::time::sleep(pause).await,
            Next::Stop => break,
        }
    }
}

/// What a call does after a request.
enum Next {
    Read,
    ReadLater(Duration),
    Stop,
}

async fn take(
    shared: &Shared,
    origin: &Origin,
    call: &mut Call,
    measured: Measured,
    outgoing: &mpsc::UnboundedSender<Outgoing>,
) -> Next {
    let destination = call.destination(&measured.request);
    let (stream, table) = destination.map(|to| (to.stream.clone(), to.label())).unwrap_or_default();
    let index = shared.ledger.came(entry(origin, &table, &measured));
    let action = shared.faults.with_request(index, &table);
    let judgement = match &action {
        Some(Action::Refuse(refusal)) => refusal.clone().into(),
        Some(Action::BadRows(rows)) => Judgement::Answer(Verdict::BadRows(rows.clone()), None),
        Some(Action::End(refusal)) => Judgement::End(refusal.clone()),
        Some(Action::EndQuietly) => {
            shared.ledger.decided(index, Outcome::Ended);
            let _ = outgoing.send(Outgoing::End(Status::ok("")));
            return Next::Stop;
        }
        Some(Action::CloseBefore | Action::Reset) => {
            shared.ledger.decided(index, Outcome::Ended);
            let _ = outgoing.send(Outgoing::Order(Order::Close));
            return Next::Stop;
        }
        _ if shared.settings.keeping == Keeping::Counts => Judgement::Answer(Verdict::Stored, None),
        _ => call.judge(shared, measured).await,
    };
    let (verdict, updated) = match judgement {
        Judgement::Answer(verdict, updated) => (verdict, updated),
        Judgement::End(refusal) => {
            shared.ledger.decided(index, Outcome::Ended);
            let _ = outgoing.send(Outgoing::End(refusal.into_call_status(&stream)));
            return Next::Stop;
        }
    };
    shared.ledger.decided(index, outcome(&verdict));
    let wait = match &action {
        Some(Action::CloseAfter) => {
            let _ = outgoing.send(Outgoing::Order(Order::Close));
            return Next::Stop;
        }
        Some(Action::EndAfter(refusal)) => {
            let _ = outgoing.send(Outgoing::End(refusal.clone().into_call_status(&stream)));
            return Next::Stop;
        }
        Some(Action::Delay(delay)) => Wait::For(*delay),
        Some(Action::Withhold) => Wait::Release(shared.faults.withhold()),
        _ => Wait::No,
    };
    let response = answer(&stream, &verdict, updated);
    let _ = outgoing.send(Outgoing::Answer { response, index, wait });
    match action {
        Some(Action::GoAway(left)) => {
            let _ = outgoing.send(Outgoing::Order(Order::GoAway(left)));
            Next::Read
        }
        Some(Action::ReadSlowly(pause)) => Next::ReadLater(pause),
        _ => Next::Read,
    }
}

fn entry(origin: &Origin, table: &str, measured: &Measured) -> Request {
    let data = measured.request.proto_rows.as_ref();
    Request {
        index: 0,
        connection: origin.connection,
        call: origin.call,
        table: table.to_owned(),
        trace_id: measured.request.trace_id.clone(),
        bytes: measured.bytes,
        rows: data.and_then(|data| data.rows.as_ref()).map_or(0, |rows| rows.serialized_rows.len()),
        with_schema: data.is_some_and(|data| data.writer_schema.is_some()),
        outcome: Outcome::Open,
        answered: false,
        in_flight: 0,
    }
}

fn outcome(verdict: &Verdict) -> Outcome {
    match verdict {
        Verdict::Stored => Outcome::Stored,
        Verdict::Refused(refusal) => Outcome::Refused(refusal.code),
        Verdict::BadRows(rows) | Verdict::RefusedFor(_, rows) => Outcome::BadRows(rows.len()),
    }
}

/// Sends what goes back, and never an answer before the one in front of it.
async fn send(
    shared: Arc<Shared>,
    orders: watch::Sender<Order>,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
    answers: mpsc::Sender<Result<AppendRowsResponse, Status>>,
) {
    while let Some(next) = queue.recv().await {
        match next {
            Outgoing::Answer { response, index, wait } => {
                tokio::select! {
                    () = answers.closed() => return,
                    () = waited(wait) => {}
                }
                shared.ledger.answered(index);
                if answers.send(Ok(response)).await.is_err() {
                    return;
                }
            }
            Outgoing::End(status) => {
                if status.code() != tonic::Code::Ok {
                    let _ = answers.send(Err(status)).await;
                }
                return;
            }
            Outgoing::Order(order) => {
                let _ = orders.send(order);
            }
        }
    }
}

async fn waited(wait: Wait) {
    match wait {
        Wait::No => {}
        Wait::For(delay) => tokio::time::sleep(delay).await,
        Wait::Release(mut released) => {
            let _ = released.changed().await;
        }
    }
}
