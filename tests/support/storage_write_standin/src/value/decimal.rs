//! NUMERIC and BIGNUMERIC: decimals of 38 and some 76 digits, as texts or as scaled integers in bytes.

use crate::schema::column::Digits;

/// Which of the two types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// NUMERIC: 38 digits, 9 of them behind the point.
    Numeric,
    /// BIGNUMERIC: a scaled integer of 256 bits, 38 digits behind the point.
    BigNumeric,
}

impl Width {
    fn scale(self) -> usize {
        match self {
            Self::Numeric => 9,
            Self::BigNumeric => 38,
        }
    }

    /// The greatest scaled integer of this sign.
    fn greatest(self, negative: bool) -> &'static str {
        match (self, negative) {
            (Self::Numeric, _) => "99999999999999999999999999999999999999",
            // 2^255 - 1 and 2^255.
            (Self::BigNumeric, false) => {
                "57896044618658097711785492504343953926634992332820282019728792003956564819967"
            }
            (Self::BigNumeric, true) => "57896044618658097711785492504343953926634992332820282019728792003956564819968",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Numeric => 16,
            Self::BigNumeric => 32,
        }
    }
}

/// A text far longer than any decimal is none.
const LONGEST: usize = 400;

/// A decimal of this width, as plain text without zeros that say nothing; `None` if the text is none or is out of range. What is behind the
/// last digit that the column keeps is rounded away, half away from zero, as the service does it.
pub fn from_text(text: &str, width: Width, digits: Option<Digits>) -> Option<String> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (body, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: String = [whole, fraction].concat();
    let is_number = !all.is_empty() && all.len() <= LONGEST && all.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || exponent.unsigned_abs() > 400 {
        return None;
    }
    // value = all × 10^(exponent − digits behind the point)
    let behind = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
    let kept = digits.map_or(width.scale(), |digits| digits.scale as usize).min(width.scale());
    let scaled = round(&all, behind, kept)?;
    let scaled = format!("{scaled}{}", "0".repeat(width.scale() - kept));
    plain(negative, &scaled, width, digits)
}

/// A decimal of this width from a little-endian two's complement of its scaled integer (`BigDecimalByteStringEncoder` of the Java client).
pub fn from_bytes(bytes: &[u8], width: Width, digits: Option<Digits>) -> Option<String> {
    if bytes.is_empty() || bytes.len() > width.bytes() {
        return None;
    }
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut magnitude: Vec<u8> = bytes.iter().rev().copied().collect();
    if negative {
        negate(&mut magnitude);
    }
    let mut scaled = vec![0u8];
    for byte in magnitude {
        let mut carry = u32::from(byte);
        for digit in scaled.iter_mut().rev() {
            let next = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(next % 10).unwrap_or(0);
            carry = next / 10;
        }
        while carry > 0 {
            scaled.insert(0, u8::try_from(carry % 10).unwrap_or(0));
            carry /= 10;
        }
    }
    let scaled: String = scaled.into_iter().map(|digit| char::from(b'0' + digit)).collect();
    let text = plain(negative, &scaled, width, None)?;
    from_text(&text, width, digits)
}

/// The digits scaled by 10^`kept`: the last `behind` of them are behind the point.
fn round(all: &str, behind: i64, kept: usize) -> Option<String> {
    let move_by = i64::try_from(kept).ok()? - behind;
    if let Ok(zeros) = usize::try_from(move_by) {
        return Some(format!("{all}{}", "0".repeat(zeros)));
    }
    let drop = usize::try_from(-move_by).ok()?;
    if drop > all.len() {
        return Some("0".to_owned());
    }
    let (keep, lost) = all.split_at(all.len() - drop);
    let mut digits = format!("0{keep}").into_bytes();
    if lost.as_bytes().first().is_some_and(|digit| *digit >= b'5') {
        for digit in digits.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                break;
            }
        }
    }
    String::from_utf8(digits).ok()
}

/// A scaled integer as a decimal, if it is in range.
fn plain(negative: bool, scaled: &str, width: Width, digits: Option<Digits>) -> Option<String> {
    let scaled = scaled.trim_start_matches('0');
    let greatest = width.greatest(negative);
    if scaled.len() > greatest.len() || (scaled.len() == greatest.len() && scaled > greatest) {
        return None;
    }
    let padded = format!("{scaled:0>least$}", least = width.scale() + 1);
    let (whole, fraction) = padded.split_at(padded.len() - width.scale());
    let whole_digits = whole.trim_start_matches('0').len();
    if digits.is_some_and(|digits| whole_digits > digits.precision.saturating_sub(digits.scale) as usize) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let sign = if negative && !scaled.is_empty() { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Two's complement, the greatest byte first.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        let (next, over) = (!*byte).overflowing_add(u8::from(carry));
        *byte = next;
        carry = over;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(text: &str) -> Option<String> {
        from_text(text, Width::Numeric, None)
    }

    fn big(text: &str) -> Option<String> {
        from_text(text, Width::BigNumeric, None)
    }

    #[test]
    fn equal_decimals_are_one_text() {
        for text in ["1.5", "+1.50", "001.5", "15e-1", "0.15E1", "1.500000000"] {
            assert_eq!(numeric(text).as_deref(), Some("1.5"), "{text}");
        }
        assert_eq!(numeric("-0").as_deref(), Some("0"));
        assert_eq!(numeric(".5").as_deref(), Some("0.5"));
        assert_eq!(numeric("5.").as_deref(), Some("5"));
        for text in ["", "-", ".", "1e", "1,5", "NaN", "Infinity", "1 ", "0x1", "1e999", "--1"] {
            assert_eq!(numeric(text), None, "{text}");
        }
    }

    #[test]
    fn the_range_is_exact() {
        let nines = "99999999999999999999999999999";
        assert_eq!(numeric(&format!("{nines}.999999999")).as_deref(), Some(format!("{nines}.999999999").as_str()));
        assert_eq!(numeric(&format!("{nines}.9999999995")), None, "rounded out of range");
        assert_eq!(numeric("1e29"), None);
        let greatest = "578960446186580977117854925043439539266.34992332820282019728792003956564819967";
        assert_eq!(big(greatest).as_deref(), Some(greatest));
        assert_eq!(big("578960446186580977117854925043439539266.34992332820282019728792003956564819968"), None);
        let least = "-578960446186580977117854925043439539266.34992332820282019728792003956564819968";
        assert_eq!(big(least).as_deref(), Some(least));
        assert_eq!(big("1e39"), None);
    }

    #[test]
    fn what_is_beyond_the_scale_is_rounded_half_away_from_zero() {
        assert_eq!(numeric("0.0000000005").as_deref(), Some("0.000000001"));
        assert_eq!(numeric("-0.0000000005").as_deref(), Some("-0.000000001"));
        assert_eq!(numeric("0.00000000049").as_deref(), Some("0"));
        let money = Some(Digits { precision: 10, scale: 2 });
        assert_eq!(from_text("1.245", Width::Numeric, money).as_deref(), Some("1.25"));
        assert_eq!(from_text("-1.245", Width::Numeric, money).as_deref(), Some("-1.25"));
        assert_eq!(from_text("99999999.99", Width::Numeric, money).as_deref(), Some("99999999.99"));
        assert_eq!(from_text("99999999.995", Width::Numeric, money), None);
        assert_eq!(from_text("100000000", Width::Numeric, money), None);
    }

    #[test]
    fn bytes_are_a_scaled_integer_with_the_least_byte_first() {
        let of = |value: i128| from_bytes(&value.to_le_bytes(), Width::Numeric, None);
        assert_eq!(of(1_500_000_000).as_deref(), Some("1.5"));
        assert_eq!(of(-1).as_deref(), Some("-0.000000001"));
        assert_eq!(of(0).as_deref(), Some("0"));
        assert_eq!(of(i128::MAX), None);
        assert_eq!(from_bytes(&[0xff], Width::Numeric, None).as_deref(), Some("-0.000000001"));
        let mut least = [0u8; 32];
        least[31] = 0x80;
        assert_eq!(
            from_bytes(&least, Width::BigNumeric, None).as_deref(),
            Some("-578960446186580977117854925043439539266.34992332820282019728792003956564819968")
        );
        assert_eq!(from_bytes(&[0; 33], Width::BigNumeric, None), None);
        assert_eq!(from_bytes(&[], Width::Numeric, None), None);
    }
}
