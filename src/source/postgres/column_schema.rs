//! What the values of a column become.

use super::caveats::{MADE_ARRAY, array_caveat, caveat};
use super::column_types::{TypeMapping, map_type};
use super::native_type::PostgresType;
use crate::encode::{Codec, ColumnWish, Content, Document, Mapping, Scalar};

/// How a column's values reach the target; `None` where the type it is forced to can't be made of its own.
pub fn mapping(native: &PostgresType, wish: ColumnWish) -> Option<Mapping> {
    let TypeMapping { target, codec } = map_type(native, wish)?;
    let caveat = match codec {
        Codec::Scalar(Scalar::Json(Document::Made)) if native.element.is_some() => MADE_ARRAY.to_owned(),
        Codec::Scalar(scalar) => caveat(scalar).to_owned(),
        Codec::Array(array) => array_caveat(array),
    };
    Some(Mapping { target, codec, content: Content::Value, caveat })
}

/// How a salted digest reaches the target in the values' place.
pub fn hashed() -> Mapping {
    let TypeMapping { target, codec } = TypeMapping::TEXT;
    Mapping { target, codec, content: Content::Digest, caveat: String::new() }
}
