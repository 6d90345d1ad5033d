//! Which kind of source something is of.

/// A kind of source, and with it the language that it is asked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Postgres,
}

impl Dialect {
    pub const ALL: [Self; 1] = [Self::Postgres];

    /// The schema of a relation that is named without one.
    pub fn default_schema(self) -> &'static str {
        match self {
            Self::Postgres => "public",
        }
    }
}
