//! The sink that appends: changes go as protocol buffers through the Storage Write API, and BigQuery applies them by itself.
//!
//! ```text
//!   parts in the bucket ─▶ lines ─▶ rows ─▶ requests ─▶ a window of them on their way ─▶ each acknowledged ─▶ commit
//!                          line.rs  row.rs  request.rs   connection.rs                     answer.rs
//! ```
//!
//! The parts are the replay log: everything before the seal is as it is for any sink. Each row says whether it is written or deleted, and the
//! number of its batch (`number.rs`), so what is sent twice changes nothing, and what is late loses.

#[cfg(test)]
mod against_standin;
mod answer;
mod applied;
mod call;
mod civil;
mod codec;
mod descriptor;
mod fault;
mod fit;
mod limits;
mod line;
mod number;
mod parts;
mod progress;
mod refused;
mod request;
mod row;
mod sink;
mod value;
mod window;
mod wire;

pub use applied::Seen;
pub use call::WriteApi;
pub use descriptor::{CHANGE_SEQUENCE_NUMBER, CHANGE_TYPE};
pub use window::Sent;
