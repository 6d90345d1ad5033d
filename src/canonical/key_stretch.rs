//! A part of a table's rows that both sides cut in the same way.

/// A stretch of keys: all that lie behind the one and up to the other, by the canonical texts of the key's first columns. Only of columns
/// whose values have the same order on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyStretch {
    /// `None` for the first stretch.
    pub after: Option<Vec<String>>,
    /// `None` for the last stretch.
    pub until: Option<Vec<String>>,
}

/// Every key.
pub static ALL_KEYS: KeyStretch = KeyStretch { after: None, until: None };
