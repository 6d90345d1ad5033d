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
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let is_password = matches!(key.trim().to_ascii_lowercase().as_str(), "password" | "pwd");
        is_password && !value.trim().trim_matches(['\'', '"', '{', '}']).is_empty()
    };
    in_login || text.split(['?', '&', ' ', ';']).any(after_key)
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
            "sqlserver://u:secret@h:1433?database=d",
            "Server=tcp:h,1433;Initial Catalog=d;User ID=u;Password=secret;Encrypt=True",
            "Driver={ODBC Driver 18 for SQL Server};Server=h;UID=u;PWD={se;cret}",
            "jdbc:sqlserver://h;user=u;password=secret",
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
            "Server=h;User ID=u;Password=${PASSWORD}",
            "Server=h;User ID=u;Password={${PASSWORD}};Encrypt=True",
            "sqlserver://u:${PASSWORD}@h?database=d",
        ] {
            assert!(!is_written(not), "{not}");
        }
    }
}
