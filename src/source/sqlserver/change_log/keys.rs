//! The keys that new entries name, each spelling once, kept by the server and fetched some at a time.

use std::sync::Arc;

use super::counts::reading;
use super::typed::typed;
use super::{DOING, action_is, as_number, is_of_groups, names_no_row, since};
use crate::model::LogKey;
use crate::source::change_log::{Claimed, CollapsedEntry, Fetched, NewEntries};
use crate::source::column::SourceColumn;
use crate::source::keys::Spelling;
use crate::source::sqlserver::connection::Statement;
use crate::source::sqlserver::expression::expression_of;
use crate::source::sqlserver::keys::form_of_key;
use crate::source::sqlserver::literals::with_collation;
use crate::source::sqlserver::native_type::Family;
use crate::source::sqlserver::open_lists::drop_list;
use crate::source::sqlserver::plan::{self, Form, Plan};
use crate::source::sqlserver::row::{Layout, SqlServerRow};
use crate::source::sqlserver::sql::{ident, qualified};
use crate::source::sqlserver::{Session, SqlServerError, SqlServerType};

/// The collapsed entries of one claim, the keyless ones first.
pub struct KeyCursor<'a> {
    session: &'a Session,
    number: usize,
    key: Vec<KeyColumn>,
    fetched: u64,
    pub state: Fetched,
}

/// A column of the key: as the comment has it, its form, its expression.
type KeyColumn = (String, Form, String);

impl Session {
    /// Has the server collapse the entries. `number` tells the lists of one transaction apart.
    pub async fn collapse_entries(
        &self,
        number: usize,
        entries: NewEntries<'_>,
        claimed: Claimed<'_>,
    ) -> Result<KeyCursor<'_>, SqlServerError> {
        self.facts().refuse_torn()?;
        self.open_list(DOING, &listed(number), &close_statement(number)).await?;
        self.text_rows(DOING, &keys_statement(number, entries, claimed)).await?;
        Ok(KeyCursor {
            session: self,
            number,
            key: forms(claimed.columns, claimed.spelling),
            fetched: 0,
            state: Fetched::Some,
        })
    }

    /// A list is dropped before another one of its number is made, and ends with the session.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn close_cursors(&self) -> Result<(), SqlServerError> {
        Ok(())
    }
}

impl KeyCursor<'_> {
    /// The next rows, about as many as wanted.
    pub async fn fetch(&mut self, wanted: usize) -> Result<Vec<CollapsedEntry>, SqlServerError> {
        let (sql, layout) = fetch_statement(self.number, &self.key, self.fetched, wanted);
        let layout = Arc::new(layout);
        let mut rows = self.session.connection().stream(DOING, Statement::plain(sql)).await?;
        let mut found = Vec::with_capacity(wanted.min(10_000));
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await? {
            let row = SqlServerRow::new(row, &layout)?;
            found.push(self.entry(&row).ok_or_else(|| SqlServerError::unexpected(DOING))?);
        }
        self.fetched += found.len() as u64;
        self.state = if found.len() < wanted { Fetched::All } else { Fetched::Some };
        Ok(found)
    }

    pub async fn close(&self) -> Result<(), SqlServerError> {
        self.session.close_list(DOING, &listed(self.number), &close_statement(self.number)).await
    }

    fn entry(&self, row: &SqlServerRow) -> Option<CollapsedEntry> {
        let width = self.key.len();
        let text = |n: usize| row.field(n)?.text();
        let flag = |n: usize| text(width + n).map(|t| t == "t");
        Some(CollapsedEntry {
            key: (0..width).map(text).collect(),
            again: flag(0)?,
            missing: flag(1)?,
            added: flag(2)?,
            count: text(width + 3)?.parse().ok()?,
            diff: None,
        })
    }
}

fn listed(number: usize) -> String {
    format!("#plimsoll_log_{number}")
}

/// The key's columns and their types.
fn natives(columns: &[SourceColumn]) -> impl Iterator<Item = (&str, &SqlServerType)> {
    columns.iter().filter_map(|c| Some((c.name.as_str(), c.sqlserver()?)))
}

/// The key's columns in the temporary table, as they are printed.
pub fn forms(columns: &[SourceColumn], spelling: &[Spelling]) -> Vec<KeyColumn> {
    let each = natives(columns).zip(spelling).enumerate().map(|(n, ((name, native), spelling))| {
        let form = form_of_key(native, *spelling);
        (plan::column(name, form), form, expression_of(&format!("t.k{n}"), native, form))
    });
    each.collect()
}

/// The statement that lists the keys.
pub fn keys_statement(number: usize, entries: NewEntries<'_>, claimed: Claimed<'_>) -> String {
    let spec = entries.spec;
    let (conditions, since) = since::new(entries);
    let again = since::was_read(entries);
    let natives: Vec<(&str, &SqlServerType)> = natives(claimed.columns).collect();
    let added = as_number(action_is(spec, &spec.codes.added).as_deref());
    let legs = spec.keys().enumerate().map(|(leg, key)| {
        let mut fields: Vec<String> = natives
            .iter()
            .enumerate()
            .map(|(n, (_, native))| format!("{} AS k{n}", value(entries, claimed, key, n, native)))
            .collect();
        let missing: Vec<String> = (0..natives.len()).map(|n| format!("{} IS NULL", raw(claimed, key, n))).collect();
        fields.push(format!("{again} AS again"));
        fields.push(format!("{} AS missing", as_number(Some(&format!("({})", missing.join(" OR "))))));
        fields.push(format!("{added} AS added"));
        let mut all: Vec<String> = is_of_groups(spec, claimed.groups).into_iter().collect();
        all.extend(conditions.iter().cloned());
        if let Some(ignored) = action_is(spec, &spec.codes.ignored) {
            all.push(format!("{} = 0", as_number(Some(&ignored))));
        }
        all.extend(has_key(spec, leg, key));
        let condition = if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) };
        format!("SELECT {} FROM {} AS t{condition}", fields.join(", "), qualified(&entries.table.name))
    });
    let legs = legs.collect::<Vec<_>>().join(" UNION ALL ");
    let width = natives.len();
    let columns: Vec<String> =
        natives.iter().enumerate().map(|(n, (_, native))| format!("k{n} {} NULL", with_collation(native))).collect();
    let names: Vec<String> = (0..width).map(|n| format!("k{n}")).collect();
    let selected: Vec<String> = (0..width).map(|n| format!("k.k{n}")).collect();
    // By the bytes as well: of `A` and `a`, one may have been the target's key and the other be it now.
    let grouped: Vec<String> = natives
        .iter()
        .enumerate()
        .zip(claimed.spelling)
        .flat_map(|((n, (_, native)), spelling)| {
            let bytes = native.collation.is_some()
                || native.name == "varbinary"
                || (native.family() == Family::DateTimeOffset && *spelling == Spelling::Counts);
            std::iter::once(format!("k.k{n}")).chain(bytes.then(|| format!("CAST(k.k{n} AS varbinary(max))")))
        })
        .collect();
    let listed = listed(number);
    let sql = format!(
        "{} CREATE TABLE {listed} (n bigint IDENTITY(1, 1) PRIMARY KEY, {}, again bit NOT NULL, missing bit NOT NULL, added bit NOT NULL, entries bigint NOT NULL); \
         INSERT INTO {listed} ({}, again, missing, added, entries) SELECT {}, MIN(k.again), MAX(k.missing), MAX(k.added), COUNT_BIG(*) FROM ({legs}) AS k \
         GROUP BY {} ORDER BY MAX(k.missing) DESC, {} OPTION (RECOMPILE); SELECT ROWCOUNT_BIG() AS rows",
        drop_list(&listed),
        columns.join(", "),
        names.join(", "),
        selected.join(", "),
        grouped.join(", "),
        selected.join(", "),
    );
    let groups: Vec<String> = claimed
        .groups
        .iter()
        .map(|group| group.iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/"))
        .collect();
    let of: Vec<&str> = natives.iter().map(|(name, _)| *name).collect();
    let mut reading = reading(entries, &since);
    if reading.key.is_empty() {
        reading.key = claimed.fields.iter().map(String::as_str).collect();
    }
    let known = since::known(entries);
    Plan::LogSpool { reading, known, of: claimed.relation, columns: &of, groups: &groups, number }.statement(&sql)
}

/// The old key is there for updates and deletes only; that an insert has none says nothing.
fn has_key(spec: &crate::model::LogSpec, leg: usize, key: &LogKey) -> Option<String> {
    let first = key.columns.first().map(|c| format!("t.{} IS NOT NULL", ident(c)))?;
    match (leg, &spec.old_key) {
        (0, None) => None,
        (0, Some(_)) => Some(match names_no_row(spec) {
            Some(none) => format!("({first} OR {none})"),
            None => first,
        }),
        _ => Some(first),
    }
}

/// The key's value as the log has it.
fn raw(claimed: Claimed<'_>, key: &LogKey, n: usize) -> String {
    format!("t.{}", ident(key.columns.get(n).unwrap_or(&claimed.fields[n])))
}

/// The same as a value of the table's column.
fn value(entries: NewEntries<'_>, claimed: Claimed<'_>, key: &LogKey, n: usize, native: &SqlServerType) -> String {
    let name = key.columns.get(n).unwrap_or(&claimed.fields[n]);
    let raw = raw(claimed, key, n);
    match entries.table.relation.column(name).and_then(|c| c.sqlserver()) {
        Some(from) => typed(&raw, from, native),
        None => raw,
    }
}

pub fn fetch_statement(number: usize, key: &[KeyColumn], fetched: u64, wanted: usize) -> (String, Layout) {
    let columns: Vec<String> = key.iter().map(|(column, ..)| column.clone()).collect();
    let selected: Vec<&str> = key.iter().map(|(_, _, e)| e.as_str()).collect();
    let sql = format!(
        "SELECT TOP ({wanted}) {}, t.again, t.missing, t.added, t.entries FROM {} AS t WHERE t.n > {fetched} ORDER BY t.n",
        selected.join(", "),
        listed(number)
    );
    let plan = Plan::LogFetch { number, columns: &columns, after: fetched, top: wanted as u64 };
    let forms = key.iter().map(|(_, form, _)| *form).chain([Form::Flag, Form::Flag, Form::Flag, Form::Count]);
    (plan.statement(&sql), Layout::of(forms))
}

pub fn close_statement(number: usize) -> String {
    Plan::LogClose { number }.statement(&drop_list(&listed(number)))
}
