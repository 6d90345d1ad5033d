//! A model's changes, told as they are made: so that a test which writes to the model can write to a real server as well.

use std::sync::Arc;

use super::clock::Clock;
use super::database::{Database, DatabaseTracking, SnapshotState, Updateability};
use super::rights::{Rights, Switch};
use super::schema::{ColumnDef, Given, Kept, TableDef};
use super::slot::Row;
use super::storage::Storage;
use super::{Model, Visibility};
use crate::typed::Value;

/// What was done to the model.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// ALTER DATABASE … SET CHANGE_TRACKING.
    Tracking(Option<DatabaseTracking>),
    /// ALTER DATABASE … SET READ_COMMITTED_SNAPSHOT.
    ReadCommittedSnapshot(Switch),
    CreateTable(&'a TableDef),
    DropTable(&'a TableDef),
    /// CREATE VIEW by the text of [`Model::view_text`].
    CreateView(&'a str),
    Track(&'a TableDef),
    Untrack(&'a TableDef),
    Truncate(&'a TableDef),
    /// ALTER TABLE … ADD: every row gets the value.
    AddColumn(&'a TableDef, &'a ColumnDef, &'a Value),
    DropColumn(&'a TableDef, &'a str),
    RebuildIndexes(&'a TableDef),
    /// Rows that were put in, all in one commit.
    Load(&'a TableDef, &'a [Row]),
    /// BEGIN TRANSACTION, of a number of its own.
    Begin(u64),
    Insert(u64, &'a TableDef, &'a [Value]),
    /// UPDATE of the one row that was this.
    Update(u64, &'a TableDef, &'a [Value], &'a [(&'a str, Value)]),
    /// DELETE of the one row that was this.
    Delete(u64, &'a TableDef, &'a [Value]),
    Commit(u64),
    RollBack(u64),
    /// Something that no client can do to a server, or that it has no words for.
    Beyond(&'static str),
}

/// Who is told.
pub trait Mirror: Send + Sync {
    /// Called after the model has changed, in the order of the changes, one at a time.
    fn repeat(&self, change: Change<'_>);
}

impl Model {
    /// What of this model no mirror can be told; a test on it stays on the stand-in.
    pub fn is_beyond(&self) -> Option<&'static str> {
        self.with(|database| {
            let definitions = || database.tables.iter().map(|table| &table.definition);
            let odd = |column: &ColumnDef| {
                !column.flags.is_empty() || column.alias.is_some() || column.given == Given::Computed
            };
            [
                (database.view_texts.len() < database.views.len(), "a view whose T-SQL the test does not say"),
                (database.snapshot != SnapshotState::On, "another state of snapshot isolation"),
                (database.updateability != Updateability::ReadWrite, "a readable secondary"),
                (database.rights != Rights::default(), "other rights"),
                (!database.policies.is_empty(), "row-level security"),
                (database.clock != Clock::default(), "a clock that is set"),
                (definitions().any(|table| table.kept != Kept::OnDisk), "a table that is kept elsewhere"),
                (definitions().any(|table| table.columns.iter().any(odd)), "a column that the model alone can make"),
                (
                    database.tables.iter().any(|t| matches!(t.storage, Storage::Made { .. })),
                    "rows that are made when they are read",
                ),
            ]
            .into_iter()
            .find_map(|(is_so, what)| is_so.then_some(what))
        })
    }

    /// The T-SQL of a view, for a mirror; the model itself has its rows made by Rust.
    pub fn view_text(&self, sql: &str) {
        self.with(|database| {
            database.view_texts.push(sql.to_owned());
            database.tell(Change::CreateView(sql));
        });
    }

    /// Tells a mirror what there is, and from now on each change. No transaction may be open.
    pub fn mirror_to(&self, mirror: Arc<dyn Mirror>) {
        self.with(|database| {
            mirror.repeat(Change::ReadCommittedSnapshot(database.rcsi));
            mirror.repeat(Change::Tracking(database.tracking));
            for table in &database.tables {
                mirror.repeat(Change::CreateTable(&table.definition));
                let Storage::Slots(slots) = &table.storage else {
                    mirror.repeat(Change::Beyond("a table whose rows are made when they are read"));
                    continue;
                };
                let seen = slots.slots.values().filter_map(|slot| slot.seen(Visibility::At(database.commit)).ok()?);
                let rows: Vec<Row> = seen.cloned().collect();
                mirror.repeat(Change::Load(&table.definition, &rows));
                if table.tracking.is_some() {
                    mirror.repeat(Change::Track(&table.definition));
                }
            }
            if database.view_texts.len() < database.views.len() {
                mirror.repeat(Change::Beyond("a view without a text"));
            }
            database.view_texts.iter().for_each(|text| mirror.repeat(Change::CreateView(text)));
            database.mirror = Some(mirror);
        });
    }
}

impl Database {
    pub(crate) fn tell(&self, change: Change<'_>) {
        if let Some(mirror) = &self.mirror {
            mirror.repeat(change);
        }
    }
}
