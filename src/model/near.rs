//! "Did you mean": the known name that a misspelt one is closest to.

/// The closest of the known names, if it is close enough to be what was meant. Upper and lower case count as the same.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    // One slip in a short word, three in a long one.
    let most = (wanted.chars().count() / 3).clamp(1, 3);
    let by_distance = known.into_iter().map(|k| (strsim::damerau_levenshtein(&k.to_lowercase(), &wanted), k));
    by_distance.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, k)| k)
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
}
