//! Work under a lease.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use time::OffsetDateTime;

use crate::model::RunId;
use crate::run::error::RunError;
use crate::state::Handle;

/// Does the work while the lease is taken (after `first`) and renewed. Losing it ends the work.
///
/// Whoever was held up for longer than the lease learns that another has it before the work goes on: what is sent row by row is stopped by
/// nothing else, and a target may have been created again meanwhile.
pub(in crate::run) async fn keep_lease<T>(
    state: &mut Handle,
    run: &RunId,
    first: Duration,
    work: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    // The futures of a whole capture or load are too large to be copied along the stack.
    let mut work = Box::pin(work);
    let mut pause = first;
    loop {
        let until = state.held_until();
        let held_up = || until.is_some_and(|until| until <= OffsetDateTime::now_utc());
        let going_on = poll_fn(|context| match held_up() {
            true => Poll::Ready(None),
            false => work.as_mut().poll(context).map(Some),
        });
        let outcome = tokio::select! {
            biased;
            () = tokio::time::sleep(pause) => None,
            outcome = going_on => outcome,
        };
        match outcome {
            Some(outcome) => return outcome,
            None => state.take_lease(run).await?,
        }
        pause = state.renewal_period();
    }
}
