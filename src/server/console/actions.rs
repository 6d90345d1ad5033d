//! What a page's buttons do, and which of them ask first.

use crate::model::TableSpec;
use crate::run::Request;

/// What somebody can ask for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Run,
    Verify,
    Repair,
    Full,
    Resync,
    AllowDeletes,
    /// Where reading all rows has found the deletes: a run that looks for less would not find them.
    FullAllowingDeletes,
    Pause,
    Resume,
}

/// Whether a button asks on a page of its own before anything is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    First,
    Nothing,
}

impl Action {
    pub const ALL: [Self; 9] = [
        Self::Run,
        Self::Verify,
        Self::Repair,
        Self::Full,
        Self::Resync,
        Self::AllowDeletes,
        Self::FullAllowingDeletes,
        Self::Pause,
        Self::Resume,
    ];

    /// In addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Verify => "verify",
            Self::Repair => "repair",
            Self::Full => "full",
            Self::Resync => "resync",
            Self::AllowDeletes => "allow-deletes",
            Self::FullAllowingDeletes => "full-allow-deletes",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }

    /// On the button.
    pub fn word(self) -> &'static str {
        match self {
            Self::Run => "Run now",
            Self::Verify => "Verify",
            Self::Repair => "Repair",
            Self::Full => "Read all rows",
            Self::Resync => "Resync",
            Self::AllowDeletes => "Allow deletes",
            Self::FullAllowingDeletes => "Read all rows, allow deletes",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
        }
    }

    /// What deletes rows of the target beyond its changes, or loads it again, asks first.
    pub fn asks(self) -> Asks {
        match self {
            Self::Repair | Self::Full | Self::Resync | Self::AllowDeletes | Self::FullAllowingDeletes => Asks::First,
            Self::Run | Self::Verify | Self::Pause | Self::Resume => Asks::Nothing,
        }
    }

    /// What the tick is asked for; nothing where the action is no tick.
    pub fn request(self, tables: Vec<String>) -> Option<Request> {
        let plain = Request { tables, ..Request::default() };
        match self {
            Self::Run => Some(plain),
            Self::Verify => Some(Request { verify: true, ..plain }),
            Self::Repair => Some(Request { verify: true, repair: true, ..plain }),
            Self::Full => Some(Request { full: true, ..plain }),
            Self::Resync => Some(Request { full: true, resync: true, ..plain }),
            Self::AllowDeletes => Some(Request { allow_deletes: true, ..plain }),
            Self::FullAllowingDeletes => Some(Request { full: true, allow_deletes: true, ..plain }),
            Self::Pause | Self::Resume => None,
        }
    }

    /// The command that does the same.
    pub fn command(self, spec: &TableSpec) -> String {
        let table = format!("--table {}", spec.source.argument());
        match self {
            Self::Run => format!("plimsoll run {table}"),
            Self::Verify => format!("plimsoll verify {table}"),
            Self::Repair => format!("plimsoll verify {table} --repair"),
            Self::Full => format!("plimsoll run {table} --full"),
            Self::Resync => format!("plimsoll resync {table}"),
            Self::AllowDeletes => format!("plimsoll run {table} --allow-deletes"),
            Self::FullAllowingDeletes => format!("plimsoll run {table} --full --allow-deletes"),
            Self::Pause => format!("plimsoll pause {table}"),
            Self::Resume => format!("plimsoll resume {table}"),
        }
    }

    /// What happens, for the page that asks first. `rows` is how many the target has, as far as it is known.
    pub fn consequences(self, rows: &str) -> Vec<String> {
        match self {
            Self::Repair => vec![
                "A run brings the table up to date, and compares it with the source.".to_owned(),
                "Rows that differ are read again. Rows that only the target has are deleted there.".to_owned(),
                "The comparison reads the whole table in the source and in BigQuery, which bills it.".to_owned(),
            ],
            Self::Full => vec![
                "A run reads all rows of the table in the source, not only the changes.".to_owned(),
                format!("The target has {rows}. Those that the source lacks are deleted there."),
                "BigQuery bills the MERGE, if there is one.".to_owned(),
            ],
            Self::Resync => vec![
                "A run reads all rows of the table in the source, and loads the table again from the start.".to_owned(),
                format!(
                    "The target has {rows}. It may be replaced: rows that only it has are lost, and its own settings may be."
                ),
            ],
            Self::AllowDeletes | Self::FullAllowingDeletes => vec![
                "This run may delete more than max_delete_fraction of the target's rows.".to_owned(),
                format!("The target has {rows}. Rows that the source lacks are deleted there, however many they are."),
                "Look first whether they should be gone: a table that was emptied by mistake empties the target, too."
                    .to_owned(),
            ],
            Self::Run | Self::Verify | Self::Pause | Self::Resume => Vec::new(),
        }
    }
}
