//! Where the server stands before a snapshot begins.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::connection::TextRows;
use super::error::SqlServerError;
use super::facts::{Facts, Place, Sees};
use super::plan::Plan;
use super::session::Session;
use crate::batch::{Position, SqlServerIdentity};
use crate::source::moment::{Durable, Moment, Open, Prepared, Sight};

impl Session {
    /// Asks where the server stands. A small database of Azure refuses the look at transactions even to a login that has the right: then it goes on
    /// without.
    pub(super) async fn where_it_stands(&self, doing: &'static str) -> Result<TextRows, SqlServerError> {
        let looks = self.sees() == Sees::Everybodys && self.facts().place == Place::Primary;
        match self.text_rows(doing, &moment_statement(self.facts(), self.sees())).await {
            Err(e) if looks && e.is_denied() => {
                // Whoever comes first has set it.
                let _ = self.refused_sight.set(());
                self.text_rows(doing, &moment_statement(self.facts(), self.sees())).await
            }
            other => other,
        }
    }

    /// Whose transactions the login may see, as far as is known by now.
    fn sees(&self) -> Sees {
        match self.refused_sight.get() {
            Some(()) => Sees::Its,
            None => self.facts().sees,
        }
    }

    /// Reads the row of an answer.
    pub(super) fn moment(&self, row: &[Option<String>]) -> Option<Moment> {
        let field = |n: usize| row.get(n).and_then(|f| f.as_deref());
        let utc = |text: &str| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339).ok();
        let now = field(2)?;
        let printed = |text: &str| format!("{}+00", text.replace('T', " "));
        Some(Moment {
            position: Position::SqlServer {
                ct_version: match field(0) {
                    Some(version) => Some(version.parse().ok()?),
                    None => None,
                },
                rowversion: u64::from_str_radix(field(1)?.strip_prefix("0x")?, 16).ok()?,
                server: SqlServerIdentity { broker: field(4)?.to_owned(), history: field(6).or(field(5))?.to_owned() },
            },
            taken_at: utc(now)?,
            oldest_open: printed(field(3).unwrap_or(now)),
            open: match (self.facts().place, self.sees(), field(3)) {
                (Place::Secondary, ..) | (_, Sees::Its, _) => Open::Unknown,
                (_, Sees::Everybodys, Some(oldest)) => Open::Since(utc(oldest)?),
                (_, Sees::Everybodys, None) => Open::None,
            },
            sight: match (self.facts().place, self.sees()) {
                (Place::Secondary, _) => Sight::Standbys,
                (_, Sees::Everybodys) => Sight::Everybodys,
                (_, Sees::Its) => Sight::OwnRoles {
                    remedy: match (self.refused_sight.get(), self.facts().is_azure_database()) {
                        (Some(()), _) => REMEDY_IN_SMALL_AZURE,
                        (None, true) => "GRANT VIEW DATABASE STATE to it",
                        (None, false) => {
                            "GRANT VIEW SERVER PERFORMANCE STATE (before SQL Server 2022: VIEW SERVER STATE) to it"
                        }
                    },
                },
            },
            prepared: Prepared::None,
            // Commits are on disk before they are seen, but for databases with delayed durability.
            durable: Durable::Already,
        })
    }

    /// How rows of one moment are had, and what the login may not see.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.facts().notes();
        if self.refused_sight.get().is_some() {
            notes.push(format!(
                "the server refuses the look at others' transactions, whatever rights it says that the login has: a cursor on a time leans on lag alone. In a small \
                 database of Azure, {REMEDY_IN_SMALL_AZURE}"
            ));
        }
        notes
    }
}

pub(super) fn moment_statement(facts: &Facts, sees: Sees) -> String {
    let is_primary = facts.place == Place::Primary;
    // What is open on the primary is not known elsewhere.
    let transactions = is_primary && sees == Sees::Everybodys;
    // The function may raise an error there.
    let version = if is_primary { "CHANGE_TRACKING_CURRENT_VERSION()" } else { "CAST(NULL AS bigint)" };
    let oldest = if transactions { OLDEST } else { "CAST(NULL AS nvarchar(33))" };
    let fork = if facts.has_fork() { FORK } else { "CAST(NULL AS nvarchar(36))" };
    let sql = MOMENT.replace("CT_VERSION", version).replace("OLDEST", oldest).replace("FORK", fork);
    Plan::Moment { transactions, tracking: is_primary }.statement(&sql)
}

/// A transaction left over from an abandoned run would answer for its own time.
const MOMENT: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; \
     SELECT CT_VERSION AS ct_version, MIN_ACTIVE_ROWVERSION() AS rowversion_floor, \
     CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS now, OLDEST AS oldest_open, \
     CONVERT(nvarchar(36), d.service_broker_guid) AS broker, CONVERT(nvarchar(33), d.create_date, 126) AS created, FORK AS fork \
     FROM sys.databases AS d WHERE d.name = DB_NAME()";

/// What lets a login of a small database of Azure (Basic, S0, S1, elastic pools) see transactions.
/// Source: <https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-tran-database-transactions-transact-sql#permissions>
const REMEDY_IN_SMALL_AZURE: &str = "make it a member of the server role ##MS_ServerStateReader##";

/// The view tells the server's local time. How far that is from UTC is asked of one clock, for between two a minute may end. Clocks may have been set
/// back since a transaction began, and the server's zone has no name here: so where any zone with this offset had a larger one a week ago, that is
/// taken. Too early sends rows again, too late loses them.
const OLDEST: &str = "(SELECT CONVERT(nvarchar(33), DATEADD(MINUTE, -(SELECT COALESCE(MAX(o.before), DATEPART(TZOFFSET, SYSDATETIMEOFFSET())) \
     FROM (SELECT DATEPART(TZOFFSET, SYSUTCDATETIME() AT TIME ZONE 'UTC' AT TIME ZONE z.name) AS now, \
     DATEPART(TZOFFSET, DATEADD(DAY, -7, SYSUTCDATETIME()) AT TIME ZONE 'UTC' AT TIME ZONE z.name) AS before FROM sys.time_zone_info AS z) AS o \
     WHERE o.now = DATEPART(TZOFFSET, SYSDATETIMEOFFSET()) AND o.before > o.now), \
     CAST(MIN(x.database_transaction_begin_time) AS datetime2(7))), 126) FROM sys.dm_tran_database_transactions AS x \
     WHERE x.database_id = DB_ID() AND x.database_transaction_type = 1)";

const FORK: &str = "(SELECT CONVERT(nvarchar(36), r.recovery_fork_guid) FROM sys.database_recovery_status AS r WHERE r.database_id = DB_ID())";
