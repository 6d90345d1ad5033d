//! `[source]`: the database that is read.

use std::time::Duration;

use super::password;
use super::read::Section;
use super::secret::Secret;
use crate::model::Dialect;

/// A shorter salt could be found by trying.
const SHORTEST_SALT: usize = 16;

#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// What kind of source the URL is of: by its form, or where that does not tell by `kind`.
    pub dialect: Dialect,
    pub url: Secret,
    /// Longest time one statement may take; the run's budget where not given.
    pub statement_timeout: Option<Duration>,
    /// What hashed values are salted with.
    pub hash_salt: Option<Secret>,
}

/// `None` only where a fault was noted.
pub(super) fn read(s: &Section<'_>) -> Option<SourceConfig> {
    let url = s.required_string("url", "url = \"${DATABASE_URL}\"");
    let kind = s.string("kind");
    let statement_timeout = s.duration("statement_timeout");
    let hash_salt = s.string("hash_salt");
    s.refuse_unknown(&["url", "kind", "statement_timeout", "hash_salt"]);
    let named = kind.as_ref().map(|kind| (kind.at, Dialect::named(&kind.value)));
    if let Some((at, None)) = named {
        s.fault(
            at,
            "kind is no kind of source".to_owned(),
            "write kind = \"postgres\" or \"sqlserver\", or leave it to the url",
        );
    }
    if let Some(salt) = hash_salt.as_ref().filter(|s| s.value.len() < SHORTEST_SALT) {
        let problem = format!("hash_salt is shorter than {SHORTEST_SALT} characters");
        s.fault(salt.at, problem, "make one with `openssl rand -hex 32`, and keep it: another salt is another digest");
    }
    if let Some(url) = url.as_ref().filter(|url| password::is_written(&s.shown(url))) {
        let remedy = "write url = \"${DATABASE_URL}\", and export DATABASE_URL";
        s.warn(url.at, "url: a password stands in the file".to_owned(), remedy);
    }
    let url = url?;
    Some(SourceConfig {
        dialect: named.and_then(|(_, kind)| kind).unwrap_or_else(|| Dialect::of_connection_string(&url.value)),
        url: Secret::new(url.value),
        statement_timeout: statement_timeout.map(|d| d.value),
        hash_salt: hash_salt.map(|s| Secret::new(s.value)),
    })
}
