//! The one match over kinds of source.

/// Asks whichever kind of source it is: `of_kind!(self, session => session.end())`. A new kind of source is a folder beside `postgres/`,
/// and an arm here. The compiler then names what is left to say of it.
macro_rules! of_kind {
    ($which:expr, $inner:ident => $asked:expr) => {
        match $which {
            Self::Postgres($inner) => $asked,
            Self::SqlServer($inner) => $asked,
        }
    };
}

pub(super) use of_kind;
