//! A stand-in for SQL Server, for tests, the demo and benchmarks: no real server can be had in them.
//!
//! ```text
//!   the product ── tiberius ── TCP or TLS ──▶ wire ── session ──▶ plans ──▶ model ◀── a test writes, alters, restores
//!                                              ▲                                        and matrix::Traffic
//!                                              └── faults: a test cuts, stalls, lies
//! ```
//!
//! * [`typed`]: values, their types, collations; what is equal and what comes first under them; the bytes of a digest.
//! * `wire`: TDS 7.4 and 8.0: PRELOGIN, TLS (none, for the login alone, for all, before all), LOGIN7, batches, `sp_executesql`, the transaction
//!   manager, cancellation; every token and type that the product meets, and those that it must never let through bare. Answers are made row by
//!   row and split at any size ([`Settings::payload`]).
//! * [`Faults`]: at any byte, packet or row of an answer, of a handshake, of a connection.
//! * [`model`]: rows as versions by commit, writers that are open side by side, unique keys under their collation, SNAPSHOT and READ COMMITTED
//!   with and without row versions, change tracking, `rowversion`, DDL, TRUNCATE, restore, rights, row-level security, masks.
//! * [`plans`]: each statement of the product begins with `/* plimsoll:<plan> k=v … */` (its `src/source/sqlserver/plan/mod.rs` is the list); the
//!   stand-in answers by that and never parses T-SQL. A statement without a plan, an unknown plan, or a condition that no test has registered
//!   ([`model::Model::on_where`]) is an error, and fails the test when the [`Standin`] is dropped.
//! * [`matrix`]: the subscription system of `tests/support/sqlserver/matrix.sql` and seeded traffic on it. [`mod@bench`]: the benchmarks' table.
//!
//! # What it shows
//!
//! That the product reads TDS as its client library gives it, in any split, and takes no end of a connection for an end of an answer; that it
//! asks for things in an order that loses no row, whatever commits meanwhile; that it knows another history from a later state; that it hides no
//! row that the server has and keeps none that it has not, also where the server calls two spellings one key.
//!
//! # What it can't show
//!
//! * That the T-SQL is right: it is not looked at. Golden files, a grammar and a real server (`make test-sqlserver`) are for that.
//! * What a real server does where no document says it. There the model takes the reading that is worse for a client:
//!   `CHANGE_TRACKING_CURRENT_VERSION()` and `MIN_ACTIVE_ROWVERSION()` are not bound to a snapshot; a statement that reads metadata alone fixes
//!   none; TRUNCATE ends the snapshots of its table; an update that only re-spells a key is told as one change, in the new spelling.
//! * Locks that are waited for: a row that another transaction has written is error 1222 at once, as with LOCK_TIMEOUT 0.
//! * Speed, plans, statistics, tempdb, and the order that letters have in a real collation. The order here is one that no client can guess.
//! * HASHBYTES over CASTs: hashes come from the model's own bytes. They agree with themselves over time, which is all that a digest asks.
//! * MARS, several answers to a batch, cursors, prepared statements, bulk load, integrated security: refused, as what the product never sends.

mod answer;
pub mod bench;
pub mod ddl;
mod error;
mod faults;
mod handshake;
mod log;
pub mod matrix;
pub mod model;
pub mod plans;
mod server;
mod session;
mod settings;
pub mod typed;
mod wire;

pub use answer::{Generated, ResultSet, Rows};
pub use error::ServerError;
pub use faults::{Action, Fault, Faults, Moment, Place, Times};
pub use log::{Entry, Log, Statement};
pub use server::Standin;
pub use settings::{Account, Encryption, Settings, Tls, TlsError};
pub use wire::column::{Nulls, ResultColumn};
pub use wire::packet::Sent;
pub use wire::request::Isolation;
pub use wire::value::RowForm;
