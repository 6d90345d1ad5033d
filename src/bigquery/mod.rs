//! BigQuery as a target: tables, jobs, and the ways rows get in.
//!
//! `sink.rs` is the recipe that brings a sealed table into its target; each way is a file that fills it in: `load_replace.rs`,
//! `load_merge.rs`.
//!
//! Every job is started under an id that follows from the run, so that a second start meets the first: "already exists"
//! means wait for it. `gcp-bigquery-client` gives the job and dataset types and the plain calls; what it lacks (status
//! codes, constraints, DML statistics, retries, timeouts) is a thin request beside it, over the same token.

mod api_fault;
mod append;
mod auth;
mod canonical_text;
mod client;
mod clustering;
mod create_table;
mod datasets;
mod digest_statements;
mod digests;
mod error;
mod fit;
mod hints;
mod job_name;
mod jobs;
mod key_conditions;
mod known_datasets;
mod load_job;
mod load_merge;
mod load_replace;
mod locations;
mod lost_columns;
mod merge_statement;
mod message_text;
mod partition_bounds;
mod partitioning;
mod rows;
mod sink;
mod sql;
mod statements;
mod tables;
mod target_plan;

pub use append::{CHANGE_SEQUENCE_NUMBER, CHANGE_TYPE, Seen, Sent};
pub use canonical_text::canonical_piece;
pub use client::{BigQuery, EMULATOR, Settings};
pub use digest_statements::{Billed, ComparedTarget};
pub use digests::DocumentRows;
pub use error::{ApiRefusal, BigQueryError, Overtaken, ProjectFault, TableFault, Transient};
pub use fit::Present;
pub use locations::MissingDataset;
pub use merge_statement::Merger;
pub use partition_bounds::LEAST_BILLED;
pub use partitioning::{Filter, MergeReach, Partitioning};
pub use rows::{QueryRows, Row};
pub use sink::{Applied, Destination, Loaded, Replay, Sealed, first_attempts, merge_statement};
pub use tables::{Inspection, PreparedTarget, TargetState};
pub use target_plan::TargetPlan;
