//! What runs have cost, from the reports that their ticks have left.
//!
//! ```text
//!   spend.rs     what a table or a day has used
//!   sums.rs      adds it up, by table and by day
//!   ledger.rs    the sums of reports that were read already, by day
//!   gather.rs    what the runs of a span have cost
//!   prices.rs    list prices, and their date
//!   dearest.rs   the dearest tables
//!   knob.rs      what would make one of them cheaper, by what its figures show
//! ```
//!
//! Calculated, not billed: list prices, and nothing of what Google gives for free. What a tick costs that found nothing to do is not here: it leaves no report.

mod dearest;
mod gather;
mod knob;
mod ledger;
mod prices;
mod spend;
mod sums;
mod table_costs;

pub use dearest::DearTable;
pub(in crate::run) use gather::Gathered;
pub use gather::{Costs, DayCosts};
pub use knob::Knob;
pub(in crate::run) use ledger::CostLedger;
pub use prices::{PRICES, Prices};
pub use spend::Spend;
pub(in crate::run) use sums::Sums;
pub use table_costs::TableCosts;
