//! What runs have cost, from the reports that their ticks have left.
//!
//! ```text
//!   spend.rs     what a table or a day has used
//!   gather.rs    adds it up, a page of the history at a time
//!   prices.rs    list prices, and their date
//!   dearest.rs   the dearest tables
//!   knob.rs      what would make one of them cheaper, by what its figures show
//! ```
//!
//! Calculated, not billed: list prices, and nothing of what Google gives for free. What a tick costs that found nothing to do is not here: it leaves no report.

mod dearest;
mod gather;
mod knob;
mod prices;
mod spend;
mod table_costs;

pub use dearest::DearTable;
pub(in crate::run) use gather::Sums;
pub use gather::{Costs, DayCosts};
pub use knob::Knob;
pub use prices::{PRICES, Prices};
pub use spend::Spend;
pub use table_costs::TableCosts;
