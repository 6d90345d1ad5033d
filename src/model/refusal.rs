//! What of a table could not be held, for people: columns and reasons, never values.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::figures::counted;

/// How many are kept of a table. The rest is in its quarantine files.
const KEPT: usize = 20;

/// Values of one column that could not be held, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// As the source names it.
    pub column: String,
    pub reason: String,
    /// How many values.
    pub values: u64,
}

impl Refusal {
    /// For people.
    pub fn text(&self) -> String {
        format!("{} of {}: {}", counted(self.values, "value", "values"), self.column, self.reason)
    }
}

/// What could not be held of a table, by column and reason: those with the most values first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// Counts more values.
    pub fn add(&mut self, column: &str, reason: &str, values: u64) {
        match self.0.iter_mut().find(|r| r.column == column && r.reason == reason) {
            Some(known) => known.values += values,
            None => self.0.push(Refusal { column: column.to_owned(), reason: reason.to_owned(), values }),
        }
    }

    /// With those that were counted before. Of very many columns, those with the most values.
    pub fn with(mut self, before: Option<&Self>) -> Self {
        for refusal in before.iter().flat_map(|all| &all.0) {
            self.add(&refusal.column, &refusal.reason, refusal.values);
        }
        self.0
            .sort_by(|a, b| (Reverse(a.values), &a.column, &a.reason).cmp(&(Reverse(b.values), &b.column, &b.reason)));
        self.0.truncate(KEPT);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Refusal> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_kept() {
        let mut before = Refusals::default();
        before.add("a", "no number", 2);
        before.add("b", "no number", 9);
        let mut now = Refusals::default();
        now.add("a", "no number", 3);
        now.add("a", "too long", 1);
        for n in 0..40 {
            now.add(&format!("c{n}"), "no number", 4);
        }
        let all = now.with(Some(&before));
        let found: Vec<(&str, u64)> = all.iter().map(|r| (r.column.as_str(), r.values)).collect();
        assert_eq!((found.len(), &found[..3]), (KEPT, &[("b", 9), ("a", 5), ("c0", 4)][..]));
    }
}
