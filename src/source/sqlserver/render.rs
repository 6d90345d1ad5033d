//! Reads as T-SQL. Nothing else in the program writes a statement that reads rows of a table of a SQL Server.

use super::changed::{From, is_not};
use super::column_types::loses_a_digit;
use super::connection::Statement;
use super::error::SqlServerError;
use super::expression::{expression, form, form_of, long};
use super::filter::filter;
use super::key_range::{self, key_columns};
use super::keys;
use super::native_type::{Secrecy, SqlServerType};
use super::plan::{Form, Plan, RowOrder, RowsPlan, Which};
use super::published_rows::{published, rows_of};
use super::row::Layout;
use super::sql::{ident, qualified};
use crate::encode::ShapeColumn;
use crate::model::{TableKey, TargetType};
use crate::source::cursor::CursorColumn;
use crate::source::read::{Columns, Read, Rows, Since, Table};

/// A statement that reads rows, and what its rows have.
pub(super) struct Rendered {
    pub sql: String,
    pub layout: Layout,
    pub keys: Option<String>,
    /// Whether it names `@salt`.
    pub salted: bool,
}

impl Rendered {
    /// With what its parameters are.
    pub fn statement<'a>(&self, salt: Option<&'a str>) -> Statement<'a> {
        Statement { sql: self.sql.clone(), keys: self.keys.clone(), salt: salt.filter(|_| self.salted) }
    }
}

/// What is selected of each row: a name, a form, an expression.
type Selected<'a> = Vec<(&'a str, Form, String)>;

/// A read as a statement, in parts.
struct Select<'a> {
    selected: Selected<'a>,
    from: String,
    conditions: Vec<String>,
    top: Option<u64>,
    order: Vec<String>,
}

impl Select<'_> {
    fn sql(&self) -> String {
        let top = self.top.map_or(String::new(), |n| format!("TOP ({n}) "));
        let selected: Vec<&str> = self.selected.iter().map(|(_, _, e)| e.as_str()).collect();
        let mut sql = format!("SELECT {top}{} FROM {}", selected.join(", "), self.from);
        for (n, condition) in self.conditions.iter().enumerate() {
            sql.push_str(if n == 0 { " WHERE " } else { " AND " });
            sql.push_str(condition);
        }
        if !self.order.is_empty() {
            sql.push_str(&format!(" ORDER BY {}", self.order.join(", ")));
        }
        sql
    }
}

/// The statement of a read.
pub(super) fn rendered(read: &Read<'_>) -> Rendered {
    rendered_up_to(read, None)
}

/// The same that gives no row: the server looks at the rights that it takes.
pub(super) fn tried(read: &Read<'_>) -> Rendered {
    rendered_up_to(read, Some(0))
}

fn rendered_up_to(read: &Read<'_>, most: Option<u64>) -> Rendered {
    let Table { spec, relation, shape } = read.table;
    let mut key: Vec<&str> = shape.key().iter().map(|c| c.source.as_str()).collect();
    let mut select = Select {
        selected: selected(read),
        from: rows_of(read.table),
        conditions: published(read.table).into_iter().collect(),
        top: most,
        order: Vec::new(),
    };
    // To be counted, rows need no key.
    if let (Columns::Count, Rows::All) = (read.columns, read.rows) {
        select.from = format!("{} AS t", qualified(&spec.source));
        select.conditions = filter(spec).into_iter().collect();
    }
    let mut given = None;
    let mut texts = Vec::new();
    let which = match read.rows {
        Rows::All => Which::All,
        Rows::Some(rows) => {
            // A large table is not sorted for a few rows.
            if !key.is_empty() && relation.keeps_unique(&key) {
                select.order = key.iter().map(|c| format!("t.{}", ident(c))).collect();
            }
            select.top = Some(most.unwrap_or(rows));
            Which::Some
        }
        Rows::Changed(since) => {
            let from = From::of(relation, since);
            select.conditions.extend(from.condition());
            Which::Changed(from.text())
        }
        Rows::Unchanged(since) => {
            let from = From::of(relation, since);
            select.conditions.push(not_sent(&from));
            Which::Unchanged(from.text())
        }
        Rows::Left(since) => {
            let from = From::of(relation, since);
            let let_through = filter(spec).unwrap_or_else(|| "1 = 1".to_owned());
            select.conditions = vec![is_not(&let_through)];
            select.conditions.extend(from.condition());
            select.conditions.push(no_other_row(read.table, &let_through));
            Which::Left(from.text())
        }
        Rows::Within(range) => {
            // A stretch may be cut by the first of the key's columns.
            key.truncate([&range.after, &range.until].into_iter().flatten().map(Vec::len).max().unwrap_or(key.len()));
            select.conditions.extend(key_range::condition(range, relation, shape));
            Which::Within { after: range.after.clone(), until: range.until.clone() }
        }
        Rows::Before(range) => {
            select.conditions.extend(key_range::before(range, relation, shape));
            Which::Before { after: range.after.clone().unwrap_or_default() }
        }
        Rows::Among(keys) => {
            select.conditions.push(keys::is_among(keys));
            given = Some(keys::json(keys));
            Which::Among
        }
        Rows::Absent(keys) => {
            select.conditions = vec![keys::has_no_row(keys, &rows_of(read.table), published(read.table).as_deref())];
            select.from = keys::rows(keys);
            select.selected = std::iter::once(("", Form::Flag, "k.added".to_owned()))
                .chain(keys::selected(keys, key.iter().copied()))
                .collect();
            given = Some(keys::json(keys));
            texts = keys::texts(keys, key.iter().copied());
            Which::Absent
        }
        Rows::Given(keys) => {
            select.conditions.clear();
            select.from = keys::rows(keys);
            select.selected = keys::selected(keys, keys.columns.iter().map(|c| c.name.as_str()));
            given = Some(keys::json(keys));
            texts = keys::texts(keys, keys.columns.iter().map(|c| c.name.as_str()));
            Which::Given
        }
    };
    let named = match read.rows {
        Rows::Among(keys) | Rows::Absent(keys) | Rows::Given(keys) => Some(keys),
        _ => None,
    };
    // The keys' values come in the order of their own columns.
    let key = named.map_or(key, |keys| keys.columns.iter().map(|c| c.name.as_str()).collect());
    let forms = || select.selected.iter().map(|(_, form, _)| *form);
    let plan = RowsPlan {
        table: &spec.source,
        key,
        columns: select.selected.iter().map(|(name, form, _)| (*name, *form)).collect(),
        hashed: match spec.key {
            TableKey::Row => read.table.hashed_columns().iter().map(|c| c.source.as_str()).collect(),
            TableKey::Primary | TableKey::Columns(_) => Vec::new(),
        },
        which,
        top: select.top,
        filter: spec.filter.as_deref(),
        order: if select.order.is_empty() { RowOrder::Any } else { RowOrder::ByKey },
    };
    Rendered {
        layout: Layout::of(forms()).with_named(texts),
        salted: forms().any(|form| form == Form::Hash),
        keys: given,
        sql: Plan::Rows(plan).statement(&select.sql()),
    }
}

fn selected<'a>(read: &Read<'a>) -> Selected<'a> {
    let Table { relation, shape, .. } = read.table;
    let published = |columns: &'a [ShapeColumn]| {
        columns.iter().map(|c| {
            let form = form_of(relation, c);
            let native = relation.column(&c.source).and_then(|c| c.sqlserver());
            let read = native.map_or_else(|| format!("t.{}", ident(&c.source)), |n| expression(&c.source, n, form));
            (c.source.as_str(), form, read)
        })
    };
    let mut all: Selected<'a> = match read.columns {
        Columns::Published { doubt, cursor } => {
            // No position tells whether a row was visible: none is taken for known.
            let lead = doubt.map(|_| ("", Form::Flag, "CAST(0 AS bit)".to_owned()));
            let cursor = cursor.map(cursor_column);
            lead.into_iter().chain(published(&shape.columns)).chain(cursor).collect()
        }
        Columns::Key => published(shape.key()).collect(),
        Columns::Count => vec![("", Form::Count, "COUNT_BIG(*)".to_owned())],
    };
    let natives: Vec<Option<&SqlServerType>> =
        all.iter().map(|(name, ..)| relation.column(name).and_then(|c| c.sqlserver())).collect();
    let columns =
        all.iter().zip(&natives).enumerate().filter_map(|(n, ((name, form, _), native))| {
            Some((n, *name, (*native)?, *form)).filter(|_| !name.is_empty())
        });
    if let Some(long) = long(columns) {
        all.push(("", Form::Long, long));
    }
    all
}

fn cursor_column(cursor: &CursorColumn) -> (&str, Form, String) {
    (cursor.name.as_str(), Form::Plain, format!("t.{}", ident(&cursor.name)))
}

fn not_sent(from: &From) -> String {
    from.condition().map_or_else(|| "1 = 0".to_owned(), |sent| is_not(&sent))
}

/// Rows that a run of changes leaves; for what looks for some of them.
pub(super) fn unchanged(table: Table<'_>, since: Since<'_>) -> (String, String) {
    let from = From::of(table.relation, since);
    (not_sent(&from), from.text())
}

/// No row that the filter lets through has the key: it may be unique among those only.
fn no_other_row(table: Table<'_>, filter: &str) -> String {
    let names: Vec<String> = table.shape.key().iter().map(|c| ident(&c.source)).collect();
    let selected: Vec<String> = names.iter().map(|n| format!("t.{n}")).collect();
    let same: Vec<String> = names.iter().map(|n| format!("o.{n} = x.{n}")).collect();
    // The filter may call the row `t`, so in there the other row has to be that.
    format!(
        "NOT EXISTS (SELECT 1 FROM (SELECT {}) AS x JOIN (SELECT {} FROM {} AS t WHERE {filter}) AS o ON {})",
        selected.join(", "),
        selected.join(", "),
        qualified(&table.spec.source),
        same.join(" AND ")
    )
}

/// The key's columns in the forms in which they are printed.
pub(super) fn key_forms(table: Table<'_>) -> Vec<(String, Form, String)> {
    let key = key_columns(table.relation, table.shape).into_iter();
    key.map(|(name, native)| {
        let target = table.shape.column(name).map_or(TargetType::Bytes, |c| c.target.target_type);
        let form = form(native, target);
        (name.to_owned(), form, expression(name, native, form))
    })
    .collect()
}

/// Fails where a published column can't be read as it is: the server would hand out made-up values, or such as nobody can read; and where
/// two keys would be one in the target.
pub(super) fn refuse_secrets(table: Table<'_>, unmask: Unmask) -> Result<(), SqlServerError> {
    for column in table.shape.key() {
        let native = table.relation.column(&column.source).and_then(|c| c.sqlserver());
        if native.is_some_and(|n| loses_a_digit(n, column.target.target_type)) {
            return Err(SqlServerError::BadColumn {
                table: table.spec.source.to_string(),
                column: column.source.clone(),
                why: "is in the key and has seven digits of a second: BigQuery keeps six, so two keys could be one there",
                remedy: format!("columns.{}.type = \"STRING\" keeps all of them", column.source),
            });
        }
    }
    for column in &table.shape.columns {
        let native = table.relation.column(&column.source).and_then(|c| c.sqlserver());
        let (why, remedy) = match (native.map(|n| n.secrecy), unmask) {
            (Some(Secrecy::Masked), Unmask::Refused) => (
                "is masked: the server would hand out made-up values",
                "GRANT UNMASK to the login's user, or leave the column out with exclude",
            ),
            (Some(Secrecy::Encrypted), _) => (
                "is encrypted by its clients (Always Encrypted): nobody else can read it",
                "leave the column out with exclude",
            ),
            _ => continue,
        };
        return Err(SqlServerError::BadColumn {
            table: table.spec.source.to_string(),
            column: column.source.clone(),
            why,
            remedy: remedy.to_owned(),
        });
    }
    Ok(())
}

/// Whether the login sees what is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmask {
    Given,
    Refused,
}
