//! "Did you mean": the known names that a misspelt one is closest to.

use super::dialect::Dialect;
use crate::model::RelationName;

/// As many relations are named at most where several are equally near.
const MOST_NAMED: usize = 3;

/// The closest of the known names, if it is close enough to be what was meant. Upper and lower case count as the same.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().filter_map(|k| Some((distance(wanted, k)?, k)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, k)| k)
}

/// The relations that a name may mean, typed with a schema or without, with quotes or without. The table's name counts first; then the
/// schema: the same one, one that is written almost so, a default one, any other. More than one where they are equally near.
pub fn nearest_relations<'a>(typed: &str, known: impl IntoIterator<Item = &'a RelationName>) -> Vec<&'a RelationName> {
    let bare = typed.replace('"', "");
    // A dot may be part of a name.
    let mut readings = vec![(None, bare.as_str())];
    readings.extend(bare.split_once('.').map(|(schema, name)| (Some(schema), name)));
    let how_far = |k: &RelationName| {
        // The letters' case decides last.
        let far = |name: &str, schema| {
            Some((distance(name, &k.name)?, rank(schema, k), strsim::damerau_levenshtein(&k.name, name)))
        };
        readings.iter().filter_map(|(schema, name)| far(name, *schema)).min()
    };
    let mut near: Vec<_> = known.into_iter().filter_map(|k| Some((how_far(k)?, k))).collect();
    near.sort_by_key(|(far, _)| *far);
    let nearest = near.first().map(|(far, _)| *far);
    near.into_iter().take_while(|(far, _)| Some(*far) == nearest).map(|(_, k)| k).take(MOST_NAMED).collect()
}

/// The slips between two names, where they are few enough: one in a short word, three in a long one.
fn distance(wanted: &str, known: &str) -> Option<usize> {
    let wanted = wanted.to_lowercase();
    let most = (wanted.chars().count() / 3).clamp(1, 3);
    Some(strsim::damerau_levenshtein(&known.to_lowercase(), &wanted)).filter(|slips| *slips <= most)
}

/// How far a relation's schema is from the one that was typed.
fn rank(schema: Option<&str>, known: &RelationName) -> usize {
    match schema {
        Some(schema) if schema == known.schema => 0,
        Some(schema) if schema.to_lowercase() == known.schema.to_lowercase() => 1,
        Some(schema) if distance(schema, &known.schema).is_some() => 2,
        _ if Dialect::ALL.iter().any(|d| d.default_schema() == known.schema) => 3,
        _ => 4,
    }
}

/// `a`, `a or b`, `a, b or c`.
pub fn one_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["updated_at", "created_at", "id", "OrderItems"];
        for (wanted, near) in [
            ("update_at", Some("updated_at")),
            ("updated_ta", Some("updated_at")),
            ("Updated_At", Some("updated_at")),
            ("orderitems", Some("OrderItems")),
            ("order_items", Some("OrderItems")),
            ("ids", Some("id")),
            ("name", None),
            ("", None),
        ] {
            assert_eq!(nearest(wanted, known), near, "{wanted}");
        }
    }

    #[test]
    fn a_relation_of_the_schema_that_was_meant_comes_first() {
        let name = |schema: &str, name: &str| RelationName { schema: schema.to_owned(), name: name.to_owned() };
        let known = [
            name("Sales Dept", "orders"),
            name("public", "orders"),
            name("old", "orders"),
            name("a", "log"),
            name("b", "log"),
            name("c", "log"),
            name("d", "log"),
            name("public", "a.b"),
            name("old", "LOG"),
            name("old", "Log"),
        ];
        for (typed, near) in [
            ("Public.Orders", &["public.orders"][..]),
            ("nosuchschema.orders", &["public.orders"]),
            ("ordrs", &["public.orders"]),
            ("public.order", &["public.orders"]),
            ("Old.Logs", &["old.Log"]),
            ("sales dept.orders", &["\"Sales Dept\".orders"]),
            ("\"Sales Dpt\".order", &["\"Sales Dept\".orders"]),
            ("olt.orders", &["old.orders"]),
            ("logs", &["a.log", "b.log", "c.log"]),
            ("B.logs", &["b.log"]),
            ("public.A.b", &["public.\"a.b\""]),
            ("invoices", &[]),
            ("", &[]),
        ] {
            let found: Vec<String> = nearest_relations(typed, &known).into_iter().map(RelationName::quoted).collect();
            assert_eq!(found, near, "{typed}");
        }
        assert_eq!(one_of(&["a".to_owned(), "b".to_owned(), "c".to_owned()]), "a, b or c");
    }
}
