//! The harness: real parts, one stack of them for all tests, a world of its own for each.
//!
//! ```text
//!   test ── World ─┬─ a PostgreSQL cluster (or a SQL Server: sqlserver_source), a bucket and two datasets of its own
//!                  └─ plimsoll (the real binary) ─┬─ Wire ───▶ PostgreSQL
//!                                                 ├─ Proxy ──▶ fake-gcs-server
//!                                                 └─ Proxy ──▶ local-bigquery
//! ```
//!
//! The proxies record what passes and can hold, answer, cut or lose a request, so that a test can kill the process between
//! any two outside effects of the shipped binary; the wire ends or holds up a connection after so many bytes.

pub mod axe;
pub mod browser;
pub mod compare;
pub mod database;
pub mod golden;
pub mod google;
pub mod inbox;
pub mod left_out;
pub mod lists;
pub mod plain_values;
pub mod pooler;
pub mod proxy;
pub mod pubsub;
pub mod sixty_tables;
pub mod sizes;
pub mod sqlserver_real;
pub mod sqlserver_rows;
pub mod sqlserver_said;
pub mod sqlserver_source;
pub mod stack;
pub mod tokens;
pub mod wire;
pub mod world;

pub use database::Database;
pub use lists::named_lists;
pub use proxy::{Gate, Proxy, Recorded};
pub use stack::Stack;
pub use wire::Wire;
pub use world::{Ran, Served, World, tells_of_a_failure};
