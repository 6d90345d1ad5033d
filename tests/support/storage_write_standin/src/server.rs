//! The listener, and how a server begins and ends.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::faults::Faults;
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
        tokio::spawn(accept(listener, shared.clone()));
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

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut closing = shared.closing.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = closing.changed() => break,
            _ = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => {
                if let Ok((socket, _)) = accepted {
                    connections.spawn(connection::serve(socket, shared.clone()));
                }
            }
        }
    }
    connections.shutdown().await;
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
