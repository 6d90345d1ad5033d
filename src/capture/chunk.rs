//! A load in chunks: one stretch of keys a run, each sealed and loaded, so that a table that no budget is long enough for
//! comes nearer its end with every run.
//!
//! ```text
//!   run 1  snapshot S1   keys ..= k1        the watermark is S1, and stays it
//!   run 2  snapshot S2   k1 < keys ..= k2
//!   run 3  snapshot S3   k2 < keys          what the target had before and the source lacks goes now
//!   run 4                changes since S1
//! ```
//!
//! A stretch ends at a key, so the order of keys must stay what it was: the position goes with a digest of what decides it
//! (types, collations and their versions, an enum's labels), and under another one the load begins anew.
//!
//! What changes meanwhile has a later transaction than S1, or an entry in the log, and is found by the run after the last
//! chunk, whichever side of the stretch under way it lies on.

use super::error::CaptureError;
use super::select::Select;
use crate::encode::Shape;
use crate::model::{CaptureKind, TableSpec};
use crate::source::{Relation, RelationKind, Session, ident, literal};

/// A stretch of keys: all that lie behind the one and up to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRange {
    pub after: Option<Vec<String>>,
    /// `None` for the last stretch.
    pub until: Option<Vec<String>>,
    /// [`key_order`] of the keys.
    pub order: String,
}

/// A digest of what decides the order of a table's keys, and how a key reads.
pub async fn key_order(session: &Session, relation: &Relation, shape: &Shape) -> Result<String, CaptureError> {
    let columns = shape.key().iter().map(|c| {
        let base = relation.column(&c.source).map_or(0, |c| c.base_oid);
        format!("({}, {base}::oid)", literal(&c.source, "name"))
    });
    let sql =
        ORDER.replace("RELATION", &relation.oid.to_string()).replace("KEY", &columns.collect::<Vec<_>>().join(", "));
    let rows = session.text_rows("asking for the order of keys", &sql).await?;
    Ok(rows.into_iter().next().and_then(|r| r.into_iter().next()).flatten().unwrap_or_default())
}

const ORDER: &str = "SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', k.name, k.base, a.attcollation, \
     CASE WHEN a.attcollation <> 0 THEN pg_catalog.pg_collation_actual_version(a.attcollation) END, \
     (SELECT pg_catalog.string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = k.base)), \
     ';' ORDER BY a.attnum)) \
     FROM (VALUES KEY) AS k(name, base) JOIN pg_catalog.pg_attribute a ON a.attrelid = RELATION::oid AND a.attname = k.name";

/// Whether the source can walk the table by its key: an index has it, and no NULL is in it.
pub fn may_be_chunked(spec: &TableSpec, relation: &Relation, shape: &Shape) -> bool {
    let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
    let is_table = matches!(relation.kind, RelationKind::Table | RelationKind::Partitioned);
    let is_indexed = relation.unique.iter().any(|u| u.iter().map(String::as_str).eq(key.iter().copied()));
    let has_nulls = key.iter().any(|k| relation.column(k).is_none_or(|c| !c.not_null));
    is_table && is_indexed && !has_nulls && spec.capture != CaptureKind::Full
}

impl KeyRange {
    /// The stretch of about `rows` rows behind a key.
    pub async fn find(
        session: &Session,
        spec: &TableSpec,
        relation: &Relation,
        shape: &Shape,
        after: Option<Vec<String>>,
        rows: u64,
    ) -> Result<Self, CaptureError> {
        let order = key_order(session, relation, shape).await?;
        let from = Self { after, until: None, order };
        let key: Vec<String> = shape.key().iter().map(|c| format!("t.{}", ident(&c.source))).collect();
        let texts = key.iter().map(|k| Some(format!("{k}::text")));
        let select = texts.fold(Select::from(&spec.source), Select::expression).filter(from.condition(relation, shape));
        let sql = format!("{} ORDER BY {} OFFSET {} LIMIT 1", select.query(), key.join(", "), rows.max(1) - 1);
        let row = session.text_rows("looking for the end of a chunk", &sql).await?.into_iter().next();
        Ok(Self { until: row.and_then(|r| r.into_iter().collect()), ..from })
    }

    /// A condition over the row `t`; `None` where every key is meant.
    pub fn condition(&self, relation: &Relation, shape: &Shape) -> Option<String> {
        let ends = [self.after.as_ref().map(|k| (">", k)), self.until.as_ref().map(|k| ("<=", k))];
        let each = ends.into_iter().flatten().map(|(than, key)| compare(relation, shape, than, key));
        let all = each.collect::<Vec<_>>().join(" AND ");
        (!all.is_empty()).then_some(all)
    }

    /// A condition for the keys of the stretches before: those that are in the target already.
    pub fn before(&self, relation: &Relation, shape: &Shape) -> Option<String> {
        self.after.as_ref().map(|key| compare(relation, shape, "<=", key))
    }
}

fn compare(relation: &Relation, shape: &Shape, than: &str, key: &[String]) -> String {
    let columns: Vec<String> = shape.key().iter().map(|c| format!("t.{}", ident(&c.source))).collect();
    let values = shape.key().iter().zip(key).map(|(c, value)| {
        let base = relation.column(&c.source).map_or("text", |c| c.base_name.as_str());
        literal(value, base)
    });
    format!("({}) {than} ({})", columns.join(", "), values.collect::<Vec<_>>().join(", "))
}
