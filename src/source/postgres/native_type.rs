//! The type of a column, as PostgreSQL's catalog has it.

use serde::Deserialize;

use super::oid;

/// A column's type below every domain.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct PostgresType {
    pub base_oid: u32,
    /// Whether the column's own type is a domain over it.
    pub is_domain: bool,
    /// The type modifier that goes with it; -1 for none.
    pub typmod: i32,
    /// The type's name, as SQL takes it, without a modifier.
    pub base_name: String,
    /// The same with its modifier: `character(3)`, `numeric(10,2)`.
    pub base_type: String,
    pub kind: TypeKind,
    /// What an array is made of.
    pub element: Option<Element>,
    /// Names and types of a composite's attributes, or of those an array is made of.
    pub attributes: Option<String>,
}

impl Default for PostgresType {
    fn default() -> Self {
        Self {
            base_oid: 0,
            is_domain: false,
            typmod: -1,
            base_name: String::new(),
            base_type: String::new(),
            kind: TypeKind::default(),
            element: None,
            attributes: None,
        }
    }
}

/// What sort of type is below every domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum TypeKind {
    #[default]
    #[serde(rename = "b")]
    Base,
    #[serde(rename = "c")]
    Composite,
    #[serde(rename = "e")]
    Enum,
    #[serde(rename = "r")]
    Range,
    #[serde(rename = "m")]
    Multirange,
    #[serde(rename = "p")]
    Pseudo,
}

/// The elements of an array type.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Element {
    /// The type below every domain, with what [`PostgresType`] has of its own.
    pub base_oid: u32,
    pub typmod: i32,
    pub base_name: String,
    pub kind: TypeKind,
    /// What stands between two elements: a comma, but for `box`.
    pub delimiter: char,
}

impl PostgresType {
    /// The type as far as it decides a value's text: integers that are widened stay what they are, and a composite is what its
    /// attributes are.
    pub fn value_type(&self) -> String {
        match (self.base_oid, &self.attributes) {
            (oid::INT8 | oid::INT2 | oid::INT4, _) => "integer".to_owned(),
            // `character varying(n)`: see `holds_what`.
            (oid::TEXT, _) => "character varying".to_owned(),
            (_, Some(attributes)) => format!("{} ({attributes})", self.base_type),
            _ => self.base_type.clone(),
        }
    }
}

/// Whether values of one type, by [`PostgresType::value_type`], print the same in the other: a text that may be longer.
pub fn holds_what(then: &str, now: &str) -> bool {
    let limit = |text: &str| {
        let rest = text.strip_prefix("character varying")?;
        Some(rest.trim_matches(['(', ')']).parse().unwrap_or(u32::MAX))
    };
    then == now || matches!((limit(then), limit(now)), (Some(then), Some(now)) if now >= then)
}
