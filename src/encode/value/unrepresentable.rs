//! What stands in place of a value that can't be held.

/// Why a value can't be held by its target type; never the value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unrepresentable(pub &'static str);
