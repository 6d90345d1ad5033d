//! SQL Server as a source: 2016 SP1 and later, Azure SQL, Cloud SQL.
//!
//! Everything a capture reads comes from one SNAPSHOT transaction ([`Session::begin`]) where the database allows one, so that rows, keys and
//! watermark speak of the same moment; where the server stands is asked before the snapshot's first read. `NOLOCK` is never used: on a capture
//! that infers deletes it deletes live rows.
//!
//! | file | has |
//! | --- | --- |
//! | `plan/` | every statement by name, and the comment that it begins with |
//! | `address/` | connection strings in all their forms |
//! | `connect`, `login`, `connection`, `session`, `facts` | a connection, which ends with its first error; the transaction; what the server is |
//! | `catalog`, `native_type`, `column_types` | tables, their types, and what becomes of them |
//! | `expression` | what is selected: every conversion that the driver gets wrong is made by the server |
//! | `render`, `rows`, `keys`, `key_range`, `changed`, `floor`, `filter` | reads of rows |
//! | `row`, `cells`, `values`, `utf16`, `printed` | the driver's values, decoded, and how they are printed |
//! | `row_bytes`, `row_digest` | row hashes for `digest` |
//! | `row_key`, `published_rows` | rows that nothing but their values tells apart |
//! | `change_tracking` | the keys that change tracking names |
//! | `captures` | which captures the database can bear |
//! | `change_log/` | the entries of an application's log, and the keys they name |
//! | `compare` | canonical texts for `verify` |

mod address;
#[cfg(test)]
mod against_standin;
mod canceller;
mod candidates;
mod captures;
mod catalog;
mod cells;
mod change_log;
mod change_tracking;
mod changed;
mod code_page;
mod column_types;
mod compare;
mod compared_stretch;
mod connect;
mod connect_fault;
mod connection;
mod dependencies;
mod entra;
mod error;
mod expression;
mod facts;
mod filter;
mod floor;
mod kept_texts;
mod key_range;
mod key_types;
mod keys;
mod literals;
mod login;
mod missing;
mod moment;
mod native_type;
mod open_lists;
pub mod plan;
mod printed;
mod published_rows;
mod render;
mod rights;
mod row;
mod row_bytes;
mod row_digest;
mod row_key;
mod rows;
mod session;
mod sql;
mod statement_fault;
#[cfg(test)]
mod tests;
mod types_document;
mod utf16;
mod values;

pub use address::has_password;
pub use canceller::Canceller;
pub use cells::SqlServerCells;
pub use change_log::{KeyCursor, SqlServerLogFacts, log_statement};
pub use change_tracking::{ChangedKeys, spool_statement};
pub use column_types::{hashed, mapping, type_in_key};
pub use compare::DocumentCursor;
pub(in crate::source) use compare::structure;
pub(in crate::source) use compared_stretch::columns_in_order;
pub use connect::Source;
pub use connect_fault::ConnectFault;
pub use error::SqlServerError;
pub use kept_texts::{holds_what, keeps_order};
pub use key_types::{can_pack, cursor_type, has_one_spelling, ignores_last_zeros, value_kind};
pub use native_type::SqlServerType;
pub use rights::{grant_all_rows, grant_select, grant_tracking, grants_of_closed, rights_to_read};
pub use row::{RowStream, SqlServerField, SqlServerFields, SqlServerRow};
pub use row_digest::{HashCursor, hash_sums_statement, hashed_text, list_statement};
pub use row_key::{is_of_row_key, row_key_columns};
pub use rows::{lookup_of_repeated_keys, statement};
pub use session::Session;
pub use sql::{ident, qualified};
pub use types_document::types_document;
