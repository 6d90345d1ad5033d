//! How a column is read in SQL, and what its values become.

use super::caveats::{MADE_ARRAY, array_caveat, caveat};
use super::column_types::{ReadAs, TypeMapping, map_type};
use super::native_type::PostgresType;
use super::session::SALT;
use super::sql::ident;
use crate::encode::{Codec, ColumnWish, Content, Mapping};

/// How a column's values reach the target; `None` where the type it is forced to can't be made of its own.
pub fn mapping(name: &str, native: &PostgresType, wish: ColumnWish) -> Option<Mapping> {
    map_type(native, wish).map(|mapping| read(name, mapping))
}

/// How a salted digest reaches the target in the values' place.
pub fn hashed(name: &str) -> Mapping {
    read(name, TypeMapping::HASHED)
}

fn read(name: &str, mapping: TypeMapping) -> Mapping {
    let TypeMapping { target, codec, read } = mapping;
    let caveat = match (codec, read) {
        (_, ReadAs::ArrayToJson) => MADE_ARRAY.to_owned(),
        (Codec::Scalar(scalar), _) => caveat(scalar).to_owned(),
        (Codec::Array(array), _) => array_caveat(array),
    };
    let content = if read == ReadAs::Hashed { Content::Digest } else { Content::Value };
    Mapping { target, codec, expression: expression(name, read), content, caveat }
}

/// What is read of the row `t`.
fn expression(column: &str, read: ReadAs) -> String {
    let column = format!("t.{}", ident(column));
    match read {
        ReadAs::AsItIs => column,
        ReadAs::ToJson => format!("pg_catalog.to_json({column})"),
        // An array whose bounds are not the usual ones prints them; as JSON it would lose them.
        ReadAs::ArrayToJson => format!(
            "CASE WHEN pg_catalog.\"left\"({column}::text, 1) = '[' THEN {column}::text ELSE pg_catalog.to_json({column})::text END"
        ),
        ReadAs::Hashed => format!(
            "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(\
             pg_catalog.current_setting('{SALT}') || {column}::text, 'UTF8')), 'hex')"
        ),
    }
}
