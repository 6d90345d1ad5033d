//! One connection, and the one transaction a run reads in.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_postgres::CopyOutStream;

use super::abilities::Abilities;
use super::canceller::Canceller;
use super::connection::Connection;
use super::error::{PostgresError, READING};
use super::sql::qualified;
use crate::batch::{Identity, Position};
use crate::model::RelationName;
use crate::source::moment::{Durable, Moment, Open, Prepared, Sight};

/// Settings that make the server's text forms the ones the encoder reads, whatever the role's defaults are.
///
/// Set for the transaction alone: behind a pooler the session is somebody else's a moment later.
///
/// `jit = off`: a statement over the catalog looks dear enough to the planner to compile for a second what takes a millisecond.
///
/// `row_security = off` turns a policy that would hide rows into an error: a hidden row would look deleted.
const SETTINGS: &str = "SET LOCAL client_encoding = 'UTF8'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'; \
     SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL xmloption = 'content'; \
     SET LOCAL standard_conforming_strings = on; SET LOCAL row_security = off; SET LOCAL jit = off; SET LOCAL quote_all_identifiers = off; SET LOCAL lock_timeout = '30s'; \
     SET LOCAL idle_in_transaction_session_timeout = '10min'";

/// The setting that holds the salt of hashed columns: statements name it, and so can be shown and logged without it.
pub const SALT: &str = "plimsoll.salt";

/// A connection with our settings. It is idle between runs, in a transaction during one.
pub struct Session {
    connection: Connection,
    canceller: Canceller,
    /// Begins the run's transaction, with [`SETTINGS`].
    begin: String,
    abilities: Abilities,
}

impl Session {
    pub(super) async fn prepare(
        connection: Connection,
        canceller: Canceller,
        statement_timeout: Duration,
        salt: Option<&str>,
    ) -> Result<Self, PostgresError> {
        let mut begin = format!(
            "ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {SETTINGS}; SET LOCAL statement_timeout = {}",
            statement_timeout.as_millis()
        );
        if let Some(salt) = salt {
            // This form means the same whatever the role's `standard_conforming_strings` is, which is read before it is set.
            begin.push_str(&format!("; SET LOCAL {SALT} = E'{}'", salt.replace('\\', "\\\\").replace('\'', "''")));
        }
        let abilities = Abilities::find(&connection).await?;
        let number = abilities.version;
        if number < 130_000 {
            return Err(PostgresError::TooOld(format!("{}.{}", number / 10_000, number % 10_000)));
        }
        Ok(Self { connection, canceller, begin, abilities })
    }

    /// Starts the run's transaction and takes its snapshot.
    pub async fn begin(&self) -> Result<Moment, PostgresError> {
        const DOING: &str = "taking a snapshot";
        // A transaction left over from an abandoned run would keep its old snapshot.
        self.execute(DOING, &self.begin).await?;
        let row = self.text_row(DOING, &self.abilities.moment()).await?;
        let field = |n: usize| row.get(n).cloned().flatten();
        let wrong = |what: &str| PostgresError::Unexpected { doing: DOING, what: what.to_owned() };
        let snapshot = field(0).and_then(|s| s.parse().ok()).ok_or_else(|| wrong("no snapshot"))?;
        let taken_at =
            field(4).and_then(|s| OffsetDateTime::parse(&s, &Rfc3339).ok()).ok_or_else(|| wrong("no clock"))?;
        let number = |n: usize| field(n).and_then(|s| s.parse().ok());
        Ok(Moment {
            position: Position::Postgres {
                snapshot,
                identity: Identity {
                    system: field(1).unwrap_or_default(),
                    timeline: number(2).ok_or_else(|| wrong("no timeline"))?,
                    database: number(3).ok_or_else(|| wrong("no database"))?,
                },
            },
            taken_at,
            // Each row says which transaction wrote it.
            open: Open::Unknown,
            prepared: if field(6).as_deref() == Some("t") { Prepared::Some } else { Prepared::None },
            oldest_open: field(7).ok_or_else(|| wrong("no clock"))?,
            sight: match (self.abilities.is_standby(), field(5).as_deref()) {
                (true, _) => Sight::Standbys,
                (false, Some("t")) => Sight::Everybodys,
                (false, _) => Sight::OwnRoles { remedy: "GRANT pg_read_all_stats to it" },
            },
            durable: match field(8) {
                Some(wal) => Durable::At(wal),
                None if self.abilities.waits_by_time() => Durable::Later,
                None => Durable::Already,
            },
        })
    }

    /// Waits until nothing that the snapshot shows can be lost by a crash of the server. With `synchronous_commit = off` a
    /// transaction is seen before it is on disk; after a crash its id would be given out again, and the watermark take the new
    /// rows for known ones.
    ///
    /// A commit is on disk within three times `wal_writer_delay`; other records, which may stay behind longer, don't matter.
    /// Source: <https://www.postgresql.org/docs/current/wal-async-commit.html>
    pub async fn await_durable(&self, moment: &Moment) -> Result<(), PostgresError> {
        let mut pause = Duration::from_millis(10);
        while !self.is_durable(moment).await? {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
        Ok(())
    }

    /// Whether that is so by now.
    pub async fn is_durable(&self, moment: &Moment) -> Result<bool, PostgresError> {
        let flushed = match &moment.durable {
            Durable::Already => return Ok(true),
            Durable::At(wal) => {
                format!("pg_catalog.pg_current_wal_flush_lsn() >= {} OR ", super::sql::literal(wal, "pg_lsn"))
            }
            Durable::Later => String::new(),
        };
        let sql = format!(
            "SELECT {flushed}pg_catalog.clock_timestamp() > {} + 3 * COALESCE( \
             (SELECT setting::int8 * interval '1 ms' FROM pg_catalog.pg_settings WHERE name = 'wal_writer_delay'), \
             interval '200 ms')",
            super::sql::literal(&moment.taken_at.format(&Rfc3339).unwrap_or_default(), "timestamptz"),
        );
        Ok(first(&self.text_row("waiting for the server's log", &sql).await?) == Some("t"))
    }

    /// Ends the run's transaction; the session can begin another.
    pub async fn end(&self) -> Result<(), PostgresError> {
        self.execute("ending the snapshot", "ROLLBACK").await
    }

    /// Streams the rows of a `COPY … TO STDOUT` in its text format, one chunk a row.
    pub async fn copy(&self, statement: &str) -> Result<RowStream<'_>, PostgresError> {
        let inner = self.connection.copy("starting to read rows", statement).await?;
        Ok(RowStream { inner: Box::pin(inner), session: PhantomData })
    }

    /// The server's version, as `server_version_num`.
    pub fn version(&self) -> u32 {
        self.abilities.version
    }

    /// What the server keeps to itself, and what follows from it.
    pub fn notes(&self) -> Vec<String> {
        self.abilities.notes()
    }

    /// What stops a statement of this session, also once the session is gone.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// Sets the mark that [`Session::back_to_savepoint`] goes back to: nothing is ever written, so one serves a whole transaction.
    pub async fn savepoint(&self) -> Result<(), PostgresError> {
        self.execute("taking a snapshot", "SAVEPOINT plimsoll").await
    }

    /// Goes on in the transaction of a statement that has failed, with the same snapshot.
    pub async fn back_to_savepoint(&self) -> Result<(), PostgresError> {
        self.execute("taking a failed table back", "ROLLBACK TO SAVEPOINT plimsoll").await
    }

    pub(super) async fn execute(&self, doing: &'static str, sql: &str) -> Result<(), PostgresError> {
        self.connection.execute(doing, sql).await
    }

    pub(super) async fn parse(&self, doing: &'static str, sql: &str) -> Result<(), PostgresError> {
        self.connection.parse(doing, sql).await
    }

    pub(super) async fn text_rows(
        &self,
        doing: &'static str,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, PostgresError> {
        self.connection.text_rows(doing, sql).await
    }

    pub(super) async fn text_row(&self, doing: &'static str, sql: &str) -> Result<Vec<Option<String>>, PostgresError> {
        self.connection.text_row(doing, sql).await
    }

    /// Has the server plan a query and look at the rights it takes, on every column, without reading a row.
    pub(super) async fn try_query(&self, query: &str) -> Result<(), PostgresError> {
        self.execute("trying what a tick reads", &format!("EXPLAIN (COSTS OFF) {query}")).await
    }

    /// The server's version, for people.
    pub async fn server_version(&self) -> Result<String, PostgresError> {
        let row = self.text_row("asking for the version", "SHOW server_version").await?;
        Ok(first(&row).unwrap_or_default().to_owned())
    }

    /// About how many rows a relation has, by the planner. It looks at the size of the files, so it also knows tables that were never
    /// analyzed, and partitioned ones, for whose parent the catalog has no number.
    pub async fn estimate_size(&self, name: &RelationName) -> Result<u64, PostgresError> {
        self.estimate_rows(&format!("SELECT 1 FROM {} AS t", qualified(name))).await
    }

    /// The planner's guess at how many rows a statement gives.
    pub(super) async fn estimate_rows(&self, select: &str) -> Result<u64, PostgresError> {
        const DOING: &str = "estimating rows";
        let row = self.text_row(DOING, &format!("EXPLAIN (FORMAT JSON) {select}")).await?;
        let plan: serde_json::Value = first(&row)
            .and_then(|t| serde_json::from_str(t).ok())
            .ok_or_else(|| PostgresError::Unexpected { doing: DOING, what: "no plan".to_owned() })?;
        Ok(plan[0]["Plan"]["Plan Rows"].as_u64().unwrap_or(0))
    }
}

fn first(row: &[Option<String>]) -> Option<&str> {
    row.first().and_then(|f| f.as_deref())
}

/// Rows as `COPY` sends them, each ending with a newline.
pub struct RowStream<'s> {
    inner: Pin<Box<CopyOutStream>>,
    /// The transaction that they are read in has to last as long.
    session: PhantomData<&'s Session>,
}

impl Stream for RowStream<'_> {
    type Item = Result<Bytes, PostgresError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inner.as_mut().poll_next(cx).map(|next| next.map(|r| r.map_err(PostgresError::wrap(READING))))
    }
}
