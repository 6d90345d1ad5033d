//! A stand-in for SQL Server.

mod answer;
pub mod ddl;
mod error;
mod faults;
mod handshake;
mod log;
pub mod matrix;
pub mod model;
pub mod plans;
mod server;
mod session;
mod settings;
pub mod typed;
mod wire;

pub use answer::{Generated, ResultSet, Rows};
pub use error::ServerError;
pub use faults::{Action, Fault, Faults, Moment, Place, Times};
pub use log::{Entry, Log, Statement};
pub use server::Standin;
pub use settings::{Account, Encryption, Settings, Tls, TlsError};
pub use wire::column::{Nulls, ResultColumn};
pub use wire::packet::Sent;
pub use wire::request::Isolation;
pub use wire::value::RowForm;
