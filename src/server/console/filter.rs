//! Which tables a list shows: by text, state, schema, feed, and what the last comparison has found.

use crate::run::{Standing, TableLook};

/// As a form with `method="get"` sends it; what is empty lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub text: String,
    pub state: String,
    pub schema: String,
    pub feed: String,
    pub compared: String,
}

/// What a table's state is called whose state was never read.
pub(super) const NOT_KNOWN: &str = "not known";

/// A table's state in a word.
pub(super) fn state_of(look: &TableLook) -> &'static str {
    look.known.as_ref().map_or(NOT_KNOWN, |k| Standing::of(&k.status).name())
}

/// What a comparison with the source can have found.
pub(super) const COMPARED: [&str; 3] = [NEVER, "equal", "differs"];

/// What is said of a table that was never compared.
pub(super) const NEVER: &str = "never";

/// What the last comparison with the source has found, in a word.
pub(super) fn compared(look: &TableLook) -> &'static str {
    let [never, equal, differs] = COMPARED;
    match look.known.as_ref().map(|k| &k.status.verified) {
        None => NOT_KNOWN,
        Some(None) => never,
        Some(Some(verified)) if verified.differs.is_some() => differs,
        Some(Some(_)) => equal,
    }
}

impl Filter {
    /// Reads a query.
    pub fn parse(query: &str) -> Self {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim().to_owned();
            match name.as_ref() {
                "q" => filter.text = value,
                "state" => filter.state = value,
                "schema" => filter.schema = value,
                "feed" => filter.feed = value,
                "compared" => filter.compared = value,
                _ => {}
            }
        }
        filter
    }

    /// As a query has it.
    pub fn pairs(&self) -> [(&str, &str); 5] {
        let Self { text, state, schema, feed, compared } = self;
        [("q", text), ("state", state), ("schema", schema), ("feed", feed), ("compared", compared)]
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a table is shown.
    pub fn lets_through(&self, look: &TableLook) -> bool {
        let spec = &look.spec;
        let is = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        let needle = self.text.to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&needle);
        is(&self.state, state_of(look))
            && is(&self.schema, &spec.source.schema)
            && is(&self.feed, spec.feed().as_str())
            && is(&self.compared, compared(look))
            && (holds(&spec.source.to_string()) || holds(&spec.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives() {
        let filter = Filter::parse("q=+a%26b+&state=failing&feed=&compared=never&other=1");
        let pairs = [("q", "a&b"), ("state", "failing"), ("schema", ""), ("feed", ""), ("compared", "never")];
        assert_eq!(filter.pairs(), pairs);
        assert!(Filter::parse("done=ran").is_empty());
    }
}
