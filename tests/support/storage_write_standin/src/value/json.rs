//! JSON documents.

/// Deeper ones are refused (BigQuery's limit for JSON).
const DEEPEST: usize = 500;

/// Is the text one JSON document?
pub fn is_document(text: &str) -> bool {
    if depth(text) > DEEPEST {
        return false;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let mut documents = reader.into_iter::<serde_json::Value>();
    matches!(documents.next(), Some(Ok(_))) && documents.next().is_none()
}

/// The greatest number of open brackets outside of texts.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest, mut in_text, mut escaped) = (0usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_document_is_taken() {
        for text in ["null", " [1, {\"a\": \"b]\"}] ", "\"x\"", "1e3", "{\"a\": 1, \"a\": 2}"] {
            assert!(is_document(text), "{text}");
        }
        for text in ["", "{", "{'a': 1}", "[1,]", "NaN", "1 2", "{\"a\": 1} x", "\u{feff}1", "01"] {
            assert!(!is_document(text), "{text}");
        }
    }

    #[test]
    fn a_document_may_be_500_deep() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_document(&nested(500)));
        assert!(!is_document(&nested(501)));
    }
}
