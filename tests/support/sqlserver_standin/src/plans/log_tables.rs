//! `log.*`: tables in which an application logs which rows it changed.

use std::collections::BTreeMap;

use super::columns::{Column as C, result};
use super::comment::Comment;
use super::form::bad_plan;
use super::hashes::paged;
use super::reading::{Order, Reading};
use super::text::spoken;
use crate::answer::ResultSet;
use crate::error::ServerError;
use crate::model::{Bounds, Given, Row, SessionState, Spool};
use crate::typed::{ColumnType as T, Length, Value, row_hash};
use crate::wire::column::ResultColumn;

/// The entries of a log.
struct Entries {
    reading: Reading,
    rows: Vec<Row>,
}

impl Entries {
    fn read(session: &mut SessionState, comment: &Comment) -> Result<Self, ServerError> {
        let reading = Reading::start(session, comment)?;
        let since = comment.value("since").map(|_| reading.since(comment)).transpose()?;
        let mut scan = reading.scan(&session.model, Order::Any, Bounds::default())?;
        let mut rows = Vec::new();
        while let Some(row) = scan.next()? {
            let is_new = since.as_ref().is_none_or(|since| since.is_new(&reading.definition, &row));
            if is_new && reading.lets_through(&row) {
                rows.push(row);
            }
        }
        Ok(Self { reading, rows })
    }

    fn place(&self, name: &str) -> Result<usize, ServerError> {
        let place = self.reading.definition.place(name);
        place.ok_or_else(|| ServerError::new(207, format!("Invalid column name '{name}'.")))
    }

    fn places(&self, comment: &Comment, name: &str) -> Result<Vec<usize>, ServerError> {
        comment.list(name).unwrap_or_default().iter().map(|column| self.place(column)).collect()
    }

    fn text(&self, row: &Row, at: usize) -> Option<String> {
        spoken(&row[at], &self.reading.definition.columns[at].column_type)
    }

    /// The codes of actions that a plan lists.
    fn action(&self, comment: &Comment) -> Result<Option<usize>, ServerError> {
        comment.value("action").map(|column| self.place(&column)).transpose()
    }

    /// Is the entry's action one of a list's?
    fn is_one_of(&self, row: &Row, action: Option<usize>, codes: &[String]) -> bool {
        let text = action.and_then(|at| self.text(row, at));
        text.is_some_and(|text| codes.iter().any(|code| text.trim_end_matches(' ').eq_ignore_ascii_case(code)))
    }
}

fn codes(comment: &Comment, name: &str) -> Vec<String> {
    comment.list(name).unwrap_or_default()
}

/// The ends of a log: `newest`, `first`, `proof`, `seen_proof`, `drawn`.
pub(crate) fn ends(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let entries = Entries::read(session, comment)?;
    let id = entries.place(&comment.value("id").ok_or_else(|| bad_plan("no id="))?)?;
    let at = comment.value("at").map(|column| entries.place(&column)).transpose()?;
    // What the counter has given out: an id beyond it was put in by hand.
    let drawn = session.model.with(|database| {
        let is_counted = entries.reading.definition.columns[id].given == Given::ByCounter;
        database.table(&entries.reading.name).filter(|_| is_counted).map(|table| table.counter)
    });
    let mut by_id: BTreeMap<i64, &Row> = BTreeMap::new();
    for row in &entries.rows {
        if let Some(number) = row[id].as_int().filter(|number| drawn.is_none_or(|drawn| *number <= drawn)) {
            by_id.insert(number, row);
        }
    }
    let proof = |row: &Row| {
        let moment = at.and_then(|at| entries.text(row, at));
        moment.unwrap_or_else(|| row_hash(row.iter()).iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let seen = comment.number::<i64>("seen").and_then(|seen| by_id.get(&seen).copied());
    let newest = by_id.last_key_value();
    let row = vec![
        newest.map(|(number, _)| number.to_string()).into(),
        by_id.first_key_value().map(|(number, _)| number.to_string()).into(),
        newest.map(|(_, row)| proof(row)).into(),
        seen.map(proof).into(),
        drawn.map(|drawn| drawn.to_string()).into(),
    ];
    let columns = [C::Text("newest"), C::Text("first"), C::Text("proof"), C::Text("seen_proof"), C::Text("drawn")];
    Ok(result(&columns, vec![row]))
}

fn text_column(name: String) -> ResultColumn {
    ResultColumn::new(name, T::NVarchar(Length::Of(4000)))
}

/// New entries by type: how many, of these those that tell of a look alone, and those that name no row.
pub(crate) fn counts(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let entries = Entries::read(session, comment)?;
    let types = entries.places(comment, "types")?;
    let key = entries.reading.key.clone();
    let action = entries.action(comment)?;
    let (ignored, truncated) = (codes(comment, "ignored"), codes(comment, "truncated"));
    let mut by_type: BTreeMap<Vec<Option<String>>, [i64; 3]> = BTreeMap::new();
    for row in &entries.rows {
        let group = types.iter().map(|at| entries.text(row, *at)).collect();
        let counts = by_type.entry(group).or_default();
        let is_ignored = entries.is_one_of(row, action, &ignored);
        let is_nameless = entries.is_one_of(row, action, &truncated) || key.iter().any(|at| row[*at].is_null());
        counts[0] += 1;
        counts[1] += i64::from(is_ignored);
        counts[2] += i64::from(!is_ignored && is_nameless);
    }
    let mut columns: Vec<ResultColumn> = (0..types.len()).map(|n| text_column(format!("type{n}"))).collect();
    columns.extend([C::BigInt("count"), C::BigInt("ignored"), C::BigInt("nameless")].map(C::of));
    let rows = by_type.into_iter().map(|(group, counts)| {
        group.into_iter().map(Value::from).chain(counts.map(Value::Int)).collect::<Vec<Value>>()
    });
    Ok(ResultSet::of(columns, rows.collect()))
}

fn spool_name(comment: &Comment) -> Result<String, ServerError> {
    Ok(format!("log{}", comment.number::<usize>("number").ok_or_else(|| bad_plan("no number="))?))
}

/// A key that entries name.
#[derive(Default)]
struct Named {
    is_missing: bool,
    is_added: bool,
    count: i64,
}

/// Lists the keys that new entries name: each spelling by itself, those that are missing first. The old key of an entry is one more.
pub(crate) fn spool(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let entries = Entries::read(session, comment)?;
    let key = entries.reading.key.clone();
    let old = entries.places(comment, "old")?;
    let types = entries.places(comment, "types")?;
    let groups: Vec<Vec<String>> =
        codes(comment, "groups").iter().map(|group| group.split('/').map(str::to_owned).collect()).collect();
    let action = entries.action(comment)?;
    let (ignored, added) = (codes(comment, "ignored"), codes(comment, "added"));
    let mut named: BTreeMap<Vec<Option<String>>, Named> = BTreeMap::new();
    for row in &entries.rows {
        let group: Vec<String> = types.iter().map(|at| entries.text(row, *at).unwrap_or_default()).collect();
        let is_meant = groups.is_empty() || groups.contains(&group);
        if !is_meant || entries.is_one_of(row, action, &ignored) {
            continue;
        }
        for (leg, columns) in [&key, &old].into_iter().enumerate() {
            let texts: Vec<Option<String>> = columns.iter().map(|at| entries.text(row, *at)).collect();
            // An insert has no old key, which says nothing.
            if columns.is_empty() || leg == 1 && texts.iter().any(Option::is_none) {
                continue;
            }
            let entry = named.entry(texts.clone()).or_default();
            entry.is_missing |= texts.iter().any(Option::is_none);
            entry.is_added |= entries.is_one_of(row, action, &added);
            entry.count += 1;
        }
    }
    let mut rows: Vec<(bool, Vec<Value>)> = named
        .into_iter()
        .map(|(key, named)| {
            let flags = [false.into(), named.is_missing.into(), named.is_added.into(), Value::Int(named.count)];
            (!named.is_missing, key.into_iter().map(Value::from).chain(flags).collect())
        })
        .collect();
    rows.sort_by_key(|(is_whole, _)| *is_whole);
    let rows: Vec<Vec<Value>> = rows.into_iter().map(|(_, row)| row).collect();
    let count = rows.len() as i64;
    session.spools.insert(spool_name(comment)?, Spool::Rows(rows));
    Ok(result(&[C::BigInt("rows")], vec![vec![count.into()]]))
}

/// The next listed keys.
pub(crate) fn fetch(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let name = spool_name(comment)?;
    let Some(Spool::Rows(rows)) = session.spools.get(&name) else {
        return Err(ServerError::no_object(&format!("#{name}")));
    };
    let width = comment.number::<usize>("width").ok_or_else(|| bad_plan("no width="))?;
    let mut columns: Vec<ResultColumn> = (0..width).map(|n| text_column(format!("k{n}"))).collect();
    columns.extend([C::Bit("again"), C::Bit("missing"), C::Bit("added"), C::BigInt("count")].map(C::of));
    Ok(ResultSet::of(columns, paged(comment, rows)?.to_vec()))
}

pub(crate) fn close(session: &mut SessionState, comment: &Comment) -> Result<(), ServerError> {
    session.spools.remove(&spool_name(comment)?);
    Ok(())
}
