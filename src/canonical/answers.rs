//! What either side says of single rows.

use super::digest::Lanes;

/// A row by its key. A table without a key has rows by nothing but their digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyDigest {
    /// The canonical texts of the key's columns.
    pub key: Vec<String>,
    /// Of the whole row; `None` where only keys are compared.
    pub row: Option<Lanes>,
}

/// The digests of a row's columns, one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDigests {
    pub key: Vec<String>,
    /// Of every column that is not of the key, in their order: the MD5 of its piece in hexadecimal; `None` for NULL.
    pub columns: Vec<Option<String>>,
}

/// A key in both spellings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySpelling {
    /// As it is compared.
    pub canonical: Vec<String>,
    /// As the source prints it.
    pub plain: Vec<String>,
}

impl KeySpelling {
    /// Reads the row of an answer: the canonical texts, then the others. `None` where it is no such row.
    pub fn read(key_len: usize, row: Vec<Option<String>>) -> Option<Self> {
        let (canonical, plain) = split(key_len, row)?;
        Some(Self { canonical, plain: plain.into_iter().collect::<Option<_>>()? })
    }
}

impl KeyDigest {
    /// Reads the row of an answer: the key's texts, then the lanes where there are any. `None` where it is no such row.
    pub fn read(key_len: usize, row: Vec<Option<String>>) -> Option<Self> {
        let (key, rest) = split(key_len, row)?;
        let lane = |n: usize| rest.get(n)?.as_deref()?.parse().ok();
        let row = if rest.is_empty() { None } else { Some(Lanes { first: lane(0)?, second: lane(1)? }) };
        Some(Self { key, row })
    }
}

impl ColumnDigests {
    /// Reads the row of an answer: the key's texts, then a digest of each column. `None` where it is no such row.
    pub fn read(key_len: usize, row: Vec<Option<String>>) -> Option<Self> {
        let (key, columns) = split(key_len, row)?;
        Some(Self { key, columns })
    }
}

fn split(key_len: usize, mut row: Vec<Option<String>>) -> Option<(Vec<String>, Vec<Option<String>>)> {
    let rest = (row.len() >= key_len).then(|| row.split_off(key_len))?;
    Some((row.into_iter().collect::<Option<_>>()?, rest))
}
