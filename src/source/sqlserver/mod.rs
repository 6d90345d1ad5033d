//! SQL Server as a source.

mod address;
mod error;
pub mod plan;
mod sql;
mod statement_fault;

pub use address::has_password;
pub use error::{ConnectFault, SqlServerError};
pub use sql::{ident, qualified};
