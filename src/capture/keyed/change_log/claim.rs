//! Which entries of the log concern a table, and which of its rows they are about.

use crate::batch::LogMark;
use crate::capture::error::CaptureError;
use crate::capture::keyed::change_log::resolve::{Entries, Log, need};
use crate::capture::keyed::key_source::{KeyColumns, Reach};
use crate::encode::{Shape, ShapeColumn};
use crate::model::{ApplyBy, Dialect, KeyFormat, LogTable, LogType, RelationName, TableSpec, TypeColumn};
use crate::source::{Claimed, CursorType, Group, LogPlace, LogQuery, NewEntries, Relation, RelationKind};

/// Which entries concern a table, and what of the table their key is.
#[derive(Clone, Debug)]
pub struct Claim {
    /// As the config writes it.
    pub name: String,
    /// The table that it is of.
    pub(super) of: RelationName,
    /// Which table of entries.
    pub(super) log: usize,
    pub(super) groups: Vec<Group>,
    /// The table's columns that hold the logged key, in the log's order.
    pub key: KeyColumns,
    /// Their names inside the log.
    pub(super) fields: Vec<String>,
}

impl Claim {
    /// As a source is asked for its entries.
    pub(super) fn claimed(&self) -> Claimed<'_> {
        Claimed {
            relation: &self.of,
            groups: &self.groups,
            columns: &self.key.columns,
            spelling: &self.key.spelling,
            fields: &self.fields,
        }
    }
}

impl Log<'_> {
    /// The new entries of the table that a claim reads.
    pub fn new_entries<'e>(&'e self, claim: &Claim, since: &'e LogPlace) -> NewEntries<'e> {
        NewEntries { spec: self.spec, table: &self.tables[claim.log], facts: &self.facts, since }
    }

    /// As a source is asked for a claim's keys.
    pub fn keys_query<'e>(&'e self, claim: &'e Claim, since: &'e LogPlace) -> LogQuery<'e> {
        LogQuery::Keys { entries: self.new_entries(claim, since), claimed: claim.claimed(), diff: None }
    }

    /// A table's place in the log that a claim reads.
    pub fn place(&self, claim: &Claim, mark: &LogMark) -> LogPlace {
        let table = &self.tables[claim.log];
        let marked = mark.logs.iter().find(|l| l.name == table.name.to_string());
        LogPlace {
            position: mark.position.clone(),
            ids: marked.and_then(|m| m.ids.clone()),
            read: marked.and_then(|m| m.read.clone()),
        }
    }

    /// What `check` has to say of the log's tables.
    pub fn notes(&self, claims: &[Claim]) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        for claim in claims {
            let table = &self.tables[claim.log];
            let note = match &table.ids {
                None if self.facts.dialect() == Dialect::SqlServer => {
                    format!("the ids of {} are no numbers: entries that are pruned unread are not noticed", table.name)
                }
                None => format!(
                    "the ids of {} are no numbers: every tick scans it, unless [changelog] lag = \"10m\" (or longer) says how far the \
                     times in it may be off; entries that are pruned unread are not noticed",
                    table.name
                ),
                Some(ids) if !table.relation.leading.contains(&ids.name) => {
                    format!("no index of {} leads with {}: every tick scans it", table.name, ids.name)
                }
                Some(ids) if ids.kind == CursorType::Integer && self.spec.at.is_none() => format!(
                    "without `at` in [changelog] (the column with an entry's time), an update of the newest row of {} looks as if the log had been pruned, \
                     and every table is read whole",
                    table.name
                ),
                Some(ids) if ids.kind != CursorType::Integer => {
                    format!("the ids of {} are no numbers: entries that are pruned unread are not noticed", table.name)
                }
                Some(_) => continue,
            };
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }

    /// Whether a time bounds the search for a claim's entries, as a cursor's does.
    pub fn is_bounded_by_time(&self, claim: &Claim) -> bool {
        self.tables[claim.log].ids.as_ref().is_some_and(|ids| ids.kind != CursorType::Integer)
    }

    /// Which entries concern a table.
    pub fn claims(&self, spec: &TableSpec, relation: &Relation, shape: &Shape) -> Result<Vec<Claim>, CaptureError> {
        let named = self.log_types(spec, relation)?;
        let claims: Vec<Claim> =
            named.iter().map(|t| self.claim(t, &spec.source, relation, shape)).collect::<Result<_, _>>()?;
        let scope = claims.iter().find(|c| c.key.reach == Reach::Scope).filter(|_| spec.apply == ApplyBy::Append);
        match scope.and_then(|claim| claim.key.columns.first()) {
            Some(column) => {
                Err(CaptureError::ScopeWithoutMerge { table: spec.source.clone(), column: column.name.clone() })
            }
            None => Ok(claims),
        }
    }

    /// The configured types; a table whose log names relations is its own type.
    fn log_types(&self, spec: &TableSpec, relation: &Relation) -> Result<Vec<LogType>, CaptureError> {
        let own = || match (&self.spec.types, self.spec.table == LogTable::PerType) {
            (TypeColumn::Relation { .. }, _) if relation.kind != RelationKind::View => {
                Ok(relation.dialect.qualified(&spec.source))
            }
            (TypeColumn::Table, false) => Ok(String::new()),
            _ => Err(CaptureError::NoLogTypes { example: self.example() }),
        };
        if spec.log_types.is_empty() {
            return Ok(vec![LogType { name: own()?, key: None, fields: None }]);
        }
        let each = spec.log_types.iter().map(|t| {
            let name = if t.name.is_empty() { own()? } else { t.name.clone() };
            Ok(LogType { name, ..t.clone() })
        });
        each.collect()
    }

    fn example(&self) -> String {
        let home = self.facts.dialect().default_schema();
        match &self.spec.types {
            TypeColumn::ContentType { .. } => "app.project".to_owned(),
            TypeColumn::Table => format!("{home}.app_historicalproject"),
            TypeColumn::Relation { .. } => format!("{home}.orders"),
            TypeColumn::Name(_) => "Order".to_owned(),
        }
    }

    fn claim(
        &self,
        log_type: &LogType,
        of: &RelationName,
        relation: &Relation,
        shape: &Shape,
    ) -> Result<Claim, CaptureError> {
        let Entries { table: log, groups, about } = self.entries(&log_type.name)?;
        let key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
        let names: Vec<String> = match &log_type.key {
            Some(names) => names.clone(),
            None => key.iter().map(|k| (*k).to_owned()).collect(),
        };
        let is_key = names.len() == key.len() && key.iter().all(|k| names.iter().any(|n| n == k));
        let reach = if is_key { Reach::Key } else { Reach::Scope };
        if reach == Reach::Scope {
            let [name] = names.as_slice() else { return Err(CaptureError::WideScope(log_type.name.clone())) };
            if relation.column(name).is_some() && shape.column(name).is_none_or(ShapeColumn::is_hashed) {
                return Err(CaptureError::ScopeNotPublished(name.clone()));
            }
        }
        let columns = names
            .iter()
            .map(|n| relation.column(n).cloned().ok_or_else(|| CaptureError::NoSuchKeyColumn(n.clone())))
            .collect::<Result<Vec<_>, _>>()?;
        let fields = self.fields(log_type, names, about)?;
        let said = if log_type.name.is_empty() { "the table" } else { &log_type.name };
        self.check_width(said, log, &fields, columns.len())?;
        Ok(Claim {
            name: log_type.name.clone(),
            of: of.clone(),
            log,
            groups,
            key: KeyColumns::of(columns, shape, reach),
            fields,
        })
    }

    /// The key's names inside the log. A view's key column may be called otherwise than that of the relation the log speaks
    /// of; that one's primary key then is what was logged.
    fn fields(
        &self,
        log_type: &LogType,
        names: Vec<String>,
        about: Option<&Relation>,
    ) -> Result<Vec<String>, CaptureError> {
        let fields = log_type.fields.clone().unwrap_or(names);
        let is_packed = matches!(self.spec.key.format, KeyFormat::Json | KeyFormat::Hstore);
        let Some(about) = about.filter(|a| is_packed && a.kind != RelationKind::View) else { return Ok(fields) };
        let Some(unknown) = fields.iter().find(|f| about.column(f).is_none()) else { return Ok(fields) };
        if log_type.fields.is_none() && about.primary_key.len() == fields.len() {
            return Ok(about.primary_key.clone());
        }
        Err(CaptureError::NoLoggedField { name: log_type.name.clone(), field: unknown.clone() })
    }

    /// The log has to keep as many values as the key has columns.
    fn check_width(&self, name: &str, log: usize, fields: &[String], wanted: usize) -> Result<(), CaptureError> {
        let width = |given| CaptureError::KeyWidth { name: name.to_owned(), given, wanted };
        if fields.len() != wanted {
            return Err(width(fields.len()));
        }
        for key in self.spec.keys().filter(|k| k.format == KeyFormat::Columns) {
            match (key.columns.len(), self.tables.get(log)) {
                (0, Some(table)) => fields.iter().try_for_each(|f| need(table, f).map(drop))?,
                (n, _) if n != wanted && n > 0 => return Err(width(n)),
                _ => {}
            }
        }
        Ok(())
    }
}
