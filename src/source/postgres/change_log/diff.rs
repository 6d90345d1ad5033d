//! The expressions that an update's logged diff is read by.

use crate::model::Diff;
use crate::source::change_log::NewEntries;
use crate::source::postgres::ident;

/// Longer diffs are not sent: reading the row again is cheaper.
const LONGEST_DIFF: usize = 16 * 1024;

/// Expressions over the entry `t`.
pub(super) fn columns(entries: NewEntries<'_>, diff: &Diff) -> Vec<String> {
    let column = |name: &str| format!("t.{}", ident(name));
    let bounded = |text: String| format!("CASE WHEN octet_length({text}) <= {LONGEST_DIFF} THEN {text} END");
    match diff {
        Diff::OldNew { column: name, merged } => {
            let text = bounded(format!("{}::text", column(name)));
            let table = &entries.table.relation;
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
            let schema = ident(entries.facts.postgres().hstore.as_deref().unwrap_or("public"));
            vec![format!("to_json({schema}.akeys({}))::text", column(name))]
        }
    }
}
