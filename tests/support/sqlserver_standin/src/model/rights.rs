//! What the login may see.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::row_view::RowView;

/// Is something on?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    On,
    Off,
}

impl Switch {
    /// Is it on?
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

/// What the login may not do or see; all else it may. Tables are `schema.name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Tables whose SELECT is denied, column by column or all of it (`None`).
    denied: BTreeSet<(String, Option<String>)>,
    /// Objects that it has no right on at all: the catalog does not show them.
    hidden: BTreeSet<String>,
    /// Tables without VIEW CHANGE TRACKING.
    untracked: BTreeSet<String>,
    sees_fakes: bool,
    sees_no_transactions: bool,
    is_refused_transactions: bool,
    sees_no_policies: bool,
}

fn key(table: &str) -> String {
    table.to_lowercase()
}

impl Rights {
    /// SELECT on a table is denied.
    pub fn deny(&mut self, table: &str) {
        self.denied.insert((key(table), None));
    }

    /// SELECT on a column is denied.
    pub fn deny_column(&mut self, table: &str, column: &str) {
        self.denied.insert((key(table), Some(key(column))));
    }

    /// SELECT on a column is granted again.
    pub fn allow_column(&mut self, table: &str, column: &str) {
        self.denied.remove(&(key(table), Some(key(column))));
    }

    /// No right on an object at all.
    pub fn hide(&mut self, table: &str) {
        self.hidden.insert(key(table));
    }

    /// No VIEW CHANGE TRACKING on a table.
    pub fn hide_tracking(&mut self, table: &str) {
        self.untracked.insert(key(table));
    }

    /// VIEW CHANGE TRACKING on a table again.
    pub fn show_tracking(&mut self, table: &str) {
        self.untracked.remove(&key(table));
    }

    /// No UNMASK: masked columns come as fakes.
    pub fn mask(&mut self) {
        self.sees_fakes = true;
    }

    /// No right to see the transactions of others.
    pub fn hide_transactions(&mut self) {
        self.sees_no_transactions = true;
    }

    /// The right to see the transactions of others is there, and the server refuses the look all the same, as small databases of Azure do.
    pub fn refuse_transactions(&mut self) {
        self.is_refused_transactions = true;
    }

    /// No right to see security policies.
    pub fn hide_policies(&mut self) {
        self.sees_no_policies = true;
    }

    pub(crate) fn may_see(&self, table: &str) -> bool {
        !self.hidden.contains(&key(table))
    }

    pub(crate) fn may_read(&self, table: &str) -> bool {
        self.may_see(table) && !self.denied.contains(&(key(table), None))
    }

    pub(crate) fn may_read_column(&self, table: &str, column: &str) -> bool {
        self.may_read(table) && !self.denied.contains(&(key(table), Some(key(column))))
    }

    pub(crate) fn may_see_tracking(&self, table: &str) -> bool {
        self.may_see(table) && !self.untracked.contains(&key(table))
    }

    pub(crate) fn sees_fakes(&self) -> bool {
        self.sees_fakes
    }

    pub(crate) fn is_refused_transactions(&self) -> bool {
        self.is_refused_transactions
    }

    pub(crate) fn sees_policies(&self) -> bool {
        !self.sees_no_policies
    }

    pub(crate) fn sees_transactions(&self) -> bool {
        !self.sees_no_transactions
    }
}

/// A condition on a row.
pub type Predicate = Arc<dyn Fn(&RowView<'_>) -> bool + Send + Sync>;

/// A filter predicate of row-level security.
#[derive(Clone)]
pub struct Policy {
    /// `schema.name` of the policy.
    pub name: String,
    /// Its table, as `schema.name`.
    pub table: String,
    /// Is it enabled?
    pub state: Switch,
    /// What it lets through.
    pub lets_through: Predicate,
}
