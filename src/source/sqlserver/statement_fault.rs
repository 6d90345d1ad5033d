//! What SQL Server refused a statement for, told apart once by its number.
//!
//! Sources: <https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors>,
//! <https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues>.

/// Why a statement failed. Each kind has its own answer to: does it pass by itself, whose fault is it, what is to be done?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementFault {
    /// Another session holds a lock.
    Locked,
    /// The server has ended it for the sake of another transaction.
    Deadlock,
    /// The table was changed in its structure (an index that was rebuilt, too) after the snapshot began.
    Changed,
    /// There is no room for the versions of rows that a snapshot needs.
    VersionStore,
    /// The database does not allow snapshots, or the table can't be read in one.
    NoSnapshot,
    /// Rows moved while they were read.
    Moved,
    /// The server, the database or the elastic pool is busy, starts, stops or moves.
    Unavailable,
    /// Memory, locks or room in tempdb have run out.
    Exhausted,
    /// The login lacks a right.
    Denied,
    /// A name that is not there, or a syntax error: what the config names.
    Undefined,
    /// Another fault of the statement's text.
    Text,
    /// A value that stands in a row.
    Value,
    /// An error that code in the database raises.
    Raised,
    /// Pages of the table are damaged, or can't be read from the disk.
    Damaged,
    Other,
}

impl StatementFault {
    pub(super) fn of(number: u32) -> Self {
        match number {
            1222 => Self::Locked,
            1205 | 3960 => Self::Deadlock,
            3961 => Self::Changed,
            3958 | 3959 | 3966 | 3967 => Self::VersionStore,
            3952 | 3951 | 3964 | 41332 | 41333 | 41368 => Self::NoSnapshot,
            601 => Self::Moved,
            // Some say that somebody has ended the session; of the last the server wakes up, or a replica takes over.
            64 | 121 | 233 | 596 | 615 | 18401 | 18451 | 40020 | 42108 | 42109 | 913 | 921 | 922 | 923 | 927 | 945
            | 976 | 978 | 979 | 983 | 988 | 4221 | 6005 | 6006 | 10053 | 10054 | 10060 | 10928 | 10929 | 17142
            | 17197 | 40143 | 40166 | 40197 | 40501 | 40540 | 40544 | 40549 | 40550 | 40551 | 40552 | 40553 | 40613
            | 49918 | 49919 | 49920 => Self::Unavailable,
            701 | 802 | 1101 | 1105 | 1204 | 3257 | 8623 | 8632 | 8645 | 8651 | 9002 => Self::Exhausted,
            229 | 230 | 262 | 297 | 300 | 371 | 378 | 916 | 15247 | 15562 => Self::Denied,
            102 | 103 | 105 | 130 | 137 | 156 | 195 | 207 | 208 | 209 | 319 | 2715 | 4104 | 4121 => Self::Undefined,
            220
            | 232
            | 235
            | 241
            | 242
            | 244
            | 245
            | 248
            | 295
            | 517
            | 1007
            | 6522
            | 8114
            | 8115
            | 8134
            | 8152
            | 8169
            | 2628
            | 9402..=9460
            | 13608
            | 13609 => Self::Value,
            100..=199 | 300..=499 | 2700..=2799 | 4100..=4199 | 8100..=8199 => Self::Text,
            605 | 823 | 824 | 825 | 7105 => Self::Damaged,
            50_000.. => Self::Raised,
            _ => Self::Other,
        }
    }

    /// Whether the same statement may succeed later without anybody's help.
    pub(super) fn is_transient(self) -> bool {
        match self {
            Self::Locked
            | Self::Deadlock
            | Self::Changed
            | Self::VersionStore
            | Self::Moved
            | Self::Unavailable
            | Self::Exhausted => true,
            Self::NoSnapshot
            | Self::Denied
            | Self::Undefined
            | Self::Text
            | Self::Value
            | Self::Raised
            | Self::Damaged
            | Self::Other => false,
        }
    }

    /// Whether what is in the way is one table's alone.
    pub(super) fn is_of_one_table(self) -> bool {
        matches!(self, Self::Locked | Self::Changed | Self::Moved) || !self.is_transient()
    }

    /// Whether the text of the statement is at fault: its syntax, a name, a literal, or a type that does not fit.
    pub(super) fn is_of_the_text(self) -> bool {
        matches!(self, Self::Undefined | Self::Text | Self::Value)
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Locked => "another session holds a lock on the table (a migration?); the next tick tries again",
            Self::Deadlock | Self::Moved => "the next tick tries again",
            Self::Changed => {
                "the table's structure or an index was changed while it was read (nightly maintenance?); the next tick takes another snapshot"
            }
            Self::VersionStore => {
                "tempdb (or the database's version store) has no room for the versions of rows; give it more, or read large tables when little is written"
            }
            Self::NoSnapshot => {
                "ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON, in this database and in each that a view reads; a memory-optimized table can't be read in a snapshot"
            }
            Self::Unavailable => "the server or the database was not available; the next tick tries again",
            Self::Exhausted => "the server has run out of memory, locks or disk; see its log",
            Self::Denied => "GRANT SELECT on the table to the login's user; `plimsoll check` names what is missing",
            Self::Undefined => "check where, key and cursor of the table in the config",
            Self::Value | Self::Raised => {
                "correct the row in the source, or leave such rows out with where in the table's config"
            }
            Self::Damaged => "DBCC CHECKDB tells what is damaged; the server's log has the page",
            Self::Text | Self::Other => "see the server's log",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_a_number() {
        let follows = |number: u32| {
            let fault = StatementFault::of(number);
            (fault.is_transient(), fault.is_of_one_table(), fault.is_of_the_text())
        };
        for (numbers, wanted) in [
            (&[1222, 3961, 601][..], (true, true, false)),
            (
                &[1205, 3960, 3966, 40613, 40197, 49918, 10928, 596, 6005, 10054, 42109, 701, 8645, 9002],
                (true, false, false),
            ),
            (&[229, 916, 3952, 41332, 50_000, 51_234, 26], (false, true, false)),
            (&[605, 824], (false, true, false)),
            (&[208, 207, 102, 245, 8115, 8134, 4127], (false, true, true)),
        ] {
            for number in numbers {
                assert_eq!(follows(*number), wanted, "{number}");
            }
        }
    }
}
