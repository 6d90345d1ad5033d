//! `rows`, `key.stretch`, `key.repeated`.

use std::collections::{BTreeMap, HashSet};

use super::columns::{Column as C, result};
use super::comment::Comment;
use super::form::{Fields, Form, Told, bad_plan};
use super::keys_given;
use super::reading::{Order, Reading};
use super::since::Since;
use crate::answer::{ResultSet, Rows};
use crate::error::ServerError;
use crate::model::{Bounds, Row, Scan, SessionState, key_by};
use crate::typed::{ColumnType, SortKey, Value, sort_key};
use crate::wire::column::{Nulls, ResultColumn};

/// Which rows of a scan are sent.
enum Which {
    All,
    New(Since),
    Old(Since),
}

pub(crate) fn rows(
    session: &mut SessionState,
    comment: &Comment,
    parameters: &[Value],
) -> Result<ResultSet, ServerError> {
    let reading = Reading::start(session, comment)?;
    let kind = comment.value("rows").ok_or_else(|| bad_plan("no rows="))?;
    let has_keys = matches!(kind.as_str(), "among" | "absent" | "given");
    let salt = parameters.get(usize::from(has_keys)).and_then(Value::as_text);
    let fields = Fields::of(comment, &reading.definition, salt)?;
    reading.admit_columns(session, fields.read())?;
    if comment.value("top").as_deref() == Some("0") {
        // The server looks at the rights alone.
        return Ok(ResultSet::of(fields.columns(&reading.definition)?, Vec::new()));
    }
    if has_keys {
        return of_keys(session, &reading, &fields, (&kind, comment), parameters);
    }
    let top = comment.number::<u64>("top");
    if kind == "some" && top.is_none() {
        return Err(bad_plan("no top="));
    }
    let (which, bounds) = match kind.as_str() {
        "all" => (Which::All, Bounds::default()),
        "some" => (Which::All, Bounds::default()),
        "within" => (Which::All, reading.bounds(comment)?),
        // `after=` is what comes before.
        "before" => (Which::All, Bounds { after: None, until: reading.bounds(comment)?.after }),
        "changed" => (Which::New(reading.since(comment)?), Bounds::default()),
        "unchanged" => (Which::Old(reading.since(comment)?), Bounds::default()),
        "left" => return left(session, &reading, &fields, reading.since(comment)?),
        other => return Err(bad_plan(format!("rows={other}"))),
    };
    let is_ordered = comment.value("order").as_deref() == Some("key");
    // The first ones by key, where the statement says so.
    let by_key = is_ordered || bounds.after.is_some() || bounds.until.is_some();
    let scan = reading.scan(&session.model, if by_key { Order::ByKey } else { Order::Any }, bounds)?;
    let is_count = matches!(fields.fields.as_slice(), [field] if field.form == Form::Count);
    let order = if is_ordered { order(&reading, &fields) } else { Vec::new() };
    let mut stream = Stream { scan, reading, fields, which, left: top.unwrap_or(u64::MAX) };
    if is_count {
        let mut count = 0;
        while stream.next_row()?.is_some() {
            count += 1;
        }
        return Ok(result(&[C::BigInt("")], vec![vec![Value::Int(count)]]));
    }
    let columns = stream.fields.columns(&stream.reading.definition)?;
    Ok(ResultSet { columns, rows: Box::new(stream), order })
}

/// The places of the key among the fields, if all of it is there.
fn order(reading: &Reading, fields: &Fields) -> Vec<u16> {
    let place = |key: &usize| fields.fields.iter().position(|field| field.at == Some(*key));
    let places: Option<Vec<usize>> = reading.key.iter().map(place).collect();
    places.unwrap_or_default().into_iter().map(|place| place as u16 + 1).collect()
}

/// Rows of a scan, as they are sent.
struct Stream {
    scan: Scan,
    reading: Reading,
    fields: Fields,
    which: Which,
    left: u64,
}

impl Stream {
    fn next_row(&mut self) -> Result<Option<Row>, ServerError> {
        while self.left > 0 {
            let Some(row) = self.scan.next()? else { return Ok(None) };
            let definition = &self.reading.definition;
            let is_meant = self.reading.lets_through(&row)
                && match &self.which {
                    Which::All => true,
                    Which::New(since) => since.is_new(definition, &row),
                    Which::Old(since) => !since.is_new(definition, &row),
                };
            if is_meant {
                self.left -= 1;
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

impl Rows for Stream {
    fn next(&mut self, into: &mut Vec<Value>) -> Result<bool, ServerError> {
        match self.next_row()? {
            Some(row) => {
                self.fields.put(&self.reading.definition, &row, Told { flag: Some(false), number: None }, into)?;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// Rows that changed and that the condition does not let through, and whose key no other row has that it does.
fn left(session: &SessionState, reading: &Reading, fields: &Fields, since: Since) -> Result<ResultSet, ServerError> {
    let definition = &reading.definition;
    let mut scan = reading.scan(&session.model, Order::Any, Bounds::default())?;
    let mut inside = HashSet::new();
    let mut outside = Vec::new();
    while let Some(row) = scan.next()? {
        let key = key_by(definition, &reading.key, &row);
        if reading.lets_through(&row) {
            inside.insert(key);
        } else if since.is_new(definition, &row) {
            outside.push((key, row));
        }
    }
    outside.retain(|(key, _)| !inside.contains(key));
    sent(reading, fields, outside.iter().map(|(_, row)| (&**row, Told::default())))
}

fn sent<'a>(
    reading: &Reading,
    fields: &Fields,
    rows: impl Iterator<Item = (&'a [Value], Told)>,
) -> Result<ResultSet, ServerError> {
    let definition = &reading.definition;
    let mut columns = fields.columns(definition)?;
    let mut all = Vec::new();
    for (row, told) in rows {
        let mut into = Vec::with_capacity(fields.fields.len());
        fields.put(definition, row, told, &mut into)?;
        // A key that was handed over may be none of its type.
        if told.number.is_some() {
            columns.iter_mut().for_each(|column| column.nulls = Nulls::Allowed);
        }
        all.push(into);
    }
    Ok(ResultSet::of(columns, all))
}

/// `among`, `absent` and `given`.
fn of_keys(
    session: &SessionState,
    reading: &Reading,
    fields: &Fields,
    (kind, comment): (&str, &Comment),
    parameters: &[Value],
) -> Result<ResultSet, ServerError> {
    let given = keys_given::parse(reading, comment, parameters.first())?;
    if kind == "given" {
        let rows: Vec<_> = given.iter().map(|key| (key.row(reading), key.told())).collect();
        return sent(reading, fields, rows.iter().map(|(row, told)| (row.as_slice(), *told)));
    }
    // Of keys that are equal the first counts; an insert that one of them tells of counts for all.
    let mut by_key: BTreeMap<SortKey, (usize, bool)> = BTreeMap::new();
    for (number, key) in given.iter().enumerate() {
        if let Some(place) = key.sort_key(reading) {
            by_key.entry(place).and_modify(|(_, is_added)| *is_added |= key.is_added).or_insert((number, key.is_added));
        }
    }
    let keys: Vec<SortKey> = by_key.keys().cloned().collect();
    let found = reading.lookup(&session.model, &keys)?;
    let found: Vec<_> = found.into_iter().filter(|(_, row)| reading.lets_through(row)).collect();
    if kind == "among" {
        return sent(
            reading,
            fields,
            found.iter().map(|(number, row)| (&**row, Told { flag: Some(by_key[&keys[*number]].1), number: None })),
        );
    }
    // A key that a row has in another spelling is absent: the target may hold it in this one.
    let spelled = |values: &[Value]| reading.spelled_by(values, comment.bytes);
    let there: HashSet<Vec<u8>> = found.iter().map(|(_, row)| spelled(&reading.key_in(row))).collect();
    let is_there = |values: &Vec<Value>| there.contains(&spelled(values));
    let absent = given.iter().filter(|key| !key.prints || !key.values.as_ref().is_some_and(is_there));
    let rows: Vec<_> = absent.map(|key| (key.row(reading), key.told())).collect();
    sent(reading, fields, rows.iter().map(|(row, told)| (row.as_slice(), *told)))
}

/// The key of the row that ends a stretch of so many.
pub(crate) fn stretch(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let reading = Reading::start(session, comment)?;
    let fields = Fields::of(comment, &reading.definition, None)?;
    reading.admit_columns(session, fields.read())?;
    let number = comment.number::<u64>("rows").filter(|n| *n > 0).ok_or_else(|| bad_plan("no rows="))?;
    let bounds = Bounds { after: reading.bounds(comment)?.after, until: None };
    let mut scan = reading.scan(&session.model, Order::ByKey, bounds)?;
    let mut seen = 0;
    while let Some(row) = scan.next()? {
        if reading.lets_through(&row) {
            seen += 1;
            if seen == number {
                return sent(&reading, &fields, std::iter::once((&*row, Told::default())));
            }
        }
    }
    sent(&reading, &fields, std::iter::empty())
}

/// Keys that stand in more than one row, and those rows.
pub(crate) fn repeated(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let reading = Reading::start(session, comment)?;
    let mut scan = reading.scan(&session.model, Order::Any, Bounds::default())?;
    let mut counts: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    while let Some(row) = scan.next()? {
        if reading.lets_through(&row) {
            *counts.entry(reading.spelled(&reading.key_in(&row))).or_default() += 1;
        }
    }
    let repeated: Vec<i64> = counts.into_values().filter(|count| *count > 1).collect();
    let row = vec![Value::Int(repeated.len() as i64), Value::Int(repeated.iter().sum())];
    Ok(result(&[C::BigInt("keys"), C::BigInt("rows")], vec![row]))
}

/// The value that a row so far from the largest has.
pub(crate) fn bulk(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let bulk = comment.number::<usize>("rows").filter(|n| *n > 0).ok_or_else(|| bad_plan("no rows="))?;
    let reading = Reading::start(session, comment)?;
    let column = comment.value("column").ok_or_else(|| bad_plan("no column="))?;
    let at = reading
        .definition
        .place(&column)
        .ok_or_else(|| ServerError::new(207, format!("Invalid column name '{column}'.")))?;
    reading.admit_columns(session, [at])?;
    let mut scan = reading.scan(&session.model, Order::Any, Bounds::default())?;
    let mut values = Vec::new();
    while let Some(row) = scan.next()? {
        if !row[at].is_null() {
            values.push(row[at].clone());
        }
    }
    let column = &reading.definition.columns[at];
    values.sort_by_cached_key(|value| std::cmp::Reverse(sort_key([(value, &column.collation)])));
    let rows = values.get(bulk - 1).map(|value| vec![value.clone()]);
    let of = match &column.column_type {
        ColumnType::TinyInt | ColumnType::SmallInt | ColumnType::Int => ColumnType::BigInt,
        own => own.clone(),
    };
    Ok(ResultSet::of(vec![ResultColumn::new("value", of)], rows.into_iter().collect()))
}

/// Whether a row that a run of changes does not send has a value in one of some columns.
pub(crate) fn filled(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let reading = Reading::start(session, comment)?;
    let names = comment.list("columns").ok_or_else(|| bad_plan("no columns="))?;
    let columns = reading.definition.places(&names).ok_or_else(|| ServerError::new(207, "Invalid column name."))?;
    reading.admit_columns(session, columns.iter().copied())?;
    let since = comment.value("since").map(|_| reading.since(comment)).transpose()?;
    let mut scan = reading.scan(&session.model, Order::Any, Bounds::default())?;
    while let Some(row) = scan.next()? {
        let is_unsent = since.as_ref().is_none_or(|since| !since.is_new(&reading.definition, &row));
        if is_unsent && reading.lets_through(&row) && columns.iter().any(|at| !row[*at].is_null()) {
            return Ok(result(&[C::Int("found")], vec![vec![1.into()]]));
        }
    }
    Ok(result(&[C::Int("found")], Vec::new()))
}
