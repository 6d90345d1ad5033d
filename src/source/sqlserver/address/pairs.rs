//! `key=value;key=value`, as ADO, ODBC and JDBC write it.

use crate::source::sqlserver::error::SqlServerError;

/// A keyword and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub key: String,
    pub value: String,
    pub end: End,
}

/// How it is known where a value ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By its quotes.
    Quoted,
    /// By what parts one pair from the next, which may stand in the value by mistake.
    Bare,
}

/// Takes pairs apart. A value may be `{…}`, with `}}` for a brace, or stand in quotes, doubled inside.
/// Sources: <https://learn.microsoft.com/dotnet/framework/data/adonet/connection-string-syntax>,
/// <https://learn.microsoft.com/sql/connect/jdbc/building-the-connection-url>
pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, SqlServerError> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c == ';' || c.is_whitespace());
        if rest.is_empty() {
            return Ok(found);
        }
        let Some((key, after)) = rest.split_once('=') else {
            return Err(SqlServerError::BadUrl("a part of it has no =".to_owned()));
        };
        let (value, end, after) = value(after.trim_start())?;
        found.push(Pair { key: key.trim().to_owned(), value, end });
        rest = after;
    }
}

/// A value, and what follows it.
fn value(text: &str) -> Result<(String, End, &str), SqlServerError> {
    let close = match text.chars().next() {
        Some('{') => '}',
        Some(quote @ ('"' | '\'')) => quote,
        _ => {
            let end = text.find(';').unwrap_or(text.len());
            return Ok((text[..end].trim().to_owned(), End::Bare, &text[end..]));
        }
    };
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != close {
            out.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == close) {
            out.push(c);
            chars.next();
        } else {
            let rest = text[at + c.len_utf8()..].trim_start();
            return if rest.is_empty() || rest.starts_with(';') {
                Ok((out, End::Quoted, rest))
            } else {
                Err(SqlServerError::BadUrl("something stands between a closing quote and the next ;".to_owned()))
            };
        }
    }
    Err(SqlServerError::BadUrl(format!("a value that begins with {} has no end", text.chars().next().unwrap_or('"'))))
}
