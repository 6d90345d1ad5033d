//! Plimsoll keeps BigQuery tables equal to PostgreSQL tables, with nothing running between two ticks.
//!
//! # A run
//!
//! ```text
//! trigger ─ tick ─┬─ run(feed) ─ lease ─ capture ─▶ encode ─▶ stage ─ seal ─ load ─ merge ─ commit
//!                 └─ run(feed) …         (Postgres)  (NDJSON)  (GCS)  (state) (BigQuery)     (state)
//! ```
//!
//! | verb | what it does | where |
//! | --- | --- | --- |
//! | lease | keeps other runs of the feed from doing the same work | [`state`] |
//! | capture | finds what may have changed since the watermark, in one snapshot | [`capture`], [`source`] |
//! | encode | turns rows into NDJSON, exactly or not at all | [`encode`] |
//! | stage | stores part files | [`stage`], [`storage`] |
//! | seal | makes the batch pending, under a precondition: now it is decided | [`state`], [`batch`] |
//! | load | one load job a table | [`bigquery`] |
//! | merge | one MERGE a table | [`bigquery`] |
//! | commit | moves the watermark | [`state`] |
//!
//! [`run`] is the recipe that calls them in this order; read `run/feed.rs` first.
//!
//! # Layout
//!
//! ```text
//!   cli ── server          what a person, Pub/Sub or a probe calls
//!      ╲   ╱
//!       run                a tick and its runs
//!    ╱   │   ╲    ╲
//! capture stage bigquery state
//!    ╲   │   ╱    ╱
//! source encode storage    one outside service or format each; beside them topic
//!       ╲│╱
//!   batch  model           the words they share
//! ```
//!
//! Arrows point down: `capture` knows nothing of BigQuery, `bigquery` nothing of PostgreSQL. [`config`] makes the
//! [`model`]'s table specs, [`propose`] a first config from the source's catalog, [`telemetry`] the logs; [`emulator`] and
//! [`credentials`] say how Google's services are reached. Around each outside effect stand the points of [`failpoint`], for
//! tests.

pub mod batch;
pub mod bigquery;
pub mod capture;
pub mod cause;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod emulator;
pub mod encode;
pub mod failpoint;
pub mod model;
pub mod propose;
pub mod retry;
pub mod run;
pub mod server;
pub mod source;
pub mod stage;
pub mod state;
pub mod storage;
pub mod telemetry;
pub mod topic;
