//! What is asked as the text of statements, for people to read.

use super::change_log::{Claimed, LogQuery, NewEntries};
use super::postgres;
use super::read::{Condition, Read, Table};
use super::row_hashes::HashListing;
use super::sqlserver;
use crate::encode::ShapeColumn;
use crate::model::Dialect;
use crate::model::RelationName;

/// The statement that streams a read.
pub fn statement(read: &Read<'_>) -> String {
    match read.table.relation.dialect {
        Dialect::Postgres => postgres::statement(read),
        Dialect::SqlServer => sqlserver::statement(read),
    }
}

/// The statement that asks a log.
pub fn log_statement(query: LogQuery<'_>) -> String {
    match query.entries().table.relation.dialect {
        Dialect::Postgres => postgres::log_statement(query),
        Dialect::SqlServer => sqlserver::log_statement(query),
    }
}

/// The statement that lists the keys of rows that were changed since a version.
pub fn changed_keys_statement(table: Table<'_>, since: i64) -> String {
    match table.relation.dialect {
        Dialect::Postgres => String::new(),
        Dialect::SqlServer => sqlserver::spool_statement(0, table, since),
    }
}

/// The statements that add up and list row hashes; `bits` says how many sums there are.
pub fn hash_statements(listing: &HashListing<'_>, bits: u8) -> [String; 2] {
    match listing.of.table.relation.dialect {
        Dialect::Postgres => [postgres::hash_sums_statement(&listing.of, bits), postgres::list_statement(listing)],
        Dialect::SqlServer => [sqlserver::hash_sums_statement(&listing.of, bits), sqlserver::list_statement(listing)],
    }
}

/// What is hashed of a row of a table, as far as config and catalog decide it: under another text a hash says nothing of an older one.
pub fn hashed_text(table: Table<'_>, columns: &[ShapeColumn]) -> String {
    match table.relation.dialect {
        Dialect::Postgres => postgres::hashed_text(table, columns),
        Dialect::SqlServer => sqlserver::hashed_text(table, columns),
    }
}

/// A statement for people: which values of the key stand in more than one published row.
pub fn lookup_of_repeated_keys(table: Table<'_>) -> String {
    match table.relation.dialect {
        Dialect::Postgres => postgres::lookup_of_repeated_keys(table),
        Dialect::SqlServer => sqlserver::lookup_of_repeated_keys(table),
    }
}

impl Dialect {
    /// A condition over a table's row: no entry of these claims names it. `None` where the server is not asked for it: then any row may be such
    /// a one.
    pub fn unnamed(self, claims: &[(NewEntries<'_>, Claimed<'_>)]) -> Option<Condition> {
        match self {
            Self::Postgres => Some(postgres::unnamed(claims)),
            Self::SqlServer => None,
        }
    }

    /// A name as statements have it.
    pub fn ident(self, name: &str) -> String {
        match self {
            Self::Postgres => postgres::ident(name),
            Self::SqlServer => sqlserver::ident(name),
        }
    }

    /// A relation's name as statements have it.
    pub fn qualified(self, name: &RelationName) -> String {
        match self {
            Self::Postgres => postgres::qualified(name),
            Self::SqlServer => sqlserver::qualified(name),
        }
    }

    /// What reading a relation takes, for people.
    pub fn rights_to_read(self, name: &RelationName) -> String {
        match self {
            Self::Postgres => postgres::rights_to_read(name),
            Self::SqlServer => sqlserver::rights_to_read(name),
        }
    }

    /// The statement by which a materialized view gets new rows, where it does not follow its tables by itself.
    pub fn refresh(self) -> &'static str {
        match self {
            Self::Postgres => "REFRESH",
            // Its indexed views follow their tables.
            Self::SqlServer => "",
        }
    }

    /// Whether values of one type, by [`super::SourceColumn::value_type`], have the same order in another one that [holds](Self::holds_what) them.
    pub fn keeps_order(self, then: &str, now: &str) -> bool {
        match self {
            Self::Postgres => true,
            Self::SqlServer => sqlserver::keeps_order(then, now),
        }
    }

    /// Whether values of one type, by [`super::SourceColumn::value_type`], print the same in the other.
    pub fn holds_what(self, then: &str, now: &str) -> bool {
        match self {
            Self::Postgres => postgres::holds_what(then, now),
            Self::SqlServer => sqlserver::holds_what(then, now),
        }
    }
}
