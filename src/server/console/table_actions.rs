//! The buttons of a table's page: what fixes it first, each with what it does.

use maud::{Markup, html};

use super::actions::Action;
use super::buttons::{Back, button};
use super::effects::{Size, effect};
use super::frame::{Refresh, may_operate};
use super::standing::{Sign, TableStanding};
use crate::run::{Known, TableLook};
use crate::server::app::App;
use crate::state::PauseReason;

/// The buttons of a table's page lead back to it.
pub(super) fn here(refresh: Refresh) -> Back<'static> {
    Back { to: "table", refresh }
}

/// What may be done to a table that no pause stops. More deletes are allowed only where a run has met the limit.
const USUAL: [Action; 5] = [Action::Run, Action::Verify, Action::Repair, Action::Full, Action::Resync];

pub(super) fn actions(app: &App, look: &TableLook, standing: &TableStanding, back: Back<'_>) -> Markup {
    let spec = &look.spec;
    if !may_operate(app) {
        return html! {
            @if let Some(fix) = standing.fix { p { "To type: " code.command { (fix.command(spec)) } } }
        };
    }
    let rows = look.known.as_ref().and_then(Known::target_rows);
    let size = Size { rows, in_stretches_above: app.context.config.run.chunk_rows };
    let is_paused = look.known.as_ref().is_some_and(|k| k.status.paused_since.is_some());
    let others = USUAL.into_iter().filter(|a| !is_paused && Some(*a) != standing.fix);
    html! {
        ul.effects {
            @for action in standing.fix.into_iter().chain(others) {
                li.first[Some(action) == standing.fix] {
                    (button(spec, action, back))
                    span {
                        @if action == Action::Run && standing.hint.is_some() && standing.sign == Sign::Wrong {
                            "Tries it again at once. Before what stands above is done, it is likely to end as the last one did."
                        } @else { (effect(action, spec, size)) }
                    }
                }
            }
            @if !is_paused {
                li {
                    form.pause method="post" action="/console/pause" {
                        input type="hidden" name="table" value=(spec.target);
                        (back.fields())
                        button aria-label={ "Pause " (spec.source) } { "Pause" }
                        span {
                            label { "Reason " input name="reason" maxlength=(PauseReason::LONGEST) size="30"; } " "
                            (effect(Action::Pause, spec, size))
                        }
                    }
                }
            }
        }
    }
}
