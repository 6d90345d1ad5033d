//! One value of a row in SQL: its text, its piece, and whether the target can hold it.

/// A value of a column, or of an array.
pub(super) struct Cell {
    /// Arguments of `concat`, which make the piece.
    pub piece: Vec<String>,
    /// What prints as the value's text, or as a part of it; NULL where the value is NULL or is so in the target.
    pub text: String,
    /// True for a value that the target can't hold; NULL for NULL. `None` where it holds all.
    pub refused: Option<String>,
}

/// An expression, short enough to stand in a statement more than once, and its type below every domain.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a> {
    pub expression: &'a str,
    pub base_oid: u32,
    pub typmod: i32,
}

impl Cell {
    /// A text that is never empty and has no semicolon; without it where it is NULL.
    pub fn closed(text: String, refused: Option<String>) -> Self {
        Self { piece: vec![text.clone(), "';'".to_owned()], text, refused }
    }
}
