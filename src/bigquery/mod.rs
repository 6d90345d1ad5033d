//! BigQuery as a target: tables, load jobs, the MERGE.
//!
//! Every job is started under an id that follows from the run, so that a second start meets the first: "already exists"
//! means wait for it. `gcp-bigquery-client` gives the job and dataset types and the plain calls; what it lacks (status
//! codes, constraints, DML statistics, retries, timeouts) is a thin request beside it, over the same token.

mod apply;
mod auth;
mod client;
mod clustering;
mod create_table;
mod datasets;
mod error;
mod fit;
mod hints;
mod jobs;
mod locations;
mod lost_columns;
mod merge;
mod message_text;
mod partitioning;
mod sql;
mod statements;
mod tables;
mod target_plan;
mod within;

pub use apply::{Applied, Replay};
pub use client::{BigQuery, EMULATOR};
pub use error::BigQueryError;
pub use locations::MissingDataset;
pub use merge::{Merger, merge_statement};
pub use partitioning::{Filter, Partitioning, Reach};
pub use tables::{Inspection, Prepared, PreparedTarget, Present};
pub use target_plan::TargetPlan;
