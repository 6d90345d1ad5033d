//! Whether two failures are one: a service that is down fails every table, each time with another object's name.

/// Whether two messages, each with its hint, differ in nothing but the names of objects, jobs and tables.
pub(super) fn is_same(a: (&str, &str), b: (&str, &str)) -> bool {
    a.1 == b.1 && what(a.0).eq(what(b.0))
}

/// The words that are no names.
fn what(message: &str) -> impl Iterator<Item = &str> {
    let is_name = |word: &str| word.contains("://") || word.contains("plimsoll_") || word.matches('.').count() > 1;
    message.split_whitespace().filter(move |word| !is_name(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_one_whatever_it_met() {
        let down =
            |object: &str| format!("Cloud Storage did not read gs://b/p/state/{object}.json: Connection refused");
        let (a, b) = (down("a"), down("b"));
        assert!(is_same((&a, "start it"), (&b, "start it")));
        assert!(!is_same((&a, "start it"), (&b, "stop it")));
        assert!(!is_same((&a, "start it"), ("Cloud Storage did not read gs://b/x: timed out", "start it")));
        let job = |id: &str| format!("BigQuery did not start plimsoll_{id}_load_1 for p.d.{id}: Connection refused");
        assert!(is_same((&job("a"), ""), (&job("b"), "")));
    }
}
