//! What sort of values a column holds.

/// What sort of values a column holds, as far as a proposal for it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Number,
    /// A UUID.
    Identifier,
    /// A day or a moment.
    Date,
    /// A time of day or an interval.
    Span,
    Flag,
    /// One of a list that the type has.
    Choice,
    /// Texts, and all else.
    Text,
}
