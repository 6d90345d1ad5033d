//! The bytes, as the real client reads them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod clients;
mod encryption;
mod faults;
mod statements;
mod types;
