//! The data behind the server, as a client sees it through the product's plans.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod catalog;
mod hashes;
mod history;
mod keys;
mod log_tables;
mod memory;
mod rows;
mod shop;
mod snapshots;
mod tracking;
