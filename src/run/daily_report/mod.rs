//! What happened since yesterday, for people who do not look every day.
//!
//! ```text
//!   summary.rs   what there is to say: where the tables stand, what has failed, what it cost
//!   failures.rs  what has failed, and what has recovered since
//!   subject.rs   it in a line
//!   text.rs      as text
//!   html.rs      as a page that a mail can hold
//!   message.rs   all of it as a message, which a mail function sends as it is
//! ```

mod failures;
mod html;
mod message;
mod subject;
mod summary;
mod text;

pub use failures::Failed;
pub use message::{DailyMessage, Published};
pub use summary::{DailyReport, TableDay};
