//! Which kind of source something is of.

/// A kind of source, and with it the language that it is asked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Postgres,
}
