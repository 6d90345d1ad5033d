//! Arrays.

use super::cell::{Cell, Typed};
use super::scalar::scalar;
use super::server_text::ServerText;
use crate::canonical::Structure;
use crate::model::TargetType;
use crate::source::postgres::Element;

/// An array that is published as a document. One that has a dimension which does not begin at 1 is refused.
pub(super) fn array_document(e: &str) -> Cell {
    let refused = format!("pg_catalog.array_dims({e}) ~ '\\[(?!1:)'");
    let length = format!("pg_catalog.concat('array', COALESCE(pg_catalog.array_length({e}, 1), 0))");
    Cell::closed(format!("CASE WHEN {e} IS NULL OR {refused} THEN NULL ELSE {length} END"), Some(refused))
}

/// An array in a REPEATED column: the elements' pieces behind their number. What the target can't hold has none, as NULL has.
pub(super) fn repeated(e: &str, element: &Element, target: TargetType, server: ServerText) -> Cell {
    let typed = Typed { expression: "u.e", base_oid: element.base_oid, typmod: element.typmod };
    let Cell { piece, refused, .. } = scalar(typed, target, Structure::Full, server);
    let bad = refused.iter().fold("u.e IS NOT DISTINCT FROM NULL".to_owned(), |bad, r| format!("{bad} OR {r}"));
    let dimensions = format!("(pg_catalog.array_ndims({e}) > 1 OR pg_catalog.array_lower({e}, 1) <> 1)");
    let pieces = format!("pg_catalog.string_agg(pg_catalog.concat({}), '' ORDER BY u.n)", piece.join(", "));
    let text = format!(
        "CASE WHEN {dimensions} THEN '0:' ELSE (SELECT CASE WHEN pg_catalog.bool_or({bad}) THEN '0:' \
         ELSE pg_catalog.concat(pg_catalog.count(*), ':', {pieces}) END \
         FROM pg_catalog.unnest({e}) WITH ORDINALITY AS u(e, n)) END"
    );
    let refused = format!("({dimensions} OR EXISTS (SELECT 1 FROM pg_catalog.unnest({e}) AS u(e) WHERE {bad}))");
    Cell { piece: vec![text.clone()], text, refused: Some(refused) }
}
