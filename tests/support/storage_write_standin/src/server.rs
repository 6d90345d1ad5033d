//! The listener, and how a server begins and ends.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::faults::{Door, Faults};
use crate::ledger::Ledger;
use crate::settings::{Applies, Settings};
use crate::shared::Shared;
use crate::tables::Tables;
use crate::wire::connection;

/// A server that is running. Dropping it ends it, and fails the test if the stand-in itself did not work.
pub struct Standin {
    address: SocketAddr,
    shared: Arc<Shared>,
    close: watch::Sender<bool>,
}

impl Standin {
    /// Starts a server on the loopback address, inside of the current runtime.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let address = listener.local_addr()?;
        let (close, closing) = watch::channel(false);
        let shared = Arc::new(Shared::new(settings, closing));
        tokio::spawn(accept(listener, address, shared.clone()));
        if let Applies::Every(_) = shared.settings.applies {
            tokio::spawn(apply(shared.clone()));
        }
        Ok(Self { address, shared, close })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://host:port`, for `BIGQUERY_WRITE_EMULATOR_HOST`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its tables.
    pub fn tables(&self) -> &Tables {
        &self.shared.tables
    }

    /// What goes wrong.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// What it was sent.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.settings.clock
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        let _ = self.close.send(true);
        let notes = self.shared.ledger.notes();
        if !notes.is_empty() && !std::thread::panicking() {
            panic!("the stand-in for the Storage Write API did not work:\n{}", notes.join("\n"));
        }
    }
}

async fn accept(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>) {
    let (mut closing, mut wanted) = (shared.closing.clone(), shared.faults.door_wanted());
    let mut connections = JoinSet::new();
    let mut listener = Some(listener);
    loop {
        tokio::select! {
            _ = closing.changed() => break,
            _ = wanted.changed() => {
                let door = *wanted.borrow_and_update();
                listener = match (door, listener) {
                    (Door::Open, Some(listener)) => Some(listener),
                    (Door::Open, None) => Some(listen_again(address).await),
                    (Door::Shut, _) => None,
                };
                shared.faults.door_is(door);
            }
            _ = connections.join_next(), if !connections.is_empty() => {}
            accepted = next(listener.as_ref()) => {
                if let Ok((socket, _)) = accepted {
                    connections.spawn(connection::serve(socket, shared.clone()));
                }
            }
        }
    }
    connections.shutdown().await;
}

/// The next connection; none comes while nobody listens.
async fn next(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Listens where it did before. Somebody may have taken the port for a moment.
async fn listen_again(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Applies changes as BigQuery does in the background.
async fn apply(shared: Arc<Shared>) {
    let Applies::Every(interval) = shared.settings.applies else {
        return;
    };
    let mut closing = shared.closing.clone();
    loop {
        tokio::select! {
            _ = closing.changed() => return,
            () = tokio::time::sleep(interval) => {}
        }
        if let Err(error) = shared.tables.apply_all().await {
            shared.ledger.note(error.to_string());
        }
    }
}
