//! What BigQuery says of an error, without what it quotes of the data.
//!
//! Its messages name the value that did not fit: `Could not convert value to integer. Field: id; Value: 4012 8888`. They go into
//! logs, reports and the state, so a message ends where a value may begin: at a quotation, and after phrases that lead to one. The
//! whole message stays with the job, where the data is: `bq show -j <job>`.

/// Phrases that a value follows, in lower case; the text up to their end is kept.
const LEADS: [&str; 8] =
    ["could not convert", "could not parse", "could not cast", "value", "bad ", "overflow", "literal", "division by"];
/// Phrases that a quoted name follows, in lower case: never a value.
const NAMED: [&str; 5] = ["over table", LIST, "no such field:", "unrecognized name:", "function not found:"];
/// The one of them after which more than one name may come.
const LIST: &str = "over column(s)";
/// Characters of a message.
const LONGEST: usize = 500;
/// After this word the first colon leads to a value: `Invalid timestamp: …`.
const INVALID: &str = "invalid";

/// The first line of a message, up to where a value may begin. Quoted names stay: those after a phrase that only a name follows, and
/// those that are `known`, which the config and the catalog say.
pub(super) fn without_values(message: &str, known: &[String]) -> String {
    let line = message.lines().next().unwrap_or_default();
    let lower = line.to_ascii_lowercase();
    let leads = LEADS.iter().filter_map(|lead| {
        // `Value of type INT64 cannot be assigned to …` tells of a column, not of a value.
        let mut all = lower.match_indices(lead).map(|(at, _)| at + lead.len());
        all.find(|end| !lower[*end..].starts_with(" of type ") && !names_a_thing(&lower[*end..]))
    });
    let invalid = lower.find(INVALID).and_then(|at| lower[at..].find(':').map(|colon| at + colon));
    let invalid = invalid.filter(|colon| !names_a_thing(&lower[*colon..])).map(|colon| colon + 1);
    match leads.chain(invalid).chain(quotation(line, &lower, known)).min() {
        Some(end) if !line[end..].trim().is_empty() => {
            let field = field(&line[end..], known).map_or(String::new(), |name| format!(" (field {name})"));
            format!("{}…{field}", line[..end].trim_end())
        }
        _ => line.chars().take(LONGEST).collect(),
    }
}

/// Where the first quotation begins that may be a value. An apostrophe within a word begins none; nor does a backtick, which quotes
/// names, unless after a phrase that is found anyway.
fn quotation(line: &str, lower: &str, known: &[String]) -> Option<usize> {
    let mut from = 0;
    // Where a list of names ended so far.
    let mut list_ended = None;
    loop {
        let begins = |(at, c): &(usize, char)| match c {
            '"' => true,
            '\'' => !line[..from + at].ends_with(|before: char| before.is_ascii_alphabetic()),
            _ => false,
        };
        let (at, quote) = line[from..].char_indices().find(begins).map(|(at, c)| (from + at, c))?;
        let inside = &line[at + 1..];
        let Some(end) = inside.find(quote) else { return Some(at) };
        let before = lower[..at].trim_end();
        let goes_on = list_ended.is_some_and(|end: usize| line[end..at].trim() == ",");
        let is_name = NAMED.iter().any(|lead| before.ends_with(lead)) || goes_on;
        if !is_name && !known.iter().any(|name| name == &inside[..end]) {
            return Some(at);
        }
        from = at + 1 + end + 1;
        list_ended = Some(from).filter(|_| before.ends_with(LIST) || goes_on);
    }
}

/// `Invalid value: Table p:d.t …` goes on with what is wrong with the table.
fn names_a_thing(rest: &str) -> bool {
    [": table ", ": dataset ", ": job "].iter().any(|thing| rest.starts_with(thing))
}

/// The column that a cut message is about, if it is one we know.
fn field<'a>(rest: &str, known: &'a [String]) -> Option<&'a String> {
    let lead = ["Field: ", "field: ", "for field ", "for column "].iter().find_map(|lead| {
        // A value may hold such words too: what follows counts only as far as it is a name of ours.
        rest.find(lead).map(|at| &rest[at + lead.len()..])
    })?;
    let ends = |name: &&String| {
        let after = lead.strip_prefix(name.as_str());
        after.is_some_and(|a| !a.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    known.iter().find(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["id", "id_2", "created at", "orders", "p.d.orders"].map(str::to_owned).to_vec()
    }

    fn told(message: &str) -> String {
        without_values(message, &known())
    }

    /// Messages of the service, by its documentation and by what its users have posted; MARK is where the value is.
    #[test]
    fn no_value_is_left() {
        for message in [
            "Error while reading data, error message: JSON parsing error in row starting at position 0: Could not convert value to integer. Field: id; Value: MARK",
            "Error while reading data, error message: JSON table encountered too many errors, giving up. File: x; Bad int64 value: MARK",
            "Could not parse 'MARK' as DATE for field born",
            "Value of type INT64 has the value MARK",
            "Could not parse `MARK` as INT64 for field x (position 0)",
            "Invalid datetime string \"MARK\"",
            "Invalid timestamp: MARK",
            "Could not cast literal MARK to type DATE at [3:5]",
            "Numeric overflow: MARK + 1",
            "NUMERIC value MARK is out of range",
            "Syntax error: Unexpected string literal 'MARK' at [1:1]",
            "Bad bytes: MARK",
            "nothing\nMARK",
            // Names are told from values, also where one stands beside the other or looks like it.
            "Cannot query over table 'p.d.orders' with 'MARK'",
            "Cannot query over table 'p.d.orders', 'MARK'",
            "a filter over column(s) 'id', 'id' and 'MARK'",
            "No such field: 'id' in 'MARK'",
            "Column 'id' has 'MARK'",
            "Something 'no such field:' 'MARK'",
            "Something 'id MARK'",
            "Something 'MARK",
            "Something \"MARK",
            "Something 'id' and 'MARK' and 'id'",
            "Could not convert MARK. Field: MARK; Value: MARK",
            "Could not parse 'for field MARK' as DATE for field id",
            "Invalid value: Table p:d.t has the value MARK",
            "Invalid value: Table p:d.t has 'MARK'",
            "Invalid value: MARK in Table p:d.t",
        ] {
            assert!(!told(message).contains("MARK"), "{}", told(message));
        }
    }

    #[test]
    fn what_helps_is_left() {
        for message in [
            "Access Denied: Table p:d.t: User does not have permission to query table p:d.t, or perhaps it does not exist.",
            "UPDATE/MERGE must match at most one source row for each target row",
            "Not found: Dataset my-project:app was not found in location EU",
            "Unrecognized name: amount at [3:5]",
            "Value of type INT64 cannot be assigned to `v`, which has type STRING at [5:3]",
            "Table `p.d.t` doesn't exist",
            "Invalid value: Table p:d.t does not have an associated query to run",
            "",
            "Cannot query over table 'test' without a filter over column(s) 'date' that can be used for partition elimination",
            "Cannot query over table 'p.d.t' without a filter over column(s) 'day', '_PARTITION_LOAD_TIME' that can be used for partition elimination",
            "Name 'id' not found inside T; Did you mean 'created at'?",
            "UPDATE or DELETE statement over table p.d.t would affect rows in the streaming buffer, which is not supported",
            "Too many partitions produced by query, allowed 4000, query produces at least 4001 partitions",
            "Cannot read and write in different locations: source: US, destination: EU",
            "Error while reading data, error message: JSON table encountered too many errors, giving up. Rows: 1; errors: 1. Please look into the errors[] collection for more details.",
            "Could not serialize access to table p.d.t due to concurrent update",
        ] {
            assert_eq!(told(message), message);
        }
        // The column is told where it is one of ours.
        let message = |name: &str| format!("Could not convert value to integer. Field: {name}; Value: 1");
        assert_eq!(told(&message("id")), "Could not convert… (field id)");
        assert_eq!(told(&message("id_2")), "Could not convert… (field id_2)");
        assert_eq!(told(&message("card_4012")), "Could not convert…");
        assert_eq!(told("Could not parse '1' as DATE for field created at"), "Could not parse… (field created at)");
    }
}
