//! Where a table stands whose rows are compared by hash: which lists of the last runs count.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::position::Position;
use crate::model::RunId;

/// The lists that count, in slices of keys; each slice has lists of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DigestMark {
    /// What was hashed: of all slices the same but while columns come.
    pub hashed: Vec<HashedAs>,
    /// In the order of their keys. Empty where lists can't be trusted any more.
    pub slices: Vec<SliceMark>,
    /// A digest of what decides the order of keys, where there are several slices: under another one their ends mean nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub order: String,
    /// A look at all slices that is not through yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
    /// Keys that were read again between two looks: the target may have rows that no list knows, so they are read once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Vec<String>>,
}

/// What was hashed, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedAs {
    /// A digest of the columns, their types, the filter, the salt, and of how a hash is made.
    pub fingerprint: String,
    /// The columns of the source, in the order they were hashed in.
    pub columns: Vec<HashedColumn>,
}

/// A column of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedColumn {
    pub name: String,
    /// Its number in the catalog: a column that is dropped and made again has another one.
    pub number: i32,
}

/// A slice of a table's keys, and its lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceMark {
    /// The last key that belongs to it, as the source prints its columns; absent where all belong to it that no slice before has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Vec<String>>,
    /// Which of [`DigestMark::hashed`].
    pub hashed: usize,
    /// Its rows are added up in two to this power buckets.
    pub bits: u8,
    /// Of the sums: rows whose sums have this digest are those of the lists.
    pub digest: String,
    pub rows: u64,
    /// The object with the sums, which also says which buckets a list has.
    pub sums: ListObject,
    /// The lists, by the run that wrote them.
    pub lists: Vec<ListsOfRun>,
}

/// An object of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListObject {
    pub run: RunId,
    pub number: u32,
}

/// Objects of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListsOfRun {
    pub run: RunId,
    pub numbers: Vec<u32>,
}

/// How far a look at all slices has come that takes several runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// The slice that is next.
    pub next: usize,
    /// Where the source stood when it began: once it has ended, the watermark moves up to there.
    #[serde(flatten)]
    pub position: Position,
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
}

impl SliceMark {
    /// Every object that the slice needs.
    pub fn objects(&self) -> impl Iterator<Item = ListObject> {
        let lists = self.lists.iter();
        let lists = lists.flat_map(|l| l.numbers.iter().map(|n| ListObject { run: l.run.clone(), number: *n }));
        lists.chain([self.sums.clone()])
    }
}

impl DigestMark {
    /// Every object that the lists are in.
    pub fn objects(&self) -> impl Iterator<Item = ListObject> {
        self.slices.iter().flat_map(SliceMark::objects)
    }

    /// Notes keys that were read again, and may be gone by the next look. More than a state should hold take the trust from all lists.
    pub fn read_again(&mut self, keys: impl Iterator<Item = Vec<String>>) {
        const MOST: usize = 1000;
        self.again.extend(keys);
        self.again.sort_unstable();
        self.again.dedup();
        if self.again.len() > MOST {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_keys_are_kept_and_many_forget_the_lists() {
        let run = RunId::new(OffsetDateTime::UNIX_EPOCH, 1);
        let slice = SliceMark {
            until: None,
            hashed: 0,
            bits: 0,
            digest: String::new(),
            rows: 1,
            sums: ListObject { run: run.clone(), number: 2 },
            lists: vec![ListsOfRun { run, numbers: vec![0, 1] }],
        };
        let mut mark = DigestMark { slices: vec![slice], ..DigestMark::default() };
        assert_eq!(mark.objects().map(|o| o.number).collect::<Vec<_>>(), [0, 1, 2]);
        let key = |n: u32| vec![n.to_string()];
        mark.read_again([1, 2, 1].map(key).into_iter());
        assert_eq!((mark.again.len(), mark.slices.len()), (2, 1));
        mark.read_again((0..1001).map(key));
        assert_eq!(mark, DigestMark::default());
    }
}
