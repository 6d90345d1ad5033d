//! The journeys and promises, against real parts. Run with `make test`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod append;
mod append_faults;
mod append_trust;
mod arrows;
mod asked_for;
mod auth;
mod bad_input;
mod canonical_digests;
mod canonical_texts;
mod captures;
mod change_streams;
mod changed_targets;
mod changelog;
mod changelog_feed;
mod changelog_presets;
mod changelog_trust;
mod chunks;
mod compared_under_traffic;
mod concurrency;
mod console;
mod console_access;
mod console_browser;
mod console_bucket;
mod console_history;
mod console_pages;
mod console_refresh;
mod crash_points;
mod crashes;
mod cursor_floor;
mod daily_report;
mod digest;
mod digest_row_key;
mod digest_schema;
mod digest_slices;
mod django;
mod empty_ticks;
mod every_type;
mod figures;
mod filters;
mod first_load;
mod fuzz_corpus;
mod golden_sql;
mod history;
mod hostile;
mod http;
mod init;
mod key_sources;
mod known_tables;
mod messages;
mod metadata;
mod numbers;
mod objects;
mod open_transactions;
mod plans;
mod pooler;
mod push;
mod reconcile;
mod reconcile_compared;
mod recovery_conflict;
mod restore;
mod run_history;
mod sample;
mod schema;
mod source_connection;
mod sqlserver;
mod sqlserver_abilities;
mod sqlserver_changelog;
mod sqlserver_changelog_trust;
mod sqlserver_chunks;
mod sqlserver_commands;
mod sqlserver_commits;
mod sqlserver_complaints;
mod sqlserver_ct_feed;
mod sqlserver_faults;
mod sqlserver_keys;
mod sqlserver_large;
mod sqlserver_matrix;
mod sqlserver_real;
mod sqlserver_retyped;
mod sqlserver_row_key;
mod sqlserver_stretches;
mod sqlserver_targets;
mod sqlserver_times;
mod sqlserver_trust;
mod sqlserver_types;
mod sqlserver_withheld;
mod targets;
mod telemetry;
mod tick_reports;
mod types;
mod unique_keys;
mod upgrade;
mod verify;
mod verify_planted;
mod verify_stretches;
mod watchdog;
