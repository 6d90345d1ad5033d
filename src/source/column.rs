//! A column, and what those outside of its source ask about its type.

use super::cursor::CursorType;
use super::postgres::{self, PostgresType};
use super::sqlserver::{self, SqlServerType};
use super::value_kind::ValueKind;
use crate::encode::{ColumnSchema, ColumnWish, Mapping, Nullability};
use crate::model::{KeyFormat, TargetType};

#[derive(Clone, Debug, PartialEq)]
pub struct SourceColumn {
    pub name: String,
    /// Its number in the catalog: a column that is dropped and made again has another one.
    pub number: i32,
    /// For people.
    pub type_name: String,
    pub not_null: bool,
    pub(super) native: NativeType,
}

/// A column's type, as its kind of source knows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NativeType {
    Postgres(PostgresType),
    SqlServer(SqlServerType),
}

impl SourceColumn {
    /// The type of a column that PostgreSQL's catalog tells of. A statement for PostgreSQL is only made of such.
    pub(super) fn postgres(&self) -> &PostgresType {
        static UNKNOWN: std::sync::LazyLock<PostgresType> = std::sync::LazyLock::new(PostgresType::default);
        match &self.native {
            NativeType::Postgres(native) => native,
            NativeType::SqlServer(_) => &UNKNOWN,
        }
    }

    /// The type of a column that SQL Server's catalog tells of.
    pub(super) fn sqlserver(&self) -> Option<&SqlServerType> {
        match &self.native {
            NativeType::SqlServer(native) => Some(native),
            NativeType::Postgres(_) => None,
        }
    }

    /// The type as far as it decides a value's text: a column that keeps it has the same values as before.
    pub fn value_type(&self) -> String {
        match &self.native {
            NativeType::Postgres(native) => native.value_type(),
            NativeType::SqlServer(native) => native.value_type(),
        }
    }

    /// How the column is compared as a cursor; `None` where its type has no order that grows with every change.
    pub fn cursor_type(&self) -> Option<CursorType> {
        match &self.native {
            NativeType::Postgres(native) => postgres::cursor_type(native),
            NativeType::SqlServer(native) => sqlserver::cursor_type(native),
        }
    }

    /// Whether equal values of the type always print alike.
    pub fn has_one_spelling(&self) -> bool {
        match &self.native {
            NativeType::Postgres(native) => postgres::is_of_row_key(self.number) || postgres::has_one_spelling(native),
            NativeType::SqlServer(native) => {
                sqlserver::is_of_row_key(self.number) || sqlserver::has_one_spelling(native)
            }
        }
    }

    /// Whether bytes with zeros at their end are equal to those without.
    pub fn ignores_last_zeros(&self) -> bool {
        match &self.native {
            NativeType::Postgres(_) => false,
            NativeType::SqlServer(native) => sqlserver::ignores_last_zeros(native),
        }
    }

    /// The type that the column has to be forced to in a key, where by its own type two of its values could be one in the target.
    pub fn type_in_key(&self) -> Option<TargetType> {
        match &self.native {
            NativeType::Postgres(_) => None,
            NativeType::SqlServer(native) => sqlserver::type_in_key(native),
        }
    }

    /// Whether a log's column can hold a key that is packed in this way.
    pub fn can_pack(&self, format: &KeyFormat) -> bool {
        match &self.native {
            NativeType::Postgres(native) => postgres::can_pack(native, format),
            NativeType::SqlServer(native) => sqlserver::can_pack(native, format),
        }
    }

    /// What sort of values it holds.
    pub fn value_kind(&self) -> ValueKind {
        match &self.native {
            NativeType::Postgres(native) => postgres::value_kind(native),
            NativeType::SqlServer(native) => sqlserver::value_kind(native),
        }
    }

    /// A column of a type of PostgreSQL that is NOT NULL.
    pub fn of_postgres(name: &str, native: PostgresType) -> Self {
        Self {
            name: name.to_owned(),
            number: 1,
            type_name: native.base_name.clone(),
            not_null: true,
            native: NativeType::Postgres(native),
        }
    }

    /// A column of a type of SQL Server that is NOT NULL.
    pub fn of_sqlserver(name: &str, native: SqlServerType) -> Self {
        Self {
            name: name.to_owned(),
            number: 1,
            type_name: native.declared(),
            not_null: true,
            native: NativeType::SqlServer(native),
        }
    }
}

impl ColumnSchema for SourceColumn {
    fn name(&self) -> &str {
        &self.name
    }

    fn number(&self) -> i32 {
        self.number
    }

    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn nullability(&self) -> Nullability {
        if self.not_null { Nullability::NotNull } else { Nullability::Nullable }
    }

    fn map(&self, wish: ColumnWish) -> Option<Mapping> {
        match &self.native {
            NativeType::Postgres(native) => postgres::mapping(native, wish),
            NativeType::SqlServer(native) => sqlserver::mapping(native, wish),
        }
    }

    fn hashed(&self) -> Mapping {
        match &self.native {
            NativeType::Postgres(_) => postgres::hashed(),
            NativeType::SqlServer(_) => sqlserver::hashed(),
        }
    }
}
