//! The type of a column, as SQL Server's catalog has it.

use super::code_page::code_page;

/// A column's type below every alias.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlServerType {
    /// The system type's name: `int`, `nvarchar`, `timestamp`, `hierarchyid`; of a CLR type its own.
    pub name: String,
    /// Bytes; -1 for `max`.
    pub max_length: i32,
    pub precision: u8,
    pub scale: u8,
    pub collation: Option<String>,
    /// Whether an assembly defines it.
    pub assembly: Assembly,
    pub secrecy: Secrecy,
}

/// Who defines a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assembly {
    #[default]
    Servers,
    /// An assembly of the user's.
    Users,
}

/// Whether the server hands the values out as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrecy {
    #[default]
    Open,
    /// A login without the right to see them gets made-up values and no error.
    Masked,
    /// Only a client with the key can read them.
    Encrypted,
}

/// Which family a type is of: what decides how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Bit,
    Integer,
    Decimal,
    Money,
    Float,
    Date,
    Time,
    /// datetime, smalldatetime, datetime2
    DateTime,
    DateTimeOffset,
    /// One or two bytes a character, by the collation's code page or UTF-8.
    Text,
    /// nchar, nvarchar
    Unicode,
    /// text, ntext, xml: types that are cast to `nvarchar(max)` first
    Document,
    Json,
    Vector,
    Guid,
    Binary,
    Image,
    RowVersion,
    Variant,
    Hierarchy,
    /// geometry, geography
    Spatial,
    /// Of an assembly, or not known to this version.
    Other,
}

impl SqlServerType {
    pub(super) fn family(&self) -> Family {
        match self.name.as_str() {
            "bit" => Family::Bit,
            "tinyint" | "smallint" | "int" | "bigint" => Family::Integer,
            "decimal" | "numeric" => Family::Decimal,
            "money" | "smallmoney" => Family::Money,
            "float" | "real" => Family::Float,
            "date" => Family::Date,
            "time" => Family::Time,
            "datetime" | "smalldatetime" | "datetime2" => Family::DateTime,
            "datetimeoffset" => Family::DateTimeOffset,
            "char" | "varchar" => Family::Text,
            "nchar" | "nvarchar" => Family::Unicode,
            "text" | "ntext" | "xml" => Family::Document,
            "json" => Family::Json,
            "vector" => Family::Vector,
            "uniqueidentifier" => Family::Guid,
            "binary" | "varbinary" => Family::Binary,
            "image" => Family::Image,
            "timestamp" | "rowversion" => Family::RowVersion,
            "sql_variant" => Family::Variant,
            "hierarchyid" => Family::Hierarchy,
            "geometry" | "geography" => Family::Spatial,
            _ => Family::Other,
        }
    }

    /// Whether a value may have as many bytes as it likes.
    pub(super) fn is_unbounded(&self) -> bool {
        match self.family() {
            Family::Text | Family::Unicode | Family::Binary => self.max_length < 0,
            Family::Document | Family::Json | Family::Vector | Family::Image | Family::Spatial | Family::Other => true,
            _ => false,
        }
    }

    /// How many characters a text may have; `None` without a limit.
    pub(super) fn characters(&self) -> Option<u32> {
        let bytes = u32::try_from(self.max_length).ok()?;
        match self.family() {
            Family::Text => Some(bytes),
            Family::Unicode => Some(bytes / 2),
            _ => None,
        }
    }

    /// The type as SQL writes it: `nvarchar(40)`, `decimal(19,4)`.
    pub fn declared(&self) -> String {
        let name = &self.name;
        match self.family() {
            Family::Decimal => format!("{name}({},{})", self.precision, self.scale),
            Family::Time | Family::DateTimeOffset => format!("{name}({})", self.scale),
            Family::DateTime if name == "datetime2" => format!("{name}({})", self.scale),
            Family::Text | Family::Unicode => match self.characters() {
                Some(n) => format!("{name}({n})"),
                None => format!("{name}(max)"),
            },
            Family::Binary if self.max_length < 0 => format!("{name}(max)"),
            Family::Binary => format!("{name}({})", self.max_length),
            // The name under which it can be declared in every version.
            Family::RowVersion => "binary(8)".to_owned(),
            _ => name.clone(),
        }
    }

    /// The type as far as it decides a value's text: integers that are widened stay what they are. A text has its code page besides, for what
    /// another one lacks becomes `?` there. See [`holds_what`](super::holds_what).
    pub fn value_type(&self) -> String {
        match (self.family(), &self.collation) {
            (Family::Integer, _) => "integer".to_owned(),
            (Family::Text, Some(collation)) => format!("{} {}", self.declared(), code_page(collation)),
            _ => self.declared(),
        }
    }

    /// The type as loads under way and lists of hashes have it noted: with the collation it decides how values are ordered.
    pub(super) fn noted_type(&self) -> String {
        match self.family() {
            Family::Integer => "integer".to_owned(),
            Family::Text | Family::Unicode if self.name.contains("var") => match self.characters() {
                Some(n) => format!("varchar({n})"),
                None => "varchar".to_owned(),
            },
            _ => self.declared(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_declared_as_sql_writes_it() {
        let of = |name: &str, max_length, precision, scale| {
            SqlServerType { name: name.to_owned(), max_length, precision, scale, ..SqlServerType::default() }.declared()
        };
        assert_eq!(of("nvarchar", 80, 0, 0), "nvarchar(40)");
        assert_eq!(of("varchar", -1, 0, 0), "varchar(max)");
        assert_eq!(of("numeric", 9, 19, 4), "numeric(19,4)");
        assert_eq!(of("datetime2", 8, 27, 7), "datetime2(7)");
        assert_eq!(of("timestamp", 8, 0, 0), "binary(8)");
        assert_eq!(of("datetime", 8, 23, 3), "datetime");
    }
}
