//! PostgreSQL as a source: connection, catalog, one consistent snapshot, rows by `COPY`.
//!
//! Everything a capture reads comes from one `REPEATABLE READ, READ ONLY` transaction ([`Session::begin`]), so that the
//! rows, the keys and the watermark speak of the same moment.

mod abilities;
mod catalog;
mod connect;
mod dependencies;
mod error;
mod missing;
pub mod oid;
mod pairs;
mod parameters;
mod rights;
mod session;
mod sql;
mod tls;
mod url;

pub use catalog::{
    Candidate, Catalog, Element, Relation, RelationKind, SourceColumn, TypeKind, candidates, read as read_relation,
    read_all as read_catalog, required as required_relation,
};
pub use connect::{Canceller, Source};
pub use dependencies::{Dependencies, dependencies, refuse_rewritten};
pub use error::{ConnectFault, SourceError, TRYING_WHERE};
pub use rights::{Grants, Needs, grants, hidden_from};
pub use session::{Durable, Moment, Prepared, RowStream, SALT, Session, Sight};
pub use sql::{ident, literal, qualified};
