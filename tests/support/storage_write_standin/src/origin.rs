//! Where a call came in, and what it may ask of its connection.

use std::time::Duration;

use tokio::sync::watch;

/// What is done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It is served.
    Serve,
    /// GOAWAY; so much later it is closed.
    GoAway(Duration),
    /// It is closed. What was answered just before has probably left.
    Close,
}

/// What a call needs to know of where it came in.
#[derive(Clone)]
pub struct Origin {
    /// The number of its connection.
    pub connection: u64,
    /// Its own number.
    pub call: u64,
    /// What is done with the connection.
    pub orders: watch::Sender<Order>,
}
