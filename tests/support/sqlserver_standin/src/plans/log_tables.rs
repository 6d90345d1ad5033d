//! `log.*`: tables in which an application logs which rows it changed.

use std::collections::BTreeMap;

use super::columns::{Column as C, result};
use super::comment::Comment;
use super::form::{Fields, Told, bad_plan};
use super::hashes::paged;
use super::reading::{Order, Reading};
use super::since::Since;
use super::text::{parse_logged, spoken};
use crate::answer::ResultSet;
use crate::error::ServerError;
use crate::model::{Bounds, ColumnDef, Given, Row, SessionState, Spool, TableDef, store};
use crate::typed::{ColumnType as T, Length, Value, canonical, row_hash};
use crate::wire::column::{Nulls, ResultColumn};

/// The entries of a log.
struct Entries {
    reading: Reading,
    rows: Vec<Row>,
}

/// What makes an entry new. All of it has to hold.
enum Part {
    Since(Since),
    Above(usize, i64),
    Unread { at: usize, up_to: i64, gaps: Vec<(i64, i64)> },
}

impl Part {
    fn parse(text: &str, definition: &TableDef) -> Result<Self, ServerError> {
        let bad = || bad_plan(format!("since={text}"));
        let (kind, rest) = text.split_once(':').ok_or_else(bad)?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| bad());
        let place = |name: &str| definition.place(name).ok_or_else(bad);
        Ok(match kind {
            "above" => {
                let (name, from) = rest.rsplit_once(':').ok_or_else(bad)?;
                Self::Above(place(name)?, number(from)?)
            }
            "unread" => {
                let (name, numbers) = rest.rsplit_once(':').ok_or_else(bad)?;
                let mut numbers = numbers.split(' ');
                let up_to = number(numbers.next().unwrap_or_default())?;
                let gaps = numbers.map(|gap| {
                    let (first, last) = gap.split_once("..").ok_or_else(bad)?;
                    Ok((number(first)?, number(last)?))
                });
                Self::Unread { at: place(name)?, up_to, gaps: gaps.collect::<Result<_, ServerError>>()? }
            }
            _ => Self::Since(Since::parse(text, definition)?),
        })
    }

    fn is_new(&self, definition: &TableDef, row: &[Value]) -> bool {
        let number = |at: usize| row[at].as_int();
        match self {
            Self::Since(since) => since.is_new(definition, row),
            Self::Above(at, from) => number(*at).is_some_and(|n| n > *from),
            Self::Unread { at, up_to, gaps } => number(*at)
                .is_some_and(|n| n > *up_to || gaps.iter().any(|(first, last)| (*first..=*last).contains(&n))),
        }
    }
}

impl Entries {
    fn read(session: &mut SessionState, comment: &Comment) -> Result<Self, ServerError> {
        let reading = Reading::start(session, comment)?;
        let named = ["types", "key", "old"].into_iter().flat_map(|list| comment.list(list).unwrap_or_default());
        let named = named.chain(["action", "id", "at"].into_iter().filter_map(|name| comment.value(name)));
        let read: Vec<usize> = named.filter_map(|name| reading.definition.place(&name)).collect();
        reading.admit_columns(session, read)?;
        let parts = comment.list("since").unwrap_or_default();
        let parts: Vec<Part> =
            parts.iter().map(|part| Part::parse(part, &reading.definition)).collect::<Result<_, _>>()?;
        let mut scan = reading.scan(&session.model, Order::Any, Bounds::default())?;
        let mut rows = Vec::new();
        while let Some(row) = scan.next()? {
            if parts.iter().all(|part| part.is_new(&reading.definition, &row)) {
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

    /// As `RTRIM(CAST(… AS nvarchar))` has it.
    fn text(&self, row: &Row, at: usize) -> Option<String> {
        let text = spoken(&row[at], &self.reading.definition.columns[at].column_type)?;
        Some(text.trim_end_matches(' ').to_owned())
    }

    /// The codes of actions that a plan lists.
    fn action(&self, comment: &Comment) -> Result<Option<usize>, ServerError> {
        comment.value("action").map(|column| self.place(&column)).transpose()
    }

    /// Is the entry's action one of a list's?
    fn is_one_of(&self, row: &Row, action: Option<usize>, codes: &[String]) -> bool {
        let text = action.and_then(|at| self.text(row, at));
        text.is_some_and(|text| codes.iter().any(|code| text.trim_end_matches(' ') == code))
    }
}

fn codes(comment: &Comment, name: &str) -> Vec<String> {
    comment.list(name).unwrap_or_default()
}

/// The ends of a log: `newest`, `first`, `proof`, `seen_proof`, `drawn`.
pub(crate) fn ends(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let entries = Entries::read(session, comment)?;
    let columns = [C::Text("newest"), C::Text("first"), C::Text("proof"), C::Text("seen_proof"), C::Text("drawn")];
    if let Some(time) = comment.value("time") {
        let at = entries.place(&time)?;
        let newest = entries.rows.iter().filter_map(|row| entries.text(row, at)).max();
        let none = || Value::Null;
        return Ok(result(&columns, vec![vec![newest.into(), none(), none(), none(), none()]]));
    }
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
    Ok(result(&columns, vec![row]))
}

/// Stretches of numbers that no entry has, the highest first.
pub(crate) fn gaps(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let entries = Entries::read(session, comment)?;
    let id = entries.place(&comment.value("id").ok_or_else(|| bad_plan("no id="))?)?;
    let top = comment.number::<usize>("top").ok_or_else(|| bad_plan("no top="))?;
    let mut numbers: Vec<i64> = entries.rows.iter().filter_map(|row| row[id].as_int()).collect();
    numbers.sort_unstable();
    match (comment.number::<i64>("above"), comment.number::<usize>("newest")) {
        (Some(above), None) => {
            numbers.retain(|number| *number > above);
            numbers.insert(0, above);
        }
        (None, Some(newest)) => drop(numbers.drain(..numbers.len().saturating_sub(newest))),
        _ => return Err(bad_plan("one of above= and newest=")),
    }
    let around = numbers.windows(2).rev().filter(|pair| pair[1] - pair[0] > 1).take(top);
    let rows = around.map(|pair| vec![pair[0].into(), pair[1].into()]).collect();
    Ok(result(&[C::BigInt("before"), C::BigInt("number")], rows))
}

/// Django's content types.
pub(crate) fn types(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let entries = Entries::read(session, comment)?;
    let places = ["app_label", "model", "id"].map(|name| entries.place(name));
    let [app, model, id] = places;
    let places = [app?, model?, id?];
    entries.reading.admit_columns(session, places)?;
    let rows = entries.rows.iter().map(|row| places.iter().map(|at| entries.text(row, *at).into()).collect());
    Ok(result(&[C::Text("app_label"), C::Text("model"), C::Text("id")], rows.collect()))
}

/// The server looks at the rights to columns.
pub(crate) fn tried(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let reading = Reading::start(session, comment)?;
    let names = comment.list("columns").ok_or_else(|| bad_plan("no columns="))?;
    let places = reading.definition.places(&names);
    let places = places.ok_or_else(|| ServerError::new(207, "Invalid column name in columns."))?;
    reading.admit_columns(session, places.iter().copied())?;
    Ok(ResultSet::of(names.into_iter().map(text_column).collect(), Vec::new()))
}

fn text_column(name: String) -> ResultColumn {
    ResultColumn::new(name, T::NVarchar(Length::Of(4000)))
}

/// New entries by type: how many, of these those that tell of a look alone, and those that name no row.
pub(crate) fn counts(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let entries = Entries::read(session, comment)?;
    let types = entries.places(comment, "types")?;
    let (key, old) = (entries.reading.key.clone(), entries.places(comment, "old")?);
    let action = entries.action(comment)?;
    let (ignored, truncated) = (codes(comment, "ignored"), codes(comment, "truncated"));
    let mut by_type: BTreeMap<Vec<Option<String>>, [i64; 3]> = BTreeMap::new();
    for row in &entries.rows {
        let group = types.iter().map(|at| entries.text(row, *at)).collect();
        let counts = by_type.entry(group).or_default();
        let is_ignored = entries.is_one_of(row, action, &ignored);
        let mut named_by = key.iter().chain(&old);
        let has_no_key = !key.is_empty() && named_by.all(|at| row[*at].is_null());
        let is_nameless = entries.is_one_of(row, action, &truncated) || has_no_key;
        counts[0] += 1;
        counts[1] += i64::from(is_ignored);
        counts[2] += i64::from(!is_ignored && is_nameless);
    }
    if types.is_empty() {
        // Without groups there is one row, whatever there is to count.
        by_type.entry(Vec::new()).or_default();
    }
    let mut columns: Vec<ResultColumn> = (0..types.len()).map(|n| text_column(format!("type{n}"))).collect();
    columns.extend([C::BigInt("entries"), C::BigInt("ignored"), C::BigInt("nameless")].map(C::of));
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
    key: Vec<Value>,
    /// How many of its entries an earlier run has not had.
    fresh: i64,
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
    let is_any_group = types.is_empty();
    let action = entries.action(comment)?;
    let (ignored, added) = (codes(comment, "ignored"), codes(comment, "added"));
    let of = comment.tables("of").and_then(|tables| tables.into_iter().next()).ok_or_else(|| bad_plan("no of="))?;
    let of = format!("{}.{}", of.0, of.1);
    let table = session.model.with(|database| database.definition(&of)).ok_or_else(|| ServerError::no_object(&of))?;
    let names = codes(comment, "columns");
    let columns = table.places(&names).ok_or_else(|| bad_plan(format!("columns of {of} that are none")))?;
    if columns.len() != key.len() {
        return Err(bad_plan("as many columns as the key has"));
    }
    let known = comment.value("known").map(|text| {
        let (name, numbers) = text.rsplit_once(':')?;
        let (above, up_to) = numbers.split_once("..")?;
        Some((entries.reading.definition.place(name)?, above.parse::<i64>().ok()? + 1..=up_to.parse().ok()?))
    });
    let known = known.map(|known| known.ok_or_else(|| bad_plan("known="))).transpose()?;
    let mut named: BTreeMap<Vec<u8>, Named> = BTreeMap::new();
    for row in &entries.rows {
        let group: Vec<String> = types.iter().map(|at| entries.text(row, *at).unwrap_or_default()).collect();
        let is_meant = is_any_group || groups.contains(&group);
        if !is_meant || entries.is_one_of(row, action, &ignored) {
            continue;
        }
        for (leg, logged) in [&key, &old].into_iter().enumerate() {
            // An insert has no old key, and a delete no new one, which says nothing.
            let has_none = |columns: &[usize]| columns.first().is_none_or(|at| row[*at].is_null());
            let both_lack = key.iter().chain(&old).all(|at| row[*at].is_null());
            if logged.is_empty() || has_none(logged) && (leg == 1 || !old.is_empty() && !both_lack) {
                continue;
            }
            let values: Vec<Value> =
                columns.iter().zip(logged).map(|(to, from)| entries.typed(row, *from, &table.columns[*to])).collect();
            let mut spelled = Vec::new();
            values.iter().for_each(|value| canonical(&mut spelled, value));
            let entry = named.entry(spelled).or_default();
            entry.key = values;
            entry.is_missing |= logged.iter().any(|at| row[*at].is_null());
            entry.is_added |= entries.is_one_of(row, action, &added);
            entry.count += 1;
            entry.fresh += i64::from(
                !known.as_ref().is_some_and(|(at, numbers)| row[*at].as_int().is_some_and(|n| numbers.contains(&n))),
            );
        }
    }
    let mut rows: Vec<(Vec<Value>, [Value; 4])> = named
        .into_values()
        .map(|named| {
            let again = named.fresh == 0;
            (named.key, [again.into(), named.is_missing.into(), named.is_added.into(), Value::Int(named.count)])
        })
        .collect();
    rows.sort_by_key(|(_, flags)| flags[1] != Value::Bit(true));
    let count = rows.len() as i64;
    session.keep(spool_name(comment)?, Spool::Logged { table, key: columns, rows })?;
    Ok(result(&[C::BigInt("rows")], vec![vec![count.into()]]))
}

impl Entries {
    /// The logged value as one of a column; NULL where it is none.
    fn typed(&self, row: &Row, at: usize, column: &ColumnDef) -> Value {
        let from = &self.reading.definition.columns[at].column_type;
        let Some(text) = spoken(&row[at], from) else { return Value::Null };
        let text = if matches!(from, T::Char(_) | T::NChar(_)) { text.trim_end_matches(' ').to_owned() } else { text };
        let value = parse_logged(&text, &column.column_type).ok();
        value.and_then(|value| store(column, value).ok()).unwrap_or(Value::Null)
    }
}

/// The next listed keys.
pub(crate) fn fetch(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let name = spool_name(comment)?;
    let Some(Spool::Logged { table, key, rows }) = session.spools.get(&name) else {
        return Err(ServerError::no_object(&format!("#{name}")));
    };
    let fields = Fields::of(comment, table, None)?;
    let mut columns = fields.columns(table)?;
    columns.iter_mut().for_each(|column| column.nulls = Nulls::Allowed);
    columns.extend([C::Bit("again"), C::Bit("missing"), C::Bit("added"), C::BigInt("entries")].map(C::of));
    let mut page = Vec::new();
    for (values, flags) in paged(comment, rows)? {
        let mut whole = vec![Value::Null; table.columns.len()];
        for (at, value) in key.iter().zip(values) {
            whole[*at] = value.clone();
        }
        let mut into = Vec::with_capacity(columns.len());
        fields.put(table, &whole, Told::default(), &mut into)?;
        into.extend(flags.iter().cloned());
        page.push(into);
    }
    Ok(ResultSet::of(columns, page))
}

pub(crate) fn close(session: &mut SessionState, comment: &Comment) -> Result<(), ServerError> {
    session.spools.remove(&spool_name(comment)?);
    Ok(())
}
