//! Buttons that act on one table.

use maud::{Markup, html};

use super::actions::{Action, Asks};
use super::links;
use crate::model::TableSpec;

/// Where a form leads back to: a list's query, or `table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Back<'a>(pub &'a str);

/// A button, or a link to the page that asks first.
pub(super) fn button(spec: &TableSpec, action: Action, back: Back<'_>) -> Markup {
    let label = format!("{} {}", action.word(), spec.source);
    html! {
        @match action.asks() {
            Asks::First => { a.button href=(links::asks(&spec.target, action)) aria-label=(label) { (action.word()) "…" } }
            Asks::Nothing => {
                form method="post" action={ "/console/" (action.name()) } {
                    input type="hidden" name="table" value=(spec.target);
                    input type="hidden" name="back" value=(back.0);
                    button aria-label=(label) { (action.word()) }
                }
            }
        }
    }
}
