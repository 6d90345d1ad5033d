//! The listener and what all connections share.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::Ended;
use crate::faults::{Action, Faults};
use crate::handshake;
use crate::log::Log;
use crate::model::Model;
use crate::plans::script::Scripts;
use crate::session;
use crate::settings::Settings;

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) model: Model,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) scripts: Scripts,
    pub(crate) closing: watch::Receiver<bool>,
}

/// A server that is running. Dropping it ends it, and fails the test if it was asked what it does not know.
pub struct Standin {
    address: SocketAddr,
    shared: Arc<Shared>,
    close: watch::Sender<bool>,
}

impl Standin {
    /// Starts a server with this model on the loopback address, inside of the current runtime.
    pub async fn start(settings: Settings, model: Model) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let address = listener.local_addr()?;
        let (close, closing) = watch::channel(false);
        let shared = Arc::new(Shared {
            settings,
            model,
            faults: Faults::default(),
            log: Log::default(),
            scripts: Scripts::default(),
            closing,
        });
        tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { address, shared, close })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connection string, for the database of its model and without encryption.
    pub fn url(&self) -> String {
        let account = &self.shared.settings.account;
        let password: String = account.password.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("%{byte:02X}"));
            }
            text
        });
        format!(
            "sqlserver://{}:{password}@{}?database={}&encrypt=disable",
            account.user,
            self.address,
            self.model().database_name()
        )
    }

    /// Its data.
    pub fn model(&self) -> &Model {
        &self.shared.model
    }

    /// What goes wrong.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// What it was asked.
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    /// Answers of a test's own to plans of a test's own.
    pub fn scripts(&self) -> &Scripts {
        &self.shared.scripts
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        let _ = self.close.send(true);
        let refused = self.shared.log.refused();
        if !refused.is_empty() && !std::thread::panicking() {
            panic!("the stand-in for SQL Server was asked what it does not know:\n{}", refused.join("\n"));
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let number = AtomicU64::new(1);
    let mut closing = shared.closing.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = closing.changed() => break,
            _ = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => {
                if let Ok((socket, _)) = accepted {
                    connections.spawn(serve(socket, number.fetch_add(1, Ordering::Relaxed), shared.clone()));
                }
            }
        }
    }
    connections.shutdown().await;
}

async fn serve(socket: TcpStream, number: u64, shared: Arc<Shared>) {
    shared.log.opened();
    let _ = socket.set_nodelay(true);
    // A second handle of the same socket, to reset it through whatever has been put around the first.
    let handle = match socket.into_std().and_then(|socket| Ok((socket.try_clone()?, TcpStream::from_std(socket)?))) {
        Ok(both) => both,
        Err(error) => return shared.log.closed(Some(error.to_string())),
    };
    let (handle, socket) = handle;
    let ended = run(socket, number, &shared).await;
    let ended = match ended {
        Err(Ended::Fault(action)) => {
            shared.faults.end();
            follow(action, &handle, &shared).await;
            None
        }
        // The client is gone, as clients go.
        Err(Ended::Io(_)) | Ok(()) => None,
        Err(Ended::Refused(_)) => None,
        Err(Ended::Protocol(what)) => Some(what.to_owned()),
    };
    drop(handle);
    shared.log.closed(ended);
}

async fn run(socket: TcpStream, number: u64, shared: &Arc<Shared>) -> Result<(), Ended> {
    let entered = handshake::enter(socket, shared).await?;
    session::run(entered, number, shared.clone()).await
}

/// What is done with the connection when a fault ends it. What has been sent before has left already.
async fn follow(action: Action, handle: &std::net::TcpStream, shared: &Shared) {
    match action {
        Action::Reset => {
            let _ = socket2::SockRef::from(handle).set_linger(Some(std::time::Duration::ZERO));
        }
        Action::Stall | Action::Busy => {
            let mut released = shared.faults.released();
            let _ = released.changed().await;
        }
        _ => {
            let _ = handle.shutdown(std::net::Shutdown::Both);
        }
    }
}
