//! A password that stands in the config itself, where everybody who reads the file or its history sees it.

/// Whether a connection string, as the file has it, holds a password that does not come from a variable.
pub(super) fn is_written(url: &str) -> bool {
    let text = without_variables(url);
    let in_login = text.split_once("://").is_some_and(|(_, rest)| {
        let before = rest.split(['/', '?']).next().unwrap_or_default();
        // A password may hold a slash or a question mark.
        let login = before.rsplit_once('@').or_else(|| rest.rsplit_once('@')).map(|(login, _)| login);
        login.and_then(|l| l.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
    });
    let after_key = |part: &str| {
        let value = part.trim().strip_prefix("password").map(str::trim_start).and_then(|v| v.strip_prefix('='));
        value.is_some_and(|v| !v.trim().trim_matches('\'').is_empty())
    };
    in_login || text.split(['?', '&', ' ']).any(after_key)
}

/// The text without its `${…}`.
fn without_variables(text: &str) -> String {
    let mut parts = text.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once('}').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_file_is_seen_and_a_variable_is_none() {
        for written in [
            "postgres://u:secret@h/db",
            "postgres://u:a/b@h/db",
            "postgres://u@h/db?password=secret",
            "postgres://u@h/db?sslmode=require&password=secret",
            "host=h user=u password=secret",
            "host=h password='a b'",
            "postgres://u:x${PART}@h/db",
        ] {
            assert!(is_written(written), "{written}");
        }
        for not in [
            "${DATABASE_URL}",
            "postgres://u:${PASSWORD}@h/db",
            "postgres://u@h:5432/db",
            "postgres://u:@h/db",
            "postgres://h:5432/db?sslmode=require",
            "postgres://u@h/db?password=${PASSWORD}",
            "host=h user=u password=${PASSWORD}",
            "host=h passfile=/etc/pgpass",
        ] {
            assert!(!is_written(not), "{not}");
        }
    }
}
