//! Texts that stand alone.

/// Words that are written so wherever they stand.
const NAMES: [&str; 4] = ["plimsoll", "gcloud", "bq", "terraform"];

/// A hint or a reason that begins a sentence: with a capital, where it begins with a word and not with the name of something.
pub fn sentence(text: &str) -> String {
    let mut words = text.split(' ');
    let first = words.next().unwrap_or_default().trim_end_matches([',', ':', ';', '.']);
    let is_word = !first.is_empty() && first.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '\'');
    let is_setting = words.next() == Some("=");
    if !is_word || is_setting || NAMES.contains(&first) {
        return text.to_owned();
    }
    let (head, tail) = text.split_at(1);
    format!("{}{tail}", head.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_and_a_name_stays() {
        for (text, told) in [
            ("grant it; then try again", "Grant it; then try again"),
            ("don't", "Don't"),
            ("reload: it helps", "Reload: it helps"),
            ("`plimsoll check` says why", "`plimsoll check` says why"),
            ("plimsoll says why", "plimsoll says why"),
            ("max_age is too short", "max_age is too short"),
            ("every = \"1h\" helps", "every = \"1h\" helps"),
            ("roles/bigquery.dataEditor is missing", "roles/bigquery.dataEditor is missing"),
            ("GRANT SELECT", "GRANT SELECT"),
            ("äpfel", "äpfel"),
            ("", ""),
        ] {
            assert_eq!(sentence(text), told);
        }
    }
}
