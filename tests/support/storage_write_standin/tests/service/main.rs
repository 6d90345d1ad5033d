//! What the stand-in does, seen by a client that is made of the stubs that the product uses.

mod client;
mod examples;
mod fault_scripts;
mod order;
mod program;
mod readers;
mod rows;
mod schema_changes;
mod sizes;
mod streams;
mod types;
