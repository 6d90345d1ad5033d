//! What is read: one folder for each kind of source.

pub mod postgres;

pub use postgres::*;
