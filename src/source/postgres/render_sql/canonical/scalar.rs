//! Values that are no arrays, by the type of their target.

use super::cell::{Cell, Typed};
use super::document;
use super::server_text::ServerText;
use crate::canonical::Structure;
use crate::model::TargetType;
use crate::source::postgres::oid;

/// How a value is written for its target.
pub(super) fn scalar(value: Typed<'_>, target: TargetType, structure: Structure, server: ServerText) -> Cell {
    match target {
        TargetType::String => text_cell(value, server),
        TargetType::Json => document::cell(value, structure, server),
        _ => {
            let (text, refused) = (closed_text(value, target), refused(value, target));
            let text = match &refused {
                Some(refused) => format!("CASE WHEN {refused} THEN NULL ELSE {text} END"),
                None => text,
            };
            Cell::closed(text, refused)
        }
    }
}

/// A digest of 64 digits, which is dear to make twice.
pub(super) fn hashed(expression: &str) -> Cell {
    let piece = vec![format!("COALESCE('64:' || {expression}, ':')")];
    Cell { piece, text: expression.to_owned(), refused: None }
}

/// `concat` makes of a value what `COPY` prints; a cast to text does not, for a `char(n)` or an `inet` for one.
fn text_cell(value: Typed<'_>, server: ServerText) -> Cell {
    let e = value.expression;
    let length = match (value.base_oid, server) {
        (oid::TEXT | oid::VARCHAR, _) => server.length(&format!("{e}::pg_catalog.text")),
        // Of a `char(n)` the blanks count, which it loses as a text.
        (oid::BPCHAR, ServerText::Utf8) => server.length(&format!("{e}::pg_catalog.bpchar")),
        (oid::UUID, _) => format!("CASE WHEN {e} IS NOT NULL THEN 36 END"),
        // This asks for NULL itself; IS NULL is true of a composite of NULLs too.
        _ => format!(
            "CASE WHEN {e} IS DISTINCT FROM NULL THEN {} END",
            server.length(&format!("pg_catalog.concat({e})"))
        ),
    };
    Cell { piece: vec![length, "':'".to_owned(), e.to_owned()], text: e.to_owned(), refused: None }
}

/// What prints as the text of a value that the target holds.
fn closed_text(value: Typed<'_>, target: TargetType) -> String {
    let e = value.expression;
    match (target, value.base_oid) {
        (TargetType::Float64, oid::FLOAT4) => double(e, &format!("{e}::pg_catalog.text::pg_catalog.float8")),
        (TargetType::Float64, _) => double(e, e),
        (TargetType::Numeric | TargetType::BigNumeric, oid::NUMERIC) => format!("pg_catalog.trim_scale({e})"),
        (TargetType::Timestamp, oid::TIMESTAMP) => format!("({e} AT TIME ZONE 'UTC')"),
        // The server's own text.
        _ => e.to_owned(),
    }
}

/// Seventeen digits. A number less itself is zero, but for those that are no numbers.
fn double(e: &str, exact: &str) -> String {
    let digits = format!("pg_catalog.ltrim(pg_catalog.to_char({exact} + 0, '9.9999999999999999EEEE'))");
    format!("CASE WHEN {e} - {e} = 0 THEN {digits} ELSE {e}::pg_catalog.text END")
}

/// The largest values of the decimal types.
/// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>
const LARGEST_NUMERIC: &str = "99999999999999999999999999999.999999999";
const LARGEST_BIGNUMERIC: &str = "578960446186580977117854925043439539266.34992332820282019728792003956564819967";

fn refused(value: Typed<'_>, target: TargetType) -> Option<String> {
    let e = value.expression;
    let outside = |type_name: &str, first: &str, end: &str| {
        Some(format!("({e} < '{first}'::pg_catalog.{type_name} OR {e} >= '{end}'::pg_catalog.{type_name})"))
    };
    match (target, value.base_oid) {
        (TargetType::Numeric, oid::NUMERIC) => decimal(value, LARGEST_NUMERIC, 29, 9),
        (TargetType::BigNumeric, oid::NUMERIC) => decimal(value, LARGEST_BIGNUMERIC, 38, 38),
        // Infinity lies beyond both ends.
        (TargetType::Date, _) => outside("date", "0001-01-01", "10000-01-01"),
        (_, oid::TIMESTAMP) => outside("timestamp", "0001-01-01", "10000-01-01"),
        (_, oid::TIMESTAMPTZ) => outside("timestamptz", "0001-01-01 00:00:00+00", "10000-01-01 00:00:00+00"),
        (TargetType::Time, _) => Some(format!("{e} >= '24:00:00'::pg_catalog.time")),
        _ => None,
    }
}

/// `NaN` is larger than every number, and so is infinity, which no column with a precision holds.
/// Source: <https://www.postgresql.org/docs/current/datatype-numeric.html>
fn decimal(value: Typed<'_>, largest: &str, most_whole: i32, most_fraction: i32) -> Option<String> {
    let e = value.expression;
    if declared(value.typmod).is_some_and(|(whole, fraction)| whole <= most_whole && fraction <= most_fraction) {
        return Some(format!("{e} = 'NaN'::pg_catalog.numeric"));
    }
    Some(format!(
        "({e} > '{largest}'::pg_catalog.numeric OR {e} < '-{largest}'::pg_catalog.numeric OR pg_catalog.min_scale({e}) > {most_fraction})"
    ))
}

/// How many digits `numeric(p, s)` allows before and behind the point. The modifier is `((p << 16) | (s & 0x7ff)) + 4`, its scale signed.
/// Source: `make_numeric_typmod` in PostgreSQL's numeric.c
fn declared(typmod: i32) -> Option<(i32, i32)> {
    let packed = typmod.checked_sub(4).filter(|p| *p >= 0)?;
    let (precision, scale) = (packed >> 16, packed & 0x7ff);
    let scale = if scale >= 0x400 { scale - 0x800 } else { scale };
    Some(((precision - scale).max(0), scale.max(0)))
}
