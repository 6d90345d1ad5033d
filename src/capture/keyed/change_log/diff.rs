//! Whether an update's logged diff proves that nothing published has changed.
//!
//! A proof needs three things: a diff that is complete, names in it that are columns we know, and the list of columns that
//! what is published is made of. Where one of them is in doubt there is no proof, and the row is read again like any other.
//! What an application logs is its own idea of the change: a library that is told to leave out fields leaves them out of the
//! diff too, and an instance that was loaded a while ago overwrites columns it does not know to have changed. No log shows
//! that, so the operator has to know it before asking for this; `check` and docs/LIMITS.md say so.

use std::collections::HashSet;

use serde_json::Value;

use crate::capture::keyed::change_log::claim::Claim;
use crate::capture::keyed::change_log::resolve::Log;
use crate::encode::Shape;
use crate::model::{Dialect, Diff, RelationName, TableSpec};
use crate::source::{Dependencies, Relation, RelationKind};

/// Judges the entries of one claim.
#[derive(Clone, Debug)]
pub struct Judge {
    diff: Diff,
    known: HashSet<String>,
    published: HashSet<String>,
}

impl Judge {
    /// The reason, for people, where no diff could prove anything.
    pub fn new(
        log: &Log<'_>,
        claim: &Claim,
        spec: &TableSpec,
        relation: &Relation,
        shape: &Shape,
        mut below: Dependencies,
    ) -> Result<Self, &'static str> {
        let has_diff = |d: &&Diff| log.tables[claim.log].has_diff(d);
        let diff = log.spec.diff.as_ref().filter(has_diff).ok_or("the log keeps no diff")?;
        if below.opaque {
            return Err("the catalog cannot tell which columns this table is made of");
        }
        if below.triggers && !log.is_by_trigger() {
            return Err("a trigger may change more columns than the application logs");
        }
        if spec.filter.is_some() || !relation.leaves.is_empty() {
            return Err("it has a `where`, or partitions");
        }
        let published = match relation.kind {
            RelationKind::View => std::mem::take(&mut below.used),
            _ => shape.columns.iter().map(|c| c.source.clone()).collect(),
        };
        let known = known(relation.dialect, claim, below)
            .ok_or("the catalog cannot tell which table below it the log speaks of")?;
        Ok(Self { diff: diff.clone(), known, published })
    }

    /// What is read of an update's entry.
    pub fn diff(&self) -> &Diff {
        &self.diff
    }

    /// Whether the diff proves that the update touched no published column.
    pub fn is_unpublished(&self, texts: &[Option<&str>]) -> bool {
        let Some(names) = self.changed(texts) else { return false };
        !names.is_empty() && names.iter().all(|n| self.is_hidden(n))
    }

    /// A field of an application's model is a column of its name, or of its name and `_id`.
    fn is_hidden(&self, field: &str) -> bool {
        let reference = format!("{field}_id");
        let columns = [field, reference.as_str()];
        columns.iter().any(|c| self.known.contains(*c)) && columns.iter().all(|c| !self.published.contains(*c))
    }

    /// The fields a diff names; `None` where it is absent, cut or of another shape.
    fn changed(&self, texts: &[Option<&str>]) -> Option<Vec<String>> {
        let parsed: Option<Vec<Value>> = texts.iter().map(|t| t.and_then(|t| serde_json::from_str(t).ok())).collect();
        match (&self.diff, parsed?.as_slice()) {
            (Diff::OldNew { .. }, [Value::Object(fields)]) => {
                let is_whole = |v: &Value| v.get("old").is_some() && v.get("new").is_some();
                fields.values().all(is_whole).then(|| fields.keys().cloned().collect())
            }
            (Diff::Pair(_), [Value::Object(fields)]) => {
                let is_whole = |v: &Value| v.as_array().is_some_and(|a| a.len() == 2);
                fields.values().all(is_whole).then(|| fields.keys().cloned().collect())
            }
            // PHP writes an empty object as a list.
            (Diff::Values { .. }, [Value::Object(old), Value::Object(new)]) => {
                Some(old.keys().chain(new.keys()).cloned().collect())
            }
            (Diff::Records { .. } | Diff::Hstore(_), [Value::Array(names)]) => {
                names.iter().map(|n| n.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        }
    }
}

/// The columns of the table that entries are about: the only one there is, the one the log names, or the one that Django
/// calls so. A field of one table may be called like a column of another.
fn known(dialect: Dialect, claim: &Claim, mut below: Dependencies) -> Option<HashSet<String>> {
    if below.known.len() == 1 {
        return below.known.into_values().next();
    }
    let named = RelationName::parse_in(dialect, &claim.name).map(|r| r.name);
    let django = claim.name.to_lowercase().replace('.', "_");
    let found = named.filter(|n| below.known.contains_key(n)).unwrap_or(django);
    below.known.remove(&found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(diff: Diff) -> Judge {
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Judge {
            diff,
            known: set(&["id", "name", "notes", "company_id", "phone"]),
            published: set(&["id", "name", "company_id"]),
        }
    }

    fn old_new() -> Judge {
        judge(Diff::OldNew { column: "changed_data".to_owned(), merged: None })
    }

    #[test]
    fn only_a_complete_diff_of_known_unpublished_columns_is_proof() {
        let j = old_new();
        for (text, skipped) in [
            (r#"{"notes": {"old": 1, "new": 2}}"#, true),
            (r#"{"notes": {"old": null, "new": null}, "phone": {"old": "", "new": "1"}}"#, true),
            (r#"{"notes": {"old": 1, "new": 2}, "name": {"old": 1, "new": 2}}"#, false),
            // A foreign key by its field's name.
            (r#"{"company": {"old": 1, "new": 2}}"#, false),
            // A field that is no column we know: a relation, or a column of another name.
            (r#"{"tags": {"old": 1, "new": 2}}"#, false),
            // Half a change: a delete that was merged into an update.
            (r#"{"notes": {"old": 1}}"#, false),
            (r#"{"notes": [1, 2]}"#, false),
            ("{}", false),
            ("[]", false),
            ("null", false),
            ("not json", false),
        ] {
            assert_eq!(j.is_unpublished(&[Some(text)]), skipped, "{text}");
        }
        assert!(!j.is_unpublished(&[None]));
    }

    #[test]
    fn the_other_shapes() {
        let pair = judge(Diff::Pair(String::new()));
        assert!(pair.is_unpublished(&[Some(r#"{"notes": [1, 2]}"#)]));
        assert!(!pair.is_unpublished(&[Some(r#"{"notes": {"type": "m2m", "objects": []}}"#)]));
        assert!(!pair.is_unpublished(&[Some("---\nnotes:\n- 1\n- 2\n")]));
        let values = judge(Diff::Values { old: String::new(), new: String::new() });
        assert!(values.is_unpublished(&[Some(r#"{"notes": 1}"#), Some(r#"{"notes": 2}"#)]));
        assert!(!values.is_unpublished(&[Some("[]"), Some(r#"{"notes": 2}"#)]));
        let names = judge(Diff::Hstore(String::new()));
        assert!(names.is_unpublished(&[Some(r#"["notes", "phone"]"#)]));
        assert!(!names.is_unpublished(&[Some(r#"["notes", "name"]"#)]));
    }
}
