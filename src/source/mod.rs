//! What is read: one folder for each kind of source, and the words in which all of them are asked.
//!
//! `capture` says what is to be read as a value ([`Read`], [`Overlooked`]); a source renders and streams it. Everything that a run
//! reads comes from one snapshot, so that rows, keys and watermark speak of the same moment.
//!
//! | file | has |
//! | --- | --- |
//! | `of_kind` | the one match over kinds |
//! | `connect`, `session/` | a source, and all that it can be asked |
//! | `read`, `keys`, `change_log`, `cursor`, `row_hashes` | what is asked, as values |
//! | `relation`, `column`, `moment`, `listing` … | what is answered |
//! | `row` | rows as a source hands them over, and what decodes them |
//! | `row_key` | the key of rows that are told apart by what they hold |
//! | `statements` | what people are shown of it |
//! | [`postgres`] | PostgreSQL |
//! | [`sqlserver`] | SQL Server |

mod catalog;
mod change_log;
mod change_tracking;
mod column;
mod compared;
mod connect;
mod cursor;
mod dependencies;
mod error;
mod keys;
mod listing;
mod moment;
mod of_kind;
pub mod postgres;
mod read;
mod relation;
mod rights;
mod row;
mod row_hashes;
mod row_key;
mod session;
pub mod sqlserver;
mod statements;
mod types_document;
mod value_kind;

pub use crate::model::Dialect;
pub use catalog::Catalog;
pub use change_log::{
    Claimed, CollapsedEntry, EntryCounts, EntryTable, Fetched, Group, LogEnds, LogFacts, LogPlace, LogQuery,
    NewEntries, Numbers,
};
pub use change_tracking::{ChangedKeys, Tracked};
pub use column::SourceColumn;
pub use compared::{DocumentCursor, columns_in_order, compared_columns};
pub use connect::{Source, has_password};
pub use cursor::{Bulk, CursorColumn, CursorType, Search};
pub use dependencies::Dependencies;
pub use error::SourceError;
pub use keys::{Keys, NamedKey, Origin, Spelling};
pub use listing::{
    Access, Candidate, Captures, ChangeTracking, Closed, Fires, FullAlone, Listing, Persistence, SchemaAccess, Trigger,
    TriggerFunction, Withheld, Withholding,
};
pub use moment::{Durable, Moment, Open, Prepared, Sight};
pub use read::{
    Columns, ComparedRows, Condition, KeyRange, Overlooked, Partitioned, Read, RepeatedKeys, Rows, Since, Table, Unsent,
};
pub use relation::{Leaf, Relation, RelationKind, RowSecurity};
pub use rights::{Grants, Needs, ToldByRows};
pub use row::{Row, RowDecoder, RowStream};
pub use row_hashes::{
    BUCKET_BITS, BucketSet, BucketSum, BucketSums, Filled, HashListing, HashedRow, Hashing, NextHash, NextHashing,
    RowHash,
};
pub use row_key::with_key_of;
pub use session::{Canceller, HashCursor, KeyCursor, Session};
pub use statements::{
    changed_keys_statement, hash_statements, hashed_text, log_statement, lookup_of_repeated_keys, statement,
};
pub use types_document::types_document;
pub use value_kind::ValueKind;
