//! What each button does, for the line beside it: what is read, what readers of the target see meanwhile, what it costs.

use super::actions::Action;
use crate::model::figures::count;
use crate::model::{ApplyBy, DeleteStyle, TableSpec};

/// How large a table is, for what reads all of its rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Nothing where nobody has counted them.
    pub rows: Option<u64>,
    /// A table of more rows than these is read in stretches, where its key allows.
    pub in_stretches_above: u64,
}

impl Size {
    /// What is said of a table that may be read in stretches.
    fn if_large(self, told: impl Fn(String) -> String) -> String {
        let is_small = self.rows.is_some_and(|rows| rows <= self.in_stretches_above);
        if is_small { String::new() } else { told(count(self.in_stretches_above)) }
    }
}

/// How the rows of the target are written.
enum Writing {
    Merged,
    /// Rows that the source lacks are marked, and none is ever removed.
    Marked,
    Sent,
}

impl Writing {
    fn of(spec: &TableSpec) -> Self {
        match (spec.apply, &spec.delete) {
            (ApplyBy::Append, _) => Self::Sent,
            (ApplyBy::Merge, DeleteStyle::Soft { .. }) => Self::Marked,
            (ApplyBy::Merge, DeleteStyle::Hard) => Self::Merged,
        }
    }
}

/// What a button does, in a line or two.
pub(super) fn effect(action: Action, spec: &TableSpec, size: Size) -> String {
    let writing = Writing::of(spec);
    match (action, writing) {
        (Action::Run, Writing::Sent) => {
            "Brings what has changed to BigQuery, as the schedule does. BigQuery bills the bytes that are sent.".to_owned()
        }
        (Action::Run, _) => {
            "Brings what has changed to BigQuery, as the schedule does. BigQuery bills a MERGE if anything has changed."
                .to_owned()
        }
        (Action::Verify, _) => {
            "Runs once, then compares every row, and changes nothing more. Reads the whole source, and the whole target, which \
             BigQuery bills."
                .to_owned()
        }
        (Action::Repair, _) => {
            "Compares as Verify does, then corrects in the target the rows that differ, and no others; until then readers see them as they are. \
             Costs what Verify costs, and the writing of these rows."
                .to_owned()
        }
        (Action::Full | Action::FullAllowingDeletes, Writing::Merged) => {
            let stretches =
                |n| format!(" A table of more than {n} rows is corrected a stretch at a time instead, by MERGEs that are billed.");
            format!(
                "Reads the whole source, and makes the target equal to it. Readers see the old rows until one load replaces them all, which is \
                 free.{} {}",
                size.if_large(stretches),
                delete_limit(action)
            )
        }
        (Action::Full | Action::FullAllowingDeletes, Writing::Marked) => format!(
            "Reads the whole source, and writes all its rows by a MERGE, which BigQuery bills. Rows that the source lacks are marked as \
             deleted. {}",
            delete_limit(action)
        ),
        (Action::Full | Action::FullAllowingDeletes, Writing::Sent) => format!(
            "Reads the whole source, and creates the target again by a load, which is free. Readers find it empty until it is loaded. {}",
            delete_limit(action)
        ),
        (Action::Resync, Writing::Merged) => {
            let stretches = |n| format!(" Of a table of more than {n} rows they see only a part of them until the last stretch is in.");
            format!(
                "As Read all rows, but from the start: the target gets other types if its own no longer fit, and no delete limit stops it. Readers \
                 see the old rows until one load replaces them all.{}",
                size.if_large(stretches)
            )
        }
        (Action::Resync, Writing::Marked) => {
            "As Read all rows, but no delete limit stops it. The target is not replaced, because its marked rows would be lost."
                .to_owned()
        }
        (Action::Resync, Writing::Sent) => {
            "As Read all rows, and the target gets other types if its own no longer fit. No delete limit stops it. Readers find it empty until it is loaded."
                .to_owned()
        }
        (Action::AllowDeletes, _) => {
            "Lets one run delete more rows than max_delete_fraction allows. Look first whether they should be gone.".to_owned()
        }
        (Action::Pause, _) => "No run reads it until it is resumed. What changes meanwhile is brought then.".to_owned(),
        (Action::Resume, _) => "Runs read it again, and bring what has changed meanwhile.".to_owned(),
    }
}

fn delete_limit(action: Action) -> &'static str {
    match action {
        Action::FullAllowingDeletes => "It may delete more rows than max_delete_fraction allows.",
        _ => "It stops if it would delete more rows than max_delete_fraction allows.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plain_spec;

    /// Three buttons that read all rows are told apart by what readers see, what stops them, and what is replaced.
    #[test]
    fn each_button_says_what_the_others_do_not() {
        let size = Size { rows: None, in_stretches_above: 5_000_000 };
        let merged = plain_spec();
        let told = |action| effect(action, &merged, size);
        assert!(told(Action::Repair).contains("rows that differ, and no others"));
        assert!(told(Action::Full).contains("more than 5,000,000 rows is corrected a stretch at a time"));
        assert!(told(Action::Resync).contains("they see only a part of them until the last stretch is in"));
        let small = Size { rows: Some(5_000_000), ..size };
        assert!(!effect(Action::Resync, &merged, small).contains("only a part"));
        let sent = TableSpec { apply: ApplyBy::Append, ..plain_spec() };
        for action in [Action::Full, Action::Resync] {
            assert!(effect(action, &sent, size).contains("Readers find it empty until it is loaded"));
        }
        let delete = DeleteStyle::Soft { flag: "gone".to_owned(), at: "gone_at".to_owned() };
        let marked = TableSpec { delete, ..plain_spec() };
        assert!(effect(Action::Resync, &marked, size).contains("The target is not replaced"));
    }
}
