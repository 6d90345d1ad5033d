//! What reads of rows have in common: the table, what the statement sees, its condition.

use std::collections::HashMap;
use std::sync::Arc;

use super::catalog;
use super::comment::{Bytes, Comment, decode};
use super::form::bad_plan;
use super::text::{parse, spoken};
use super::{condition, row_key, since::Since};
use crate::error::ServerError;
use crate::model::{Bounds, Look, Model, Predicate, Row, RowView, Scan, SessionState, TableDef, lookup, store};
use crate::typed::{ColumnType, SortKey, Value, canonical, sort_key};

/// In which order rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Any,
    ByKey,
}

/// The names that `columns=` has.
fn names_of_columns(comment: &Comment) -> Option<Vec<String>> {
    let items = comment.encoded_list("columns")?;
    let names = items.into_iter().map(|item| decode(item.rsplit_once(':').map_or(item, |(name, _)| name)));
    Some(names.filter(|name| !name.is_empty()).collect())
}

/// A read of a table.
pub(crate) struct Reading {
    pub(crate) name: String,
    pub(crate) definition: Arc<TableDef>,
    pub(crate) look: Look,
    /// The key's columns.
    pub(crate) key: Vec<usize>,
    /// What is hashed, where the key is made of the row.
    row_key: Option<Vec<usize>>,
    condition: Option<Predicate>,
    /// Columns of moments that are selected with their own offsets: to the target two offsets are two keys.
    with_offset: Vec<String>,
}

impl Reading {
    /// Of a plan's `table=`, `key=` and `where=`. It fixes the snapshot of the session's transaction.
    pub(crate) fn start(session: &mut SessionState, comment: &Comment) -> Result<Self, ServerError> {
        let name = catalog::name(comment)?;
        let model = session.model.clone();
        model.with(|database| {
            // A name that is not there fails before any row is looked for.
            let definition = database.definition(&name).ok_or_else(|| ServerError::no_object(&name))?;
            let look = session.look(database)?;
            database.admit(&name, look.snapshot)?;
            let key = comment.list("key").unwrap_or_default();
            let (definition, row_key) = if row_key::is_of_row(&key) {
                let names = comment.list("hashed").or_else(|| names_of_columns(comment));
                // Whoever counts rows, or gives keys back, needs no hash of them.
                let needs_none = comment.encoded_list("columns") == Some(vec![":count"])
                    || comment.value("rows").as_deref() == Some("given");
                let hashed = if needs_none { Vec::new() } else { row_key::hashed(&definition, names)? };
                (row_key::with_key(&definition), Some(hashed))
            } else {
                (definition, None)
            };
            let key = definition.places(&key).ok_or_else(|| bad_plan(format!("a key of {name} that is none")))?;
            let condition = condition::of(database, comment.value("where").as_deref())?;
            let items = comment.encoded_list("columns").unwrap_or_default();
            let with_offset = items.iter().filter_map(|item| item.strip_suffix(":offset")).map(decode).collect();
            Ok(Self { name, definition, look, key, row_key, condition, with_offset })
        })
    }

    /// Fails where the login may not read one of these columns.
    pub(crate) fn admit_columns(
        &self,
        session: &SessionState,
        columns: impl IntoIterator<Item = usize>,
    ) -> Result<(), ServerError> {
        session.model.with(|database| {
            for at in columns {
                let column = &self.definition.columns[at].name;
                if self.is_of_row() && column.starts_with("_plimsoll_") {
                    continue;
                }
                if !database.rights.may_read_column(&self.name, column) {
                    let text = format!(
                        "The SELECT permission was denied on the column '{column}' of the object '{}'.",
                        self.name
                    );
                    return Err(ServerError::new(230, text).of_class(14));
                }
            }
            Ok(())
        })
    }

    /// Reads the rows, in the order of the key and within its bounds where these are asked for.
    pub(crate) fn scan(&self, model: &Model, order: Order, bounds: Bounds) -> Result<Scan, ServerError> {
        let by = self.look.by;
        let key: &[usize] = if order == Order::ByKey { &self.key } else { &[] };
        let Some(hashed) = &self.row_key else { return Scan::start(model, &self.name, by, key, bounds) };
        // Copies are counted among the rows that the condition lets through.
        let rows = model.with(|database| database.rows_of(&self.name, by))?;
        let rows = row_key::keyed(rows.into_iter().filter(|row| self.lets_through(row)), hashed);
        Ok(Scan::of_rows(model, self.definition.clone(), by, rows, (key, &bounds)))
    }

    /// The rows that have one of these keys, each with the key's number in the list.
    pub(crate) fn lookup(&self, model: &Model, keys: &[SortKey]) -> Result<Vec<(usize, Row)>, ServerError> {
        if self.row_key.is_none() {
            return lookup(model, &self.name, self.look.by, &self.key, keys);
        }
        let mut scan = self.scan(model, Order::Any, Bounds::default())?;
        let mut found = Vec::new();
        let wanted: HashMap<&SortKey, usize> = keys.iter().enumerate().map(|(number, key)| (key, number)).collect();
        while let Some(row) = scan.next()? {
            let key = self.sort_key(&self.key_in(&row));
            found.extend(wanted.get(&key).map(|number| (*number, row)));
        }
        Ok(found)
    }

    /// Is the key made of the row?
    pub(crate) fn is_of_row(&self) -> bool {
        self.row_key.is_some()
    }

    /// Does the condition let a row through?
    pub(crate) fn lets_through(&self, row: &[Value]) -> bool {
        let view = RowView::new(&self.definition.columns, row);
        self.condition.as_ref().is_none_or(|condition| condition(&view))
    }

    /// The bounds that `after=` and `until=` set.
    pub(crate) fn bounds(&self, comment: &Comment) -> Result<Bounds, ServerError> {
        let bound = |name| comment.list(name).map(|texts| self.key_of(&texts)).transpose();
        Ok(Bounds { after: bound("after")?, until: bound("until")? })
    }

    /// The key that texts stand for.
    pub(crate) fn key_of(&self, texts: &[String]) -> Result<SortKey, ServerError> {
        let values = self.key_values(texts)?;
        Ok(self.sort_key(&values))
    }

    /// The same as values.
    pub(crate) fn key_values(&self, texts: &[String]) -> Result<Vec<Value>, ServerError> {
        if texts.len() != self.key.len() {
            return Err(bad_plan(format!("a key of {} with {} texts", self.name, texts.len())));
        }
        let columns = self.key.iter().map(|at| &self.definition.columns[*at]);
        columns
            .zip(texts)
            .map(|(column, text)| {
                let value = parse(text, &column.column_type)?;
                // As a value of the column: padded, and in its code page. What does not fit no row has.
                Ok(store(column, value.clone()).unwrap_or(value))
            })
            .collect()
    }

    /// The same of a key that is handed over: a text that the type has no value for is an error, as of a CAST.
    pub(crate) fn held_key(&self, texts: &[String]) -> Result<Vec<Value>, ServerError> {
        if texts.len() != self.key.len() {
            return Err(bad_plan(format!("a key of {} with {} texts", self.name, texts.len())));
        }
        let columns = self.key.iter().map(|at| &self.definition.columns[*at]);
        columns.zip(texts).map(|(column, text)| store(column, parse(text, &column.column_type)?)).collect()
    }

    /// Does each text that is kept in a code page, or padded, print like this?
    pub(crate) fn prints_as(&self, values: &[Value], texts: &[String]) -> bool {
        self.key.iter().zip(values).zip(texts).all(|((at, value), text)| {
            let of = &self.definition.columns[*at].column_type;
            let is_converted = matches!(of, ColumnType::Char(_) | ColumnType::Varchar(_) | ColumnType::NChar(_));
            !is_converted || spoken(value, of).as_ref() == Some(text)
        })
    }

    /// A key's values as the server compares them.
    pub(crate) fn sort_key(&self, values: &[Value]) -> SortKey {
        let collations = self.key.iter().map(|at| &self.definition.columns[*at].collation);
        sort_key(values.iter().zip(collations))
    }

    /// A key as the target compares it: texts and bytes of no fixed length by their spelling as well.
    pub(crate) fn spelled(&self, values: &[Value]) -> Vec<u8> {
        self.spelled_by(values, Bytes::Counted)
    }

    /// The same where a statement may take bytes as the server does.
    pub(crate) fn spelled_by(&self, values: &[Value], bytes: Bytes) -> Vec<u8> {
        let mut spelled = self.sort_key(values).into_vec();
        for (at, value) in self.key.iter().zip(values) {
            let column = &self.definition.columns[*at];
            let is_counted = bytes == Bytes::Counted && matches!(column.column_type, ColumnType::Varbinary(_));
            let has_spellings = column.column_type.is_collated() || is_counted;
            if has_spellings || self.with_offset.contains(&column.name) {
                canonical(&mut spelled, value);
            }
        }
        spelled
    }

    /// The values of a row's key.
    pub(crate) fn key_in(&self, row: &[Value]) -> Vec<Value> {
        self.key.iter().map(|at| row[*at].clone()).collect()
    }

    /// What `since=` says.
    pub(crate) fn since(&self, comment: &Comment) -> Result<Since, ServerError> {
        let text = comment.value("since").ok_or_else(|| bad_plan("no since="))?;
        Since::parse(&text, &self.definition)
    }
}
