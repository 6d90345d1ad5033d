//! One socket: HTTP/2 on it, and how it ends.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::method;
use crate::origin::{Order, Origin};
use crate::shared::Shared;

/// What was answered before a connection is closed gets this long to leave.
const LEAVING: Duration = Duration::from_millis(20);

/// Serves a connection to its end.
pub async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    let number = shared.ledger.opened();
    if shared.faults.with_connection().is_some() {
        let _ = socket.set_zero_linger();
    } else {
        let _ = socket.set_nodelay(true);
        run(socket, number, &shared).await;
    }
    shared.ledger.closed();
}

async fn run(socket: TcpStream, number: u64, shared: &Arc<Shared>) {
    let (orders, mut ordered) = watch::channel(Order::Serve);
    let service = service_fn(|request| {
        let origin = Origin { connection: number, call: shared.next_call(), orders: orders.clone() };
        method::call(shared.clone(), origin, request)
    });
    let mut connection =
        pin!(http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service));
    let mut closing = shared.closing.clone();
    let close = loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = closing.changed() => return,
            _ = ordered.changed() => {
                let order = *ordered.borrow_and_update();
                match order {
                    Order::Serve => {}
                    Order::GoAway(left) => {
                        connection.as_mut().graceful_shutdown();
                        break left;
                    }
                    Order::Close => break LEAVING,
                }
            }
        }
    };
    tokio::select! {
        _ = connection => {}
        () = tokio::time::sleep(close) => {}
        _ = closing.changed() => {}
    }
}
