//! Every statement that is sent to a SQL Server, by name.
//!
//! Each statement begins with a comment, `/* plimsoll:<plan> k=v k=v */`. It shows in `sys.dm_exec_requests` and in Query Store, where a
//! database administrator finds what a session of ours does; and it says all that an answer depends on, so that a stand-in for a server
//! answers without parsing T-SQL.
//!
//! A value keeps letters, digits and `_ . -`; each other byte of its UTF-8 is `%` and two hexadecimal digits in upper case, so no value closes
//! the comment or begins another parameter. A list is its items with `,` between them, each encoded for itself; an empty list is empty, and one
//! whose only item is empty is `%`. A table is `schema.name`, both encoded. No password, no salt and no value of a row stands in one, but for the
//! bounds of keys, which the statement holds as well.
//!
//! # Columns of an answer
//!
//! `columns=` names what a row of an answer has, in its order, as `<name>:<form>`. The name is the source's, or empty. The form says what is selected, and so what
//! type comes back for a column `t.[name]`:
//!
//! | form | expression | comes back as |
//! | --- | --- | --- |
//! | `plain` | the column | its own type |
//! | `text` | the text as `nvarchar`, cast to `varbinary` | VARBINARY(n ≤ 8000 or MAX): UTF-16, the low byte first |
//! | `bytes` | `CAST(… AS varbinary(max))` | VARBINARY(MAX) |
//! | `decimal` | `CAST(… AS decimal(19,4))` of a money | DECIMAL |
//! | `variant` | a CASE over the value's base type | as `text`, VARBINARY(8000) |
//! | `spoken` | `.ToString()` | as `text`, VARBINARY(MAX) |
//! | `shape` | `.AsTextZM()` | as `text`, VARBINARY(MAX) |
//! | `offset` | `CONVERT(nvarchar(40), …, 121)` | as `text`, VARBINARY(80) |
//! | `hash` | hexadecimal SHA-256 of the salt and the value's text, in lower case | as `text`, VARBINARY(128) |
//! | `flag` | a bit that the statement computes | BIT |
//! | `count` | `COUNT_BIG(*)` | BIGINT |
//! | `long` | always last, name empty: numbers of this list's entries (from 0), each with `,` behind it, whose value has more bytes than `longest=` and so is NULL here; NULL where there are none | NVARCHAR(4000) |
//!
//! Texts come as bytes because the driver refuses or replaces half a surrogate pair, and makes two copies of each text; so nothing is lost, and nothing is copied twice.
//! Answers that are no rows of a table (`session.*`, `catalog.*` and the like) have plain NVARCHAR columns.
//!
//! # Which rows
//!
//! `rows=` with what belongs to it: `all`; `some` (the first ones by key); `within` (`after=`, `until=`: lists of the key's texts; either may be
//! missing: `after < key <= until`); `before` (`after=`: `key <= after`); `changed`, `unchanged` (`since=`: see there); `left` (as `changed`, of rows that
//! `where` does not let through and whose key no other row has). `top=` with any of them: no more rows than this. `where=` is the text of the config's filter. `key=` lists the key's columns.
//!
//! `since=` is `rowversion:<column>:<16 hexadecimal digits>` (rows whose value is not below it), `time:<column>:<from>` (not below it, or NULL), or `everything`.
//!
//! # Rows that nothing but their values tells apart
//!
//! Where `key=` is `_plimsoll_row,_plimsoll_copy`, the table has no such columns: the server makes them. The former is the hash of the row in hexadecimal, 32 digits in upper
//! case (of the columns in `hashed=`), the latter counts rows of one hash from 1, among those that `where=` lets through.
//! A row's bucket is made of its hash then.
//!
//! # Parameters
//!
//! A statement with keys or a salt is sent to `sp_executesql` (RPC), any other as a batch. The keys are `@P1`; the salt is the parameter behind that, or `@P1` where no keys are
//! given. Right behind the comment, `DECLARE @keys nvarchar(max) = @P1, @salt nvarchar(4000) = @P2;` gives them names (one or both).
//!
//! # Keys given
//!
//! `rows=among`, `absent` and `given`: the keys are `@P1` of `sp_executesql`, `nvarchar(max)`, a JSON array of arrays: the texts of the columns `key=`, and behind them 1
//! where the log tells of the row's insert, else 0, and the key's number in the list. A text that the column's type has no value for is NULL, never an error. `among`: the rows that have one of the keys. `absent`: of the keys those that no row has (the first column is the
//! flag). `given`: the keys as they are. Of both, the last column is the key's number.

mod comment;
mod form;
mod reads;
mod written;

pub use form::{Form, column};
pub use reads::{HASH_VERSION, HashPlan, LogReading, RowOrder, RowsPlan, Which};

use crate::model::RelationName;

/// A statement, by what it asks for. Its text comes from elsewhere in this folder; [`Plan::comment`] stands before it.
///
/// Types are those of SQL Server; `?` means that a field may be NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan<'a> {
    /// Settings of the session, once after the login. No parameters, no answer.
    SessionSettings,
    /// What server and database this is, once after the login. One row:
    /// `version nvarchar` (`16.0.4105.2`), `edition nvarchar`, `engine int` (SERVERPROPERTY EngineEdition), `database nvarchar`, `user nvarchar` (USER_NAME()),
    /// `compatibility int` (130 and more), `snapshot_state int` (sys.databases.snapshot_isolation_state: 0 off, 1 on, 2 going off, 3 going on),
    /// `rcsi bit` (is_read_committed_snapshot_on), `updateability nvarchar` (`READ_WRITE`, `READ_ONLY`), `tracking bit` (change tracking is on for the database), `retention_minutes int?`, `auto_cleanup bit?`, `sees_transactions bit` (the right to see others' transactions), `sees_policies bit` (the right to see security policies).
    SessionFacts,
    /// Where the server stands, before a snapshot begins. `transactions=1` where others' may be seen, `tracking=1` where change tracking is asked. One row:
    /// `ct_version bigint?` (CHANGE_TRACKING_CURRENT_VERSION()), `rowversion_floor binary(8)` (MIN_ACTIVE_ROWVERSION()),
    /// `now nvarchar` (`2026-01-31T12:00:00.1234567`, UTC), `oldest_open nvarchar?` (the same form, UTC; NULL where none is open or none may be seen),
    /// `broker nvarchar` (service_broker_guid), `created nvarchar` (create_date, style 126), `fork nvarchar?` (recovery_fork_guid; NULL where it can't be seen).
    /// It rolls back a transaction that was left over (ENVCHANGE 10, if one was open).
    Moment { transactions: bool, tracking: bool },
    /// Begins the run's transaction. `level=snapshot`, or `level=committed` where the database has no snapshots that last. One row: `transaction_id bigint`.
    /// The snapshot is taken by the first plan after it that reads rows ([`Plan::Rows`], `hash.*`, `ct.*`, `log.*`), not by this.
    SnapshotBegin { level: &'a str },
    /// Whether the transaction is still the one that was begun. One row: `transaction_id bigint`, `state smallint` (XACT_STATE(): 1 is well).
    SnapshotGuard,
    /// Ends the run's transaction. One row, as of [`Plan::SnapshotGuard`]: how it stood before it ended.
    SnapshotEnd,

    /// Tables and views by name (`tables=`). One row each that is there and may be seen:
    /// `schema nvarchar`, `name nvarchar`, `object_id int`, `kind char(2) as nvarchar` (`U`, `V`), `created nvarchar` (style 126), `rows bigint?`, `comment nvarchar?`,
    /// `view nvarchar?` (a digest, in hexadecimal, of the text of a view and of those below it; NULL for tables), `memory bit` (memory-optimized), `external bit`,
    /// `indexed bit` (a view with a clustered index), `ct_begin bigint?` (change tracking's begin_version; NULL where it is off), `ct_min_valid bigint?`,
    /// `hides bit` (a filter predicate of row-level security is on: the table's own, or of a table below the view).
    CatalogRelations { tables: &'a [RelationName] },
    /// Columns of tables and views (`tables=`), by table and number. One row each:
    /// `object_id int`, `name nvarchar`, `number int` (column_id), `type nvarchar` (name of the system type: `int`, `nvarchar`, `hierarchyid` …), `alias nvarchar?` (the
    /// user's name of it), `clr bit`, `max_length int` (bytes; -1 for max), `precision int`, `scale int`, `collation nvarchar?`, `nullable bit`, `computed bit`, `hidden bit`,
    /// `masked bit`, `encrypted bit`, `column_set bit`, `generated int` (generated_always_type).
    CatalogColumns { tables: &'a [RelationName] },
    /// Columns of indexes of tables (`tables=`), by table, index and position. One row each:
    /// `object_id int`, `index_id int`, `is_primary bit`, `is_unique bit`, `is_clustered bit`, `filtered bit`, `disabled bit`, `position int` (key_ordinal, from 1), `column nvarchar`, `descending bit`.
    CatalogIndexes { tables: &'a [RelationName] },
    /// The names of all tables and views that may be seen. Rows: `schema nvarchar`, `name nvarchar`.
    CatalogNames,
    /// All tables and views, for `init` (`table=` for one of them alone). Rows: `schema nvarchar`, `name nvarchar`, `kind nvarchar` (`U`, `V`), `readable bit` (SELECT on all of it).
    CatalogList { table: Option<&'a RelationName> },
    /// The base columns below a view (`table=`). Rows: `table nvarchar` (its name), `column nvarchar?`.
    CatalogDependencies { table: &'a RelationName },
    /// Security policies that filter rows of a table, or of tables below a view (`table=`). Rows: `policy nvarchar` (quoted and qualified).
    CatalogPolicies { table: &'a RelationName },
    /// What of a table the login may not read (`table=`, `columns=` names). One row: `table bit` (SELECT on all of it), then for each of the columns `nvarchar?`: its name, where it
    /// may not be read.
    CatalogRights { table: &'a RelationName, columns: &'a [String] },
    /// About how many rows a table has (`table=`). One row: `rows bigint?`.
    CatalogSize { table: &'a RelationName },
    /// Whether the login sees masked values. One row: `unmask bit`.
    CatalogUnmask,
    /// Whether the config's filter is a condition (`table=`, `where=`). It reads no row. One row: `error int?` (an error's number; NULL where it is one), `message nvarchar?`.
    WhereTry { table: &'a RelationName, filter: &'a str },

    /// Rows: `table=`, `key=`, `columns=`, `rows=` and what belongs to it, `where=`; `order=key` where they come by key.
    Rows(RowsPlan<'a>),
    /// The end of a stretch of keys: the key of the `rows=`-th row behind `after=` by the server's order, or no row (`table=`, `key=`, `where=`). Columns: the key's, in its forms.
    KeyStretch {
        table: &'a RelationName,
        key: &'a [String],
        columns: &'a [String],
        hashed: &'a [String],
        after: Option<&'a [String]>,
        rows: u64,
        filter: Option<&'a str>,
    },
    /// Keys that stand in more than one row (`table=`, `key=`, `where=`). One row: `keys bigint`, `rows bigint`.
    KeyRepeated { table: &'a RelationName, key: &'a [String], filter: Option<&'a str> },

    /// The value that a row so far from the largest has (`table=`, `column=`, `rows=`: 1 is the largest). One row or none: `value`, a bigint of a number, of
    /// a time the column's type.
    CursorBulk { table: &'a RelationName, column: &'a str, rows: u32 },
    /// Whether a row has a value in one of `columns=` (names), of those that a run of changes would not send (`since=` as for rows; missing: of all) (`table=`, `where=`). One row or
    /// none: `found int`.
    RowsFilled { table: &'a RelationName, columns: &'a [String], since: Option<&'a str>, filter: Option<&'a str> },

    /// Sums of row hashes by bucket: `table=`, `key=`, `hashed=` (names), `bits=`, `after=`, `until=`, `where=`; `version=` of the hash. Rows, in any order, none for empty
    /// buckets: `bucket int` (below 2^bits), `rows bigint`, `lane0 decimal(38,0)`, `lane1 decimal(38,0)` (sums of signed 64-bit numbers).
    /// A bucket has [`crate::source::BUCKET_BITS`] bits, of which sums take the first `bits`.
    HashSums(HashPlan<'a>),
    /// Has the server list row hashes by bucket in a temporary table of the session (as [`Plan::HashSums`]; `buckets=` a set of them in hexadecimal, the lowest bit of a byte
    /// first, of 2^`bits`; missing for all). With `next=` and `new=` (names) each row has another hash over the former, and whether one of the latter is not NULL. One row: `rows bigint`.
    HashSpool(HashPlan<'a>),
    /// Whether the rows of a [`Plan::HashSums`] may be read. No row: no answer, or an error.
    HashTry(HashPlan<'a>),
    /// The next listed rows: `after=` (how many were fetched), `top=`; `key=` and `columns=` (the key's forms), `next=1` where there is another hash. Rows by bucket:
    /// `bucket int`, the key's columns, `lane0 bigint`, `lane1 bigint`; with `next`: `lane0 bigint`, `lane1 bigint`, `filled bit`.
    HashFetch { columns: &'a [String], next: bool, after: u64, top: u64 },
    /// Drops the temporary table. No answer.
    HashClose,

    /// Where change tracking stands for tables (`tables=`), inside the transaction. Rows, one for each table that is there: `schema nvarchar`, `name nvarchar`, `object_id int`,
    /// `min_valid bigint?` (CHANGE_TRACKING_MIN_VALID_VERSION; NULL where it is off or may not be seen), `begin bigint?`, `modified nvarchar`
    /// (sys.objects.modify_date, style 126: it moves with each ALTER of the table, and so with its tracking switched off and on).
    CtTables { tables: &'a [RelationName] },
    /// Has the server list the keys that a table's changes name in a temporary table: `table=`, `since=`, `key=`, `number=` (of the list in this transaction). One row: `rows bigint`,
    /// `min_valid bigint?` (as of [`Plan::CtTables`], after the list was made). Where there are no keys the table is dropped again.
    CtSpool { table: &'a RelationName, since: i64, key: &'a [String], number: usize },
    /// The next of them: `number=`, `after=`, `top=`, `columns=` (the key's forms). Rows: the key's columns.
    CtFetch { number: usize, columns: &'a [String], after: u64, top: u64 },
    /// Drops the temporary table `number=`. No answer.
    CtClose { number: usize },

    /// The ends of a change log. `table=`, `id=` (numbers), `at=` (the entry's time; missing where there is none), `seen=` (the number that was newest at the last look).
    /// One row: `newest nvarchar?`, `first nvarchar?`, `proof nvarchar?`, `seen_proof nvarchar?` (what tells the newest entry, and the one with `seen=`, from another with its
    /// number), `drawn nvarchar?` (the last number that the counter gave out, 0 for none; NULL where there is no counter). Entries beyond that number do not count. With `time=` in
    /// place of `id=`: the newest time (style 121, in UTC), and NULL for all else.
    LogEnds {
        table: &'a RelationName,
        id: Option<&'a str>,
        time: Option<&'a str>,
        at: Option<&'a str>,
        seen: Option<&'a str>,
    },
    /// Stretches of numbers that no entry has, the highest first: `table=`, `id=`, `above=` (from this number on, and that between it and the first entry is one) or `newest=` (among so
    /// many of the newest entries), `top=` (no more stretches). Rows: `before bigint`, `number bigint`: the numbers that lie around a stretch.
    LogGaps { table: &'a RelationName, id: &'a str, above: Option<i64>, newest: Option<u64>, top: usize },
    /// Django's content types (`table=`). Rows: `app_label nvarchar`, `model nvarchar`, `id nvarchar`.
    LogTypes { table: &'a RelationName },
    /// The server looks at the rights to columns of a change log: `table=`, `columns=`. No row.
    LogTry { table: &'a RelationName, columns: &'a [&'a str] },
    /// New entries of a change log by type, see [`LogReading`]. Rows: the type's columns as nvarchar?, `entries bigint`, `ignored bigint` (their action is one of `ignored=`), `nameless
    /// bigint` (of the others: the action is one of `truncated=`, or all of `key=` and `old=` are NULL, where there are such columns).
    LogCounts(LogReading<'a>),
    /// Has the server list the keys that new entries name in a temporary table, see [`LogReading`]: `groups=` (values of the types' columns, `/` between two of one group; empty for
    /// all), `of=` (the published table or view), `columns=` (names of its columns, one for each of `key=`), `known=` (`<column>:<number>..<number>`: entries above the first and up to the second were read before), `number=` (of the list in this transaction). One row: `rows bigint`.
    /// Each spelling of a key is listed once, those of which a value is missing first; entries with an old key name that as well. A logged value that is none of the column's type
    /// is NULL.
    LogSpool {
        reading: LogReading<'a>,
        known: Option<(&'a str, i64, i64)>,
        of: &'a RelationName,
        columns: &'a [&'a str],
        groups: &'a [String],
        number: usize,
    },
    /// The next of them: `number=`, `after=`, `top=`, `columns=` (the key's forms). Rows: the key's columns, `again bit` (an earlier run has had all these entries), `missing bit`,
    /// `added bit` (an action is one of `added=`), `entries bigint`.
    LogFetch { number: usize, columns: &'a [String], after: u64, top: u64 },
    /// Drops the temporary table `number=`. No answer.
    LogClose { number: usize },
}
