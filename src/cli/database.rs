//! The database of the commands that need no config.

use crate::source::has_password;

/// Why no database is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no database is named")]
pub(crate) struct NoDatabase {
    /// The command, as it is typed.
    pub command: String,
}

impl NoDatabase {
    pub fn hint(&self) -> String {
        format!(
            "export DATABASE_URL='postgres://user:password@host:5432/database', then run `plimsoll {}` again; or give the URL as an argument",
            self.command
        )
    }
}

/// The URL of the argument, else that of `DATABASE_URL`.
pub(super) fn url(argument: Option<&str>, command: &str) -> Result<String, NoDatabase> {
    let of_process = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    argument.map(str::to_owned).or(of_process).ok_or_else(|| NoDatabase { command: command.to_owned() })
}

/// Says that a password in an argument is no secret.
pub(super) fn warn_of_password(argument: Option<&str>, command: &str) {
    if argument.is_some_and(has_password) {
        eprintln!(
            "warning: the URL in the argument has a password in it: it may stay in the shell's history, and every user of this machine can see it in \
             the list of processes; export DATABASE_URL and type `plimsoll {command}` without the URL"
        );
    }
}
