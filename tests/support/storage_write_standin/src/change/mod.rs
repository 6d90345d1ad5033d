//! Changes of keyed tables: their order, and what a table holds once they are merged.

pub mod kind;
pub mod merged;
pub mod number;
pub mod shown;
