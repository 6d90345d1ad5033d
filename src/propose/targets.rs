//! What the targets are called.

use std::collections::{HashMap, HashSet};

use crate::model::{Dialect, RelationName};

/// A name for each table's target that BigQuery takes and no other table has. Of two tables of one name, the one in the default
/// schema keeps it; BigQuery's names differ by case, file names often don't.
pub fn targets(dialect: Dialect, names: &[&RelationName], reserved: &[&str]) -> HashMap<RelationName, String> {
    let mut taken: HashSet<String> = reserved.iter().map(|name| (*name).to_owned()).collect();
    let mut in_order = names.to_vec();
    in_order.sort_by_key(|n| (n.schema != dialect.default_schema(), n.name.chars().any(char::is_uppercase)));
    in_order.into_iter().map(|name| (name.clone(), free_name(name, &mut taken))).collect()
}

/// The table's own name, as far as BigQuery takes it.
/// Source: <https://cloud.google.com/bigquery/docs/tables#table_naming>
pub fn legal(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}

fn free_name(name: &RelationName, taken: &mut HashSet<String>) -> String {
    let (schema, name) = (legal(&name.schema), legal(&name.name));
    let numbered = (2..).map(|n| format!("{schema}_{name}_{n}"));
    let mut names = [name.clone(), format!("{schema}_{name}")].into_iter().chain(numbered);
    names.find(|n| taken.insert(n.to_lowercase())).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_a_target_of_its_own() {
        let name = |schema: &str, name: &str| RelationName { schema: schema.to_owned(), name: name.to_owned() };
        let names = [
            name("app", "orders"),
            name("public", "Orders"),
            name("public", "a b"),
            name("public", "changelog"),
            name("public", "orders"),
        ];
        let found = targets(Dialect::Postgres, &names.iter().collect::<Vec<_>>(), &["changelog"]);
        let of = |n: usize| found[&names[n]].as_str();
        assert_eq!(
            [of(0), of(1), of(2), of(3), of(4)],
            ["app_orders", "public_Orders", "a_b", "public_changelog", "orders"]
        );
    }
}
