//! A real SQL Server, for journeys and the demo: the one that `PLIMSOLL_TEST_SQLSERVER_URL` names.
//!
//! ```text
//!   a journey ──▶ Model ── each change ──▶ Repeated ── T-SQL ──▶ a database of its own on the server ◀── plimsoll
//!                                                                       └── Connection ──▶ the rows to compare with
//! ```
//!
//! A journey writes to the stand-in's model in both cases. With a real server nobody talks to the stand-in: the model's changes are repeated on the
//! server, one by one, and the server's own rows are what the target is compared with. The database is dropped at the end, also after a failure.

#![allow(dead_code, unused_imports, reason = "the suite and the demo each use a part")]

mod address;
mod connection;
mod database;
mod definition;
mod literal;
mod repeated;

pub use address::{Address, VARIABLE};
pub use connection::Connection;
pub use database::{Ability, Database};
