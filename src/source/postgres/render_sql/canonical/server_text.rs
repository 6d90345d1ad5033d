//! Lengths and digests are of UTF-8, whatever the server keeps its texts in.

/// How the server keeps texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerText {
    Utf8,
    Other,
}

impl ServerText {
    /// By the name that `server_encoding` has.
    pub fn of(encoding: &str) -> Self {
        if encoding == "UTF8" { Self::Utf8 } else { Self::Other }
    }

    /// How many bytes a text has.
    pub(super) fn length(self, text: &str) -> String {
        format!("pg_catalog.octet_length({})", self.bytes(text))
    }

    /// The digest of a text, as 128 bits.
    pub(super) fn bits(self, text: &str) -> String {
        format!("('x' || {})::bit(128)", self.md5(text))
    }

    /// The digest of a text in hexadecimal.
    pub(super) fn md5(self, text: &str) -> String {
        format!("pg_catalog.md5({})", self.bytes(text))
    }

    fn bytes(self, text: &str) -> String {
        match self {
            Self::Utf8 => text.to_owned(),
            Self::Other => format!("pg_catalog.convert_to({text}, 'UTF8')"),
        }
    }

    /// What texts are sorted by, to come in the order of their bytes.
    pub(super) fn order(self, text: &str) -> String {
        match self {
            Self::Utf8 => format!("{text} COLLATE \"C\""),
            Self::Other => self.bytes(text),
        }
    }
}
