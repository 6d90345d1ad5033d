//! `_CHANGE_SEQUENCE_NUMBER`, which says which of two changes of a key is the newer one.

/// As many sections as a number can have.
const SECTIONS: usize = 4;
/// As many hexadecimal digits as a section can have.
const DIGITS: usize = 16;

/// A sequence number: 1 to 4 sections of 1 to 16 hexadecimal digits, with `/` between them. Numbers are compared section by section, from the
/// left; a section that is missing loses against any that is there (Google's page on change data capture, fourth example).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SequenceNumber([Option<u64>; SECTIONS]);

/// The text is no sequence number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid _CHANGE_SEQUENCE_NUMBER: {text}")]
pub struct NumberError {
    text: String,
}

impl SequenceNumber {
    /// Reads a number.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let refuse = || NumberError { text: text.to_owned() };
        let mut number = [None; SECTIONS];
        for (at, section) in text.split('/').enumerate() {
            let place = number.get_mut(at).ok_or_else(refuse)?;
            let digits_only = section.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !(1..=DIGITS).contains(&section.len()) || !digits_only {
                return Err(refuse());
            }
            *place = Some(u64::from_str_radix(section, 16).map_err(|_| refuse())?);
        }
        Ok(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> SequenceNumber {
        SequenceNumber::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_read_in_either_case_and_without_regard_to_zeros() {
        assert_eq!(number("aB/0"), number("AB/00"));
        assert!(SequenceNumber::parse("0/0/0/0").is_ok());
        assert!(number("FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF") > number("F/F/F/F"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "/", "1/", "/1", "G", "1/2/3/4/5", "00000000000000001", "+1", "-1", "0x1", "1//2", " 1", "é"]
        {
            assert!(SequenceNumber::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_documented_order() {
        // A section is a number, not a text; the first that differs decides; a missing one is the least.
        assert!(number("7B") > number("77"));
        assert!(number("FFF/ABC") > number("FFF/B"));
        assert!(number("ABC") > number("BA/FFFFFFFF"));
        assert!(number("FFF/ABC") > number("ABC"));
        assert!(number("FFF/0") > number("FFF"));
        assert!(number("10") > number("F"));
    }
}
