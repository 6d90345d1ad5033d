//! The parameters of one connection string, and what follows from each.

use std::path::PathBuf;
use std::time::Duration;

use super::options::{HostOrder, Negotiation, ServerNameIndication, SslMode, Tls, TlsVersions};
use crate::source::postgres::connection_string::Pairs;
use crate::source::postgres::error::PostgresError;
use crate::source::postgres::parameters::{Treatment, near, treatment};

/// How long connecting may take where the URL does not say.
const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

fn bad_value(key: &str, remedy: &str) -> PostgresError {
    PostgresError::BadParameter {
        key: key.to_owned(),
        problem: "has a value that it does not take",
        remedy: remedy.to_owned(),
    }
}

/// The parameters that are kept, and the names of those that are not.
pub(super) struct UrlSettings {
    kept: Vec<(String, String)>,
    left_out: Vec<String>,
    timeout: Timeout,
}

/// What the URL says of the time connecting may take.
#[derive(PartialEq, Eq)]
enum Timeout {
    Kept,
    /// None at all was asked for.
    Bounded,
}

impl UrlSettings {
    pub fn sorted(pairs: Pairs) -> Result<Self, PostgresError> {
        let mut found = Self { kept: Vec::new(), left_out: Vec::new(), timeout: Timeout::Kept };
        for (key, value) in pairs.into_settings() {
            match treatment(&key, &value) {
                Treatment::Kept => found.kept.push((key, value)),
                Treatment::LeftOut => found.left_out.push(key),
                Treatment::Refused(remedy) => {
                    let problem = "asks for what this version does not do";
                    return Err(PostgresError::BadParameter { key, problem, remedy: remedy.to_owned() });
                }
                Treatment::Unknown => {
                    let remedy = near(&key);
                    return Err(PostgresError::BadParameter { key, problem: "is not known", remedy });
                }
            }
        }
        // An empty text is as good as none, but for what says how safe the connection is.
        let may_be_empty = |key: &str| matches!(key, "options" | "application_name");
        let may_not_be = |key: &str| matches!(key, "sslmode" | "ssl" | "channel_binding" | "sslnegotiation");
        found.kept.retain(|(key, value)| !value.is_empty() || may_be_empty(key) || may_not_be(key));
        Ok(found)
    }

    /// A value for a key that the text does not have, or has empty.
    pub fn stand_in(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value.filter(|v| !v.is_empty())
            && self.get(key).is_none()
        {
            self.kept.push((key.to_owned(), value));
        }
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.kept.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let at = self.kept.iter().position(|(k, _)| k == key)?;
        Some(self.kept.swap_remove(at).1)
    }

    pub fn ssl_mode(&mut self) -> Result<SslMode, PostgresError> {
        const MODES: &str = "write disable, allow, prefer, require, verify-ca or verify-full";
        let (mode, ssl) = (self.take("sslmode"), self.take("ssl"));
        let has_own_root = self.get("sslrootcert").is_some_and(|r| r != "system");
        let by_system = self.get("sslrootcert") == Some("system");
        let mode = match (&mode, ssl.as_deref()) {
            (Some(mode), _) => Some(SslMode::named(mode).ok_or_else(|| bad_value("sslmode", MODES))?),
            // As libpq and JDBC have it; asyncpg has the modes' names, node-postgres one more.
            (None, Some("true" | "1" | "on" | "no-verify")) => Some(SslMode::Require),
            (None, Some("false" | "0" | "off") | None) => None,
            (None, Some(name)) => Some(SslMode::named(name).ok_or_else(|| bad_value("ssl", "write sslmode=require"))?),
        };
        match mode {
            None if by_system => Ok(SslMode::VerifyFull),
            None => Ok(SslMode::Prefer),
            // As libpq: anybody can have a certificate by a public CA, so the name has to be looked at.
            Some(mode) if by_system && mode != SslMode::VerifyFull => {
                Err(bad_value("sslrootcert", "write sslmode=verify-full: system roots prove nothing without the name"))
            }
            // As libpq: a root certificate that is named is used.
            Some(SslMode::Require) if has_own_root => Ok(SslMode::VerifyCa),
            Some(mode) => Ok(mode),
        }
    }

    pub fn tls(&mut self, mode: SslMode) -> Result<Tls, PostgresError> {
        const VERSIONS: &str = "write TLSv1.2 or TLSv1.3";
        let root = self.take("sslrootcert").filter(|r| r != "system").map(PathBuf::from);
        let (mut client, mut key) = (self.take("sslcert").map(PathBuf::from), self.take("sslkey").map(PathBuf::from));
        match self.take("sslcertmode").as_deref() {
            None | Some("allow") => {}
            Some("disable") => (client, key) = (None, None),
            Some(_) => return Err(bad_value("sslcertmode", "write allow or disable")),
        }
        let oldest = self.take("ssl_min_protocol_version");
        let newest = self.take("ssl_max_protocol_version");
        let versions = match (oldest.as_deref(), newest.as_deref()) {
            (None | Some("TLSv1" | "TLSv1.1" | "TLSv1.2"), None | Some("TLSv1.3")) => TlsVersions::From12,
            (None | Some("TLSv1" | "TLSv1.1" | "TLSv1.2"), Some("TLSv1.2")) => TlsVersions::Only12,
            (Some("TLSv1.3"), None | Some("TLSv1.3")) => TlsVersions::Only13,
            (_, None) => return Err(bad_value("ssl_min_protocol_version", VERSIONS)),
            (_, Some(_)) => return Err(bad_value("ssl_max_protocol_version", VERSIONS)),
        };
        let sni = match self.take("sslsni").as_deref() {
            None | Some("1") => ServerNameIndication::Sent,
            Some("0") => ServerNameIndication::Hidden,
            Some(_) => return Err(bad_value("sslsni", "write 0 or 1")),
        };
        let negotiation = match self.get("sslnegotiation") {
            None | Some("postgres") => Negotiation::Postgres,
            // As libpq: a mode that may do without TLS would not be what was asked for.
            Some("direct") if mode.is_at_least_require() => Negotiation::Direct,
            Some("direct") => return Err(bad_value("sslnegotiation", "direct needs sslmode=require or more")),
            Some(_) => return Err(bad_value("sslnegotiation", "write postgres or direct")),
        };
        Ok(Tls { root, client, key, versions, sni, negotiation })
    }

    pub fn order(&mut self) -> Result<HostOrder, PostgresError> {
        match self.take("load_balance_hosts").as_deref() {
            None | Some("disable") => Ok(HostOrder::AsWritten),
            Some("random") => Ok(HostOrder::Random),
            Some(_) => Err(bad_value("load_balance_hosts", "write disable or random")),
        }
    }

    /// What the server's views show of us.
    pub fn name_ourselves(&mut self) {
        let name = self.take("fallback_application_name").unwrap_or_else(|| "plimsoll".to_owned());
        if self.get("application_name").is_none() {
            self.kept.push(("application_name".to_owned(), name));
        }
    }

    /// The time for one address. A run that waits for ever would hold its lease, so no limit becomes the usual one.
    pub fn limit(&mut self) -> Result<Duration, PostgresError> {
        const REMEDY: &str = "write a whole number of seconds, such as connect_timeout=10";
        let Some(text) = self.take("connect_timeout") else { return Ok(DEFAULT_LIMIT) };
        let seconds = text.trim().parse::<i64>().map_err(|_| bad_value("connect_timeout", REMEDY))?;
        match u64::try_from(seconds) {
            Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
            _ => {
                self.timeout = Timeout::Bounded;
                Ok(DEFAULT_LIMIT)
            }
        }
    }

    /// The driver's settings for each host.
    pub fn hosts(&mut self) -> Result<Vec<tokio_postgres::Config>, PostgresError> {
        let list = |text: Option<String>| -> Vec<String> {
            text.map(|t| t.split(',').map(|p| p.trim().to_owned()).collect()).unwrap_or_default()
        };
        let (names, addresses) = (list(self.take("host")), list(self.take("hostaddr")));
        let ports = list(self.take("port"));
        let count = names.len().max(addresses.len());
        let differs = |other: &Vec<String>| !other.is_empty() && other.len() != count;
        if differs(&names) || differs(&addresses) {
            return Err(bad_value("hostaddr", "name as many addresses as hosts"));
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(bad_value("port", "name one port, or one for each host"));
        }
        let none = || PostgresError::BadUrl("it names no host".to_owned());
        let base = self.driver_settings()?;
        let mut hosts = Vec::with_capacity(count);
        for n in 0..count {
            let mut host = base.clone();
            let given = |list: &[String]| list.get(n).filter(|t| !t.is_empty()).cloned();
            let (name, address) = (given(&names), given(&addresses));
            if name.is_none() && address.is_none() {
                return Err(none());
            }
            if let Some(name) = name {
                host.host(name);
            }
            if let Some(address) = address {
                host.hostaddr(address.parse().map_err(|_| bad_value("hostaddr", "write an IP address"))?);
            }
            let port = given(&ports).or_else(|| ports.first().filter(|_| ports.len() == 1).cloned());
            let port = port.filter(|p| !p.is_empty()).map_or(Ok(5432), |p| p.parse());
            host.port(port.map_err(|_| bad_value("port", "write a number up to 65535"))?);
            hosts.push(host);
        }
        if hosts.is_empty() { Err(none()) } else { Ok(hosts) }
    }

    /// What is left goes to the driver, first one by one: its own message would not say which value it does not take.
    fn driver_settings(&mut self) -> Result<tokio_postgres::Config, PostgresError> {
        let mut all = String::new();
        for (key, value) in &self.kept {
            let name = if key == "keepalives_count" { "keepalives_retries" } else { key };
            let pair = format!("{name}='{}' ", value.replace('\\', "\\\\").replace('\'', "\\'"));
            if pair.parse::<tokio_postgres::Config>().is_err() {
                let remedy = match key.as_str() {
                    "target_session_attrs" => "write any, read-write or read-only",
                    "channel_binding" => "write disable, prefer or require",
                    _ => "write a whole number",
                };
                return Err(bad_value(key, remedy));
            }
            all.push_str(&pair);
        }
        all.parse().map_err(|_| PostgresError::BadUrl("it cannot be parsed".to_owned()))
    }

    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match self.left_out.as_slice() {
            [] => {}
            [one] => notes.push(format!("the source URL's parameter {one} has no meaning here and is left out")),
            many => notes
                .push(format!("the source URL's parameters {} have no meaning here and are left out", many.join(", "))),
        }
        if self.timeout == Timeout::Bounded {
            notes.push(format!(
                "connect_timeout=0 asks for no limit: connecting is given up after {} s all the same",
                DEFAULT_LIMIT.as_secs()
            ));
        }
        notes
    }
}
