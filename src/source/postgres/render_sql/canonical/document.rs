//! JSON documents: their kind, the keys of an object, the length of an array.

use super::cell::{Cell, Typed};
use super::server_text::ServerText;
use crate::canonical::Structure;
use crate::source::postgres::{PostgresType, TypeKind, oid};

/// What the server can say of the documents that a column becomes. A text that is only said to be JSON can't be parsed without the risk
/// of an error that ends the statement (`IS JSON` is of PostgreSQL 16).
pub(in crate::source) fn structure(native: &PostgresType) -> Structure {
    let is_made = native.element.is_some() || native.kind == TypeKind::Composite;
    let is_hstore = native.base_name.rsplit('.').next() == Some("hstore");
    match native.base_oid {
        oid::JSON | oid::JSONB => Structure::Full,
        _ if is_made || is_hstore => Structure::Full,
        _ => Structure::Kind,
    }
}

/// A document in a column of its own, or in an array. Composites and the like are to be `to_json` of the column already.
pub(super) fn cell(value: Typed<'_>, structure: Structure, server: ServerText) -> Cell {
    let e = value.expression;
    match (structure, value.base_oid) {
        (Structure::Kind, _) => claimed(e),
        (Structure::Full, oid::JSONB) => {
            // Its keys are kept by length, then by bytes.
            let order = if server == ServerText::Utf8 { String::new() } else { by_length(server) };
            parsed(e, "jsonb", &keys(e, "jsonb", &order))
        }
        (Structure::Full, _) => {
            let keys = keys(e, "json", &by_length(server));
            // The keys of a document can be asked for if the server can read each of its strings.
            let text = format!("{e}::pg_catalog.text");
            let readable = format!(
                "pg_catalog.strpos({text}, '\\u') = 0 OR pg_catalog.regexp_replace({text}, '{PAIR}', '', 'gi') !~* '\\\\u(0000|d[89a-f])'"
            );
            parsed(e, "json", &format!("CASE WHEN {readable} THEN {keys} END"))
        }
    }
}

/// Bytes that no bare null has, with white space around it a few times over.
const SHORT: u32 = 64;

/// What is written as two halves of a surrogate pair.
const PAIR: &str = "\\\\ud[89ab][0-9a-f]{2}\\\\ud[c-f][0-9a-f]{2}";

/// As the server prints an array of texts: the quickest way to a list that tells where each ends.
fn keys(e: &str, family: &str, order: &str) -> String {
    format!("ARRAY(SELECT k FROM pg_catalog.{family}_object_keys({e}) AS k{order})")
}

fn by_length(server: ServerText) -> String {
    format!(" ORDER BY {}, {}", server.length("k"), server.order("k"))
}

fn parsed(e: &str, family: &str, keys: &str) -> Cell {
    let kind = format!("pg_catalog.{family}_typeof({e})");
    let text = format!(
        "CASE {kind} WHEN 'object' THEN pg_catalog.concat('object', {keys}) \
         WHEN 'array' THEN pg_catalog.concat('array', pg_catalog.{family}_array_length({e})) WHEN 'null' THEN NULL ELSE {kind} END"
    );
    // BigQuery takes a bare null for a NULL. It is short: longer documents need no look.
    Cell::closed(text, Some(format!("(pg_catalog.pg_column_size({e}) < {SHORT} AND {kind} = 'null')")))
}

/// By the first character that is not white space; a text that begins as no JSON does is refused, as a bare null is.
fn claimed(e: &str) -> Cell {
    let first = format!("pg_catalog.\"left\"(pg_catalog.ltrim(pg_catalog.concat({e}), E' \\t\\n\\r'), 1)");
    let numbers = ["-", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map(|c| (c, "number"));
    let others = [("{", "object"), ("[", "array"), ("\"", "string"), ("t", "boolean"), ("f", "boolean")];
    let each = others.iter().chain(&numbers).map(|(c, kind)| format!(" WHEN '{c}' THEN '{kind}'"));
    let text = format!("CASE {first}{} END", each.collect::<String>());
    let refused = format!("({e} IS DISTINCT FROM NULL AND {text} IS NULL)");
    Cell::closed(text, Some(refused))
}
