//! A stand-in for BigQuery's Storage Write API, for tests, the demo and benchmarks: no emulator knows its change data capture.
//!
//! ```text
//!   the product ── tonic ── HTTP/2 ──▶ wire ── call ── request ──▶ schema, value ──▶ table ──▶ catalog ── readers of the REST emulator
//!                                               ▲                                      ▲
//!                                               └── faults: a test refuses, cuts,      └── Tables: a test declares, applies, reads
//!                                                   delays, withholds
//! ```
//!
//! * `wire`: gRPC over HTTP/2 without TLS; the messages are the stand-in's own, and requests are measured as they are read.
//! * `call`, `request`: one call of `AppendRows`; requests are judged one by one, and answered in their order.
//! * `schema`: a table as the REST API describes it, how its columns changed and which streams know, and how a writer's descriptor fits.
//! * `value`: rows by the writer's own descriptor, and every check of a value that Google documents.
//! * [`change`]: change types, sequence numbers, which change of a key wins, for how long deletes are remembered.
//! * [`Tables`]: the state of each table. Without an emulator a test declares and reads them here; with one they are there
//!   ([`Catalog::Emulator`]), and its readers see what BigQuery's would: everything that was acknowledged, or with a `max_staleness` what was
//!   applied last ([`Tables::apply`], [`Applies`]).
//! * [`faults`], [`ledger`]: what goes wrong, and what was sent. [`Clock`]: 48 hours pass when a test says so.
//!
//! # What it shows
//!
//! That a client acts on the three places where an answer can say no, resends what was not acknowledged and nothing but that, keeps to the
//! window and the sizes, sends numbers by which an old batch can't win, declares its fields, waits out a schema that is late, and ends in the
//! same table whatever is lost, doubled or delayed. It tells the naive ways too: without `_CHANGE_TYPE` in the descriptor rows are doubled,
//! without numbers an old batch wins, decimals are rounded without a word, a string in a BYTES column is not base64.
//!
//! # What it can't show
//!
//! * What the real service does where no document says it. Then the reading is taken that is worse for a client, or both are there as a setting:
//!   [`LaterSchema`], the delays of [`Settings`]. Where it is not known in which place of an answer an error comes, it is in two: a field of the
//!   wrong type and a bad change type are named in the error and for each row.
//! * Defaults of columns, the messages of `google.protobuf` as values, whether a GEOGRAPHY is a geometry: the first two are refused, the last is not
//!   looked at.
//! * Streams that a client makes, Arrow, offsets: refused, as what the product never sends.
//! * Quotas, throughput, TLS and tokens. Whether a call had a token and a routing header is in the ledger.
//! * A read that is older than `max_staleness`: readers see what was applied last, however long ago.

pub mod answer;
mod call;
mod catalog;
pub mod change;
mod clock;
pub mod faults;
pub mod ledger;
mod name;
mod origin;
mod request;
mod schema;
mod server;
mod settings;
mod shared;
mod table;
mod tables;
mod value;
mod wire;

pub use catalog::CatalogError;
pub use clock::{Clock, Moment};
pub use faults::{Action, Fault, Faults, When};
pub use ledger::Ledger;
pub use server::Standin;
pub use settings::{Applies, Catalog, Keeping, LaterSchema, Settings};
pub use tables::{Tables, TablesError};
