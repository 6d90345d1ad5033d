//! What a statement selects for a column: every conversion that the driver gets wrong is made here.

use super::native_type::{Family, SqlServerType};
use super::plan::Form;
use super::sql::ident;
use crate::encode::{Content, ShapeColumn};
use crate::model::TargetType;
use crate::source::relation::Relation;

/// Longer values of a type without a limit don't cross the wire: BigQuery takes a row of 100 MB.
pub(super) const LONGEST: u64 = 100_000_000;

/// The form in which a published column is read.
pub(super) fn form_of(relation: &Relation, column: &ShapeColumn) -> Form {
    if column.mapping.content == Content::Digest {
        return Form::Hash;
    }
    match relation.column(&column.source).and_then(|c| c.sqlserver()) {
        Some(native) => form(native, column.target.target_type),
        None => Form::Plain,
    }
}

/// The form in which values of a type are read.
pub(super) fn form(native: &SqlServerType, target: TargetType) -> Form {
    match native.family() {
        Family::Money => Form::Decimal,
        Family::Text | Family::Unicode | Family::Document | Family::Json | Family::Vector => Form::Text,
        Family::Image => Form::Bytes,
        Family::Binary if native.max_length < 0 => Form::Bytes,
        Family::Variant => Form::Variant,
        Family::Hierarchy | Family::Other => Form::Spoken,
        Family::Spatial => Form::Shape,
        Family::DateTimeOffset if target == TargetType::String => Form::Offset,
        Family::Bit
        | Family::Integer
        | Family::Decimal
        | Family::Float
        | Family::Date
        | Family::Time
        | Family::DateTime
        | Family::DateTimeOffset
        | Family::Guid
        | Family::Binary
        | Family::RowVersion => Form::Plain,
    }
}

/// The expression of a column over the row `t`.
pub(super) fn expression(name: &str, native: &SqlServerType, form: Form) -> String {
    expression_of(&format!("t.{}", ident(name)), native, form)
}

/// The same of anything of the type.
pub(super) fn expression_of(column: &str, native: &SqlServerType, form: Form) -> String {
    let read = converted(column, native, form);
    match guard(column, native, form) {
        Some(fits) => format!("CASE WHEN {fits} THEN {read} END"),
        None => read,
    }
}

/// Whether a value is short enough to be read; `None` where every one is.
fn guard(column: &str, native: &SqlServerType, form: Form) -> Option<String> {
    let is_guarded = native.is_unbounded() && form != Form::Hash;
    is_guarded.then(|| format!("DATALENGTH({column}) <= {LONGEST}"))
}

/// Which of the read columns were longer: their numbers, each with a comma behind it. `None` where none can be.
pub(super) fn long<'a>(columns: impl Iterator<Item = (usize, &'a str, &'a SqlServerType, Form)>) -> Option<String> {
    let each = columns.filter_map(|(n, name, native, form)| {
        let column = format!("t.{}", ident(name));
        guard(&column, native, form)?;
        Some(format!("CASE WHEN DATALENGTH({column}) > {LONGEST} THEN N'{n},' END"))
    });
    let each: Vec<String> = each.collect();
    // CONCAT takes up to 254 arguments, and passes over NULL.
    let parts: Vec<String> = each.chunks(200).map(|some| format!("CONCAT(N'', {})", some.join(", "))).collect();
    (!parts.is_empty()).then(|| format!("NULLIF({}, N'')", parts.join(" + ")))
}

/// The value in its form, short or long.
fn converted(column: &str, native: &SqlServerType, form: Form) -> String {
    match form {
        Form::Plain | Form::Flag | Form::Count | Form::Long | Form::Number => column.to_owned(),
        Form::Decimal if native.name == "smallmoney" => format!("CAST({column} AS decimal(10,4))"),
        Form::Decimal => format!("CAST({column} AS decimal(19,4))"),
        Form::Bytes => format!("CAST({column} AS varbinary(max))"),
        Form::Text => text(column, native),
        Form::Variant => format!("CAST({} AS varbinary(max))", variant(column)),
        Form::Spoken => format!("CAST(CAST({column}.ToString() AS nvarchar(max)) AS varbinary(max))"),
        Form::Shape => format!("CAST(CAST({column}.AsTextZM() AS nvarchar(max)) AS varbinary(max))"),
        Form::Offset => format!("CAST(CONVERT(nvarchar(40), {column}, 121) AS varbinary(80))"),
        // Salted and hashed: the value stays in the source.
        Form::Hash => format!(
            "CAST(LOWER(CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @salt + {}), 2)) AS varbinary(128))",
            spoken(column, native)
        ),
    }
}

/// A text as UTF-16. The server converts from every code page, and from UTF-8.
fn text(column: &str, native: &SqlServerType) -> String {
    let characters = native.characters().filter(|n| *n <= 4000);
    match (native.family(), characters) {
        (Family::Unicode, Some(n)) => format!("CAST({column} AS varbinary({}))", 2 * n),
        (Family::Unicode, None) => format!("CAST({column} AS varbinary(max))"),
        (_, Some(n)) => format!("CAST(CAST({column} AS nvarchar({n})) AS varbinary({}))", 2 * n),
        (_, None) => format!("CAST(CAST({column} AS nvarchar(max)) AS varbinary(max))"),
    }
}

/// A plain cast of a datetime in a variant would lose its seconds, one of a money two of its digits.
fn variant(column: &str) -> String {
    format!(
        "CASE CAST(SQL_VARIANT_PROPERTY({column}, 'BaseType') AS nvarchar(128)) \
         WHEN N'date' THEN CONVERT(nvarchar(max), CAST({column} AS date), 121) \
         WHEN N'time' THEN CONVERT(nvarchar(max), CAST({column} AS time(7)), 121) \
         WHEN N'datetime' THEN CONVERT(nvarchar(max), CAST({column} AS datetime), 121) \
         WHEN N'smalldatetime' THEN CONVERT(nvarchar(max), CAST({column} AS smalldatetime), 121) \
         WHEN N'datetime2' THEN CONVERT(nvarchar(max), CAST({column} AS datetime2(7)), 121) \
         WHEN N'datetimeoffset' THEN CONVERT(nvarchar(max), CAST({column} AS datetimeoffset(7)), 121) \
         WHEN N'money' THEN CONVERT(nvarchar(max), CAST({column} AS money), 2) \
         WHEN N'smallmoney' THEN CONVERT(nvarchar(max), CAST({column} AS smallmoney), 2) \
         WHEN N'float' THEN CONVERT(nvarchar(max), CAST({column} AS float), 3) \
         WHEN N'real' THEN CONVERT(nvarchar(max), CAST({column} AS real), 3) \
         WHEN N'binary' THEN CONVERT(nvarchar(max), CAST({column} AS varbinary(8000)), 1) \
         WHEN N'varbinary' THEN CONVERT(nvarchar(max), CAST({column} AS varbinary(8000)), 1) \
         ELSE CAST({column} AS nvarchar(max)) END"
    )
}

/// The value's text as `nvarchar(max)`: what is hashed of it, and what a log may have written.
pub(super) fn spoken(column: &str, native: &SqlServerType) -> String {
    let styled = |style: u8| format!("CONVERT(nvarchar(max), {column}, {style})");
    match native.family() {
        Family::Date | Family::Time | Family::DateTime | Family::DateTimeOffset => styled(121),
        Family::Money => styled(2),
        Family::Float => styled(3),
        Family::Binary | Family::RowVersion => styled(1),
        Family::Image => format!("CONVERT(nvarchar(max), CAST({column} AS varbinary(max)), 1)"),
        Family::Variant => variant(column),
        Family::Hierarchy | Family::Other => format!("CAST({column}.ToString() AS nvarchar(max))"),
        Family::Spatial => format!("CAST({column}.AsTextZM() AS nvarchar(max))"),
        Family::Bit
        | Family::Integer
        | Family::Decimal
        | Family::Text
        | Family::Unicode
        | Family::Document
        | Family::Json
        | Family::Vector
        | Family::Guid => format!("CAST({column} AS nvarchar(max))"),
    }
}
