//! The columns of one table, as far as the bucket knows them.

use maud::{Markup, html};

use crate::model::{Column, ColumnMode};
use crate::run::{Known, SealedTable};

/// The columns, as far as the bucket knows them.
pub(super) fn columns(known: Option<&Known>, sealed: Option<&SealedTable>) -> Markup {
    let of_state = known.map(Known::columns).unwrap_or_default();
    let source_type = |name: &str| of_state.iter().find(|c| c.name == name).and_then(|c| c.source_type.clone());
    let retired = known.map(Known::retired).unwrap_or_default();
    html! {
        @match sealed {
            Some(sealed) => {
                p.faint { "As the run " code { (sealed.run) } " wrote them." }
                table {
                    caption.vh { "Columns of the target" }
                    thead { tr { @for head in ["Column", "BigQuery", "Source"] { th scope="col" { (head) } } } }
                    tbody {
                        @for column in &sealed.columns {
                            tr {
                                th scope="row" {
                                    (column.name)
                                    @if sealed.key.contains(&column.name) { " " span.faint { "key" } }
                                }
                                td data-label="BigQuery" { (type_of(column)) }
                                td data-label="Source" {
                                    @match source_type(&column.name) { Some(of) => { (of) } None => { span.faint { "–" } } }
                                }
                            }
                        }
                    }
                }
            }
            None if of_state.is_empty() => { p { "Not known yet: no run has committed it." } }
            None => {
                p.faint { "The files of its last run are no longer kept, so their types are not known here." }
                ul { @for column in &of_state { li { (column.name) } } }
            }
        }
        @if !retired.is_empty() {
            p { "The target also has, with old values: " (retired.join(", ")) "." }
        }
    }
}

fn type_of(column: &Column) -> String {
    match column.mode {
        ColumnMode::Required => format!("{}, never NULL", column.target_type),
        ColumnMode::Nullable => column.target_type.to_string(),
        ColumnMode::Repeated => format!("array of {}", column.target_type),
    }
}
