//! Asks before something is deleted or loaded again.

use maud::{Markup, html};

use super::actions::Action;
use super::frame::{Place, Refresh, frame};
use super::links;
use super::table_actions::here;
use crate::model::TableSpec;
use crate::model::figures::counted;
use crate::run::Known;

pub(super) fn page(spec: &TableSpec, known: Option<&Known>, action: Action, refresh: Refresh) -> Markup {
    let source = spec.source.to_string();
    let title = format!("{} {source}?", action.word());
    let rows = known.and_then(Known::target_rows);
    let rows = rows.map_or("rows that nobody has counted".to_owned(), |n| counted(n, "row", "rows"));
    let differs = known.and_then(|k| k.status.differs()).filter(|_| action == Action::Repair);
    let content = html! {
        h1.long { (title) }
        p { "Target: " code { (spec.home) "." (spec.target) } }
        ul { @for line in action.consequences(&rows) { li { (line) } } }
        @if let Some(differs) = differs { p { "The last comparison has found: " (differs.text()) "." } }
        p { "The command for the same: " code { (action.command(spec)) } }
        div.actions {
            form method="post" action={ "/console/" (action.name()) } {
                input type="hidden" name="table" value=(spec.target);
                input type="hidden" name="agreed" value=(action.name());
                (here(refresh).fields())
                button.danger { "Yes: " (action.word()) }
            }
            a.button href=(links::with_query(&links::table(&spec.target), &refresh.pairs())) { "No, go back" }
        }
    };
    frame(&title, Place::Elsewhere, Refresh::Never, &content)
}
