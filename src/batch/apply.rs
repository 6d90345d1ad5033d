//! How a table's staged rows get into its target, and what that means for the rest of a run.
//!
//! A run never matches a variant: it asks. What a sink does is a file of its own in `bigquery`; what follows from it stands here.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use crate::model::{ApplyBy, TargetRef};

/// How the staged rows get into the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Apply {
    /// One load job straight into the target: the staged rows are the table.
    Replace(Replace),
    /// Load into a staging table, then MERGE.
    Merge(Merge),
    /// Rows sent one by one, which BigQuery applies by itself.
    Append(Append),
}

/// What a load that replaces the target has to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replace {
    pub schema: ReplaceSchema,
    /// Every column of the target as the API writes it, also those that the staged rows lack.
    pub fields: Vec<serde_json::Value>,
    /// How changes get into the target from then on.
    #[serde(default, skip_serializing_if = "ApplyBy::is_merge")]
    pub then: ApplyBy,
}

/// What a load into a staging table and its MERGE have to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    pub staging: TargetRef,
    pub absent: Absent,
    /// Whether one key may be staged more than once.
    #[serde(default)]
    pub repeats: Repeats,
    /// Target columns whose staged values were read whole: rows with such a value that are not staged are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub update: Update,
    /// The target's column whose smallest and largest staged value bound the MERGE: it need not look elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

/// What changes that are sent row by row have to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Append {
    /// How often the target was created again: changes of an older table lose against those of this one.
    pub incarnation: u64,
    #[serde(default, skip_serializing_if = "Way::is_rows")]
    pub way: Way,
}

/// How staged rows get into a target that takes changes row by row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Each by itself, as a change.
    #[default]
    Rows,
    /// By one load job, beside those that are there: a stretch of a load, while the table never had a change.
    Job,
}

impl Way {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_rows(&self) -> bool {
        *self == Self::Rows
    }
}

/// Staged rows that do not replace the target's, whatever sink brings them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    pub absent: Absent,
    pub repeats: Repeats,
    pub scopes: Vec<String>,
    pub update: Update,
}

/// Whether one key may be staged more than once, each time with the same row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    #[default]
    Never,
    Possible,
}

/// Which matched rows a MERGE writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    #[default]
    All,
    /// Only those that differ: most of a reconcile pass does not.
    Different,
}

/// What a replacing load does with the target's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceSchema {
    /// The target's schema and constraints stay.
    Keep,
    /// The target gets the batch's schema: a resync over a table that can't be widened.
    Overwrite,
    /// The target is created again, and is empty until the load is done: what was sent to the old one row by row stays behind.
    Recreate,
}

/// What a MERGE does with target rows that the staged rows do not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absent {
    /// The staged rows are changes only.
    Keep,
    /// The staged rows name every key of the source: what they lack is gone.
    Remove,
}

/// What becomes of the target's rows that are not staged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstaged {
    Stay,
    /// Those with a value that was read whole go.
    GoInScopes,
    Go,
}

impl Unstaged {
    fn of(absent: Absent, scopes: &[String]) -> Self {
        match absent {
            Absent::Remove => Self::Go,
            Absent::Keep if !scopes.is_empty() => Self::GoInScopes,
            Absent::Keep => Self::Stay,
        }
    }
}

impl Changes {
    /// What becomes of the target's rows that are not staged.
    pub fn unstaged(&self) -> Unstaged {
        Unstaged::of(self.absent, &self.scopes)
    }
}

impl Merge {
    /// What becomes of the target's rows that are not staged.
    pub fn unstaged(&self) -> Unstaged {
        Unstaged::of(self.absent, &self.scopes)
    }
}

/// Rows that a sink has written to a target, as far as it counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsWritten {
    pub inserted: Option<u64>,
    pub updated: Option<u64>,
    pub deleted: Option<u64>,
}

impl RowsWritten {
    /// Counted, and none.
    pub const NONE: Self = Self { inserted: Some(0), updated: Some(0), deleted: Some(0) };
}

impl Apply {
    /// What becomes of the target's rows that are not staged.
    pub fn unstaged(&self) -> Unstaged {
        match self {
            Self::Replace(_) => Unstaged::Go,
            Self::Merge(merge) => merge.unstaged(),
            Self::Append(_) => Unstaged::Stay,
        }
    }

    /// How changes get into the target, as the config says it.
    pub fn by(&self) -> ApplyBy {
        match self {
            Self::Append(_) => ApplyBy::Append,
            Self::Replace(replace) => replace.then,
            Self::Merge(_) => ApplyBy::Merge,
        }
    }

    /// The table that the rows pass through on their way, if they pass through one.
    pub fn staging(&self) -> Option<&TargetRef> {
        match self {
            Self::Replace(_) | Self::Append(_) => None,
            Self::Merge(merge) => Some(&merge.staging),
        }
    }

    /// Rows of the target under hard deletes once these are written, where the sink's counts tell: `before` is what it had.
    pub fn rows_after(&self, before: Option<u64>, staged: &Counts, written: RowsWritten) -> Option<u64> {
        match self {
            Self::Replace(_) => written.inserted,
            // All rows were staged, so the target has exactly these, whatever it had before.
            Self::Merge(merge) if merge.absent == Absent::Remove && staged.keys == 0 => Some(staged.upserts),
            Self::Merge(_) => (before? + written.inserted?).checked_sub(written.deleted?),
            Self::Append(Append { way: Way::Job, .. }) => Some(before? + written.inserted?),
            Self::Append(Append { way: Way::Rows, .. }) => None,
        }
    }

    /// Rows that the target has to have now, where every key was named to be compared with it.
    ///
    /// It has fewer where a key came back without a new row version (a renamed enum label, a row that a filter over other tables lets
    /// through again): then only a whole load brings the row.
    pub fn rows_named(&self, staged: &Counts) -> Option<u64> {
        match self {
            Self::Merge(merge) if merge.absent == Absent::Remove => Some(staged.upserts + staged.keys),
            Self::Merge(_) | Self::Replace(_) | Self::Append(_) => None,
        }
    }

    /// Of the rows updated under soft deletes, those that were flagged: each staged row that was not inserted is one of the others.
    /// `None` where the sink's counts don't tell.
    pub fn rows_flagged(&self, staged: &Counts, written: RowsWritten) -> Option<u64> {
        match self {
            Self::Merge(Merge { repeats: Repeats::Never, update: Update::All, .. }) => {
                let matched = staged.upserts.checked_sub(written.inserted?)?;
                written.updated?.checked_sub(matched)
            }
            Self::Merge(_) | Self::Replace(_) | Self::Append(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merge(absent: Absent, scopes: &[&str]) -> Merge {
        let staging = TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() };
        let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        Merge { staging, absent, repeats: Repeats::Never, scopes, update: Update::All, within: None }
    }

    fn replace() -> Apply {
        let fields = vec![json!({ "name": "id" })];
        Apply::Replace(Replace { schema: ReplaceSchema::Keep, fields, then: ApplyBy::Merge })
    }

    #[test]
    fn a_sealed_batch_says_it_as_it_always_has() {
        let old = r#"{"how":"replace","schema":"keep","fields":[{"name":"id"}]}"#;
        assert_eq!(serde_json::to_string(&replace()).unwrap(), old);
        assert_eq!(serde_json::from_str::<Apply>(old).unwrap(), replace());
        let old = r#"{"how":"merge","staging":{"project":"p","dataset":"d","table":"t"},"absent":"keep","repeats":"never","scopes":["a"],"update":"all"}"#;
        let scoped = Apply::Merge(merge(Absent::Keep, &["a"]));
        assert_eq!(serde_json::to_string(&scoped).unwrap(), old);
        assert_eq!(serde_json::from_str::<Apply>(old).unwrap(), scoped);
        let oldest = r#"{"how":"merge","staging":{"project":"p","dataset":"d","table":"t"},"absent":"remove"}"#;
        assert_eq!(serde_json::from_str::<Apply>(oldest).unwrap(), Apply::Merge(merge(Absent::Remove, &[])));
    }

    #[test]
    fn rows_that_are_not_staged_go_where_all_were_read() {
        assert_eq!(replace().unstaged(), Unstaged::Go);
        assert_eq!(merge(Absent::Remove, &["a"]).unstaged(), Unstaged::Go);
        assert_eq!(merge(Absent::Keep, &["a"]).unstaged(), Unstaged::GoInScopes);
        assert_eq!(merge(Absent::Keep, &[]).unstaged(), Unstaged::Stay);
    }

    #[test]
    fn rows_are_told_as_far_as_they_were_counted() {
        let staged = Counts { upserts: 10, keys: 5, ..Counts::default() };
        let written = RowsWritten { inserted: Some(7), updated: Some(4), deleted: Some(2) };
        let changes = Apply::Merge(merge(Absent::Keep, &[]));
        assert_eq!(changes.rows_after(Some(20), &staged, written), Some(25));
        assert_eq!(changes.rows_after(None, &staged, written), None);
        assert_eq!(changes.rows_after(Some(20), &staged, RowsWritten::default()), None, "nobody counted");
        assert_eq!(replace().rows_after(Some(20), &staged, written), Some(7));
        let all = Apply::Merge(merge(Absent::Remove, &[]));
        let no_keys = Counts { keys: 0, ..staged };
        assert_eq!(all.rows_after(None, &no_keys, RowsWritten::default()), Some(10));
        assert_eq!((all.rows_named(&staged), changes.rows_named(&staged)), (Some(15), None));
        // Three of the ten were there; the fourth update is a flag.
        assert_eq!(changes.rows_flagged(&staged, written), Some(1));
        assert_eq!(replace().rows_flagged(&staged, written), None);
    }
}
