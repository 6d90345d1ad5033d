//! A list of row hashes as an object: keys compressed, hashes as they are, for nothing makes them smaller.
//!
//! ```text
//!   "PLL1"  rows: u32  length: u32  gzip of (bucket: u32, length: u32, key) of each row  hash of each row: 2 × u64  check: 8 bytes
//! ```
//!
//! Numbers are little-endian. A key is each of its values after its length (u32). The rows are in the order of their buckets, and inside
//! of one in the order of their keys' bytes. The check is the beginning of a SHA-256 of all before it.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::source::RowHash;

const MAGIC: &[u8] = b"PLL1";
const CHECK: usize = 8;
const A_HASH: usize = 16;

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub key: Box<[u8]>,
    pub hash: [u64; 2],
}

/// A key's values as one row of bytes that no other key has.
pub(super) fn pack(key: &[String]) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(key.iter().map(|v| v.len() + 4).sum());
    for value in key {
        bytes.extend_from_slice(&length(value.len()));
        bytes.extend_from_slice(value.as_bytes());
    }
    bytes.into()
}

/// The values again; `None` where the bytes are none of a key.
pub(super) fn unpack(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let length = usize::try_from(number(&mut bytes)?).ok()?;
        let (value, rest) = bytes.split_at_checked(length)?;
        values.push(std::str::from_utf8(value).ok()?.to_owned());
        bytes = rest;
    }
    Some(values)
}

/// No value and no object is as long as four gigabytes: one that claims to be fails when it is read.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

fn check(content: &[u8]) -> [u8; CHECK] {
    let hash = Sha256::digest(content);
    std::array::from_fn(|n| hash[n])
}

/// A list that is being put together.
#[derive(Default)]
pub(super) struct Filling {
    rows: u32,
    keys: Vec<u8>,
    hashes: Vec<u8>,
}

impl Filling {
    pub fn add(&mut self, bucket: u32, entry: &Entry) {
        self.rows += 1;
        self.keys.extend_from_slice(&bucket.to_le_bytes());
        self.keys.extend_from_slice(&length(entry.key.len()));
        self.keys.extend_from_slice(&entry.key);
        entry.hash.iter().for_each(|lane| self.hashes.extend_from_slice(&lane.to_le_bytes()));
    }

    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Bytes, before the keys are compressed.
    pub fn size(&self) -> usize {
        self.keys.len() + self.hashes.len()
    }

    pub fn encode(self) -> std::io::Result<Bytes> {
        // Level 1, as for part files.
        let mut keys = GzEncoder::new(Vec::new(), Compression::new(1));
        keys.write_all(&self.keys)?;
        let keys = keys.finish()?;
        let mut content = Vec::with_capacity(MAGIC.len() + 8 + keys.len() + self.hashes.len() + CHECK);
        content.extend_from_slice(MAGIC);
        content.extend_from_slice(&self.rows.to_le_bytes());
        content.extend_from_slice(&length(keys.len()));
        content.extend_from_slice(&keys);
        content.extend_from_slice(&self.hashes);
        content.extend_from_slice(&check(&content));
        Ok(content.into())
    }
}

/// A list that is read, a bucket at a time.
#[derive(Default)]
pub(super) struct Listed {
    keys: Vec<u8>,
    at: usize,
    hashes: Bytes,
    /// Of the next row.
    bucket: Option<u32>,
}

impl Listed {
    /// Reads an object; `None` where it is not a whole list.
    pub fn decode(content: &Bytes) -> Option<Self> {
        let body = content.len().checked_sub(CHECK)?;
        if check(&content[..body])[..] != content[body..] {
            return None;
        }
        let mut rest = content[..body].strip_prefix(MAGIC)?;
        let rows = usize::try_from(number(&mut rest)?).ok()?;
        let length = usize::try_from(number(&mut rest)?).ok()?;
        let (compressed, hashes) = rest.split_at_checked(length)?;
        if hashes.len() != rows * A_HASH {
            return None;
        }
        let mut keys = Vec::new();
        GzDecoder::new(compressed).read_to_end(&mut keys).ok()?;
        let mut listed = Self { keys, at: 0, hashes: content.slice(body - hashes.len()..body), bucket: None };
        listed.bucket = listed.peek();
        Some(listed)
    }

    fn peek(&self) -> Option<u32> {
        number(&mut self.keys.get(self.at..)?)
    }

    /// The bucket of the next row.
    pub fn bucket(&self) -> Option<u32> {
        self.bucket
    }

    /// The rows of this bucket, if it is the next one; `None` where the list ends in the middle of a row.
    pub fn take(&mut self, bucket: u32) -> Option<Vec<Entry>> {
        let mut rows = Vec::new();
        while self.bucket == Some(bucket) {
            let mut rest = self.keys.get(self.at + 4..)?;
            let length = usize::try_from(number(&mut rest)?).ok()?;
            let key = rest.get(..length)?.into();
            self.at += 8 + length;
            let hash = self.hashes.split_to_checked(A_HASH)?;
            let (first, second) = hash.split_first_chunk::<8>()?;
            let second = second.first_chunk::<8>()?;
            rows.push(Entry { key, hash: [u64::from_le_bytes(*first), u64::from_le_bytes(*second)] });
            self.bucket = self.peek();
        }
        Some(rows)
    }
}

/// As `Bytes::split_to`, which takes a length that is there for granted.
trait SplitToChecked {
    fn split_to_checked(&mut self, length: usize) -> Option<Bytes>;
}

impl SplitToChecked for Bytes {
    fn split_to_checked(&mut self, length: usize) -> Option<Bytes> {
        (self.len() >= length).then(|| self.split_to(length))
    }
}

impl Entry {
    pub fn new(key: Box<[u8]>, hash: RowHash) -> Self {
        Self { key, hash: hash.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &[&str], hash: u64) -> Entry {
        let key: Vec<String> = key.iter().map(|k| (*k).to_owned()).collect();
        Entry::new(pack(&key), RowHash([hash, !hash]))
    }

    #[test]
    fn a_key_comes_back_and_no_other_has_its_bytes() {
        for (a, b) in [(vec!["1", "23"], vec!["12", "3"]), (vec!["", "a"], vec!["a", ""]), (vec!["a "], vec!["a"])] {
            let [a, b] = [a, b].map(|k| k.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_ne!(pack(&a), pack(&b));
            assert_eq!(unpack(&pack(&a)).unwrap(), a);
        }
        assert_eq!(unpack(&[9, 0, 0, 0, b'x']), None);
    }

    #[test]
    fn a_list_comes_back_bucket_by_bucket() {
        let mut filling = Filling::default();
        let rows = [(3, entry(&["a"], 1)), (3, entry(&["b\t\n"], 2)), (70_000, entry(&["", "ü"], 3))];
        rows.iter().for_each(|(bucket, e)| filling.add(*bucket, e));
        let content = filling.encode().unwrap();
        let mut listed = Listed::decode(&content).unwrap();
        assert_eq!(listed.bucket(), Some(3));
        assert_eq!(listed.take(2).unwrap(), []);
        assert_eq!(listed.take(3).unwrap(), [rows[0].1.clone(), rows[1].1.clone()]);
        assert_eq!(listed.bucket(), Some(70_000));
        assert_eq!(listed.take(70_000).unwrap(), [rows[2].1.clone()]);
        assert_eq!(listed.bucket(), None);
        for at in 0..content.len() {
            let mut broken = content.to_vec();
            broken[at] ^= 1;
            assert!(Listed::decode(&broken.into()).is_none(), "byte {at}");
        }
        assert!(Listed::decode(&content.slice(..content.len() - 1)).is_none());
        assert!(Listed::decode(&Bytes::new()).is_none());
    }
}
