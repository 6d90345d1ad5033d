//! The log as it is found in the catalog.

use crate::capture::error::CaptureError;
use crate::capture::keyed::change_log::content_types::ContentTypes;
use crate::model::{Dialect, LogKey, LogSpec, LogTable, RelationName, TableSpec, TypeColumn};
use crate::source::{
    Catalog, CursorColumn, CursorType, EntryTable, Group, LogFacts, Relation, RelationKind, Session, SourceColumn,
    SourceError,
};

/// A change log as it stands in the snapshot.
pub struct Log<'a> {
    pub(super) spec: &'a LogSpec,
    pub(super) tables: Vec<EntryTable>,
    /// Tables of entries that could not be locked, and why.
    pub(super) refused: Vec<(RelationName, SourceError)>,
    /// The relations that entries are about, where the log names them.
    pub(super) logged: Catalog,
    pub(super) types: ContentTypes,
    /// What the statements over the log depend on beside its tables.
    pub(super) facts: LogFacts,
}

/// Entries of a type: their table, the values they are told by, and the relation they are about, where the log names it.
pub(super) struct Entries<'l> {
    pub table: usize,
    pub groups: Vec<Group>,
    pub about: Option<&'l Relation>,
}

impl<'a> Log<'a> {
    /// The relations the log consists of and those it is about, for the catalog.
    pub fn relations(spec: &LogSpec, tables: &[TableSpec], dialect: Dialect) -> Vec<RelationName> {
        let mut names = Self::entry_tables(spec, tables, dialect);
        match &spec.types {
            TypeColumn::Relation { .. } => {
                names.extend(Self::named(tables, dialect));
                names.extend(tables.iter().map(|t| t.source.clone()));
            }
            TypeColumn::ContentType { types, .. } => {
                names.push(ContentTypes::table_of(spec, types.as_ref(), dialect));
            }
            TypeColumn::Table | TypeColumn::Name(_) => {}
        }
        names
    }

    fn entry_tables(spec: &LogSpec, tables: &[TableSpec], dialect: Dialect) -> Vec<RelationName> {
        match &spec.table {
            LogTable::One(name) => vec![name.clone()],
            LogTable::PerType => Self::named(tables, dialect),
        }
    }

    /// The relations that `log_types` names.
    fn named(tables: &[TableSpec], dialect: Dialect) -> Vec<RelationName> {
        let mut names: Vec<RelationName> = Vec::new();
        let types = tables.iter().flat_map(|t| &t.log_types);
        for name in types.filter_map(|t| RelationName::parse_in(dialect, &t.name)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Finds the log. A table of entries that only some tables need is missed by [`Log::claims`] of those.
    pub async fn open(
        session: &Session,
        spec: &'a LogSpec,
        tables: &[TableSpec],
        catalog: &Catalog,
    ) -> Result<Self, CaptureError> {
        let mut found = Vec::new();
        let dialect = session.dialect();
        for name in Self::entry_tables(spec, tables, dialect) {
            match (catalog.get(&name), &spec.table) {
                (Some(relation), LogTable::One(_)) => found.push(entry_table(spec, &name, relation)?),
                // One that is no history table is the fault of the table that names it.
                (Some(relation), LogTable::PerType) => found.extend(entry_table(spec, &name, relation).ok()),
                (None, LogTable::PerType) => {}
                (None, LogTable::One(_)) => return Err(CaptureError::NoLog { log: name, dialect }),
            }
        }
        // Held to the end of the transaction: a log that is emptied meanwhile would look as if nothing were new.
        let mut refused = Vec::new();
        let (each, all) = (matches!(spec.table, LogTable::PerType), found.iter().map(|l| &l.name));
        if let Err(e) = session.lock_entries(&all.collect::<Vec<_>>()).await {
            if !each {
                return Err(e.into());
            }
            // One history table that can't be had is no fault of the others.
            let mut at_hand = Vec::new();
            for table in found {
                match session.lock_entries(&[&table.name]).await {
                    Ok(()) => at_hand.push(table),
                    Err(e) => refused.push((table.name, e)),
                }
            }
            found = at_hand;
        }
        let types = match &spec.types {
            TypeColumn::ContentType { types, .. } => {
                ContentTypes::read(session, ContentTypes::table_of(spec, types.as_ref(), dialect), catalog).await?
            }
            _ => ContentTypes::default(),
        };
        let facts = session.log_facts(spec).await?;
        facts.refuse_packed(spec)?;
        Ok(Self { spec, tables: found, refused, logged: catalog.clone(), types, facts })
    }

    /// How the log is written.
    pub fn spec(&self) -> &'a LogSpec {
        self.spec
    }

    /// Whether triggers write the log: then it tells what the database did, not what an application meant to do.
    pub fn is_by_trigger(&self) -> bool {
        matches!(self.spec.types, TypeColumn::Relation { .. })
    }

    /// What the log's entries of a type are told by; an error where there is no such type.
    pub(super) fn entries(&self, name: &str) -> Result<Entries<'_>, CaptureError> {
        let dialect = self.facts.dialect();
        let bad = |table: &str| CaptureError::BadLogType {
            name: name.to_owned(),
            wanted: format!("{}.{table}", dialect.default_schema()),
        };
        let (table, about, groups) = match &self.spec.types {
            TypeColumn::Table if self.spec.table == LogTable::PerType => {
                let wanted = RelationName::parse_in(dialect, name).ok_or_else(|| bad("app_historicalproject"))?;
                match self.tables.iter().position(|t| t.name == wanted) {
                    Some(at) => (at, None, vec![[None, None]]),
                    None => return Err(self.no_history(wanted)),
                }
            }
            TypeColumn::Table => (0, None, vec![[None, None]]),
            TypeColumn::Name(_) => (0, None, vec![[Some(name.to_owned()), None]]),
            TypeColumn::ContentType { .. } => (0, None, vec![[Some(self.types.id(name)?), None]]),
            TypeColumn::Relation { .. } => {
                let relation = RelationName::parse_in(dialect, name).ok_or_else(|| bad("orders"))?;
                // Renamed, its entries have another name; dropped, there are none. Either way nothing would ever be found.
                let none = || CaptureError::NoLoggedRelation { relation: relation.clone(), dialect };
                let about = self.logged.get(&relation).ok_or_else(none)?;
                // A trigger on a partitioned table fires for its partitions, and names those.
                let leaves = about.leaves.iter().map(|l| [Some(l.name.schema.clone()), Some(l.name.name.clone())]);
                let own = [Some(relation.schema), Some(relation.name)];
                (0, Some(about), std::iter::once(own).chain(leaves).collect())
            }
        };
        Ok(Entries { table, groups, about })
    }

    /// The values that entries of a type are told by, for counting.
    pub(super) fn groups(&self, name: &str) -> Option<(usize, Vec<Group>)> {
        self.entries(name).ok().map(|e| (e.table, e.groups))
    }

    /// Why a history table can't be read.
    fn no_history(&self, name: RelationName) -> CaptureError {
        if let Some((_, why)) = self.refused.iter().find(|(refused, _)| *refused == name) {
            return why.clone().into();
        }
        let found = self.logged.get(&name).map(|relation| entry_table(self.spec, &name, relation));
        match found {
            Some(Err(why)) => why,
            _ => CaptureError::NoLog { log: name, dialect: self.facts.dialect() },
        }
    }
}

/// A table of entries, if it has what the log's description names.
pub(super) fn entry_table(
    spec: &LogSpec,
    name: &RelationName,
    relation: &Relation,
) -> Result<EntryTable, CaptureError> {
    let is_plain = match relation.dialect {
        Dialect::Postgres => relation.tells_its_writers() && relation.kind != RelationKind::MaterializedView,
        Dialect::SqlServer => relation.kind == RelationKind::Table,
    };
    if !is_plain {
        return Err(CaptureError::LogWithoutTransactionIds { log: name.clone(), kind: relation.kind.name() });
    }
    let ids = CursorColumn::of_log(spec, relation)?;
    let has_version = || relation.columns.iter().any(|c| c.cursor_type() == Some(CursorType::RowVersion));
    if relation.dialect == Dialect::SqlServer && ids.is_none() && !has_version() {
        return Err(CaptureError::LogWithoutOrder {
            log: name.clone(),
            id: spec.id.clone(),
            dialect: relation.dialect,
        });
    }
    let found = EntryTable { name: name.clone(), relation: relation.clone(), ids };
    let single = std::iter::once(&spec.id).chain(&spec.at).chain(&spec.action);
    let named = single.chain(spec.keys().flat_map(|k| &k.columns)).map(String::as_str);
    named.chain(spec.types.columns()).try_for_each(|c| need(&found, c).map(drop))?;
    spec.keys().try_for_each(|key| can_hold(&found, key))?;
    Ok(found)
}

/// A packed key needs a column of a type it can be packed in.
fn can_hold(table: &EntryTable, key: &LogKey) -> Result<(), CaptureError> {
    for column in key.columns.iter().filter_map(|c| table.relation.column(c)) {
        if !column.can_pack(&key.format) {
            return Err(CaptureError::NoPackedKey {
                log: table.name.clone(),
                column: column.name.clone(),
                type_name: column.type_name.clone(),
            });
        }
    }
    Ok(())
}

/// A column that the table has to have.
pub(super) fn need<'t>(table: &'t EntryTable, column: &str) -> Result<&'t SourceColumn, CaptureError> {
    let missing = || CaptureError::NoLogColumn {
        log: table.name.clone(),
        column: column.to_owned(),
        near: table.relation.nearest_column(column),
    };
    table.relation.column(column).ok_or_else(missing)
}
