//! What kept us from connecting, told apart once.

use tiberius::error::{Error, IoErrorKind};

use super::statement_fault::StatementFault;

/// Characters of a server's message that are quoted.
pub(super) const LONGEST_MESSAGE: usize = 500;

/// What kind of thing kept us from connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFault {
    Unreachable,
    /// Somebody is there and says nothing.
    Silent,
    Tls,
    /// The server wants another encryption than we do.
    Encryption,
    Password,
    /// The database is not there, or the login may not use it.
    NoDatabase,
    /// The server or the database starts, wakes up or moves.
    NotReady,
    /// It sends us to another server again and again.
    Redirects,
    Other,
}

impl ConnectFault {
    /// Whether it passes without anybody's help.
    pub(super) fn is_transient(self) -> bool {
        match self {
            Self::Tls | Self::Encryption | Self::Password | Self::NoDatabase | Self::Redirects => false,
            Self::Unreachable | Self::Silent | Self::NotReady | Self::Other => true,
        }
    }
}

/// Sorts a failed connection attempt by what the operator has to look at.
pub(super) fn connect_fault(e: &Error) -> (ConnectFault, String) {
    match e {
        Error::Server(token) => {
            let kind = match token.code() {
                18456 | 18452 | 18470 | 18486 | 18487 | 18488 => ConnectFault::Password,
                4060 | 4064 | 916 | 911 => ConnectFault::NoDatabase,
                number if StatementFault::of(number) == StatementFault::Unavailable => ConnectFault::NotReady,
                _ => ConnectFault::Other,
            };
            (kind, token.message().chars().take(LONGEST_MESSAGE).collect())
        }
        Error::Tls(reason) => (ConnectFault::Tls, without_advice(reason).to_owned()),
        Error::Io { kind: IoErrorKind::TimedOut, .. } => (ConnectFault::Silent, "no answer in time".to_owned()),
        Error::Io { message, .. } if is_of_tls(message) => (ConnectFault::Tls, message.clone()),
        Error::Io { message, .. } => (ConnectFault::Unreachable, message.clone()),
        Error::Protocol(what) if what.to_lowercase().contains("encrypt") => {
            (ConnectFault::Encryption, what.to_string())
        }
        Error::Protocol(what) => (ConnectFault::Silent, what.to_string()),
        other => (ConnectFault::Other, other.to_string()),
    }
}

/// The driver advises other programmers what to call; what to type is in the hint.
fn without_advice(reason: &str) -> &str {
    reason.split(" To connect anyway").next().unwrap_or(reason).trim_end_matches('.')
}

/// As rustls says it.
fn is_of_tls(message: &str) -> bool {
    ["certificate", "handshake", "tls", "alert"].iter().any(|word| message.to_lowercase().contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificates_fault_is_told_without_the_drivers_advice() {
        let advice =
            "the certificate was rejected: UnknownIssuer. To connect anyway you can: (1) call `Config::trust_cert()`";
        let (kind, reason) = connect_fault(&Error::Tls(advice.to_owned()));
        assert_eq!((kind, reason.as_str()), (ConnectFault::Tls, "the certificate was rejected: UnknownIssuer"));
        let other = "invalid peer certificate";
        assert_eq!(connect_fault(&Error::Tls(other.to_owned())).1, other);
    }
}
