//! A proxy before PostgreSQL that knows nothing but bytes: it can end a connection after so many of them, in either
//! direction, or hold them up.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Whose bytes are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Client,
    Server,
}

#[derive(Clone, Copy)]
enum Fault {
    /// The connection ends.
    Cut,
    /// The bytes wait.
    Stall(Duration),
}

struct Rule {
    from: From,
    /// Bytes that still pass, over all connections.
    left: usize,
    fault: Fault,
}

/// The proxy, on a port of its own; it ends with its runtime.
pub struct Wire {
    pub port: u16,
    rule: Arc<Mutex<Option<Rule>>>,
}

impl Wire {
    pub async fn start(backend: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let rule = Arc::default();
        tokio::spawn(accept(listener, backend, Arc::clone(&rule)));
        Self { port, rule }
    }

    /// Ends a connection once so many more bytes have passed.
    pub fn cut(&self, from: From, after: usize) {
        *self.rule.lock().unwrap() = Some(Rule { from, left: after, fault: Fault::Cut });
    }

    /// Holds the bytes up once so many more have passed.
    pub fn stall(&self, from: From, after: usize, time: Duration) {
        *self.rule.lock().unwrap() = Some(Rule { from, left: after, fault: Fault::Stall(time) });
    }

    /// Forgets the rule; `false` if it was not reached.
    pub fn calm(&self) -> bool {
        self.rule.lock().unwrap().take().is_none()
    }
}

async fn accept(listener: TcpListener, backend: u16, rule: Arc<Mutex<Option<Rule>>>) {
    while let Ok((client, _)) = listener.accept().await {
        let rule = Arc::clone(&rule);
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect(("127.0.0.1", backend)).await else { return };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            // The first to end takes the other along, and with both their sockets.
            tokio::select! {
                () = pass(From::Client, from_client, to_server, &rule) => {}
                () = pass(From::Server, from_server, to_client, &rule) => {}
            }
        });
    }
}

async fn pass(
    side: From,
    mut source: impl AsyncRead + Unpin,
    mut sink: impl AsyncWrite + Unpin,
    rule: &Mutex<Option<Rule>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = source.read(&mut buffer).await {
        let reached = reach(side, n, rule);
        let (passes, fault) = reached.map_or((n, None), |(passes, fault)| (passes, Some(fault)));
        if sink.write_all(&buffer[..passes]).await.is_err() {
            return;
        }
        match fault {
            None => {}
            Some(Fault::Cut) => return,
            Some(Fault::Stall(time)) => {
                tokio::time::sleep(time).await;
                if sink.write_all(&buffer[passes..n]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// How many of these bytes still pass, and what comes then; the rule is used up by it.
fn reach(side: From, n: usize, rule: &Mutex<Option<Rule>>) -> Option<(usize, Fault)> {
    let mut rule = rule.lock().unwrap();
    let found = rule.as_mut().filter(|r| r.from == side)?;
    if found.left >= n {
        found.left -= n;
        return None;
    }
    rule.take().map(|r| (r.left, r.fault))
}
