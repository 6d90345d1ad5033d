//! The forms that begin with a scheme.

use percent_encoding::percent_decode_str;

use super::pairs::{End, Pair, pairs};
use crate::source::sqlserver::error::SqlServerError;

/// What a connection string says, not yet looked at.
#[derive(Default)]
pub(super) struct Said {
    /// As `Server=` has it: with a port or an instance behind it.
    pub host: Option<String>,
    pub port: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub path: Path,
    pub pairs: Vec<Pair>,
    pub parameters: Parameters,
}

/// What stands behind the `?` of a URL.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Parameters {
    #[default]
    AreParameters,
    /// They may be the rest of a password that has a `?`: with an `@` in them, or without one in all of the URL.
    MayBePassword,
}

/// What stands behind the host of a URL.
#[derive(Default)]
pub(super) enum Path {
    #[default]
    None,
    Database(String),
    /// An instance to some drivers, a database to others.
    Either(String),
}

/// Takes a connection string of any form apart.
pub(super) fn said(text: &str) -> Result<Said, SqlServerError> {
    let text = text.trim();
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| !scheme.contains(['=', ';'])) else {
        return Ok(Said { pairs: pairs(text)?, ..Said::default() });
    };
    let family = scheme.split('+').next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(family.as_str(), "sqlserver" | "mssql") {
        return Err(SqlServerError::BadUrl("its scheme is none of SQL Server".to_owned()));
    }
    let authority_end = rest.find(['/', '?', ';']).unwrap_or(rest.len());
    if begins_pairs(&rest[authority_end..]) && !rest[..authority_end].contains('@') {
        // JDBC and Prisma.
        let server = &rest[..authority_end];
        let host = (!server.is_empty()).then(|| server.to_owned());
        return Ok(Said { pairs: pairs(&rest[authority_end..])?, ..with_port(host) });
    }
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (login, place) = before.rsplit_once('@').map_or((None, before), |(login, place)| (Some(login), place));
    let (server, path) = place.split_once('/').unwrap_or((place, ""));
    let mut found = with_port((!server.is_empty()).then(|| decoded(server)).transpose()?);
    if let Some(login) = login {
        let (user, password) = login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p)));
        found.user = Some(decoded(user)?).filter(|u| !u.is_empty());
        found.password = password.map(decoded).transpose()?;
    }
    let path = decoded(path.trim_end_matches('/'))?;
    found.path = match (path.is_empty(), family.as_str()) {
        (true, _) => Path::None,
        (false, "mssql") => Path::Database(path),
        (false, _) => Path::Either(path),
    };
    // A login whose host is missing looks like a host with a port of letters.
    let is_login =
        |server: &str| server.split_once(':').is_some_and(|(_, p)| p.contains(|c: char| !c.is_ascii_digit()));
    if query.contains('@') || (login.is_none() && !server.starts_with('[') && is_login(server)) {
        found.parameters = Parameters::MayBePassword;
    }
    for part in query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (decoded(&key.replace('+', " "))?, decoded(&value.replace('+', " "))?);
        if key.eq_ignore_ascii_case("odbc_connect") {
            // SQLAlchemy hands a whole string of ODBC on.
            found.pairs.extend(pairs(&value)?);
        } else {
            found.pairs.push(Pair { key, value, end: End::Bare });
        }
    }
    Ok(found)
}

/// Whether a semicolon and a keyword follow; a password may have a semicolon in it.
fn begins_pairs(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(';') else { return false };
    let key = rest.split_once('=').map_or(rest, |(key, _)| key);
    key.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || c == '_')
}

/// `host:port` or `[::1]:port`; an instance may stand before the colon.
fn with_port(server: Option<String>) -> Said {
    let Some(server) = server else { return Said::default() };
    let bare = server.strip_prefix('[').and_then(|s| s.split_once(']'));
    let (host, port) = match bare {
        Some((host, rest)) => (host.to_owned(), rest.strip_prefix(':').map(str::to_owned)),
        None => match server.split_once(':') {
            // More than one colon is an address without brackets.
            Some((_, port)) if port.contains(':') => (server, None),
            Some((host, port)) => (host.to_owned(), Some(port.to_owned())),
            None => (server, None),
        },
    };
    Said { host: Some(host), port: port.filter(|p| !p.is_empty()), ..Said::default() }
}

fn decoded(text: &str) -> Result<String, SqlServerError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| SqlServerError::BadUrl("a %… in it is no UTF-8".to_owned()))
}
