//! The names that BigQuery takes for columns.

use crate::model::{OP_COLUMN, RESERVED_PREFIX};

/// Prefixes no column may have. Source: <https://cloud.google.com/bigquery/docs/schemas#column_names>
const FORBIDDEN: [&str; 7] =
    ["_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier", RESERVED_PREFIX];

/// A name BigQuery takes: letters, digits and underscores; other characters become an underscore, a leading digit gets
/// one before it, and a forbidden prefix a `c` (as in column).
pub(super) fn legal_name(name: &str) -> String {
    let mut legal: String = name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if legal.starts_with(|c: char| c.is_numeric()) {
        legal.insert(0, '_');
    }
    let lower = legal.to_lowercase();
    if FORBIDDEN.iter().any(|p| lower.starts_with(p)) || lower == OP_COLUMN {
        legal.insert(0, 'c');
    }
    legal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_name_is_changed_by_rule() {
        assert_eq!(legal_name("order_id"), "order_id");
        assert_eq!(legal_name("größe"), "größe");
        assert_eq!(legal_name("a b-c.d"), "a_b_c_d");
        assert_eq!(legal_name("2nd"), "_2nd");
        assert_eq!(legal_name("_Table_x"), "c_Table_x");
        assert_eq!(legal_name("_plimsoll_op"), "c_plimsoll_op");
    }
}
