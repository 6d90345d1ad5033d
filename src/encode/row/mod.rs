//! One row in, one line out.

mod encoder;
mod line;
mod quarantine;
mod refusals;
mod refused;
mod shorten;
mod stamp;
mod tally;
#[cfg(test)]
mod tests;

pub use encoder::{Flag, RowEncoder, RowKind};
pub use line::LONGEST_ROW;
pub use stamp::Stamp;
pub use tally::Tally;
