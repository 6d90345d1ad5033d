//! What the larger plans depend on: reads of rows, looks at their hashes, and readings of a change log.

use std::fmt::Write as _;

use super::comment::Comment;
use super::form::{Form, column};
use crate::model::RelationName;

/// Which entries of a change log are asked for: `table=`, `types=` (columns), `key=`, `old=` (columns with the key, and with the one before the change), `action=` (a column) and
/// its codes `added=`, `ignored=`, `truncated=`. `since=` lists what makes an entry new, all of which has to hold; empty for all entries: `rowversion:<column>:<16 hexadecimal digits>`
/// and `time:<column>:<from>` as for rows, `above:<column>:<number>`, and `unread:<column>:<number>` with ` <first>..<last>` behind it for each stretch of lower numbers that counts
/// as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReading<'a> {
    pub table: &'a RelationName,
    pub types: Vec<&'a str>,
    pub key: Vec<&'a str>,
    pub old: Vec<&'a str>,
    pub action: Option<&'a str>,
    pub added: &'a [String],
    pub ignored: &'a [String],
    pub truncated: &'a [String],
    pub since: &'a [String],
}

/// A read of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsPlan<'a> {
    pub table: &'a RelationName,
    /// The key's columns.
    pub key: Vec<&'a str>,
    /// What is selected, as `<name>:<form>`.
    pub columns: Vec<(&'a str, Form)>,
    /// What the row's hash is made of, where that is its key.
    pub hashed: Vec<&'a str>,
    pub which: Which,
    /// No more rows than this; 0 where only the rights are looked at.
    pub top: Option<u64>,
    pub filter: Option<&'a str>,
    pub order: RowOrder,
}

/// In which order rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    Any,
    ByKey,
}

/// Which rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    Some,
    Within { after: Option<Vec<String>>, until: Option<Vec<String>> },
    Before { after: Vec<String> },
    Changed(String),
    Unchanged(String),
    Left(String),
    Among,
    Absent,
    Given,
}

/// A look at row hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashPlan<'a> {
    pub table: &'a RelationName,
    pub key: Vec<&'a str>,
    pub hashed: Vec<&'a str>,
    pub bits: u8,
    pub after: Option<&'a [String]>,
    pub until: Option<&'a [String]>,
    pub buckets: Option<&'a [u8]>,
    pub next: Option<(Vec<&'a str>, Vec<&'a str>)>,
    pub filter: Option<&'a str>,
}

/// The version of how a hash is made; another one is another baseline.
pub const HASH_VERSION: u8 = 1;

impl LogReading<'_> {
    pub(super) fn write(&self, out: &mut Comment) {
        out.table(self.table);
        out.list("types", self.types.iter().copied());
        out.list("key", self.key.iter().copied());
        if !self.old.is_empty() {
            out.list("old", self.old.iter().copied());
        }
        if let Some(action) = self.action {
            out.value("action", action);
            for (name, codes) in [("added", self.added), ("ignored", self.ignored), ("truncated", self.truncated)] {
                if !codes.is_empty() {
                    out.list(name, codes.iter().map(String::as_str));
                }
            }
        }
        out.list("since", self.since.iter().map(String::as_str));
    }
}

impl RowsPlan<'_> {
    pub(super) fn write(&self, out: &mut Comment) {
        out.table(self.table);
        out.list("key", self.key.iter().copied());
        let columns: Vec<String> = self.columns.iter().map(|(name, form)| column(name, *form)).collect();
        out.encoded_list("columns", &columns);
        if !self.hashed.is_empty() {
            out.list("hashed", self.hashed.iter().copied());
        }
        let what = match &self.which {
            Which::All => "all",
            Which::Some => "some",
            Which::Within { .. } => "within",
            Which::Before { .. } => "before",
            Which::Changed(_) => "changed",
            Which::Unchanged(_) => "unchanged",
            Which::Left(_) => "left",
            Which::Among => "among",
            Which::Absent => "absent",
            Which::Given => "given",
        };
        out.value("rows", what);
        match &self.which {
            Which::Within { after, until } => {
                out.key_text("after", after.as_deref());
                out.key_text("until", until.as_deref());
            }
            Which::Before { after } => out.key_text("after", Some(after)),
            Which::Changed(since) | Which::Unchanged(since) | Which::Left(since) => out.value("since", since),
            Which::All | Which::Some | Which::Among | Which::Absent | Which::Given => {}
        }
        if let Some(top) = self.top {
            out.value("top", &top.to_string());
        }
        if self.order == RowOrder::ByKey {
            out.value("order", "key");
        }
        out.filter(self.filter);
    }
}

impl HashPlan<'_> {
    pub(super) fn write(&self, out: &mut Comment) {
        out.table(self.table);
        out.list("key", self.key.iter().copied());
        out.list("hashed", self.hashed.iter().copied());
        out.value("bits", &self.bits.to_string());
        out.value("version", &HASH_VERSION.to_string());
        out.key_text("after", self.after);
        out.key_text("until", self.until);
        if let Some(set) = self.buckets {
            let hex = set.iter().fold(String::new(), |mut text, byte| {
                // Writing to a String can't fail.
                let _ = write!(text, "{byte:02x}");
                text
            });
            out.value("buckets", &hex);
        }
        if let Some((next, new)) = &self.next {
            out.list("next", next.iter().copied());
            out.list("new", new.iter().copied());
        }
        out.filter(self.filter);
    }
}
