//! What BigQuery says of an error, without what it quotes of the data.
//!
//! Its messages name the value that did not fit: `Could not convert value to integer. Field: id; Value: 4012 8888`. They go into
//! logs, reports and the state, so a message ends where a value may begin: at a quotation, and after phrases that lead to one. The
//! whole message stays with the job, where the data is: `bq show -j <job>`.

/// Phrases that a value follows, in lower case; the text up to their end is kept.
const LEADS: [&str; 8] =
    ["could not convert", "could not parse", "could not cast", "value", "bad ", "overflow", "literal", "division by"];
/// Characters of a message.
const LONGEST: usize = 500;
/// After this word the first colon leads to a value: `Invalid timestamp: …`.
const INVALID: &str = "invalid";

/// The first line of a message, up to where a value may begin.
pub(super) fn without_values(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let lower = line.to_ascii_lowercase();
    let leads = LEADS.iter().filter_map(|lead| lower.find(lead).map(|at| at + lead.len()));
    let invalid = lower.find(INVALID).and_then(|at| lower[at..].find(':').map(|colon| at + colon + 1));
    match leads.chain(invalid).chain(quotation(line)).min() {
        Some(end) if !line[end..].trim().is_empty() => format!("{}…", line[..end].trim_end()),
        _ => line.chars().take(LONGEST).collect(),
    }
}

/// Where a quotation begins. An apostrophe within a word begins none; nor does a backtick, which quotes names, unless after a phrase that
/// is found anyway.
fn quotation(line: &str) -> Option<usize> {
    let begins = |(at, c): (usize, char)| match c {
        '"' => true,
        '\'' => !line[..at].ends_with(|before: char| before.is_ascii_alphabetic()),
        _ => false,
    };
    line.char_indices().find(|found| begins(*found)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of the service, by its documentation and by what its users have posted; MARK is where the value is.
    #[test]
    fn no_value_is_left() {
        for message in [
            "Error while reading data, error message: JSON parsing error in row starting at position 0: Could not convert value to integer. Field: id; Value: MARK",
            "Error while reading data, error message: JSON table encountered too many errors, giving up. File: x; Bad int64 value: MARK",
            "Could not parse 'MARK' as DATE for field born",
            "Could not parse `MARK` as INT64 for field x (position 0)",
            "Invalid datetime string \"MARK\"",
            "Invalid timestamp: MARK",
            "Could not cast literal MARK to type DATE at [3:5]",
            "Numeric overflow: MARK + 1",
            "NUMERIC value MARK is out of range",
            "Syntax error: Unexpected string literal 'MARK' at [1:1]",
            "Bad bytes: MARK",
            "nothing\nMARK",
        ] {
            assert!(!without_values(message).contains("MARK"), "{}", without_values(message));
        }
    }

    #[test]
    fn what_helps_is_left() {
        for message in [
            "Access Denied: Table p:d.t: User does not have permission to query table p:d.t, or perhaps it does not exist.",
            "UPDATE/MERGE must match at most one source row for each target row",
            "Not found: Dataset my-project:app was not found in location EU",
            "Unrecognized name: amount at [3:5]",
            "Table `p.d.t` doesn't exist",
            "",
        ] {
            assert_eq!(without_values(message), message);
        }
        let cut = without_values("Could not convert value to integer. Field: id; Value: 1");
        assert_eq!(cut, "Could not convert…");
    }
}
