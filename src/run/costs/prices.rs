//! List prices, in one place. docs/OPERATIONS.md has them too, with what else there is to pay.

use serde::Serialize;

/// Prices in US dollars, as Google had listed them on a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prices {
    /// The day.
    pub date: &'static str,
    pub sources: [&'static str; 2],
    /// A TiB that a query bills.
    pub tib_billed: f64,
    /// A GiB that is sent row by row; the first 2 TiB of a month are free.
    pub gib_sent: f64,
    /// A thousand writes to a bucket (class A).
    pub thousand_writes: f64,
    /// A GB kept a month in a bucket.
    pub gb_month: f64,
}

pub const PRICES: Prices = Prices {
    date: "2026-11-22",
    sources: ["https://cloud.google.com/bigquery/pricing", "https://cloud.google.com/storage/pricing"],
    tib_billed: 6.25,
    gib_sent: 0.025,
    thousand_writes: 0.005,
    gb_month: 0.02,
};

impl Prices {
    pub(super) fn of_billed(&self, bytes: u64) -> f64 {
        self.tib_billed * float(bytes) / float(1 << 40)
    }

    /// Of what was sent row by row, as if nothing of it were free.
    pub(super) fn of_sent(&self, bytes: u64) -> f64 {
        self.gib_sent * float(bytes) / float(1 << 30)
    }

    pub(super) fn of_writes(&self, writes: u64) -> f64 {
        self.thousand_writes * float(writes) / 1000.0
    }

    /// Of batches that are kept for a month, as the module has it.
    pub(super) fn of_staged(&self, bytes: u64) -> f64 {
        self.gb_month * float(bytes) / 1e9
    }
}

/// Figures beyond 2^53 lose their last digits, which no price has.
#[allow(clippy::cast_precision_loss, reason = "a price has few digits")]
fn float(n: u64) -> f64 {
    n as f64
}
