//! How long a page waits for the bucket, and what it says of a bucket that does not tell in time.

use std::sync::Arc;
use std::time::Duration;

use crate::run::RunError;
use crate::state::Complaint;

/// How long a page waits for the bucket: somebody who looks has an answer within three seconds.
pub(super) const PATIENCE: Duration = Duration::from_millis(2500);

/// What was read, or why it was not.
pub(super) type Told<T> = Result<Arc<T>, Complaint>;

pub(super) fn told<T>(read: Result<T, RunError>) -> Told<T> {
    read.map(Arc::new).map_err(|e| Complaint { message: e.to_string(), hint: e.hint() })
}
