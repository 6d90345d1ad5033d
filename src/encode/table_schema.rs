//! What a source's catalog says of a table or view, as far as its rows' shape goes.

use super::codec::{ArrayCodec, ArrayForm, Codec};
use crate::model::{Arrays, TargetType};

/// A table, view or the like, as a source's catalog has it.
pub trait TableSchema {
    type Column: ColumnSchema;

    /// What it is, for people: `table`, `view`.
    fn kind_name(&self) -> &'static str;

    fn columns(&self) -> &[Self::Column];

    /// The primary key's columns in its order; empty without one.
    fn primary_key(&self) -> &[String];

    /// The columns of every index that keeps all rows unique.
    fn unique_keys(&self) -> &[Vec<String>];
}

/// A column of it.
pub trait ColumnSchema {
    fn name(&self) -> &str;

    /// Its number in the catalog: a column that is dropped and made again has another one.
    fn number(&self) -> i32;

    /// Its type, for people.
    fn type_name(&self) -> &str;

    fn nullability(&self) -> Nullability;

    /// How its values reach the target; `None` where the type it is forced to can't be made of its own.
    fn map(&self, wish: ColumnWish) -> Option<Mapping>;

    /// How a salted digest reaches the target in the values' place.
    fn hashed(&self) -> Mapping;
}

/// Whether a column may hold NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nullability {
    Nullable,
    NotNull,
}

/// What the config wants of a column beside what its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnWish {
    pub forced: Option<TargetType>,
    pub arrays: Arrays,
}

/// A column's place in both worlds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub target: TargetType,
    pub codec: Codec,
    pub content: Content,
    /// Values of the source's type that the target can't hold, for people; empty where there are none.
    pub caveat: String,
}

/// What is published of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Value,
    /// A salted hash: the value stays in the source.
    Digest,
}

impl Mapping {
    /// Whether the target holds many values in one.
    pub fn is_repeated(&self) -> bool {
        matches!(self.codec, Codec::Array(ArrayCodec { form: ArrayForm::Repeated, .. }))
    }
}
