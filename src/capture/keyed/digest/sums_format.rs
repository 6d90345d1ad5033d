//! The sums of a slice as an object, and which lists it has.
//!
//! ```text
//!   gzip of  "PLS1"  length: u32  {"lists": […]}  bits: u8  (rows: u64, hash: 2 × u64) of each bucket
//! ```

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::batch::ListObject;
use crate::source::{BUCKET_BITS, BucketSum, BucketSums, RowHash};

const MAGIC: &[u8] = b"PLS1";
const A_SUM: usize = 24;

/// A list, and which buckets it has: all from the one before up to its last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptList {
    #[serde(flatten)]
    pub object: ListObject,
    pub last: u32,
    /// Bytes of its rows before they are compressed.
    pub size: u64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    lists: Vec<KeptList>,
}

/// What is kept of a slice beside its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptSums {
    pub lists: Vec<KeptList>,
    pub sums: BucketSums,
}

/// Sums that have the same digest are the same.
pub(super) fn digest(sums: &BucketSums) -> String {
    let mut all = Sha256::new();
    all.update([sums.bits]);
    sums.sums.iter().for_each(|sum| all.update(bytes(sum)));
    all.finalize()[..16].iter().map(|b| format!("{b:02x}")).collect()
}

fn bytes(sum: &BucketSum) -> [u8; A_SUM] {
    let mut bytes = [0; A_SUM];
    let numbers = [sum.rows, sum.hash.0[0], sum.hash.0[1]];
    bytes.chunks_exact_mut(8).zip(numbers).for_each(|(place, n)| place.copy_from_slice(&n.to_le_bytes()));
    bytes
}

impl KeptSums {
    pub fn encode(&self) -> std::io::Result<Bytes> {
        let header = serde_json::to_vec(&Header { lists: self.lists.clone() })?;
        let mut out = GzEncoder::new(Vec::new(), Compression::new(1));
        out.write_all(MAGIC)?;
        out.write_all(&u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes())?;
        out.write_all(&header)?;
        out.write_all(&[self.sums.bits])?;
        for sum in &self.sums.sums {
            out.write_all(&bytes(sum))?;
        }
        out.finish().map(Bytes::from)
    }

    /// Reads an object; `None` where it is none of these.
    pub fn decode(content: &[u8]) -> Option<Self> {
        let mut all = Vec::new();
        GzDecoder::new(content).read_to_end(&mut all).ok()?;
        let (length, rest) = all.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
        let (header, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        let header: Header = serde_json::from_slice(header).ok()?;
        let (bits, rest) = rest.split_first()?;
        if *bits > BUCKET_BITS || rest.len() != A_SUM << bits {
            return None;
        }
        let sum = |bytes: &[u8]| {
            let (numbers, _) = bytes.as_chunks::<8>();
            match numbers.iter().map(|n| u64::from_le_bytes(*n)).collect::<Vec<_>>()[..] {
                [rows, a, b] => Some(BucketSum { rows, hash: RowHash([a, b]) }),
                _ => None,
            }
        };
        let sums = rest.chunks_exact(A_SUM).map(sum).collect::<Option<_>>()?;
        Some(Self { lists: header.lists, sums: BucketSums { bits: *bits, sums } })
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::model::RunId;

    #[test]
    fn sums_come_back() {
        let run = RunId::new(OffsetDateTime::UNIX_EPOCH, 5);
        let mut sums = BucketSums::empty(2);
        let before = digest(&sums);
        sums.add(1, BucketSum { rows: 3, hash: RowHash([u64::MAX, 7]) });
        assert_ne!(digest(&sums), before);
        assert_ne!(digest(&BucketSums::empty(1)), digest(&BucketSums::empty(2)));
        let kept =
            KeptSums { lists: vec![KeptList { object: ListObject { run, number: 4 }, last: 131_071, size: 9 }], sums };
        let content = kept.encode().unwrap();
        assert_eq!(KeptSums::decode(&content), Some(kept));
        assert_eq!(KeptSums::decode(&content[..content.len() - 9]), None);
        assert_eq!(KeptSums::decode(b"x"), None);
    }
}
