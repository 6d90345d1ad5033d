//! Temporary tables of a session that were made and not dropped.
//!
//! SQL Server binds the names of a batch to the tables that are there when it begins. So a list that was left over, with other columns, has to go
//! in a batch of its own: in the batch that makes the next one, the INSERT behind the DROP and the CREATE would fail (error 207).
//! Source: <https://learn.microsoft.com/sql/t-sql/statements/create-table-transact-sql#temporary-tables> (deferred name resolution)

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// By name.
#[derive(Debug, Default)]
pub(super) struct OpenLists(Mutex<BTreeSet<String>>);

impl OpenLists {
    /// Notes one that is about to be made; whether one of its name may be there.
    pub fn open(&self, name: &str) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned())
    }

    pub fn close(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// The statement that drops one, if it is there.
pub(super) fn drop_list(name: &str) -> String {
    format!("IF OBJECT_ID(N'tempdb..{name}') IS NOT NULL DROP TABLE {name};")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_left_over_is_dropped_before() {
        let lists = OpenLists::default();
        assert!(!lists.open("#a") && !lists.open("#b"));
        lists.close("#a");
        assert!(!lists.open("#a") && lists.open("#b"));
    }
}
