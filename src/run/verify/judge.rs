//! What differs for good, from what both sides had once a run between them was merged.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::again::{Side, SourceSide};
use super::difference::compare_lists;
use super::documents::differing;
use super::refused_cells::RefusedCells;
use crate::canonical::{ColumnDigests, ComparedColumn, Documents};
use crate::model::{ColumnMode, Difference, TargetType};

/// What two sides differ in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    pub missing: u64,
    pub extra: u64,
    pub different: u64,
    /// In how many of the different rows each column differs, by its name in the target.
    pub columns: BTreeMap<String, u64>,
    /// Values that the target can't hold, as only the encoder can tell: they are NULL there.
    pub nulled: u64,
    /// The keys, where they are known.
    pub keys: Vec<(Vec<String>, Difference)>,
}

impl Judged {
    /// Rows that differ in any way.
    pub fn rows(&self) -> u64 {
        self.missing + self.extra + self.different
    }

    fn add(&mut self, key: Vec<String>, difference: Difference) {
        match difference {
            Difference::Missing => self.missing += 1,
            Difference::Extra => self.extra += 1,
            Difference::Different => self.different += 1,
        }
        if !key.is_empty() {
            self.keys.push((key, difference));
        }
    }
}

/// Compares them. `columns` are those of the table, `key_len` of which are its key.
pub fn judge(source: SourceSide, target: Side, columns: &[ComparedColumn], key_len: usize) -> Judged {
    let mut judged = Judged::default();
    match (source.side, target) {
        (Side::Count(source), Side::Count(target)) => {
            judged.missing = source.saturating_sub(target);
            judged.extra = target.saturating_sub(source);
        }
        (Side::Rows(source), Side::Rows(target)) => {
            for (key, difference) in compare_lists(source, target) {
                judged.add(key, difference);
            }
        }
        (Side::Columns { digests, documents }, Side::Columns { digests: found, documents: others }) => {
            judge_columns(digests, found, &source.refused, &columns[key_len.min(columns.len())..], &mut judged);
            judge_documents(&documents, others, columns, &mut judged);
        }
        // Both sides are asked the same.
        (Side::Count(_) | Side::Rows(_) | Side::Columns { .. }, _) => {}
    }
    judged
}

/// Documents that mean something else, of rows that both sides have.
fn judge_documents(source: &[Documents], target: Vec<Documents>, columns: &[ComparedColumn], judged: &mut Judged) {
    let names: Vec<&str> = columns
        .iter()
        .filter(|c| c.column.target_type == TargetType::Json && c.column.mode != ColumnMode::Repeated)
        .map(|c| c.column.name.as_str())
        .collect();
    let known: HashSet<Vec<String>> = judged.keys.iter().map(|(key, _)| key.clone()).collect();
    let mut others: HashMap<Vec<String>, Documents> = target.into_iter().map(|d| (d.key.clone(), d)).collect();
    for row in source {
        let Some(other) = others.remove(&row.key) else { continue };
        let differing: Vec<usize> = differing(row, &other).collect();
        // One whose structure differs is told already.
        if differing.is_empty() || known.contains(&row.key) {
            continue;
        }
        for name in differing.iter().filter_map(|n| names.get(*n)) {
            *judged.columns.entry((*name).to_owned()).or_default() += 1;
        }
        judged.add(row.key.clone(), Difference::Different);
    }
    judged.keys.sort_unstable();
}

fn judge_columns(
    source: Vec<ColumnDigests>,
    target: Vec<ColumnDigests>,
    refused: &RefusedCells,
    columns: &[ComparedColumn],
    judged: &mut Judged,
) {
    // A target may have a key twice, where somebody else has written it.
    let mut rows: HashMap<Vec<String>, Vec<Vec<Option<String>>>> = HashMap::new();
    for row in target {
        rows.entry(row.key).or_default().push(row.columns);
    }
    let in_source: HashSet<Vec<String>> = source.iter().map(|row| row.key.clone()).collect();
    for row in source {
        match rows.get_mut(&row.key).and_then(Vec::pop) {
            None => judged.add(row.key, Difference::Missing),
            Some(found) if found == row.columns => {}
            Some(found) => {
                let differing = (0..row.columns.len()).filter(|n| row.columns.get(*n) != found.get(*n));
                let (mut nulled, mut names) = (0, Vec::new());
                for n in differing {
                    let name = columns.get(n).map(|c| c.column.name.as_str()).unwrap_or_default();
                    let is_null = found.get(n).is_some_and(Option::is_none);
                    // The source has a value, and the target can't hold it.
                    match is_null && refused.has(&row.key, name) {
                        true => nulled += 1,
                        false => names.push(name),
                    }
                }
                judged.nulled += nulled;
                if names.is_empty() {
                    continue;
                }
                for name in names {
                    *judged.columns.entry(name.to_owned()).or_default() += 1;
                }
                judged.add(row.key, Difference::Different);
            }
        }
    }
    for (key, left) in rows {
        // A row of the source that the target has more than once.
        let difference = if in_source.contains(&key) { Difference::Different } else { Difference::Extra };
        left.iter().for_each(|_| judged.add(key.clone(), difference));
    }
    judged.keys.sort_unstable();
}
