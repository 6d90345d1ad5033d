//! A first config from what a database's catalog says: what `init` writes, and what `sample` takes for a table without a
//! config.
//!
//! ```text
//!   Listing ─▶ select ─▶ one table: capture ─ columns (sensitive) ─ checked ─▶ render
//!                          ╰─ why not: frameworks, views, rights
//! ```
//!
//! What is proposed finds inserts, updates and deletes, or says what it does not find. What can't be proposed stands in the
//! file as a comment, with the reason and what would make it work.

mod capture;
mod changelog;
mod checked;
mod error;
mod file_head;
mod frameworks;
mod proposed;
mod render;
mod select;
mod sensitive;
mod table;
mod targets;
mod toml_text;

pub use checked::spec_of;
pub use error::ProposeError;
pub use file_head::Places;
pub use proposed::{Proposal, Proposed, ProposedLog, Setting, Verdict, Written};
pub use render::{render, settings};
pub use select::{Filters, Wish, near};
pub use table::propose_table;
pub use targets::legal;
pub use toml_text::{comment, relation_name};

use crate::model::{Dialect, FeedId};
use crate::source::Listing;

/// Proposes a config for the tables that the filters let through. Fails where there is none, or none that may be read.
pub fn propose(label: &str, listing: &Listing, filters: &Filters) -> Result<Proposal, ProposeError> {
    let selected = select::select(listing, filters)?;
    let log = changelog::find(listing, &selected.candidates);
    // The states of feeds that tables share have these names.
    let is_live = log.as_ref().is_some_and(|l| l.written == Written::Live);
    let reserved: Vec<&str> = match (is_live, listing.dialect) {
        (_, Dialect::SqlServer) => vec![FeedId::CHANGELOG, FeedId::CHANGE_TRACKING],
        (true, Dialect::Postgres) => vec![FeedId::CHANGELOG],
        (false, Dialect::Postgres) => Vec::new(),
    };
    let names: Vec<_> = selected.candidates.iter().map(|c| &c.candidate.name).collect();
    let mut targets = targets::targets(listing.dialect, &names, &reserved);
    let propose = |chosen: &select::Chosen<'_>| {
        let name = &chosen.candidate.name;
        let target = targets.remove(name).unwrap_or_else(|| legal(&name.name));
        propose_table(listing, chosen.candidate, chosen.wish, log.as_ref(), target)
    };
    let tables = selected.candidates.iter().map(propose).collect();
    Ok(Proposal {
        label: label.to_owned(),
        dialect: listing.dialect,
        log,
        tables,
        remarks: selected.remarks,
        unread: selected.unread,
    })
}
