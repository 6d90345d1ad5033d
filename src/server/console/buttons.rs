//! Buttons that act on one table.

use maud::{Markup, html};

use super::actions::{Action, Asks};
use super::frame::Refresh;
use super::links;
use crate::model::TableSpec;

/// Where a form leads back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Back<'a> {
    /// A list's query, or `table`.
    pub to: &'a str,
    /// Of that page. Who has stopped it wants no button to begin it again.
    pub refresh: Refresh,
}

impl Back<'_> {
    /// What a form has for it.
    pub fn fields(self) -> Markup {
        html! {
            input type="hidden" name="back" value=(self.to);
            @for (name, value) in self.refresh.pairs() {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
        }
    }
}

/// A button, or a link to the page that asks first.
pub(super) fn button(spec: &TableSpec, action: Action, back: Back<'_>) -> Markup {
    let label = format!("{} {}", action.word(), spec.source);
    html! {
        @match action.asks() {
            Asks::First => { a.button href=(links::with_query(&links::asks(&spec.target, action), &back.refresh.pairs())) aria-label=(label) { (action.word()) "…" } }
            Asks::Nothing => {
                form method="post" action={ "/console/" (action.name()) } {
                    input type="hidden" name="table" value=(spec.target);
                    (back.fields())
                    button aria-label=(label) { (action.word()) }
                }
            }
        }
    }
}
