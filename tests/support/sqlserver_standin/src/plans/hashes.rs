//! `hash.*`: hashes of rows, summed by bucket or listed.

use std::collections::BTreeMap;

use super::columns::{Column as C, result};
use super::comment::Comment;
use super::form::{Fields, Told, bad_plan};
use super::reading::{Order, Reading};
use crate::answer::ResultSet;
use crate::error::ServerError;
use crate::model::{HashedRow, Scan, SessionState, Spool};
use crate::typed::{Value, row_hash};
use crate::wire::column::ResultColumn;

/// A bucket is a number below two to this power.
const BUCKET_BITS: u32 = 17;
const SPOOL: &str = "hashes";

/// What a plan hashes.
struct Hashing {
    reading: Reading,
    scan: Scan,
    hashed: Vec<usize>,
    bits: u32,
}

impl Hashing {
    fn start(session: &mut SessionState, comment: &Comment) -> Result<Self, ServerError> {
        let reading = Reading::start(session, comment)?;
        let hashed = places(&reading, comment, "hashed")?.ok_or_else(|| bad_plan("no hashed="))?;
        reading.admit_columns(session, hashed.iter().copied())?;
        let bits = comment.number::<u32>("bits").filter(|bits| *bits <= BUCKET_BITS);
        let bounds = reading.bounds(comment)?;
        let order = if bounds.after.is_some() || bounds.until.is_some() { Order::ByKey } else { Order::Any };
        let scan = reading.scan(&session.model, order, bounds)?;
        Ok(Self { reading, scan, hashed, bits: bits.ok_or_else(|| bad_plan("bits="))? })
    }

    fn next(&mut self) -> Result<Option<crate::model::Row>, ServerError> {
        while let Some(row) = self.scan.next()? {
            // A row without a whole key can't be in the target.
            let has_key = self.reading.key.iter().all(|at| !row[*at].is_null());
            if has_key && self.reading.lets_through(&row) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// By the spelling of the key; by the hash where the key is made of the row.
    fn bucket(&self, row: &[Value]) -> u32 {
        let columns = if self.reading.is_of_row() { &self.reading.key[..1] } else { &self.reading.key };
        let hash = row_hash(columns.iter().map(|at| &row[*at]));
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) >> (32 - BUCKET_BITS)
    }
}

fn places(reading: &Reading, comment: &Comment, name: &str) -> Result<Option<Vec<usize>>, ServerError> {
    let Some(names) = comment.list(name) else { return Ok(None) };
    let places = reading.definition.places(&names);
    places.map(Some).ok_or_else(|| ServerError::new(207, format!("Invalid column name in {name}.")))
}

fn lanes(row: &[Value], columns: &[usize]) -> [i64; 2] {
    let hash = row_hash(columns.iter().map(|at| &row[*at]));
    let lane = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash[at..at + 8]);
        i64::from_be_bytes(bytes)
    };
    [lane(0), lane(8)]
}

pub(crate) fn sums(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let mut hashing = Hashing::start(session, comment)?;
    let mut buckets: BTreeMap<u32, (i64, [i128; 2])> = BTreeMap::new();
    while let Some(row) = hashing.next()? {
        let bucket = hashing.bucket(&row) >> (BUCKET_BITS - hashing.bits);
        let lanes = lanes(&row, &hashing.hashed);
        let (rows, sums) = buckets.entry(bucket).or_default();
        *rows += 1;
        sums[0] += i128::from(lanes[0]);
        sums[1] += i128::from(lanes[1]);
    }
    let rows = buckets
        .into_iter()
        // In no order that one would look for.
        .rev()
        .map(|(bucket, (rows, sums))| {
            vec![i64::from(bucket).into(), rows.into(), Value::Decimal(sums[0]), Value::Decimal(sums[1])]
        })
        .collect();
    Ok(result(&[C::Int("bucket"), C::BigInt("rows"), C::Sum("lane0"), C::Sum("lane1")], rows))
}

pub(crate) fn spool(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let mut hashing = Hashing::start(session, comment)?;
    let buckets = comment.value("buckets").map(|hex| set(&hex)).transpose()?;
    let next = match (places(&hashing.reading, comment, "next")?, places(&hashing.reading, comment, "new")?) {
        (Some(next), Some(new)) => Some((next, new)),
        (None, None) => None,
        _ => return Err(bad_plan("next= without new=")),
    };
    let mut rows = Vec::new();
    while let Some(row) = hashing.next()? {
        let bucket = hashing.bucket(&row);
        let coarse = (bucket >> (BUCKET_BITS - hashing.bits)) as usize;
        let is_meant =
            buckets.as_ref().is_none_or(|set| set.get(coarse / 8).is_some_and(|byte| byte >> (coarse % 8) & 1 == 1));
        if !is_meant {
            continue;
        }
        rows.push(HashedRow {
            bucket,
            key: hashing.reading.key.iter().map(|at| row[*at].clone()).collect(),
            lanes: lanes(&row, &hashing.hashed),
            next: next.as_ref().map(|(next, new)| (lanes(&row, next), new.iter().any(|at| !row[*at].is_null()))),
        });
    }
    rows.sort_by_key(|row| row.bucket);
    let count = rows.len() as i64;
    let Reading { definition: table, key, .. } = hashing.reading;
    session.keep(SPOOL.to_owned(), Spool::Hashes { table, key, rows })?;
    Ok(result(&[C::BigInt("rows")], vec![vec![count.into()]]))
}

fn set(hex: &str) -> Result<Vec<u8>, ServerError> {
    let byte = |at| hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    (0..hex.len()).step_by(2).map(|at| byte(at).ok_or_else(|| bad_plan("buckets="))).collect()
}

pub(crate) fn fetch(session: &SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let Some(Spool::Hashes { table, key, rows }) = session.spools.get(SPOOL) else {
        return Err(ServerError::no_object("#hashes"));
    };
    let fields = Fields::of(comment, table, None)?;
    let has_next = comment.value("next").as_deref() == Some("1");
    let mut columns: Vec<ResultColumn> = vec![C::Int("bucket").of()];
    columns.extend(fields.columns(table)?);
    columns.extend([C::BigInt("lane0").of(), C::BigInt("lane1").of()]);
    if has_next {
        columns.extend([C::BigInt("next0").of(), C::BigInt("next1").of(), C::Bit("filled").of()]);
    }
    let mut page = Vec::new();
    for row in paged(comment, rows)? {
        let mut whole = vec![Value::Null; table.columns.len()];
        for (at, value) in key.iter().zip(&row.key) {
            whole[*at] = value.clone();
        }
        let mut into = vec![i64::from(row.bucket).into()];
        fields.put(table, &whole, Told::default(), &mut into)?;
        into.extend(row.lanes.map(Value::Int));
        if has_next {
            let (lanes, is_filled) = row.next.ok_or_else(|| bad_plan("next=1 of a list that has no other hash"))?;
            into.extend(lanes.map(Value::Int));
            into.push(is_filled.into());
        }
        page.push(into);
    }
    Ok(ResultSet::of(columns, page))
}

/// The part of a list that `after=` and `top=` name.
pub(crate) fn paged<'a, T>(comment: &Comment, list: &'a [T]) -> Result<&'a [T], ServerError> {
    let (Some(after), Some(top)) = (comment.number::<usize>("after"), comment.number::<usize>("top")) else {
        return Err(bad_plan("a page without after= and top="));
    };
    let start = after.min(list.len());
    Ok(&list[start..start.saturating_add(top).min(list.len())])
}

/// The server looks at the rights alone.
pub(crate) fn tried(session: &mut SessionState, comment: &Comment) -> Result<ResultSet, ServerError> {
    let Hashing { reading, hashed, .. } = Hashing::start(session, comment)?;
    let column = |at: &usize| {
        let column = &reading.definition.columns[*at];
        ResultColumn::new(&column.name, column.column_type.clone()).collated(column.collation)
    };
    Ok(ResultSet::of(hashed.iter().map(column).collect(), Vec::new()))
}

pub(crate) fn close(session: &mut SessionState) {
    session.spools.remove(SPOOL);
}
