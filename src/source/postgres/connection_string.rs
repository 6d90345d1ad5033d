//! A connection string, cut into settings as libpq cuts it: a URL, or `key=value` pairs.
//!
//! Nothing here quotes what it reads: any of it may be the password. A key is named once it looks like one.
//! Source: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>

use percent_encoding::percent_decode_str;

use crate::source::postgres::error::PostgresError;

/// Settings by key. A later one replaces an earlier one.
#[derive(Default)]
pub(super) struct Pairs {
    found: Vec<(String, String)>,
    /// The password, which need not be UTF-8 in a URL.
    pub password: Option<Vec<u8>>,
}

impl Pairs {
    pub fn read(text: &str) -> Result<Self, PostgresError> {
        let text = text.trim();
        let mut pairs = Self::default();
        match text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
            Some(rest) => pairs.read_url(rest)?,
            None => match text.split_once("://") {
                Some((scheme, _)) if is_key(&scheme.replace([':', '+'], "_")) => {
                    return Err(bad(&format!("it begins with {scheme}://")));
                }
                _ => pairs.read_words(text)?,
            },
        }
        Ok(pairs)
    }

    pub fn into_settings(self) -> Vec<(String, String)> {
        self.found
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), PostgresError> {
        if !is_key(key) {
            return Err(bad("a parameter's name has characters that no name has"));
        }
        if key == "password" {
            self.password = Some(value.into_bytes());
            return Ok(());
        }
        self.found.retain(|(k, _)| k != key);
        self.found.push((key.to_owned(), value));
        Ok(())
    }

    /// `user:password@host:port,host:port/database?key=value&…`, with any of it left out.
    fn read_url(&mut self, rest: &str) -> Result<(), PostgresError> {
        let (login, rest) = split_login(rest);
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = before.split_once('/').unwrap_or((before, ""));
        if let Some(login) = login {
            let (user, password) = login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p)));
            if !user.is_empty() {
                self.set("user", decoded(user)?)?;
            }
            self.password = password.map(|p| percent_decode_str(p).collect());
        }
        if !hosts.is_empty() {
            self.read_hosts(hosts)?;
        }
        if !database.is_empty() {
            self.set("dbname", decoded(database)?)?;
        }
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.set(&decoded(key)?, decoded(value)?)?;
        }
        Ok(())
    }

    fn read_hosts(&mut self, hosts: &str) -> Result<(), PostgresError> {
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for chunk in hosts.split(',') {
            let (name, port) = split_port(chunk).ok_or_else(|| bad("a host or its port cannot be read"))?;
            names.push(decoded(name)?);
            ports.push(port.to_owned());
        }
        if names.iter().any(|n| !n.is_empty()) {
            self.set("host", names.join(","))?;
        }
        // Where none is given, `port=` may follow.
        if ports.iter().any(|p| !p.is_empty()) {
            self.set("port", ports.join(","))?;
        }
        Ok(())
    }

    /// `key=value key='a value'`, where a backslash stands before a character that is meant as it is.
    fn read_words(&mut self, text: &str) -> Result<(), PostgresError> {
        const SHAPE: &str = "it is neither a URL nor key=value pairs";
        let mut rest = text;
        while !rest.is_empty() {
            let (key, behind) = rest.split_once('=').ok_or_else(|| bad(SHAPE))?;
            let key = key.trim_end();
            if !is_key(key) {
                return Err(bad(SHAPE));
            }
            let behind = behind.trim_start();
            rest = match behind.strip_prefix('\'') {
                Some(inner) => {
                    let (value, length, end) = take_value(inner, |c| c == '\'');
                    if end == End::Missing {
                        return Err(bad("a quoted value has no end"));
                    }
                    self.set(key, value)?;
                    &inner[length + 1..]
                }
                None => {
                    let (value, length, _) = take_value(behind, char::is_whitespace);
                    self.set(key, value)?;
                    &behind[length..]
                }
            };
            if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
                return Err(bad(SHAPE));
            }
            rest = rest.trim_start();
        }
        Ok(())
    }
}

fn bad(why: &str) -> PostgresError {
    PostgresError::BadUrl(why.to_owned())
}

/// Whether a text may be shown as a parameter's name.
fn is_key(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.len() <= 63 && text.chars().all(is_part)
}

fn decoded(text: &str) -> Result<String, PostgresError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| bad("a part of it is not UTF-8"))
}

/// Cuts off `user:password@`. A password with an `@` or `/` as it is would be wrong for libpq; where nothing else can be
/// meant, it is taken for what it is.
fn split_login(rest: &str) -> (Option<&str>, &str) {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let before_query = &rest[..rest.find('?').unwrap_or(rest.len())];
    let is_hosts = |text: &str| text.split(',').all(|chunk| split_port(chunk).is_some());
    let at = match rest[..end].rfind('@') {
        Some(at) => Some(at),
        None if is_hosts(&rest[..end]) => None,
        None => before_query.rfind('@'),
    };
    at.map_or((None, rest), |at| (Some(&rest[..at]), &rest[at + 1..]))
}

/// A host and its port, which may be empty; `None` where it is no port.
fn split_port(chunk: &str) -> Option<(&str, &str)> {
    let (host, port) = match chunk.strip_prefix('[') {
        Some(inner) => {
            let (host, rest) = inner.split_once(']')?;
            (host, if rest.is_empty() { "" } else { rest.strip_prefix(':')? })
        }
        None => chunk.split_once(':').unwrap_or((chunk, "")),
    };
    port.bytes().all(|b| b.is_ascii_digit()).then_some((host, port))
}

/// A value up to the character that ends it, or to the end of the text; how many bytes it takes, and whether it was ended.
fn take_value(text: &str, ends: impl Fn(char) -> bool) -> (String, usize, End) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c if ends(c) => return (value, at, End::Found),
            c => value.push(c),
        }
    }
    (value, text.len(), End::Missing)
}

#[derive(PartialEq, Eq)]
enum End {
    Found,
    Missing,
}
