//! What the server lets a session ask, found out once.
//!
//! A right may be missing, and a server may have a function and refuse it all the same: Aurora PostgreSQL takes questions for
//! its write-ahead log only under `wal_level = logical`. So each is asked for by right, then tried.
//! Sources: <https://github.com/jobinau/pg_gather/issues/9>, <https://github.com/mackerelio/mackerel-agent-plugins/pull/804>.

use super::connection::Connection;
use super::error::PostgresError;

/// Taken together in one statement, so that they speak of one moment. The timeline comes from the write-ahead log's
/// position, because `pg_control_checkpoint()` lags behind a promotion; a standby has no such position.
///
/// `xact_start` of other roles' sessions is hidden from a role without `pg_read_all_stats`; `min` passes over those.
const MOMENT: &str = "SELECT pg_catalog.pg_current_snapshot()::text, \
     SYSTEM, \
     TIMELINE, \
     (SELECT oid::text FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()), \
     to_char(clock_timestamp(), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \
     pg_catalog.pg_has_role('pg_read_all_stats', 'usage'), \
     EXISTS (SELECT 1 FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()), \
     LEAST(clock_timestamp(), (SELECT min(xact_start) FROM pg_catalog.pg_stat_activity \
           WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() \
             AND backend_type <> 'autovacuum worker'))::text, \
     WAL";

/// Put in for SYSTEM, TIMELINE and WAL where the session may ask. Rights on a function are checked before a CASE could avoid
/// the call.
const SYSTEM: &str = "(SELECT system_identifier::text FROM pg_catalog.pg_control_system())";
const WAL: &str = "pg_catalog.pg_current_wal_insert_lsn()::text";
const FLUSHED: &str = "pg_catalog.pg_current_wal_flush_lsn()::text";
const CHECKPOINT: &str = "(SELECT timeline_id::text FROM pg_catalog.pg_control_checkpoint())";
const TIMELINE: &str =
    "(('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int)::text";
/// Said where nobody tells the timeline.
const NO_TIMELINE: &str = "'0'";

/// The functions behind each question.
const OF_SYSTEM: &[&str] = &["pg_control_system()"];
const OF_CHECKPOINT: &[&str] = &["pg_control_checkpoint()"];
const OF_WAL: &[&str] = &[
    "pg_current_wal_insert_lsn()",
    "pg_current_wal_lsn()",
    "pg_current_wal_flush_lsn()",
    "pg_walfile_name(pg_catalog.pg_lsn)",
];

/// Whether the session may ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asking {
    Given,
    #[default]
    Refused,
}

/// Whether the server writes a log of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Server {
    #[default]
    Primary,
    Standby,
}

/// What a session may ask of its server; nothing, until that is found out.
#[derive(Clone, Debug, Default)]
pub(super) struct Abilities {
    /// As `server_version_num`.
    pub version: u32,
    server: Server,
    system: Asking,
    checkpoint: Asking,
    wal: Asking,
}

impl Abilities {
    pub async fn find(connection: &Connection) -> Result<Self, PostgresError> {
        let facts = connection.text_row("asking for the version", &facts()).await?;
        let field = |n: usize| facts.get(n).and_then(|f| f.as_deref());
        let by_right = |n: usize| if field(n) == Some("t") { Asking::Given } else { Asking::Refused };
        let mut found = Self {
            version: field(0).and_then(|v| v.parse().ok()).unwrap_or(0),
            server: if field(1) == Some("t") { Server::Standby } else { Server::Primary },
            system: by_right(2),
            checkpoint: by_right(3),
            wal: by_right(4),
        };
        if found.server == Server::Standby {
            found.wal = Asking::Refused;
        }
        found.try_out(connection).await?;
        Ok(found)
    }

    /// Asks what there is a right to ask: all at once, and one by one where that is refused.
    async fn try_out(&mut self, connection: &Connection) -> Result<(), PostgresError> {
        const DOING: &str = "trying what the server answers";
        let wal = format!("{WAL} || {FLUSHED} || {TIMELINE}");
        let mut slots = [(&mut self.system, SYSTEM), (&mut self.checkpoint, CHECKPOINT), (&mut self.wal, wal.as_str())];
        let given: Vec<&str> = slots.iter().filter(|(a, _)| **a == Asking::Given).map(|(_, sql)| *sql).collect();
        if given.is_empty() {
            return Ok(());
        }
        match connection.text_rows(DOING, &format!("SELECT {}", given.join(", "))).await {
            Ok(_) => return Ok(()),
            Err(e) if is_refusal(&e) => {}
            Err(e) => return Err(e),
        }
        for (answer, sql) in slots.iter_mut().filter(|(a, _)| **a == Asking::Given) {
            match connection.text_rows(DOING, &format!("SELECT {sql}")).await {
                Ok(_) => {}
                Err(e) if is_refusal(&e) => **answer = Asking::Refused,
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// The statement that a run's transaction begins with.
    pub fn moment(&self) -> String {
        let timeline = match (self.wal, self.checkpoint) {
            (Asking::Given, _) => TIMELINE,
            (Asking::Refused, Asking::Given) => CHECKPOINT,
            (Asking::Refused, Asking::Refused) => NO_TIMELINE,
        };
        let system = if self.system == Asking::Given { SYSTEM } else { "NULL" };
        let wal = if self.wal == Asking::Given { WAL } else { "NULL" };
        MOMENT.replace("SYSTEM", system).replace("TIMELINE", timeline).replace("WAL", wal)
    }

    pub fn is_standby(&self) -> bool {
        self.server == Server::Standby
    }

    /// Whether commits may be seen that are not on disk, and nobody tells when they are.
    pub fn waits_by_time(&self) -> bool {
        self.server == Server::Primary && self.wal == Asking::Refused
    }

    /// What that costs, for people.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.waits_by_time() {
            notes.push(
                "the server does not say how far its write-ahead log is (pg_current_wal_lsn and its like are refused): a run \
                 waits three times wal_writer_delay instead, 0.6 s by default"
                    .to_owned(),
            );
        }
        match (self.wal, self.checkpoint) {
            (Asking::Refused, Asking::Given) if self.server == Server::Primary => notes.push(
                "a failover is told by the server's last checkpoint, which may be some minutes late: the tables are read \
                 whole then"
                    .to_owned(),
            ),
            (Asking::Refused, Asking::Refused) => notes.push(
                "the role may not ask for the server's timeline, so a failover that lost commits is not noticed: GRANT \
                 EXECUTE ON FUNCTION pg_control_checkpoint() to it, or run `plimsoll run --full` after a failover"
                    .to_owned(),
            ),
            _ => {}
        }
        notes
    }
}

/// The server's own no, not a connection that was lost.
fn is_refusal(e: &PostgresError) -> bool {
    matches!(e, PostgresError::Statement { .. }) && !e.is_transient()
}

fn facts() -> String {
    let may = |functions: &[&str]| -> String {
        let each = functions.iter().map(|f| {
            // NULL, where a server has no such function.
            format!("pg_catalog.has_function_privilege(pg_catalog.to_regprocedure('pg_catalog.{f}')::oid, 'execute')")
        });
        each.collect::<Vec<_>>().join(" AND ")
    };
    format!(
        "SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.pg_is_in_recovery(), {}, {}, {}",
        may(OF_SYSTEM),
        may(OF_CHECKPOINT),
        may(OF_WAL)
    )
}
