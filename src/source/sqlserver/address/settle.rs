//! From what a connection string says to what is done.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::keywords::{Keyword, Treatment, near, treatment};
use super::pairs::{End, Pair};
use super::url::{Parameters, Path, Said};
use super::{Address, Encrypt, Intent, Login, Password, StandIns, Trust};
use crate::source::sqlserver::error::SqlServerError;

/// How long connecting may take where the URL does not say. A server that wakes up takes some seconds.
const DEFAULT_LIMIT: Duration = Duration::from_secs(15);

/// As SQL Server listens where nobody says otherwise.
const DEFAULT_PORT: u16 = 1433;

/// The word that takes plain text to another machine; Prisma has it.
const PLAIN_TEXT: &str = "danger_plaintext";

fn bad_value(key: &str, remedy: &str) -> SqlServerError {
    let problem = "has a value that it does not take";
    SqlServerError::BadParameter { key: key.to_owned(), problem, remedy: remedy.to_owned() }
}

/// Sorts the keywords, and settles each.
pub(super) fn settled(said: Said, stand_ins: StandIns) -> Result<Address, SqlServerError> {
    let mut kept: BTreeMap<Keyword, String> = BTreeMap::new();
    let mut left_out = Vec::new();
    // Whether what comes may be the rest of a password: then it is not shown.
    let mut may_be_secret = said.parameters == Parameters::MayBePassword;
    for Pair { key, value, end } in said.pairs {
        match treatment(&key, &value) {
            Treatment::Kept(keyword) => {
                may_be_secret |= keyword == Keyword::Password && end == End::Bare;
                // As ADO: the last one counts.
                kept.insert(keyword, value);
            }
            Treatment::LeftOut => left_out.push(key),
            Treatment::Refused(remedy) => {
                let problem = "asks for what this version does not do";
                return Err(SqlServerError::BadParameter { key, problem, remedy: remedy.to_owned() });
            }
            Treatment::Unknown => match near(&key) {
                Some(near) => {
                    let (problem, remedy) = ("is not known", format!("did you mean {near}?"));
                    return Err(SqlServerError::BadParameter { key, problem, remedy });
                }
                None => return Err(SqlServerError::UnknownParameter { key: Some(key).filter(|_| !may_be_secret) }),
            },
        }
    }
    let mut take = |keyword| kept.remove(&keyword);
    let mut notes = left_out_note(&left_out).into_iter().collect::<Vec<_>>();
    let server = said.host.or_else(|| take(Keyword::Host)).unwrap_or_default();
    let server = Server::read(&server)?;
    let database = take(Keyword::Database).filter(|d| !d.is_empty());
    let instance = take(Keyword::Instance).filter(|i| !i.is_empty()).or(server.instance);
    let port = said.port.or_else(|| take(Keyword::Port)).or(server.port).filter(|p| !p.is_empty());
    let port: Option<u16> = match port {
        Some(text) => {
            let number = text.trim().parse().ok().filter(|p| *p > 0);
            Some(number.ok_or_else(|| bad_value("port", "write a number up to 65535"))?)
        }
        None => None,
    };
    let (database, instance) = match (said.path, database) {
        (Path::None, database) => (database, instance),
        (Path::Database(path), None) => (Some(path), instance),
        (Path::Database(path), Some(database)) if path == database => (Some(path), instance),
        (Path::Database(_), Some(_)) => return Err(bad_value("database", "name one database: the path names another")),
        (Path::Either(path), Some(database)) => (Some(database), Some(path)),
        (Path::Either(path), None) => return Err(SqlServerError::Ambiguous { host: server.host, path }),
    };
    let port = match (port, &instance) {
        (Some(port), _) => port,
        (None, Some(instance)) => return Err(SqlServerError::NamedInstance { instance: instance.clone() }),
        (None, None) => DEFAULT_PORT,
    };
    if server.host.is_empty() {
        return Err(SqlServerError::BadUrl("it names no host".to_owned()));
    }
    if instance.is_some() {
        notes.push("the source URL names an instance and a port: the port decides".to_owned());
    }
    let user = said.user.or_else(|| take(Keyword::User)).filter(|u| !u.is_empty());
    let password = said.password.or_else(|| take(Keyword::Password)).or(stand_ins.password);
    let login = login(take(Keyword::Authentication).as_deref(), user, password)?;
    let encrypt = encrypt(take(Keyword::Encrypt).as_deref(), &server.host)?;
    if encrypt == Encrypt::LoginOnly {
        notes.push("encrypt=false in the source URL: all but the login crosses the network in the clear".to_owned());
    }
    let certificate_name = take(Keyword::CertificateName).filter(|n| !n.is_empty());
    let trust = trust(take(Keyword::Trust).as_deref(), take(Keyword::Ca), certificate_name.as_deref())?;
    if trust == Trust::Anybody && encrypt != Encrypt::Nothing {
        notes.push(
            "trustServerCertificate=true in the source URL: any certificate of any name is taken, so nothing proves that the server is the right one".to_owned(),
        );
    }
    multi_subnet(take(Keyword::MultiSubnet).as_deref())?;
    Ok(Address {
        host: server.host,
        port,
        database,
        login,
        encrypt,
        trust,
        certificate_name,
        application: take(Keyword::Application)
            .filter(|a| !a.is_empty())
            .unwrap_or_else(|| concat!("plimsoll/", env!("CARGO_PKG_VERSION")).to_owned()),
        intent: intent(take(Keyword::Intent).as_deref())?,
        limit: limit(take(Keyword::Timeout).as_deref(), &mut notes)?,
        packet_size: packet_size(take(Keyword::PacketSize).as_deref())?,
        notes,
    })
}

/// `tcp:host\instance,port`.
struct Server {
    host: String,
    instance: Option<String>,
    port: Option<String>,
}

impl Server {
    fn read(text: &str) -> Result<Self, SqlServerError> {
        const REMEDY: &str = "write the server's name or address, and its TCP port: Server=tcp:host,1433";
        let text = text.trim();
        let lower = text.to_lowercase();
        for protocol in ["np:", "lpc:", "admin:", "\\\\", "(localdb)"] {
            if lower.starts_with(protocol) {
                return Err(bad_value("server", REMEDY));
            }
        }
        let text = if lower.starts_with("tcp:") { &text["tcp:".len()..] } else { text };
        let (text, port) = text.split_once(',').map_or((text, None), |(t, p)| (t, Some(p.trim().to_owned())));
        let (host, instance) = text.split_once('\\').map_or((text, None), |(h, i)| (h, Some(i.trim().to_owned())));
        let host = host.trim();
        // The names that Windows has for the machine itself.
        let host = if matches!(host.to_lowercase().as_str(), "." | "(local)") { "localhost" } else { host };
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        let instance = instance.filter(|i| !i.is_empty() && !i.eq_ignore_ascii_case("MSSQLSERVER"));
        if host.contains(|c: char| c.is_whitespace() || c.is_control() || "/@?#;=\"'{}".contains(c)) {
            return Err(bad_value("server", REMEDY));
        }
        Ok(Self { host: host.to_owned(), instance, port })
    }
}

fn yes_or_no(key: &str, value: Option<&str>) -> Result<Option<bool>, SqlServerError> {
    match value.map(|v| v.trim().to_lowercase()).as_deref() {
        None | Some("") => Ok(None),
        Some("true" | "yes" | "1" | "on") => Ok(Some(true)),
        Some("false" | "no" | "0" | "off") => Ok(Some(false)),
        Some(_) => Err(bad_value(key, "write true or false")),
    }
}

fn login(method: Option<&str>, user: Option<String>, password: Option<String>) -> Result<Login, SqlServerError> {
    const REMEDY: &str =
        "write authentication=ActiveDirectoryDefault for a token, or leave it out and write user and password";
    let method: String =
        method.unwrap_or_default().chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    match method.as_str() {
        "" | "sqlpassword" | "notspecified" => match (user, password) {
            (Some(user), Some(password)) => Ok(Login::Password { user, password: Password(password) }),
            (Some(_), None) => Err(SqlServerError::BadUrl("it has no password".to_owned())),
            (None, _) => Err(SqlServerError::BadUrl("it names no user".to_owned())),
        },
        "activedirectorydefault" | "activedirectoryworkloadidentity" | "activedirectoryfederated" => Ok(Login::Token),
        _ => Err(bad_value("authentication", REMEDY)),
    }
}

fn encrypt(value: Option<&str>, host: &str) -> Result<Encrypt, SqlServerError> {
    match value.map(|v| v.trim().to_lowercase()).as_deref() {
        None | Some("" | "true" | "yes" | "1" | "mandatory" | "required") => Ok(Encrypt::All),
        Some("strict") => Ok(Encrypt::Strict),
        Some("false" | "no" | "0" | "optional") => Ok(Encrypt::LoginOnly),
        Some("disable") if is_loopback(host) => Ok(Encrypt::Nothing),
        Some("disable") => Err(SqlServerError::BadParameter {
            key: "encrypt".to_owned(),
            problem: "would send the password and all rows to another machine in the clear",
            remedy: "write encrypt=true; or encrypt=DANGER_PLAINTEXT, where that is what you want".to_owned(),
        }),
        Some(PLAIN_TEXT) => Ok(Encrypt::Nothing),
        Some(_) => Err(bad_value("encrypt", "write true, strict, false or disable")),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn trust(anybody: Option<&str>, ca: Option<String>, name: Option<&str>) -> Result<Trust, SqlServerError> {
    let both = |key: &str, problem| SqlServerError::BadParameter {
        key: key.to_owned(),
        problem,
        remedy: "remove trustServerCertificate=true: with it no certificate is looked at".to_owned(),
    };
    match (yes_or_no("trustServerCertificate", anybody)? == Some(true), ca.filter(|c| !c.is_empty()), name) {
        (true, Some(_), _) => Err(both("certificate", "means nothing beside trustServerCertificate=true")),
        (true, None, Some(_)) => Err(both("hostNameInCertificate", "means nothing beside trustServerCertificate=true")),
        (true, None, None) => Ok(Trust::Anybody),
        (false, Some(ca), _) => Ok(Trust::Ca(PathBuf::from(ca))),
        (false, None, _) => Ok(Trust::System),
    }
}

/// All addresses of a name are tried in any case.
fn multi_subnet(value: Option<&str>) -> Result<(), SqlServerError> {
    yes_or_no("multiSubnetFailover", value).map(|_| ())
}

fn intent(value: Option<&str>) -> Result<Intent, SqlServerError> {
    match value.map(|v| v.trim().to_lowercase()).as_deref() {
        None | Some("" | "readwrite") => Ok(Intent::ReadWrite),
        Some("readonly") => Ok(Intent::ReadOnly),
        Some(_) => Err(bad_value("applicationIntent", "write ReadWrite or ReadOnly")),
    }
}

/// The time for one address. A run that waits for ever would hold its lease, so no limit becomes the usual one.
fn limit(value: Option<&str>, notes: &mut Vec<String>) -> Result<Duration, SqlServerError> {
    const REMEDY: &str = "write a whole number of seconds, such as connectTimeout=15";
    let Some(text) = value.map(str::trim).filter(|t| !t.is_empty()) else { return Ok(DEFAULT_LIMIT) };
    match text.parse::<i64>().map_err(|_| bad_value("connectTimeout", REMEDY))? {
        seconds @ 1..=3600 => Ok(Duration::from_secs(seconds.unsigned_abs())),
        _ => {
            let seconds = DEFAULT_LIMIT.as_secs();
            notes.push(format!(
                "connectTimeout asks for no limit: connecting is given up after {seconds} s all the same"
            ));
            Ok(DEFAULT_LIMIT)
        }
    }
}

fn packet_size(value: Option<&str>) -> Result<Option<u32>, SqlServerError> {
    let Some(text) = value.map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
    let size = text.parse().ok().filter(|n| (512..=32_767).contains(n));
    size.map(Some).ok_or_else(|| bad_value("packetSize", "write a number from 512 to 32767, or leave it out"))
}

fn left_out_note(left_out: &[String]) -> Option<String> {
    match left_out {
        [] => None,
        [one] => Some(format!("the source URL's parameter {one} has no meaning here and is left out")),
        many => Some(format!("the source URL's parameters {} have no meaning here and are left out", many.join(", "))),
    }
}
