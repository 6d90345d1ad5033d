//! The log found in the catalog, and which of its entries concern a table.

use std::collections::HashMap;

use crate::capture::cursor::{CursorColumn, CursorType};
use crate::capture::error::CaptureError;
use crate::encode::Shape;
use crate::model::{Diff, KeyFormat, LogSpec, LogTable, LogType, RelationName, TableSpec, TypeColumn};
use crate::source::{Catalog, Relation, RelationKind, Session, SourceColumn, ident, literal, qualified};

/// A change log as it stands in the snapshot.
pub struct Log<'a> {
    pub(super) spec: &'a LogSpec,
    pub(super) tables: Vec<LogRelation>,
    /// The relations that entries are about, where the log names them.
    logged: Catalog,
    types: ContentTypes,
    /// The schema of the hstore extension, where the key is packed by it.
    pub(super) hstore: Option<String>,
    /// The server's version.
    pub(super) version: u32,
}

/// One table of entries.
pub(super) struct LogRelation {
    pub name: RelationName,
    pub relation: Relation,
    /// What bounds the search; `None` where neither ids nor times are ordered.
    pub ids: Option<CursorColumn>,
}

/// Which entries concern a table, and what of the table their key is.
#[derive(Clone, Debug)]
pub struct Claim {
    /// As the config writes it.
    pub name: String,
    /// Which table of entries.
    pub(super) log: usize,
    /// A condition for the entries; `None` where all of the log's table are meant.
    pub(super) matches: Option<String>,
    pub(super) groups: Vec<Group>,
    /// The table's columns that hold the logged key, in the log's order.
    pub(super) columns: Vec<SourceColumn>,
    /// Their names inside the log.
    pub(super) fields: Vec<String>,
    pub reach: Reach,
}

/// How far an entry reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One row: the logged key is the table's.
    Key,
    /// Every row with the logged value in another column.
    Scope,
}

/// The values of the type columns, as the scan groups by them.
pub(super) type Group = [Option<String>; 2];

/// Entries of a type: their table, the values they are told by, and the relation they are about, where the log names it.
struct Entries<'l> {
    table: usize,
    groups: Vec<Group>,
    about: Option<&'l Relation>,
}

#[derive(Default)]
struct ContentTypes {
    table: Option<RelationName>,
    /// `app.model` to id.
    ids: HashMap<String, String>,
}

impl<'a> Log<'a> {
    /// The relations the log consists of and those it is about, for the catalog.
    pub fn relations(spec: &LogSpec, tables: &[TableSpec]) -> Vec<RelationName> {
        let mut names = Self::entry_tables(spec, tables);
        if matches!(spec.types, TypeColumn::Relation { .. }) {
            names.extend(Self::named(tables));
            names.extend(tables.iter().map(|t| t.source.clone()));
        }
        names
    }

    fn entry_tables(spec: &LogSpec, tables: &[TableSpec]) -> Vec<RelationName> {
        match &spec.table {
            LogTable::One(name) => vec![name.clone()],
            LogTable::PerType => Self::named(tables),
        }
    }

    /// The relations that `log_types` names.
    fn named(tables: &[TableSpec]) -> Vec<RelationName> {
        let mut names: Vec<RelationName> = Vec::new();
        for name in tables.iter().flat_map(|t| &t.log_types).filter_map(|t| RelationName::parse(&t.name)) {
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
        for name in Self::entry_tables(spec, tables) {
            match (catalog.get(&name), &spec.table) {
                (Ok(relation), LogTable::One(_)) => found.push(LogRelation::of(spec, &name, relation)?),
                // One that is no history table is the fault of the table that names it.
                (Ok(relation), LogTable::PerType) => found.extend(LogRelation::of(spec, &name, relation).ok()),
                (Err(_), LogTable::PerType) => {}
                (Err(_), LogTable::One(_)) => return Err(CaptureError::NoLog(name)),
            }
        }
        // Held to the end of the transaction: a log that is emptied meanwhile would look as if nothing were new.
        if !found.is_empty() {
            let names: Vec<String> = found.iter().map(|l| qualified(&l.name)).collect();
            let lock = format!("LOCK TABLE {} IN ACCESS SHARE MODE", names.join(", "));
            session.execute("locking the change log against being emptied", &lock).await?;
        }
        let types = match &spec.types {
            TypeColumn::ContentType { types, .. } => ContentTypes::read(session, spec, types.as_ref()).await?,
            _ => ContentTypes::default(),
        };
        let keys = std::iter::once(&spec.key).chain(&spec.old_key);
        let needs_hstore =
            keys.clone().any(|k| k.format == KeyFormat::Hstore) || matches!(spec.diff, Some(Diff::Hstore(_)));
        let hstore = if needs_hstore { Some(hstore_schema(session).await?) } else { None };
        Ok(Self { spec, tables: found, logged: catalog.clone(), types, hstore, version: session.version() })
    }

    /// How the log is written.
    pub fn spec(&self) -> &'a LogSpec {
        self.spec
    }

    /// Whether triggers write the log: then it tells what the database did, not what an application meant to do.
    pub fn is_by_trigger(&self) -> bool {
        matches!(self.spec.types, TypeColumn::Relation { .. })
    }

    /// What `check` has to say of the log's tables.
    pub fn notes(&self, claims: &[Claim]) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        for claim in claims {
            let table = &self.tables[claim.log];
            let note = match &table.ids {
                None => format!(
                    "the ids of {} are no numbers: every tick scans it, unless [changelog] lag = \"…\" says how far the \
                     times in it may be off; entries that are pruned unread are not noticed",
                    table.name
                ),
                Some(ids) if !table.relation.leading.contains(&ids.name) => {
                    format!("no index of {} leads with {}: every tick scans it", table.name, ids.name)
                }
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

    /// What the log's entries of a type are told by; an error where there is no such type.
    fn entries(&self, name: &str) -> Result<Entries<'_>, CaptureError> {
        let bad = |wanted| CaptureError::BadLogType { name: name.to_owned(), wanted };
        let (table, about, groups) = match &self.spec.types {
            TypeColumn::Table if self.spec.table == LogTable::PerType => {
                let wanted = RelationName::parse(name).ok_or_else(|| bad("public.app_historicalproject"))?;
                match self.tables.iter().position(|t| t.name == wanted) {
                    Some(at) => (at, None, vec![[None, None]]),
                    None => return Err(self.no_history(wanted)),
                }
            }
            TypeColumn::Table => (0, None, vec![[None, None]]),
            TypeColumn::Name(_) => (0, None, vec![[Some(name.to_owned()), None]]),
            TypeColumn::ContentType { .. } => (0, None, vec![[Some(self.types.id(name)?), None]]),
            TypeColumn::Relation { .. } => {
                let relation = RelationName::parse(name).ok_or_else(|| bad("public.orders"))?;
                let about = self.logged.get(&relation).ok();
                // A trigger on a partitioned table fires for its partitions, and names those.
                let leaves = about.into_iter().flat_map(|r| &r.leaves);
                let leaves = leaves.map(|l| [Some(l.schema.clone()), Some(l.name.clone())]);
                let own = [Some(relation.schema), Some(relation.name)];
                (0, about, std::iter::once(own).chain(leaves).collect())
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
        let found = self.logged.get(&name).map(|relation| LogRelation::of(self.spec, &name, relation));
        match found {
            Ok(Err(why)) => why,
            _ => CaptureError::NoLog(name),
        }
    }

    /// The columns that say the type, as the scan and the conditions name them.
    pub(super) fn type_columns(&self) -> Vec<String> {
        let columns = match &self.spec.types {
            TypeColumn::Table => vec![],
            TypeColumn::Name(column) | TypeColumn::ContentType { column, .. } => vec![column],
            TypeColumn::Relation { schema, name } => vec![schema, name],
        };
        columns.into_iter().map(|c| format!("t.{}", ident(c))).collect()
    }

    /// Which entries concern a table.
    pub fn claims(&self, spec: &TableSpec, relation: &Relation, shape: &Shape) -> Result<Vec<Claim>, CaptureError> {
        let named = self.log_types(spec, relation)?;
        named.iter().map(|t| self.claim(t, relation, shape)).collect()
    }

    /// The configured types; a table whose log names relations is its own type.
    fn log_types(&self, spec: &TableSpec, relation: &Relation) -> Result<Vec<LogType>, CaptureError> {
        let own = || match (&self.spec.types, self.spec.table == LogTable::PerType) {
            (TypeColumn::Relation { .. }, _) if relation.kind != RelationKind::View => {
                Ok(format!("{}.{}", ident(&spec.source.schema), ident(&spec.source.name)))
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
        match (&self.spec.types, &self.spec.table) {
            (TypeColumn::ContentType { .. }, _) => "app.project",
            (TypeColumn::Table, _) => "public.app_historicalproject",
            (TypeColumn::Relation { .. }, _) => "public.orders",
            (TypeColumn::Name(_), _) => "Order",
        }
        .to_owned()
    }

    fn claim(&self, log_type: &LogType, relation: &Relation, shape: &Shape) -> Result<Claim, CaptureError> {
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
            if relation.column(name).is_some() && shape.column(name).is_none() {
                return Err(CaptureError::ScopeNotPublished(name.clone()));
            }
        }
        let columns = names
            .iter()
            .map(|n| relation.column(n).cloned().ok_or_else(|| CaptureError::NoSuchKeyColumn(n.clone())))
            .collect::<Result<Vec<_>, _>>()?;
        let fields = self.fields(log_type, names, about)?;
        self.check_width(&log_type.name, log, &fields, columns.len())?;
        let matches = self.condition(&groups);
        Ok(Claim { name: log_type.name.clone(), log, matches, groups, columns, fields, reach })
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

    /// A condition for the entries `t` of any of the groups; `None` for all there are.
    fn condition(&self, groups: &[Group]) -> Option<String> {
        let columns = self.type_columns();
        if columns.is_empty() {
            return None;
        }
        let is_one = |group: &Group| -> String {
            let each = columns.iter().zip(group).filter_map(|(column, value)| {
                value.as_ref().map(|v| match &self.spec.types {
                    // Of whatever type the reference is.
                    TypeColumn::ContentType { .. } => format!("{column} = '{}'", v.replace('\'', "''")),
                    _ => format!("{column}::text = {}", literal(v, "text")),
                })
            });
            each.collect::<Vec<_>>().join(" AND ")
        };
        let any: Vec<String> = groups.iter().map(is_one).collect();
        Some(if any.len() == 1 { any.concat() } else { format!("(({}))", any.join(") OR (")) })
    }

    /// The log has to keep as many values as the key has columns.
    fn check_width(&self, name: &str, log: usize, fields: &[String], wanted: usize) -> Result<(), CaptureError> {
        let width = |given| CaptureError::KeyWidth { name: name.to_owned(), given, wanted };
        if fields.len() != wanted {
            return Err(width(fields.len()));
        }
        let keys = std::iter::once(&self.spec.key).chain(&self.spec.old_key);
        for key in keys.filter(|k| k.format == KeyFormat::Columns) {
            match (key.columns.len(), self.tables.get(log)) {
                (0, Some(table)) => fields.iter().try_for_each(|f| table.need(f).map(drop))?,
                (n, _) if n != wanted && n > 0 => return Err(width(n)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl LogRelation {
    fn of(spec: &LogSpec, name: &RelationName, relation: &Relation) -> Result<Self, CaptureError> {
        if !relation.has_xmin() || relation.kind == RelationKind::MaterializedView {
            return Err(CaptureError::LogWithoutTransactionIds { log: name.clone(), kind: relation.kind.name() });
        }
        let ids = CursorColumn::of_log(&spec.id, spec.at.as_deref().zip(spec.lag), relation)?;
        let found = Self { name: name.clone(), relation: relation.clone(), ids };
        let keys = std::iter::once(&spec.key).chain(&spec.old_key).flat_map(|k| &k.columns);
        let types = match &spec.types {
            TypeColumn::Table => vec![],
            TypeColumn::Name(column) | TypeColumn::ContentType { column, .. } => vec![column],
            TypeColumn::Relation { schema, name } => vec![schema, name],
        };
        let single = std::iter::once(&spec.id).chain(&spec.at).chain(&spec.action);
        single.chain(keys).chain(types).try_for_each(|c| found.need(c).map(drop))?;
        Ok(found)
    }

    pub fn need(&self, column: &str) -> Result<&SourceColumn, CaptureError> {
        let missing = || CaptureError::NoLogColumn { log: self.name.clone(), column: column.to_owned() };
        self.relation.column(column).ok_or_else(missing)
    }

    /// Whether it has what the diff is read from: some versions of a library don't.
    pub fn has_diff(&self, diff: &Diff) -> bool {
        diff.columns().iter().all(|c| self.relation.column(c).is_some())
    }
}

impl ContentTypes {
    async fn read(session: &Session, spec: &LogSpec, given: Option<&RelationName>) -> Result<Self, CaptureError> {
        let beside = match &spec.table {
            LogTable::One(log) => log.schema.clone(),
            LogTable::PerType => "public".to_owned(),
        };
        let table = given.cloned().unwrap_or(RelationName { schema: beside, name: "django_content_type".to_owned() });
        let sql = format!("SELECT app_label, model, id::text FROM {}", qualified(&table));
        let mut ids = HashMap::new();
        for row in session.text_rows("reading content types", &sql).await? {
            if let [Some(app), Some(model), Some(id)] = row.as_slice() {
                ids.insert(format!("{app}.{model}"), id.clone());
            }
        }
        Ok(Self { table: Some(table), ids })
    }

    /// Django keeps the model's class name in lower case; people write it as the class.
    fn id(&self, name: &str) -> Result<String, CaptureError> {
        let lower = name.to_lowercase();
        let found =
            self.ids.get(name).or_else(|| self.ids.iter().find(|(n, _)| n.to_lowercase() == lower).map(|(_, id)| id));
        found.cloned().ok_or_else(|| {
            let near = self.ids.keys().min_by_key(|known| strsim::levenshtein(known, &lower));
            let near = near.filter(|known| strsim::levenshtein(known, &lower) <= 3).cloned();
            let types = self.table.clone().unwrap_or(RelationName { schema: String::new(), name: String::new() });
            CaptureError::NoSuchType { name: name.to_owned(), types, near }
        })
    }
}

async fn hstore_schema(session: &Session) -> Result<String, CaptureError> {
    const SQL: &str = "SELECT n.nspname FROM pg_catalog.pg_extension e \
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hstore'";
    let rows = session.text_rows("looking for hstore", SQL).await?;
    rows.into_iter().next().and_then(|mut r| r.pop().flatten()).ok_or(CaptureError::NoHstore)
}
