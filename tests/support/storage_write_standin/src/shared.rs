//! What all connections of a server share.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::settings::Settings;
use crate::tables::Tables;

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) tables: Tables,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    /// It changes when the server ends.
    pub(crate) closing: watch::Receiver<bool>,
    calls: AtomicU64,
}

impl Shared {
    pub(crate) fn new(settings: Settings, closing: watch::Receiver<bool>) -> Self {
        Self {
            tables: Tables::new(settings.clone()),
            faults: Faults::default(),
            ledger: Ledger::default(),
            closing,
            calls: AtomicU64::new(0),
            settings,
        }
    }

    pub(crate) fn next_call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed) + 1
    }
}
