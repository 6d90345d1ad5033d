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
mod grants;
mod key_types;
mod missing;
mod native_type;
pub mod oid;
mod parameters;
mod plpgsql;
mod render_sql;
mod rights;
mod row_key;
mod session;
mod sql;
mod statement_fault;
mod tls;
mod trigger_text;
mod types_document;
mod url;

pub use canceller::Canceller;
pub use catalog::relation_of;
pub use change_log::{KeyCursor, PostgresLogFacts, log_statement, unnamed};
pub use column_schema::{hashed, mapping};
pub use connect::Source;
pub use copy_text::{CopyFields, CopyText};
pub use error::{ConnectFault, PostgresError};
pub use grants::{grant_all_rows, grant_select, grants_of_closed, rights_to_read};
pub use key_types::{can_pack, compared_as, cursor_type, has_one_spelling, is_integer, value_kind};
pub use native_type::{Element, PostgresType, TypeKind, holds_what};
pub(in crate::source) use render_sql::structure;
pub use render_sql::{
    DocumentCursor, HashCursor, ServerText, canonical_piece, changed_since, column_digests_statement, columns_in_order,
    documents_statement, hash_sums_statement, hashed_text, key_digests_statement, list_statement,
    lookup_of_repeated_keys, query, resent, statement, stretch_end_statement, sums_statement,
};
pub use row_key::{is_of_row_key, row_key_columns};
pub use session::{RowStream, SALT, Session};
pub use sql::{ident, literal, qualified};
pub use trigger_text::{always_logs, always_sets_to_now};
pub use types_document::types_document;
pub use url::has_password;
