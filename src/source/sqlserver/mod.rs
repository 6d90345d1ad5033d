//! SQL Server as a source.

pub mod plan;
