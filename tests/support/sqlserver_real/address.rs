//! Where the server is.

use std::time::Duration;

use tiberius::{AuthMethod, Config, EncryptionLevel};
use url::Url;

/// Names the server: `sqlserver://user:password@host:1433?database=master&encrypt=true&trustServerCertificate=true`, percent-encoded.
pub const VARIABLE: &str = "PLIMSOLL_TEST_SQLSERVER_URL";

#[derive(Clone, Debug)]
pub struct Address(Url);

impl Address {
    /// `None` where the variable is not set.
    pub fn from_environment() -> Option<Self> {
        let text = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty())?;
        let url = Url::parse(&text)
            .unwrap_or_else(|_| panic!("{VARIABLE} is no URL such as sqlserver://user:password@host:1433"));
        assert_eq!(url.scheme(), "sqlserver", "{VARIABLE} has to begin with sqlserver://");
        Some(Self(url))
    }

    /// For people: without user and password.
    pub fn host(&self) -> String {
        format!("{}:{}", self.0.host_str().unwrap_or_default(), self.0.port().unwrap_or(1433))
    }

    /// The same server, another database.
    pub fn of_database(&self, name: &str) -> Self {
        let others: Vec<_> =
            self.0.query_pairs().into_owned().filter(|(key, _)| !key.eq_ignore_ascii_case("database")).collect();
        let mut url = self.0.clone();
        url.query_pairs_mut().clear().append_pair("database", name).extend_pairs(others);
        Self(url)
    }

    /// The connection string.
    pub fn url(&self) -> String {
        self.0.to_string()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_lowercase())
    }

    /// Is more than the login encrypted?
    pub fn is_encrypted(&self) -> bool {
        !matches!(self.parameter("encrypt").as_deref(), Some("disable" | "false" | "optional"))
    }

    /// For the driver. Read here again, so that a fault in the program's own reader of addresses shows.
    pub(super) fn config(&self) -> Config {
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let mut config = Config::new();
        config.host(self.0.host_str().unwrap_or_default());
        config.port(self.0.port().unwrap_or(1433));
        config.authentication(AuthMethod::sql_server(
            decoded(self.0.username()),
            decoded(self.0.password().unwrap_or_default()),
        ));
        if let Some((_, database)) = self.0.query_pairs().find(|(key, _)| key.eq_ignore_ascii_case("database")) {
            config.database(database);
        }
        config.encryption(match self.parameter("encrypt").as_deref() {
            Some("disable") => EncryptionLevel::NotSupported,
            Some("false" | "optional") => EncryptionLevel::Off,
            Some("strict") => EncryptionLevel::Strict,
            _ => EncryptionLevel::Required,
        });
        if matches!(self.parameter("trustservercertificate").as_deref(), Some("true" | "yes")) {
            config.trust_cert();
        }
        config.application_name("plimsoll tests");
        config.command_timeout(Some(Duration::from_secs(120)));
        config
    }
}
