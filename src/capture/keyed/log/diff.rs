//! Whether an update's logged diff proves that nothing published has changed.
//!
//! A proof needs three things: a diff that is complete, names in it that are columns we know, and the list of columns that
//! what is published is made of. Where one of them is in doubt there is no proof, and the row is read again like any other.
//! What an application logs is its own idea of the change: a library that is told to leave out fields leaves them out of the
//! diff too, and an instance that was loaded a while ago overwrites columns it does not know to have changed. No log shows
//! that, so the operator has to know it before asking for this; `check` and docs/LIMITS.md say so.

use std::collections::HashSet;

use serde_json::Value;

use crate::capture::keyed::log::claim::Claim;
use crate::capture::keyed::log::resolve::Log;
use crate::encode::Shape;
use crate::model::{Diff, RelationName, TableSpec};
use crate::source::{Dependencies, Relation, RelationKind, ident};

/// Longer diffs are not sent: reading the row again is cheaper.
const LONGEST_DIFF: usize = 16 * 1024;

/// Judges the entries of one claim.
#[derive(Clone, Debug)]
pub struct Judge {
    diff: Diff,
    columns: Vec<String>,
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
        let columns = columns(log, claim, diff);
        let known = known(claim, below).ok_or("the catalog cannot tell which table below it the log speaks of")?;
        Ok(Self { diff: diff.clone(), columns, known, published })
    }

    /// Expressions over the entry `t` that [`Judge::is_unpublished`] reads.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
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
fn known(claim: &Claim, mut below: Dependencies) -> Option<HashSet<String>> {
    if below.known.len() == 1 {
        return below.known.into_values().next();
    }
    let named = RelationName::parse(&claim.name).map(|r| r.name);
    let django = claim.name.to_lowercase().replace('.', "_");
    let found = named.filter(|n| below.known.contains_key(n)).unwrap_or(django);
    below.known.remove(&found)
}

fn columns(log: &Log<'_>, claim: &Claim, diff: &Diff) -> Vec<String> {
    let column = |name: &str| format!("t.{}", ident(name));
    let bounded = |text: String| format!("CASE WHEN octet_length({text}) <= {LONGEST_DIFF} THEN {text} END");
    match diff {
        Diff::OldNew { column: name, merged } => {
            let text = bounded(format!("{}::text", column(name)));
            let table = &log.tables[claim.log].relation;
            let doubtful = merged.as_ref().filter(|m| table.column(&m.joined_with).is_none());
            match doubtful.filter(|m| table.column(&m.column).is_some()) {
                Some(m) => vec![format!("CASE WHEN {} IS NULL THEN {text} END", column(&m.column))],
                None => vec![text],
            }
        }
        Diff::Pair(name) => vec![bounded(format!("{}::text", column(name)))],
        Diff::Values { old, new } => [old, new].into_iter().map(|c| bounded(format!("{}::text", column(c)))).collect(),
        Diff::Records { old, new } => {
            let (old, new) = (format!("{}::jsonb", column(old)), format!("{}::jsonb", column(new)));
            let names = |of: &str| format!("(SELECT array_agg(f ORDER BY f) FROM jsonb_object_keys({of}) AS f)");
            vec![format!(
                "CASE WHEN {} = {} THEN (SELECT json_agg(f.key)::text FROM jsonb_each({new}) AS f \
                 WHERE f.value::text IS DISTINCT FROM ({old} -> f.key)::text) END",
                names(&old),
                names(&new)
            )]
        }
        Diff::Hstore(name) => {
            let schema = ident(log.hstore.as_deref().unwrap_or("public"));
            vec![format!("to_json({schema}.akeys({}))::text", column(name))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(diff: Diff) -> Judge {
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Judge {
            diff,
            columns: Vec::new(),
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
