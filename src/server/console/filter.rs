//! Which tables a list shows: by text, state, schema and feed.

use crate::run::{Standing, TableLook};

/// As a form with `method="get"` sends it; what is empty lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub text: String,
    pub state: String,
    pub schema: String,
    pub feed: String,
}

/// What a table's state is called whose state was never read.
pub(super) const NOT_KNOWN: &str = "not known";

/// A table's state in a word.
pub(super) fn state_of(look: &TableLook) -> &'static str {
    look.known.as_ref().map_or(NOT_KNOWN, |k| Standing::of(&k.status).name())
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
                _ => {}
            }
        }
        filter
    }

    /// As a query has it.
    pub fn pairs(&self) -> [(&str, &str); 4] {
        [("q", &self.text), ("state", &self.state), ("schema", &self.schema), ("feed", &self.feed)]
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
            && (holds(&spec.source.to_string()) || holds(&spec.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives() {
        let filter = Filter::parse("q=+a%26b+&state=failing&feed=&other=1");
        assert_eq!(filter.pairs(), [("q", "a&b"), ("state", "failing"), ("schema", ""), ("feed", "")]);
        assert!(Filter::parse("done=ran").is_empty());
    }
}
