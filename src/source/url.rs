//! The source's connection string, read as libpq reads it.
//!
//! tokio-postgres knows `sslmode` up to `require` and none of the certificate settings, so those are taken out first.
//! Source for the meaning of each mode: <https://www.postgresql.org/docs/current/libpq-ssl.html>

use std::path::PathBuf;

use super::error::SourceError;

/// How much the connection is encrypted, and how much of the server's certificate is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SslMode {
    Disable,
    /// Plain first, TLS if the server insists.
    Allow,
    /// TLS first, plain if the server has none.
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Where the certificates of `verify-*` and of the client come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Certificates {
    /// A PEM file; the system's roots where not given (or `system`).
    pub root: Option<PathBuf>,
    pub client: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

pub(super) struct Address {
    pub config: tokio_postgres::Config,
    pub ssl_mode: SslMode,
    pub certificates: Certificates,
}

impl Address {
    pub fn parse(text: &str, password: Option<String>) -> Result<Self, SourceError> {
        let text = text.trim();
        let mut ssl = Settings::default();
        let rest = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            ssl.take_from_url(text)?
        } else {
            ssl.take_from_pairs(text)
        };
        // The driver's message may quote the value it rejects, and the value may be the password.
        let config: tokio_postgres::Config =
            rest.parse().map_err(|_| SourceError::BadUrl("it cannot be parsed".to_owned()))?;
        Self::complete(config, ssl, password)
    }

    fn complete(
        mut config: tokio_postgres::Config,
        ssl: Settings,
        password: Option<String>,
    ) -> Result<Self, SourceError> {
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(SourceError::BadUrl("it names no host".to_owned()));
        }
        if let (None, Some(password)) = (config.get_password(), password) {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("plimsoll");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(std::time::Duration::from_secs(10));
        }
        let certificates = Certificates {
            root: ssl.root.filter(|r| r != "system").map(PathBuf::from),
            client: ssl.client.map(PathBuf::from),
            key: ssl.key.map(PathBuf::from),
        };
        let ssl_mode = match ssl.mode.as_deref() {
            None | Some("prefer") => SslMode::Prefer,
            Some("disable") => SslMode::Disable,
            Some("allow") => SslMode::Allow,
            // As libpq: a root certificate that is named is used.
            Some("require") if certificates.root.is_some() => SslMode::VerifyCa,
            Some("require") => SslMode::Require,
            Some("verify-ca") => SslMode::VerifyCa,
            Some("verify-full") => SslMode::VerifyFull,
            Some(other) => {
                return Err(SourceError::BadUrl(format!(
                    "sslmode={other} is not one of disable, allow, prefer, require, verify-ca, verify-full"
                )));
            }
        };
        Ok(Self { config, ssl_mode, certificates })
    }

    /// Host, port and database, without user or password.
    pub fn label(&self) -> String {
        let host = match (self.config.get_hosts().first(), self.config.get_hostaddrs().first()) {
            (Some(tokio_postgres::config::Host::Tcp(host)), _) => host.clone(),
            (Some(tokio_postgres::config::Host::Unix(path)), _) => path.display().to_string(),
            (None, Some(addr)) => addr.to_string(),
            (None, None) => String::new(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        format!("{host}:{port}/{database}")
    }
}

#[derive(Default)]
struct Settings {
    mode: Option<String>,
    root: Option<String>,
    client: Option<String>,
    key: Option<String>,
}

impl Settings {
    /// Keeps the value if the key is one of ours.
    fn take(&mut self, key: &str, value: &str) -> bool {
        let slot = match key {
            "sslmode" => &mut self.mode,
            "sslrootcert" => &mut self.root,
            "sslcert" => &mut self.client,
            "sslkey" => &mut self.key,
            _ => return false,
        };
        *slot = Some(value.to_owned());
        true
    }

    fn take_from_url(&mut self, text: &str) -> Result<String, SourceError> {
        let Some((base, query)) = text.split_once('?') else { return Ok(text.to_owned()) };
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_encoding::percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| SourceError::BadUrl(format!("{key} is not UTF-8")))?;
            if !self.take(key, &value) {
                kept.push(pair);
            }
        }
        Ok(if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) })
    }

    /// `key=value` pairs; ours are never quoted in practice, and a quoted one is left to the driver to refuse.
    fn take_from_pairs(&mut self, text: &str) -> String {
        let words = text.split_whitespace();
        let kept: Vec<&str> = words.filter(|w| !w.split_once('=').is_some_and(|(k, v)| self.take(k, v))).collect();
        kept.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> SslMode {
        Address::parse(url, None).unwrap().ssl_mode
    }

    #[test]
    fn sslmode_means_what_libpq_means() {
        assert_eq!(mode("postgres://u@h/d"), SslMode::Prefer);
        assert_eq!(mode("postgres://u@h/d?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgres://u@h/d?connect_timeout=3&sslmode=allow"), SslMode::Allow);
        assert_eq!(mode("host=h user=u sslmode=require"), SslMode::Require);
        assert_eq!(mode("postgres://u@h/d?sslmode=require&sslrootcert=%2Fca.pem"), SslMode::VerifyCa);
        assert_eq!(mode("postgres://u@h/d?sslmode=verify-full&sslrootcert=system"), SslMode::VerifyFull);
    }

    #[test]
    fn a_bad_url_is_named_without_its_password() {
        for url in
            ["postgres://u:hunter2@h:port/d", "hunter2", "postgres://u:hunter2@h/d?sslmode=maybe", "postgres:///d"]
        {
            let error = Address::parse(url, None).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn unix_sockets_and_a_password_from_the_environment() {
        let address = Address::parse("postgres:///app?host=/cloudsql/p:r:i&user=u", Some("pw".to_owned())).unwrap();
        assert_eq!(address.label(), "/cloudsql/p:r:i:5432/app");
        assert_eq!(address.config.get_password(), Some(&b"pw"[..]));
    }
}
