//! What PostgreSQL refused a statement for, told apart once by its SQLSTATE.
//!
//! Source: <https://www.postgresql.org/docs/current/errcodes-appendix.html>

/// Why a statement failed. Each kind has its own answer to: does it pass by itself, whose fault is it, what is to be done?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementFault {
    /// Another session holds a lock on the table.
    Locked,
    /// It took longer than `statement_timeout`, or was cancelled.
    TimedOut,
    /// A deadlock or a serialization failure. On a standby the latter is a conflict with what the primary has cleaned up.
    /// Source: <https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-CONFLICT>
    Conflict(Conflict),
    /// The transaction was rolled back for another reason.
    RolledBack,
    /// The server starts or stops.
    Stopping,
    /// The server has no connection left.
    NoConnection,
    /// The connection is in trouble, or something has run out.
    Exhausted,
    /// The role lacks a right.
    Denied,
    /// An undefined table, column or function, or a syntax error: what the config names.
    Undefined,
    /// Another fault of the statement's text.
    Text,
    /// A value that stands in a row.
    Value,
    /// An error that a function in the database raises.
    Raised,
    /// A write in a transaction that may only read.
    ReadOnly,
    Other,
}

/// Whom the server chose to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    Serialization,
    Deadlock,
}

impl StatementFault {
    pub(super) fn of(code: &str) -> Self {
        match code {
            "55P03" => Self::Locked,
            "57014" => Self::TimedOut,
            "40001" => Self::Conflict(Conflict::Serialization),
            "40P01" => Self::Conflict(Conflict::Deadlock),
            "57P01" | "57P02" | "57P03" => Self::Stopping,
            "53300" => Self::NoConnection,
            "42501" => Self::Denied,
            "42P01" | "42703" | "42883" | "42601" | "42804" | "42P18" => Self::Undefined,
            "25006" => Self::ReadOnly,
            _ => match code.get(..2) {
                Some("40") => Self::RolledBack,
                Some("08" | "53" | "57") => Self::Exhausted,
                Some("42" | "0A") => Self::Text,
                Some("22") => Self::Value,
                Some("P0") => Self::Raised,
                _ => Self::Other,
            },
        }
    }

    /// Whether the same statement may succeed later without anybody's help.
    pub(super) fn is_transient(self) -> bool {
        match self {
            Self::Locked
            | Self::TimedOut
            | Self::Conflict(_)
            | Self::RolledBack
            | Self::Stopping
            | Self::NoConnection
            | Self::Exhausted => true,
            Self::Denied | Self::Undefined | Self::Text | Self::Value | Self::Raised | Self::ReadOnly | Self::Other => {
                false
            }
        }
    }

    /// Whether what is in the way is one table's alone. What passes by itself is everybody's, but for locks and long reads.
    pub(super) fn is_of_one_table(self) -> bool {
        matches!(self, Self::Locked | Self::TimedOut) || !self.is_transient()
    }

    /// Whether the text of the statement is at fault: its syntax, a name, a literal, or a type that does not fit.
    pub(super) fn is_of_the_text(self) -> bool {
        match self {
            Self::Undefined | Self::Text | Self::Value => true,
            Self::Locked
            | Self::TimedOut
            | Self::Conflict(_)
            | Self::RolledBack
            | Self::Stopping
            | Self::NoConnection
            | Self::Exhausted
            | Self::Denied
            | Self::Raised
            | Self::ReadOnly
            | Self::Other => false,
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Denied => {
                "GRANT SELECT on the table to the role in the source URL; where it has some columns alone, also on xmin. \
                 `plimsoll check` names what is missing"
            }
            Self::Locked => "another session holds a lock on the table (a migration?); the next tick tries again",
            Self::TimedOut => "the statement took longer than [source] statement_timeout (or the run's budget)",
            Self::Conflict(Conflict::Serialization) => {
                "the source is a standby whose replay came first: hot_standby_feedback = on at the standby, or a longer \
                 max_standby_streaming_delay, lets reads finish; the next tick tries again"
            }
            Self::Conflict(Conflict::Deadlock) | Self::RolledBack => "the next tick tries again",
            Self::Stopping => "the server was stopping or starting; the next tick tries again",
            Self::NoConnection => "the server has no connection left; lower [run] parallelism",
            Self::Undefined => "check where, key and cursor of the table in the config",
            Self::Value | Self::Raised => {
                "correct the row in the source, or leave such rows out with where in the table's config; the server's log names the \
                 value"
            }
            Self::ReadOnly => "the statement is not allowed in a read-only transaction",
            Self::Exhausted | Self::Text | Self::Other => "see the server's log",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_a_code() {
        let follows = |code: &str| {
            let fault = StatementFault::of(code);
            (fault.is_transient(), fault.is_of_one_table(), fault.is_of_the_text())
        };
        for (codes, wanted) in [
            (&["55P03", "57014"][..], (true, true, false)),
            (&["40001", "40P01", "40003", "57P01", "57P05", "53300", "53200", "08006"], (true, false, false)),
            (&["42501", "25006", "P0001", "XX000", "", "4"], (false, true, false)),
            (&["42P01", "42601", "42P17", "0A000", "22P02", "22012"], (false, true, true)),
        ] {
            for code in codes {
                assert_eq!(follows(code), wanted, "{code}");
            }
        }
    }

    #[test]
    fn a_standby_that_cancels_a_read_is_told_from_other_trouble() {
        assert!(StatementFault::of("40001").hint().contains("hot_standby_feedback"));
        for code in ["40001", "40P01", "57P01", "57P03"] {
            let fault = StatementFault::of(code);
            assert!(
                fault.is_transient() && fault.hint().contains("the next tick tries again"),
                "{code}: {}",
                fault.hint()
            );
        }
    }
}
