//! PostgreSQL as a source: connection, catalog, one consistent snapshot, rows by `COPY`.
//!
//! Everything a capture reads comes from one `REPEATABLE READ, READ ONLY` transaction ([`Session::begin`]), so that the
//! rows, the keys and the watermark speak of the same moment.

mod abilities;
mod canceller;
mod candidates;
mod catalog;
mod caveats;
mod change_log;
mod column_schema;
mod column_types;
mod connect;
mod connection;
mod connection_string;
mod copy_text;
mod dependencies;
mod error;
mod key_types;
mod missing;
pub mod oid;
mod parameters;
mod render_sql;
mod rights;
mod session;
mod sql;
mod statement_fault;
mod tls;
mod types_document;
mod url;

pub use canceller::Canceller;
pub use candidates::{
    Access, Candidate, Closed, Listing, Persistence, RowSecurity, SchemaAccess, Trigger, TriggerFunction, candidate,
    candidates, relation_names,
};
pub use catalog::{
    Catalog, Element, Relation, RelationKind, SourceColumn, TypeKind, read as read_relation, read_all as read_catalog,
    required as required_relation,
};
pub use change_log::{Fetched, KeyCursor, LogFacts, keys_statement, scan_statement, unnamed};
pub use connect::Source;
pub use copy_text::CopyText;
pub use dependencies::{Dependencies, dependencies, refuse_rewritten};
pub use error::{ConnectFault, SourceError, TRYING_WHERE};
pub use key_types::{can_pack, compared_as, cursor_type, has_one_spelling, is_integer};
pub use render_sql::{changed_since, query, resent, statement};
pub use rights::{Grants, Needs, grants, hidden_from};
pub use session::{Durable, Moment, Prepared, RowStream, SALT, Session, Sight};
pub use sql::{ident, literal, qualified};
pub use statement_fault::StatementFault;
pub use types_document::types_document;
pub use url::has_password;
