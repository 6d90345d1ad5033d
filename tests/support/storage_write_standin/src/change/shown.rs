//! What readers of a table see.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kind::{Key, Row};

/// What readers see more, or no longer, than before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Rows that are put in the place of all rows of their keys.
    pub upserts: Vec<Arc<Row>>,
    /// The keys' values of rows that go.
    pub deletes: Vec<Row>,
    /// Rows that are added, whatever their keys.
    pub appends: Vec<Arc<Row>>,
}

impl Difference {
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.upserts.is_empty() && self.deletes.is_empty() && self.appends.is_empty()
    }
}

/// The rows that readers see of a table that a test has declared.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    rows: BTreeMap<Option<Key>, Vec<Arc<Row>>>,
}

impl Shown {
    /// Takes a difference in.
    pub fn take(&mut self, difference: Difference, key: &[String]) {
        for row in difference.deletes {
            self.rows.remove(&Key::of(&row, key));
        }
        for row in difference.upserts {
            self.rows.insert(Key::of(&row, key), vec![row]);
        }
        for row in difference.appends {
            // Without a key, no row has one.
            let key = if key.is_empty() { None } else { Key::of(&row, key) };
            self.rows.entry(key).or_default().push(row);
        }
    }

    /// All rows, by key.
    pub fn rows(&self) -> Vec<Row> {
        self.rows.values().flatten().map(|row| Row::clone(row)).collect()
    }
}
