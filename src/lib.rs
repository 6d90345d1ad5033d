//! Plimsoll keeps BigQuery tables equal to tables and views of a source, with nothing running between two ticks.
//!
//! # A run
//!
//! ```text
//! trigger ─ tick ─┬─ run(feed) ─ lease ─ capture ─▶ encode ─▶ stage ─ seal ─ load ─ merge ─ commit
//!                 └─ run(feed) …         (source)    (NDJSON)  (GCS)  (state) (BigQuery)     (state)
//! ```
//!
//! The verbs have their names in `run/verbs/`. `run/feed.rs` calls them; read it first. Rows stream, so `capture` calls `stage`, and that `encode`;
//! the last three are called from `run/feed/after_seal.rs`, also for a batch that an earlier run has sealed.
//!
//! | verb | what it does | with |
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
//! # The way of a row
//!
//! ```text
//! capture: which rows?      source/read.rs: Read { table, columns, rows }
//! source:  render, stream   source/postgres/render_sql ─▶ COPY ─▶ one row of text
//! encode:  one line         encode/row, with the source's decoder (source/postgres/copy_text)
//! stage:   a part file      stage ─▶ storage
//! sink:    into the target  bigquery/sink.rs: load_replace.rs or load_merge.rs
//! ```
//!
//! # The way of the watermark
//!
//! A watermark is a position of the source and a mark for each table ([`batch::Watermark`]).
//!
//! ```text
//! 1  state        StateDocument.watermark is read; each table has a Standing in it
//! 2  source       Session::begin takes the snapshot: Moment.position is the next position
//! 3  run/look_at_table.rs  capture::decide: can the standing speak for this source, table and config?
//! 4  capture      Capture::next_mark: where the table stands once what was found is in BigQuery
//! 5  verbs/seal   the next Watermark is put together, and kept inside the sealed Batch
//! 6  verbs/load, merge   BigQuery confirms
//! 7  verbs/commit state: watermark := batch.next, in one conditional write. Nothing moves it before
//! ```
//!
//! # Layout
//!
//! ```text
//!   cli ── server ── propose   what a person, Pub/Sub or a probe calls
//!      ╲   ╱
//!       run                    a tick and its runs
//!    ╱   │   ╲    ╲
//! capture stage bigquery state
//!    │       ╲   ╱    ╱
//! source      storage          one outside service each; beside them pubsub_topic. capture keeps row hashes in storage
//!    │
//! encode                       rows to NDJSON; knows no source
//!    ╲       │
//!     batch  model  canonical  the words they share
//! ```
//!
//! Arrows point down, and no two files import each other: `tests/suite/arrows.rs` fails where they do. `capture` knows nothing of
//! BigQuery, `bigquery` nothing of a source, `encode` nothing of either. [`config`] makes the [`model`]'s table specs, [`propose`] a first
//! config from the source's catalog, [`telemetry`] the logs; [`emulator`] and [`credentials`] say how Google's services are reached.
//! Around each outside effect stand the points of [`failpoint`], for tests. docs/ARCHITECTURE.md says which files a new capture, source
//! or sink takes.

pub mod batch;
pub mod bigquery;
pub mod canonical;
pub mod capture;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod emulator;
pub mod encode;
pub mod failpoint;
pub mod model;
pub mod propose;
pub mod pubsub_topic;
pub mod retry;
pub mod root_cause;
pub mod run;
pub mod server;
pub mod source;
pub mod stage;
pub mod state;
pub mod storage;
pub mod telemetry;
