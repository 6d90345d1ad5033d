//! What BigQuery takes for a table's name.

/// The name as far as BigQuery takes it.
pub(super) fn legal_table_name(name: &str) -> String {
    const LONGEST: usize = 890;
    let mut out = String::new();
    let legal = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' });
    for c in legal {
        if out.len() + c.len_utf8() > LONGEST {
            break;
        }
        out.push(c);
    }
    out
}

/// Source: <https://cloud.google.com/bigquery/docs/tables#table_naming>
pub(super) fn is_table_name(name: &str) -> bool {
    // Room is left for `__<run id>` of the staging table.
    !name.is_empty() && name.len() <= 900 && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}
