//! Connections, bounded: how many there are, how long a request's head may take, and how long it may be.
//!
//! `axum::serve` bounds none of these, and a caller that opens a thousand connections and says nothing would leave no room for
//! the push that is due.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::warn;

/// More wait in the kernel's queue. Cloud Run sends 80 at once unless told otherwise, a thousand at most.
const MOST: usize = 512;
/// For a request's head, also the first: an idle connection is closed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a head, and of what is read ahead of a body.
const LONGEST_HEAD: usize = 32 * 1024;

/// Answers until `stop`; then the answers under way are finished.
pub(super) async fn answer(listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let room = Arc::new(Semaphore::new(MOST));
    let connections = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(LONGEST_HEAD);
    loop {
        let next = async {
            // The semaphore is never closed.
            let permit = room.clone().acquire_owned().await.ok();
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(e) => {
                // Out of file descriptors, or a connection that ended before it was taken.
                warn!(reason = %e, "no connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = connections.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // Whatever ends it is the caller's doing.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    connections.shutdown().await;
}
