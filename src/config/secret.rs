//! A text that no log, error or report may hold.

use sha2::{Digest, Sha256};

/// A connection string, or what hashes are salted with. Its `Debug` hides it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; never put it into a log, an error or a report.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Tells one secret from another, and nothing else of it.
    pub(super) fn fingerprint(&self) -> String {
        let digest = Sha256::digest(format!("fingerprint of {}", self.expose()));
        digest[..4].iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
