//! The source's connection string, read as libpq reads it.
//!
//! tokio-postgres knows `sslmode` up to `require`, none of the certificate settings, and neither names nor forgives a
//! parameter it does not know. So the text is taken apart here, and the driver gets what is its own, one host at a time.
//! Source for the meaning of each mode: <https://www.postgresql.org/docs/current/libpq-ssl.html>

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config::Host;

use super::error::SourceError;
use super::pairs::Pairs;
use super::parameters::{Treatment, near, treatment};

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

impl SslMode {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }

    fn is_at_least_require(self) -> bool {
        matches!(self, Self::Require | Self::VerifyCa | Self::VerifyFull)
    }
}

/// Which versions of TLS may be spoken; older ones nobody here does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsVersions {
    From12,
    Only12,
    Only13,
}

/// Whether the server's name is sent in the clear when a TLS connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerNameIndication {
    Sent,
    Hidden,
}

/// How a TLS connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negotiation {
    /// The server is asked first.
    Postgres,
    Direct,
}

/// What is asked of a TLS connection, beside its mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    /// A PEM file; the system's roots where not given (or `system`).
    pub root: Option<PathBuf>,
    pub client: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub versions: TlsVersions,
    pub sni: ServerNameIndication,
    pub negotiation: Negotiation,
}

/// In which order hosts are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostOrder {
    AsWritten,
    Random,
}

#[derive(Debug)]
pub(super) struct Address {
    /// One for each host.
    pub hosts: Vec<tokio_postgres::Config>,
    pub order: HostOrder,
    pub ssl_mode: SslMode,
    pub tls: Tls,
    /// How long opening a session on one address may take.
    pub limit: Duration,
    /// What was not done as it was written, for people.
    pub notes: Vec<String>,
}

/// How long connecting may take where the URL does not say.
const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

impl Address {
    pub fn parse(text: &str, password: Option<String>) -> Result<Self, SourceError> {
        let mut pairs = Pairs::read(text)?;
        let password = pairs.password.take().or_else(|| password.map(String::into_bytes));
        let mut settings = Settings::sorted(pairs)?;
        let ssl_mode = settings.ssl_mode()?;
        let tls = settings.tls(ssl_mode)?;
        let order = match settings.take("load_balance_hosts").as_deref() {
            None | Some("disable") => HostOrder::AsWritten,
            Some("random") => HostOrder::Random,
            Some(_) => return Err(bad_value("load_balance_hosts", "write disable or random")),
        };
        let limit = settings.limit()?;
        let names = settings.take("fallback_application_name").unwrap_or_else(|| "plimsoll".to_owned());
        if settings.get("application_name").is_none() {
            settings.kept.push(("application_name".to_owned(), names));
        }
        let mut hosts = settings.hosts()?;
        for host in &mut hosts {
            host.connect_timeout(limit);
            if let Some(password) = &password {
                host.password(password);
            }
        }
        Ok(Self { hosts, order, ssl_mode, tls, limit, notes: settings.notes() })
    }

    /// Host, port and database, without user or password.
    pub fn label(&self) -> String {
        self.hosts.first().map(label).unwrap_or_default()
    }
}

/// Host, port and database of one host.
pub(super) fn label(config: &tokio_postgres::Config) -> String {
    let host = match (config.get_hosts().first(), config.get_hostaddrs().first()) {
        (Some(Host::Tcp(host)), _) => host.clone(),
        (Some(Host::Unix(path)), _) => path.display().to_string(),
        (None, Some(addr)) => addr.to_string(),
        (None, None) => String::new(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{host}:{port}/{database}")
}

fn bad_value(key: &str, remedy: &str) -> SourceError {
    SourceError::BadParameter {
        key: key.to_owned(),
        problem: "has a value that it does not take",
        remedy: remedy.to_owned(),
    }
}

/// The parameters that are kept, and the names of those that are not.
struct Settings {
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

impl Settings {
    fn sorted(pairs: Pairs) -> Result<Self, SourceError> {
        let mut found = Self { kept: Vec::new(), left_out: Vec::new(), timeout: Timeout::Kept };
        for (key, value) in pairs.into_settings() {
            match treatment(&key, &value) {
                Treatment::Kept => found.kept.push((key, value)),
                Treatment::LeftOut => found.left_out.push(key),
                Treatment::Refused(remedy) => {
                    let problem = "asks for what this version does not do";
                    return Err(SourceError::BadParameter { key, problem, remedy: remedy.to_owned() });
                }
                Treatment::Unknown => {
                    let remedy = near(&key);
                    return Err(SourceError::BadParameter { key, problem: "is not known", remedy });
                }
            }
        }
        // An empty text is as good as none, but for what says how safe the connection is.
        let may_be_empty = |key: &str| matches!(key, "options" | "application_name");
        let may_not_be = |key: &str| matches!(key, "sslmode" | "ssl" | "channel_binding" | "sslnegotiation");
        found.kept.retain(|(key, value)| !value.is_empty() || may_be_empty(key) || may_not_be(key));
        Ok(found)
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.kept.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let at = self.kept.iter().position(|(k, _)| k == key)?;
        Some(self.kept.swap_remove(at).1)
    }

    fn ssl_mode(&mut self) -> Result<SslMode, SourceError> {
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

    fn tls(&mut self, mode: SslMode) -> Result<Tls, SourceError> {
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

    /// The time for one address. A run that waits for ever would hold its lease, so no limit becomes the usual one.
    fn limit(&mut self) -> Result<Duration, SourceError> {
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
    fn hosts(&mut self) -> Result<Vec<tokio_postgres::Config>, SourceError> {
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
        let none = || SourceError::BadUrl("it names no host".to_owned());
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
    fn driver_settings(&mut self) -> Result<tokio_postgres::Config, SourceError> {
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
        all.parse().map_err(|_| SourceError::BadUrl("it cannot be parsed".to_owned()))
    }

    fn notes(&self) -> Vec<String> {
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

#[cfg(test)]
mod tests;
