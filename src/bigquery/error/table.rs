//! What is wrong with one table: the others can go on.

use crate::bigquery::hints::Failed;
use crate::bigquery::target_plan::AddedBy;

/// A fault of one table.
#[derive(Debug, thiserror::Error)]
pub enum TableFault {
    #[error("the BigQuery job {job} failed ({reason}): {message}")]
    JobFailed {
        job: String,
        /// As `--table` takes it.
        table: String,
        reason: String,
        message: String,
    },

    #[error("the target {target} has the column {column} as {found}, the source's is {wanted}")]
    ColumnType { target: String, column: String, found: String, wanted: String },

    /// A column that a setting adds to those of the source.
    #[error("the target {target} has the column {column} as {found}, and {} makes it a {wanted}", .by.setting())]
    AddedColumn { target: String, column: String, found: String, wanted: String, by: AddedBy },

    #[error("the target {target} requires the column {column}, which the source lacks")]
    RequiredColumn { target: String, column: String },

    #[error("the target {target} is not partitioned by {wanted}, and an existing table's partitions cannot be changed")]
    Partition { target: String, wanted: String },

    #[error("the target {target} is {} {kind}, and only a table can be written", article(kind))]
    NotATable { target: String, kind: String },

    #[error("the target {target} requires a filter over its partitions ({column}), which the MERGE can't name: {why}")]
    FilterRequired { target: String, column: String, why: Obstacle },

    #[error(
        "the rows for {target} are of more than {limit} partitions by {by} of {column}, and a job of BigQuery writes {limit} at most"
    )]
    TooManyPartitions { target: String, column: String, by: &'static str, limit: usize },

    #[error("apply = \"append\" does not fit the target {target}: {why}")]
    CannotAppend { target: String, why: String, remedy: &'static str },

    #[error("the target {target} was filled with apply = \"{before}\", and the config says \"{now}\"")]
    OtherSink {
        target: String,
        /// As `--table` takes it.
        table: String,
        before: &'static str,
        now: &'static str,
    },

    #[error("the target {target} was filled with apply = \"append\": it takes no MERGE, which delete = \"soft\" needs")]
    TakesNoMerge { target: String },

    #[error("BigQuery does not know the columns of {target} yet that rows were sent with")]
    NotYetKnown { target: String },

    #[error("the target {target} takes no changes row by row")]
    NoChanges { target: String },

    #[error("the staged rows for {target} can't be read back: {reason}")]
    PartsLost {
        target: String,
        /// As `--table` takes it.
        table: String,
        reason: String,
    },

    #[error("the target {0} exists and was not made by Plimsoll; loading would replace its rows")]
    Foreign(String),
}

/// Why a MERGE can't carry a filter by the partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    IngestionTime,
    LooksEverywhere,
    DeletesByKey,
    MayChange,
    NotPublished,
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::IngestionTime => "the source does not know when a row was loaded",
            Self::LooksEverywhere => "it looks for rows that are gone in all of the target",
            Self::DeletesByKey => "of a deleted row only the key is known",
            Self::MayChange => "a row's value in it may have changed",
            Self::NotPublished => "the column is not from the source",
        })
    }
}

impl TableFault {
    pub(super) fn hint(&self) -> String {
        match self {
            Self::JobFailed { job, table, reason, message } => Failed { job, table, reason, message }.hint(),
            Self::ColumnType { target, .. } | Self::RequiredColumn { target, .. } => format!(
                "`plimsoll resync --table {}` makes the target again (under delete = \"soft\" drop it by hand: its flagged rows go with \
                 it); or rename or exclude the column",
                table_of(target)
            ),
            Self::AddedColumn { target, column, by, .. } => format!(
                "write {} for the table, or drop the column (ALTER TABLE `{target}` DROP COLUMN `{column}`): the next run adds it again",
                by.remedy()
            ),
            Self::CannotAppend { remedy, .. } => (*remedy).to_owned(),
            Self::OtherSink { table, before, .. } => format!(
                "`plimsoll resync --table {table}` makes the target again, and readers find it empty until it is loaded; or write apply = \"{before}\""
            ),
            Self::TakesNoMerge { target } => format!(
                "drop the table {target}, then `plimsoll resync --table {}` makes another; or write apply = \"append\" and delete = \"hard\"",
                table_of(target)
            ),
            Self::NotYetKnown { target } => format!(
                "the next tick tries again; if it keeps happening, look whether somebody changes the columns of {target}"
            ),
            Self::NoChanges { target } => format!(
                "apply = \"append\" needs a table with a primary key that nothing else changes: `plimsoll resync --table {}` makes it again",
                table_of(target)
            ),
            Self::PartsLost { table, .. } => format!("`plimsoll resync --table {table}` reads the whole table again"),
            Self::Partition { target, .. } => {
                format!(
                    "drop the table {target}: the next tick makes it as the config says; or take partition out of the config"
                )
            }
            Self::NotATable { target, kind } => {
                format!(
                    "write target = \"{}_table\", or drop the {kind} {target}: the next tick makes a table in its place",
                    table_of(target)
                )
            }
            Self::FilterRequired { target, column, why } => {
                let option = format!("ALTER TABLE `{target}` SET OPTIONS (require_partition_filter = false)");
                match why {
                    Obstacle::MayChange => format!(
                        "{option}; or, if a row's {column} never changes, partition = {{ column = \"{column}\", immutable = true }}"
                    ),
                    Obstacle::LooksEverywhere => {
                        format!(
                            "{option}; a load that replaces all rows (`plimsoll resync --table {}`) needs no filter, if it is not one in chunks",
                            table_of(target)
                        )
                    }
                    Obstacle::IngestionTime | Obstacle::DeletesByKey | Obstacle::NotPublished => option,
                }
            }
            Self::TooManyPartitions { target, column, .. } => format!(
                "write partition = {{ column = \"{column}\", by = \"month\" }} (or \"year\"), and drop the table {target} if it is \
                 there: the next tick makes it with larger partitions"
            ),
            Self::Foreign(target) => {
                format!("write target = \"{0}_2\", or let `plimsoll resync --table {0}` replace it", table_of(target))
            }
        }
    }
}

/// The name that `--table` takes, of a target's full one.
fn table_of(target: &str) -> &str {
    target.rsplit('.').next().unwrap_or(target)
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
