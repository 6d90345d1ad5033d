//! Keys as bytes: they compare as the server compares the values, and are equal when it finds them equal.
//!
//! The order of letters is not that of any real collation, only one that no client could guess: whoever cuts ranges by an order of its own
//! loses rows here as it would there.

use super::{Accents, Case, Collation, Compared, Guid, Value};

/// Bytes that stand for a key.
pub type SortKey = Box<[u8]>;

/// The key of these values, each with its collation (which counts for text alone).
pub fn sort_key<'a>(values: impl IntoIterator<Item = (&'a Value, &'a Collation)>) -> SortKey {
    let mut key = Vec::with_capacity(16);
    for (value, collation) in values {
        put(&mut key, value, collation);
    }
    key.into()
}

fn put(key: &mut Vec<u8>, value: &Value, collation: &Collation) {
    if value.is_null() {
        key.push(0);
        return;
    }
    key.push(1);
    let mut days = |days: i64, ticks: u64| {
        key.extend_from_slice(&(days ^ i64::MIN).to_be_bytes());
        key.extend_from_slice(&ticks.to_be_bytes());
    };
    match value {
        Value::Null => {}
        Value::Bit(bit) => key.push(u8::from(*bit)),
        Value::Int(number) | Value::Money(number) => key.extend_from_slice(&(number ^ i64::MIN).to_be_bytes()),
        Value::Real(number) => key.extend_from_slice(&float(f64::from(*number))),
        Value::Float(number) => key.extend_from_slice(&float(*number)),
        Value::Decimal(digits) => key.extend_from_slice(&(digits ^ i128::MIN).to_be_bytes()),
        Value::Date(day) => days(i64::from(*day), 0),
        Value::Time(ticks) => days(0, *ticks),
        Value::SmallDateTime(day, minute) => days(i64::from(*day), u64::from(*minute)),
        Value::DateTime(day, ticks) => days(i64::from(*day), u64::from(*ticks)),
        Value::DateTime2(day, ticks) | Value::DateTimeOffset(day, ticks, _) => days(i64::from(*day), *ticks),
        Value::Guid(guid) => key.extend_from_slice(&guid_order(guid)),
        Value::Text(text) => put_text(key, text, collation),
        Value::Units(units) => put_units(key, units),
        Value::CodePage(bytes) => put_text(key, &collation.code_page.decode(bytes), collation),
        Value::Bytes(bytes) => put_bytes(key, bytes),
        Value::Clr(both) => put_bytes(key, &both.0),
        // Variants compare by the family of their type first.
        Value::Variant(variant) => {
            key.push(variant.0.system_type_id());
            put(key, &variant.1, collation);
        }
    }
}

fn float(number: f64) -> [u8; 8] {
    // -0.0 equals 0.0.
    let bits = (if number == 0.0 { 0.0 } else { number }).to_bits();
    (if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }).to_be_bytes()
}

/// The last group counts most, then the fourth, the third, the second, the first; in each the stored bytes from the first on.
fn guid_order(guid: &Guid) -> [u8; 16] {
    [10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3].map(|at| guid.0[at])
}

fn put_bytes(key: &mut Vec<u8>, bytes: &[u8]) {
    // Zeroes at the end don't count: the shorter one is padded.
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    for byte in &bytes[..length] {
        key.extend_from_slice(&[1, *byte]);
    }
    key.push(0);
}

fn put_units(key: &mut Vec<u8>, units: &[u16]) {
    let length = units.iter().rposition(|unit| *unit != 0x20).map_or(0, |last| last + 1);
    for unit in &units[..length] {
        key.push(1);
        key.extend_from_slice(&unit.to_be_bytes());
    }
    key.push(0);
}

fn put_text(key: &mut Vec<u8>, text: &str, collation: &Collation) {
    match collation.compared {
        Compared::Binary => put_units(key, &text.encode_utf16().collect::<Vec<_>>()),
        Compared::Letters(case, accents) => {
            for c in text.trim_end_matches(' ').chars() {
                letters(c, case, accents, &mut |c| put_letter(key, c));
            }
            key.push(0);
        }
    }
}

/// Signs before digits before letters.
fn put_letter(key: &mut Vec<u8>, c: char) {
    key.push(if c.is_alphabetic() {
        3
    } else if c.is_numeric() {
        2
    } else {
        1
    });
    key.extend_from_slice(&u32::from(c).to_be_bytes());
}

/// What a character counts as: full width as half width, `ß` as `ss`, and without case or accents where these don't count.
fn letters(c: char, case: Case, accents: Accents, put: &mut impl FnMut(char)) {
    let c = match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    if c == 'ß' {
        letters('s', case, accents, put);
        return letters('s', case, accents, put);
    }
    let c = match accents {
        Accents::Kept => c,
        Accents::Ignored => without_accent(c),
    };
    match case {
        Case::Kept => put(c),
        Case::Ignored => c.to_uppercase().for_each(put),
    }
}

fn without_accent(c: char) -> char {
    const PLAIN: [(&str, char); 14] = [
        ("ÀÁÂÃÄÅ", 'A'),
        ("àáâãäå", 'a'),
        ("Ç", 'C'),
        ("ç", 'c'),
        ("ÈÉÊË", 'E'),
        ("èéêë", 'e'),
        ("ÌÍÎÏ", 'I'),
        ("ìíîï", 'i'),
        ("ÒÓÔÕÖ", 'O'),
        ("òóôõö", 'o'),
        ("ÙÚÛÜ", 'U'),
        ("ùúûü", 'u'),
        ("Ññ", 'N'),
        ("ýÿ", 'y'),
    ];
    PLAIN.iter().find(|(accented, _)| accented.contains(c)).map_or(c, |(_, plain)| *plain)
}

#[cfg(test)]
mod tests {
    use super::sort_key;
    use crate::typed::{Collation, Guid, Value};

    fn key(value: Value, collation: Collation) -> Box<[u8]> {
        sort_key([(&value, &collation)])
    }

    #[test]
    fn case_and_blanks_at_the_end_are_as_the_collation_has_them() {
        let same = |a: &str, b: &str, collation| key(a.into(), collation) == key(b.into(), collation);
        assert!(same("a", "A ", Collation::SQL_LATIN1_CI_AS));
        assert!(same("straße", "STRASSE", Collation::SQL_LATIN1_CI_AS));
        assert!(!same("a", "á", Collation::SQL_LATIN1_CI_AS) && same("a", "Á", Collation::LATIN1_CI_AI));
        assert!(!same("a", "A", Collation::LATIN1_CS_AS) && same("a", "a  ", Collation::LATIN1_CS_AS));
        assert!(!same("a", "A", Collation::LATIN1_BIN2) && same("a", "a  ", Collation::LATIN1_BIN2));
        assert!(!same(" a", "a", Collation::SQL_LATIN1_CI_AS));
    }

    #[test]
    fn guids_are_ordered_by_their_last_group_first() {
        let of = |number| key(Value::Guid(Guid::from_u128(number)), Collation::SQL_LATIN1_CI_AS);
        assert!(of(1 << 127) < of(1));
        assert!(of(1 << 48) < of(1), "the fourth group counts after the fifth");
        assert!(of(1 << 96) > of(1 << 120), "in the first group the last two digits of the text count most");
    }

    #[test]
    fn numbers_and_nulls_are_in_order() {
        let of = |value| key(value, Collation::SQL_LATIN1_CI_AS);
        let ordered = [Value::Null, Value::Int(i64::MIN), Value::Int(-1), Value::Int(0), Value::Int(7)];
        assert!(ordered.windows(2).all(|two| of(two[0].clone()) < of(two[1].clone())));
        assert!(of(Value::Float(-2.0)) < of(Value::Float(-1.0)) && of(Value::Float(-0.0)) == of(Value::Float(0.0)));
        assert!(of(Value::Decimal(-3)) < of(Value::Decimal(2)));
        assert!(of(Value::bytes(&[1, 0])) == of(Value::bytes(&[1])), "padded with zeroes");
    }

    #[test]
    fn a_composite_key_does_not_run_together() {
        let ci = Collation::SQL_LATIN1_CI_AS;
        let of = |a: &str, b: &str| sort_key([(&Value::text(a), &ci), (&Value::text(b), &ci)]);
        assert_ne!(of("1", "23"), of("12", "3"));
    }
}
