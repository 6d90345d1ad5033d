//! Which kind of source something is of.

/// A kind of source, and with it the language that it is asked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Postgres,
    SqlServer,
}

impl Dialect {
    pub const ALL: [Self; 2] = [Self::Postgres, Self::SqlServer];

    /// The kind that a connection string is of: by its scheme, or of two that are written as `key=value` by what stands between two of them.
    pub fn of_connection_string(text: &str) -> Self {
        let text = text.trim_start();
        let text = text.strip_prefix("jdbc:").unwrap_or(text);
        let scheme = text.split_once("://").map(|(scheme, _)| scheme).filter(|s| !s.contains(['=', ';', ' ']));
        match scheme.map(|s| s.split('+').next().unwrap_or_default().to_ascii_lowercase()) {
            Some(family) if matches!(family.as_str(), "sqlserver" | "mssql") => Self::SqlServer,
            Some(_) => Self::Postgres,
            // libpq parts its pairs by blanks, and its keys have none.
            None => {
                let first = text.split_once('=').map_or("", |(key, _)| key.trim());
                let is_ado =
                    ["server", "data source", "driver", "address", "addr", "network address", "dsn", "initial catalog"];
                if text.contains(';') || is_ado.contains(&first.to_lowercase().as_str()) {
                    Self::SqlServer
                } else {
                    Self::Postgres
                }
            }
        }
    }

    /// The kind that a config names.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }

    /// As the config writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::SqlServer => "sqlserver",
        }
    }

    /// Whom the source knows us as, for people.
    pub fn who_asks(self) -> &'static str {
        match self {
            Self::Postgres => "role",
            Self::SqlServer => "login",
        }
    }

    /// The schema of a relation that is named without one.
    pub fn default_schema(self) -> &'static str {
        match self {
            Self::Postgres => "public",
            Self::SqlServer => "dbo",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_connection_string_tells_its_kind() {
        for text in [
            "sqlserver://u:p@h?database=d",
            "mssql+pyodbc://u:p@h/d",
            "jdbc:sqlserver://h;databaseName=d",
            "Server=h,1433;Database=d;User ID=u;Password=host=x",
            "Driver={ODBC Driver 18 for SQL Server};Server=h",
            "data source=h",
        ] {
            assert_eq!(Dialect::of_connection_string(text), Dialect::SqlServer, "{text}");
        }
        for text in [
            "postgres://u:p@h/d",
            "postgresql+psycopg://u:p@h/d",
            "host=h user=u password=p",
            "",
            "nothing",
            "port=5432 host=h",
        ] {
            assert_eq!(Dialect::of_connection_string(text), Dialect::Postgres, "{text}");
        }
        assert_eq!(Dialect::named("sqlserver"), Some(Dialect::SqlServer));
    }
}
