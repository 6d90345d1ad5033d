//! The journeys and promises, against real parts. Run with `make test`.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod captures;
mod concurrency;
mod crashes;
mod empty_ticks;
mod first_load;
mod golden_sql;
mod http;
mod open_transactions;
mod push;
mod schema;
mod source_connection;
mod types;
