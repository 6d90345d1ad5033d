//! Values that BigQuery can't hold: which columns, why, and how many. Never the values.

use maud::{Markup, html};

use crate::model::Refusals;
use crate::model::figures::{count, counted};
use crate::run::{Known, SealedTable, TableReport};

/// What of the rows could not be held as it is: how many, never what.
pub(super) fn of_table(known: &Known, sealed: Option<&SealedTable>) -> Markup {
    let table = &known.status;
    html! {
        @if table.quarantined == 0 && known.left_out().is_none() { p { "None since all rows were last read." } }
        @else {
            dl {
                dt { "Rows quarantined" } dd { (count(table.quarantined)) ", counted since all rows were last read" }
                (list(&table.refusals))
                @if let Some(rows) = known.left_out() {
                    dt { "Rows left out" } dd { (count(rows)) ": their key can't be held" }
                }
                @if let Some(sealed) = sealed.filter(|s| s.quarantined + s.nulled + s.truncated + s.left_out > 0) {
                    dt { "Of the last run" }
                    dd {
                        (counted(sealed.quarantined, "row", "rows")) " quarantined, "
                        (counted(sealed.nulled, "value", "values")) " made NULL, "
                        (counted(sealed.truncated, "time", "times")) " cut to microseconds, "
                        (counted(sealed.left_out, "row", "rows")) " left out"
                        @if sealed.quarantined > 0 {
                            small.long { "column, reason and row of each: " code { (sealed.quarantine_file) } }
                        }
                    }
                }
            }
        }
    }
}

/// Those of a run; nothing where it had none.
pub(super) fn of_run(tables: &[TableReport]) -> Markup {
    html! {
        @if tables.iter().any(|t| !t.refusals.is_empty()) {
            h2 { "Values that BigQuery can't hold" }
            @for table in tables.iter().filter(|t| !t.refusals.is_empty()) {
                h3 { (table.source) }
                dl { (list(&table.refusals)) }
            }
        }
    }
}

/// By column, those with the most values first.
fn list(refusals: &Refusals) -> Markup {
    html! {
        @for refusal in refusals.iter() {
            dt { code { (refusal.column) } }
            dd { (counted(refusal.values, "value", "values")) ": " (refusal.reason) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_columns_name_is_text() {
        let mut refusals = Refusals::default();
        refusals.add("<b>x</b>", "infinity", 2);
        let tables = [TableReport { source: "a.<i>".to_owned(), refusals, ..TableReport::default() }];
        let shown = of_run(&tables).into_string();
        assert!(
            shown.contains("2 values: infinity") && shown.contains("&lt;b&gt;x") && !shown.contains("<i>"),
            "{shown}"
        );
        assert_eq!(of_run(&[TableReport::default()]).into_string(), "");
    }
}
