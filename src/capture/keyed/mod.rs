//! Captures that know the keys of changed rows, and read those rows.

pub mod log;
