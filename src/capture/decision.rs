//! What a run has to read of a table, and why.

use crate::batch::RowsBefore;

/// What is done about `reconcile_every`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reconcile {
    #[default]
    NotDue,
    /// All rows are staged, and merged with the target.
    ByStaging,
    /// After the run, by digests of both sides: only rows that differ leave the source.
    ByComparing,
}

/// What a run has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Everything, in place of what the target has.
    Whole(Why),
    /// Everything, compared with what the target has.
    Reconcile(Why),
    /// Everything, a stretch of keys at a time.
    Chunk(Why, Part),
    Changes,
}

/// Which part of a load in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first, and the target has that many rows or none.
    First(RowsBefore),
    Next,
}

/// Why every row has to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    FullCapture,
    FirstLoad,
    Requested,
    ServerChanged,
    HistoryLost,
    TableReplaced,
    DefinitionChanged,
    ColumnFilled,
    ColumnReplaced,
    ColumnRetyped,
    ColumnRenamed,
    ColumnExcluded,
    ColumnsChanged,
    KeyOrderChanged,
    TargetMissing,
    TargetLacksColumn,
    TargetEmptied,
    TargetMadeAgain,
    TableRewritten,
    LogReplaced,
    LogPruned,
    TypeRenumbered,
    LogNamesNoRow,
    LogLacksKey,
    NoLists,
    HashChanged,
    SlicesMoved,
    ListsLost,
    NotTrackedThen,
    TrackingRestarted,
    TrackingPruned,
    PartitionsChanged,
    SetAside,
    ReconcileDue,
}

impl Why {
    pub fn text(self) -> &'static str {
        match self {
            Self::FullCapture => "capture = \"full\"",
            Self::FirstLoad => "first load",
            Self::Requested => "requested",
            Self::ServerChanged => "the source is another server, or was restored or failed over",
            Self::HistoryLost => "the watermark lies ahead of the source, or too far behind it",
            Self::TableReplaced => "the source table was dropped and made again",
            Self::DefinitionChanged => "the table's definition in config or source has changed",
            Self::ColumnFilled => "a new column has values in rows that did not change",
            Self::ColumnReplaced => "a column was dropped, or left out, and is back, or another one has its name",
            Self::ColumnRetyped => "a column has another type",
            Self::ColumnRenamed => "a column has another name in the target",
            Self::ColumnExcluded => "a column that was published is excluded: its values leave the target",
            Self::ColumnsChanged => "columns came or went while the table was loaded",
            Self::KeyOrderChanged => "the order of the key's values changed while the table was loaded",
            Self::TargetMissing => "the target table is gone",
            Self::TargetLacksColumn => "a column of the target table was dropped there",
            Self::TargetEmptied => "the target table was emptied by somebody else",
            Self::TargetMadeAgain => "the target table was made again by somebody else",
            Self::TableRewritten => "the source table was rewritten, and rows changed that the cursor does not tell of",
            Self::LogReplaced => "the change log was dropped and made again",
            Self::LogPruned => "the change log was pruned beyond what had been read of it",
            Self::TypeRenumbered => "a content type of the change log has another number than before",
            Self::LogNamesNoRow => "the change log tells of a change without saying of which rows, such as a TRUNCATE",
            Self::LogLacksKey => "entries of the change log lack the field of the key: see `field` in log_types",
            Self::NoLists => "no row hashes are kept that the rows could be compared with",
            Self::HashChanged => {
                "the rows can't be hashed as they were: a column is gone or has another type, or what is hashed is"
            }
            Self::SlicesMoved => "the order of the key's values has changed since the table was loaded",
            Self::ListsLost => "lists of row hashes are gone or broken",
            Self::NotTrackedThen => "the table's changes were not tracked when it was last read",
            Self::TrackingRestarted => "change tracking was switched off and on",
            Self::TrackingPruned => {
                "change tracking has removed changes that had not been read, or the table was emptied by TRUNCATE"
            }
            Self::PartitionsChanged => "a partition was attached or detached, which no log tells",
            Self::SetAside => "the table had been set aside and can be read again",
            Self::ReconcileDue => "reconcile_every has passed",
        }
    }

    /// Whether an operator should be told: it was neither asked for nor the usual way.
    pub fn is_a_surprise(self) -> bool {
        !matches!(
            self,
            Self::FullCapture | Self::FirstLoad | Self::Requested | Self::ReconcileDue | Self::LogNamesNoRow
        )
    }
}
