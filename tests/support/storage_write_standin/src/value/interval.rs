//! INTERVAL literals: `[sign]Y-M [sign]D [sign]H:M:S[.F]`, as BigQuery writes them.

/// Is the text such a literal?
pub fn is_interval(text: &str) -> bool {
    let parts: Vec<&str> = text.split(' ').collect();
    match parts[..] {
        [months, days, time] => is_months(months) && is_count(days) && is_time(time),
        _ => false,
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn is_count(text: &str) -> bool {
    let digits = unsigned(text);
    (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_months(text: &str) -> bool {
    unsigned(text).split_once('-').is_some_and(|(years, months)| is_count(years) && is_count(months))
}

fn is_time(text: &str) -> bool {
    let (clock, fraction) = unsigned(text).split_once('.').unwrap_or((unsigned(text), "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    parts.len() == 3 && parts.into_iter().all(is_count) && is_count(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_bigquery_writes_is_taken() {
        for text in ["1-2 3 4:5:6", "0-0 0 0:0:0.000001", "-1-2 -3 -4:5:6.5"] {
            assert!(is_interval(text), "{text}");
        }
        for text in ["", "1", "P1D", "1 day", "1-2 3", "1-2 3 4:5", "1-2-3 4 5:6:7"] {
            assert!(!is_interval(text), "{text}");
        }
    }
}
