//! `_CHANGE_SEQUENCE_NUMBER`: which of two changes of a key is the newer one, whatever arrives first.
//!
//! ```text
//!   <incarnation>/<ordinal>      in hexadecimal
//! ```
//!
//! The ordinal is the batch's place among all that the feed has ever sealed; the incarnation grows each time the table is read whole into a
//! new one, and is at least the moment of that read, in seconds since 1970. Both are of our own state, and only grow; where the state is lost, the moment
//! is still higher than what the target may remember. So the same batch sent twice changes nothing, and an older one never wins. A position of
//! the source would not do: after a restore it starts lower, and every change would lose.
//!
//! Source: <https://cloud.google.com/bigquery/docs/change-data-capture#manage_custom_ordering>: sections are compared from left to right as
//! unsigned numbers, and a missing one is lower than any; so there are always two.

/// The number of all rows of a batch.
pub(super) fn sequence_number(incarnation: u64, ordinal: u64) -> String {
    format!("{incarnation:x}/{ordinal:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sections_of_at_most_sixteen_digits() {
        assert_eq!(sequence_number(0, 0), "0/0");
        assert_eq!(sequence_number(1, 255), "1/ff");
        assert_eq!(sequence_number(u64::MAX, u64::MAX), "ffffffffffffffff/ffffffffffffffff");
    }
}
