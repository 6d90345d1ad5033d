//! What server and database a session is on, found out once.

use super::connection::{Connection, Statement};
use super::error::SqlServerError;
use super::plan::Plan;
use crate::source::listing::FullAlone;

/// What the server and the database are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub version: String,
    pub edition: String,
    /// `SERVERPROPERTY('EngineEdition')`.
    pub engine: i32,
    pub database: String,
    /// The database's user that we are.
    pub user: String,
    pub compatibility: u32,
    pub rung: Rung,
    pub place: Place,
    pub tracking: Option<Tracking>,
    pub sees: Sees,
    pub policies: Policies,
}

/// How rows of one moment can be had, the best way first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rung {
    /// One SNAPSHOT transaction.
    Snapshot,
    /// A readable secondary, where every transaction reads a snapshot.
    Replica,
    /// Each statement by itself: READ_COMMITTED_SNAPSHOT.
    Statement,
    /// Not at all.
    #[default]
    None,
}

/// Where the database that we read is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Here.
    #[default]
    Primary,
    /// Elsewhere: what is open there is not known here.
    Secondary,
}

/// Change tracking, where the database has it on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tracking {
    pub retention_minutes: u64,
    pub cleanup: Cleanup,
}

/// Whether what is older than the retention is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cleanup {
    #[default]
    On,
    Off,
}

/// Whose transactions the login may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sees {
    Everybodys,
    #[default]
    Its,
}

/// Whether the login is told of security policies, which may hide rows from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Policies {
    #[default]
    Seen,
    Unseen,
}

/// The first version that is read: SQL Server 2016 SP1.
const OLDEST: (u32, u32, u32) = (13, 0, 4001);
/// The engines that have no version of their own: Azure SQL Database, Managed Instance, and their kin.
const AZURE: [i32; 4] = [5, 6, 8, 11];
/// Of those, the ones without `sys.database_recovery_status`.
const NO_FORK: [i32; 3] = [5, 6, 11];
/// `OPENJSON` came with it.
const COMPATIBILITY: u32 = 130;

impl Facts {
    pub async fn find(connection: &Connection) -> Result<Self, SqlServerError> {
        const DOING: &str = "asking for the version";
        let row = connection.text_rows(DOING, &Statement::plain(facts_statement())).await?.into_iter().next();
        Self::read(row.ok_or_else(|| SqlServerError::unexpected(DOING))?)
    }

    /// Reads the row of an answer.
    fn read(row: Vec<Option<String>>) -> Result<Self, SqlServerError> {
        let field = |n: usize| row.get(n).and_then(|f| f.as_deref());
        let is_true = |n: usize| field(n) == Some("t");
        let text = |n: usize| field(n).unwrap_or_default().to_owned();
        let facts = Self {
            version: text(0),
            edition: text(1),
            engine: field(2).and_then(|f| f.parse().ok()).unwrap_or(0),
            database: text(3),
            user: text(4),
            compatibility: field(5).and_then(|f| f.parse().ok()).unwrap_or(0),
            rung: match (field(6), field(8), is_true(7)) {
                (Some("1"), ..) => Rung::Snapshot,
                (_, Some("READ_ONLY"), _) => Rung::Replica,
                (_, _, true) => Rung::Statement,
                _ => Rung::None,
            },
            place: if field(8) == Some("READ_ONLY") { Place::Secondary } else { Place::Primary },
            tracking: is_true(9).then(|| Tracking {
                retention_minutes: field(10).and_then(|f| f.parse().ok()).unwrap_or(0),
                cleanup: if is_true(11) { Cleanup::On } else { Cleanup::Off },
            }),
            sees: if is_true(12) { Sees::Everybodys } else { Sees::Its },
            policies: if is_true(13) { Policies::Seen } else { Policies::Unseen },
        };
        if !AZURE.contains(&facts.engine) && version(&facts.version) < OLDEST {
            return Err(SqlServerError::TooOld { what: format!("SQL Server {}", facts.version) });
        }
        Ok(facts)
    }

    /// Whether the database tells which of its histories it is on.
    pub fn has_fork(&self) -> bool {
        !NO_FORK.contains(&self.engine)
    }

    /// Whether it is a database of Azure SQL Database.
    pub fn is_azure_database(&self) -> bool {
        self.engine == 5
    }

    /// Fails where keys can't be handed over.
    pub fn refuse_keys(&self) -> Result<(), SqlServerError> {
        if self.compatibility >= COMPATIBILITY {
            return Ok(());
        }
        Err(SqlServerError::LowCompatibility { level: self.compatibility, database: self.database.clone() })
    }

    /// Fails where rows of two moments would be read for one.
    pub fn refuse_torn(&self) -> Result<(), SqlServerError> {
        match self.rung {
            Rung::Snapshot | Rung::Replica | Rung::Statement => Ok(()),
            Rung::None => Err(SqlServerError::NoSnapshot { database: self.database.clone() }),
        }
    }

    /// What follows from it, for people.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match self.rung {
            Rung::Snapshot => notes.push("rows are read in one SNAPSHOT transaction a run".to_owned()),
            Rung::Replica => {}
            Rung::Statement | Rung::None => notes.extend(self.without_snapshots()),
        }
        if self.place == Place::Secondary {
            notes.push(
                "the source is a readable secondary: rows lag behind the primary, and ct and rowversion cursors are of the primary alone".to_owned(),
            );
        }
        notes.extend(self.low_level());
        if self.tracking.is_some_and(|t| t.cleanup == Cleanup::Off) {
            notes.push("change tracking has no auto cleanup: what it keeps grows for ever".to_owned());
        }
        if self.sees == Sees::Its {
            notes.push(
                "the login may not see others' transactions (VIEW SERVER PERFORMANCE STATE, before SQL Server 2022 VIEW SERVER STATE; in Azure VIEW DATABASE STATE): a \
                 cursor on a time leans on lag alone"
                    .to_owned(),
            );
        }
        notes.extend(self.unseen_policies());
        notes
    }

    /// Where the database takes no SNAPSHOT transactions, what follows and what to type.
    fn without_snapshots(&self) -> Option<String> {
        let database = super::sql::ident(&self.database);
        match self.rung {
            Rung::Snapshot | Rung::Replica => None,
            Rung::Statement => Some(format!(
                "the database allows no SNAPSHOT transactions, so each statement reads a moment of its own (READ_COMMITTED_SNAPSHOT), and full is the only capture: \
                 ALTER DATABASE {database} SET ALLOW_SNAPSHOT_ISOLATION ON makes it one moment, for each capture"
            )),
            Rung::None => Some(format!(
                "the database allows no snapshots, so no capture is right: ALTER DATABASE {database} SET ALLOW_SNAPSHOT_ISOLATION ON"
            )),
        }
    }

    /// Where the compatibility level is too low, what follows and what to type.
    fn low_level(&self) -> Option<String> {
        (self.compatibility < COMPATIBILITY).then(|| {
            format!(
                "the database's compatibility level is {}, and below {COMPATIBILITY} rows can't be read by key, so full and cursor are the only captures: ALTER DATABASE {} SET \
                 COMPATIBILITY_LEVEL = {COMPATIBILITY}",
                self.compatibility,
                super::sql::ident(&self.database)
            )
        })
    }

    /// What is to be switched on or given before any table is published.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        self.without_snapshots().into_iter().chain(self.low_level()).chain(self.unseen_policies())
    }

    /// Why `full` alone is proposed, if it is.
    pub fn full_alone(&self) -> Option<FullAlone> {
        match self.rung {
            Rung::Statement => Some(FullAlone::WithoutSnapshots),
            Rung::Snapshot | Rung::Replica | Rung::None => {
                (self.compatibility < COMPATIBILITY).then_some(FullAlone::WithoutKeys)
            }
        }
    }

    /// Where policies are not seen, what follows and what to type.
    fn unseen_policies(&self) -> Option<String> {
        (self.policies == Policies::Unseen).then(|| {
            format!(
                "the login may not see security policies, so one that hides rows from it would not be noticed, and those rows would be missing in the target: GRANT \
                 VIEW DEFINITION TO {}",
                super::sql::ident(&self.user)
            )
        })
    }
}

pub(super) fn facts_statement() -> String {
    Plan::SessionFacts.statement(FACTS)
}

/// The leading numbers of `13.0.4001.0`.
fn version(text: &str) -> (u32, u32, u32) {
    let mut numbers = text.split('.').map(|n| n.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

/// In Azure SQL Database the number of a database in `sys.databases` need not be `DB_ID()`: a row there is found by its name.
/// Source: <https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-databases-transact-sql>
const FACTS: &str = "\
SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS version, CAST(SERVERPROPERTY('Edition') AS nvarchar(128)) AS edition, \
CAST(SERVERPROPERTY('EngineEdition') AS int) AS engine, d.name AS [database], USER_NAME() AS [user], \
CAST(d.compatibility_level AS int) AS compatibility, CAST(d.snapshot_isolation_state AS int) AS snapshot_state, \
d.is_read_committed_snapshot_on AS rcsi, CAST(DATABASEPROPERTYEX(d.name, 'Updateability') AS nvarchar(128)) AS updateability, \
CAST(CASE WHEN c.database_id IS NULL THEN 0 ELSE 1 END AS bit) AS tracking, \
CAST(c.retention_period AS bigint) * CASE c.retention_period_units WHEN 1 THEN 1 WHEN 2 THEN 60 ELSE 1440 END AS retention_minutes, \
CAST(c.is_auto_cleanup_on AS bit) AS auto_cleanup, \
CAST(CASE WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 1 OR HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER PERFORMANCE STATE') = 1 \
OR (CAST(SERVERPROPERTY('EngineEdition') AS int) = 5 AND HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'VIEW DATABASE STATE') = 1) THEN 1 ELSE 0 END AS bit) AS sees_transactions, \
CAST(CASE WHEN HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'VIEW DEFINITION') = 1 OR HAS_PERMS_BY_NAME(QUOTENAME(d.name), 'DATABASE', 'ALTER ANY SECURITY POLICY') = 1 \
THEN 1 ELSE 0 END AS bit) AS sees_policies \
FROM sys.databases AS d LEFT JOIN sys.change_tracking_databases AS c ON c.database_id = DB_ID() WHERE d.name = DB_NAME()";

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(
        version: &str,
        engine: &str,
        state: &str,
        rcsi: &str,
        updateability: &str,
    ) -> Result<Facts, SqlServerError> {
        let texts =
            [version, "Standard", engine, "db", "u", "150", state, rcsi, updateability, "t", "2880", "f", "f", "f"];
        Facts::read(texts.iter().map(|t| Some((*t).to_owned())).collect())
    }

    #[test]
    fn the_best_rung_that_there_is() {
        for (state, rcsi, updateability, wanted) in [
            ("1", "f", "READ_WRITE", Rung::Snapshot),
            ("1", "t", "READ_ONLY", Rung::Snapshot),
            ("0", "t", "READ_ONLY", Rung::Replica),
            ("0", "t", "READ_WRITE", Rung::Statement),
            ("3", "t", "READ_WRITE", Rung::Statement),
            ("2", "f", "READ_WRITE", Rung::None),
            ("0", "f", "READ_WRITE", Rung::None),
        ] {
            let found = facts("16.0.1000.6", "3", state, rcsi, updateability).unwrap();
            assert_eq!(found.rung, wanted, "{state} {rcsi}");
            let is_secondary = found.notes().iter().any(|n| n.contains("readable secondary"));
            assert_eq!(is_secondary, updateability == "READ_ONLY", "{state} {rcsi}");
            assert_eq!(found.place == Place::Secondary, is_secondary, "{state} {rcsi}");
        }
        let none = facts("16.0.1000.6", "3", "0", "f", "READ_WRITE").unwrap();
        let old = Facts { compatibility: 120, ..none.clone() };
        assert_eq!(old.refuse_keys().unwrap_err().hint(), "ALTER DATABASE [db] SET COMPATIBILITY_LEVEL = 130");
        assert!(none.refuse_torn().unwrap_err().hint().contains("ALTER DATABASE [db] SET ALLOW_SNAPSHOT_ISOLATION ON"));
    }

    #[test]
    fn an_old_server_is_refused_and_azures_number_means_nothing() {
        assert!(facts("12.0.2000.8", "3", "1", "f", "READ_WRITE").is_err());
        assert!(facts("13.0.1601.5", "3", "1", "f", "READ_WRITE").is_err());
        assert!(facts("13.0.4001.0", "3", "1", "f", "READ_WRITE").is_ok());
        let azure = facts("12.0.2000.8", "5", "1", "t", "READ_WRITE").unwrap();
        assert!(!azure.has_fork() && azure.tracking.unwrap().retention_minutes == 2880);
        assert_eq!(azure.notes().len(), 4);
        assert!(azure.notes()[3].contains("GRANT VIEW DEFINITION TO [u]"));
    }
}
