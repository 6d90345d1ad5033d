//! What the operator should know of a table: limits of its capture, costs, changed names.

use crate::capture::{blind, may_be_chunked};
use crate::encode::{Shape, ShapeColumn};
use crate::model::{CaptureKind, Deletes, OnUnrepresentable, TableSpec};
use crate::source::{CursorType, Relation, RelationKind, Sight};

/// Of a table whose ticks are so far apart that one more that fails may come too late for what changes are kept.
pub(super) fn retention_note(spec: &TableSpec, kept_minutes: Option<u64>) -> Option<String> {
    let kept = kept_minutes.filter(|_| spec.capture == CaptureKind::Ct)?;
    let every = spec.every.map(|every| every.as_secs() / 60).filter(|every| *every > kept / 4)?;
    Some(format!(
        "every is {every} minutes, and change tracking keeps changes for {kept} minutes (CHANGE_RETENTION): a few ticks that fail, and the table is read whole. Keep \
         changes for at least {} minutes",
        every * 4
    ))
}

/// Of the table itself.
pub(super) fn notes(spec: &TableSpec, relation: &Relation, shape: &Shape, sight: Sight) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| notes.push(text);
    for c in shape.columns.iter().filter(|c| c.is_hashed()) {
        note(format!("of {} only a salted SHA-256 leaves the source", c.source));
    }
    for c in shape.columns.iter().filter(|c| c.source != c.target.name) {
        note(format!("the column {} is called {} in BigQuery", c.source, c.target.name));
    }
    if matches!(spec.capture, CaptureKind::Cursor | CaptureKind::Xmin) {
        match spec.deletes {
            Deletes::Ignore => note(match (spec.finds(), spec.reconcile_every) {
                (finds, None) => {
                    format!("{finds}: rows deleted in the source stay in the target (deletes = \"ignore\")")
                }
                (finds, Some(_)) => {
                    format!("{finds}: until then rows deleted in the source stay in the target (reconcile_every)")
                }
            }),
            Deletes::Keys if spec.keeps_key_list() => note(
                "every tick hashes all keys on the source and compares them with those kept below digests/ in the bucket: keys that are gone are deleted in the target".to_owned(),
            ),
            Deletes::Keys => {
                note("every look for deleted rows reads all keys of the source (deletes_every)".to_owned())
            }
        }
    }
    if spec.capture == CaptureKind::Xmin {
        note("every tick scans the whole source table; only changed rows leave it".to_owned());
    }
    if spec.capture == CaptureKind::Ct {
        note("change tracking keeps what was written for CHANGE_RETENTION: no tick for longer than that, and the table is read whole".to_owned());
    }
    if spec.capture == CaptureKind::Digest {
        note(
            "every tick reads the whole table and hashes each row, on the source. Sums of hashes leave it, of buckets that differ keys and \
             hashes, and the rows that have changed; keys and hashes are kept below digests/ in the bucket"
                .to_owned(),
        );
        if !may_be_chunked(spec, relation, shape) {
            note(
                "no index has the key, or a NULL may be in it: all rows have to be hashed within one run's budget"
                    .to_owned(),
            );
        }
    }
    if let Some(cursor) = &spec.cursor {
        if relation.kind != RelationKind::View && !relation.leading.contains(cursor) {
            note(format!("no index of the source leads with {cursor}: every tick scans the table"));
        }
        if let Some(why) = blind(sight, relation.dialect).filter(|_| relation.tells_its_writers()) {
            note(why);
        }
        let by_rowversion =
            relation.column(cursor).and_then(|c| c.cursor_type()).is_some_and(|kind| kind == CursorType::RowVersion);
        if !relation.tells_its_writers() && !by_rowversion {
            note(format!(
                "a {} does not say which transaction wrote a row: rows within lag of the newest {cursor} are sent again \
                 every tick, and a row that commits later than lag is missed",
                relation.kind.name()
            ));
        }
    }
    let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
    if !key.is_empty() && !relation.keeps_unique(&key) {
        note(
            "nothing in the source keeps the key unique: whenever all keys are read, the source is asked for keys that occur more than \
             once (it sorts or hashes them all), and such a table stops. In between, such a key is not noticed"
                .to_owned(),
        );
    }
    let (of_key, others) = shape.columns.split_at(shape.key_len);
    let may_be_refused = |columns: &[ShapeColumn]| columns.iter().any(|c| !c.caveat().is_empty());
    if may_be_refused(others) || (may_be_refused(of_key) && spec.on_unrepresentable == OnUnrepresentable::Fail) {
        note(match spec.on_unrepresentable {
            OnUnrepresentable::Quarantine => {
                "a value its target type can't hold becomes NULL, and its row goes to the quarantine file".to_owned()
            }
            OnUnrepresentable::Fail => "a value its target type can't hold fails the run".to_owned(),
            OnUnrepresentable::Null => "a value its target type can't hold becomes NULL and is counted".to_owned(),
        });
    }
    if may_be_refused(of_key) && spec.on_unrepresentable != OnUnrepresentable::Fail {
        note(
            "a row whose key its target type can't hold is missing in the target: it goes to the quarantine file alone"
                .to_owned(),
        );
    }
    notes
}
