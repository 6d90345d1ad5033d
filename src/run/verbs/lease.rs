//! Work under a lease.

use std::time::Duration;

use crate::model::RunId;
use crate::run::error::RunError;
use crate::state::Handle;

/// Does the work while the lease is taken (after `first`) and renewed. Losing it ends the work.
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
        tokio::select! {
            outcome = &mut work => return outcome,
            () = tokio::time::sleep(pause) => state.take_lease(run).await?,
        }
        pause = state.renewal_period();
    }
}
