//! What a statement selects for a column, and what comes back for it.

use sha2::{Digest as _, Sha256};

use super::comment::{Comment, decode};
use super::text::spoken;
use crate::error::ServerError;
use crate::model::TableDef;
use crate::typed::{CodePage, ColumnType as T, Length, Value, data_length};
use crate::wire::column::ResultColumn;

/// Longer values of a type without a limit come as NULL, where the plan says nothing else.
const LONGEST: i64 = 100_000_000;

/// The form in which a field is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Text,
    Bytes,
    Decimal,
    Variant,
    Spoken,
    Shape,
    Offset,
    Hash,
    Flag,
    Count,
    Long,
    Number,
}

/// What a statement knows of a row beside its values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// What a flag among the fields says.
    pub(crate) flag: Option<bool>,
    /// The number of a key that was handed over.
    pub(crate) number: Option<usize>,
}

impl Form {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "plain" => Self::Plain,
            "text" => Self::Text,
            "bytes" => Self::Bytes,
            "decimal" => Self::Decimal,
            "variant" => Self::Variant,
            "spoken" => Self::Spoken,
            "shape" => Self::Shape,
            "offset" => Self::Offset,
            "hash" => Self::Hash,
            "flag" => Self::Flag,
            "count" => Self::Count,
            "long" => Self::Long,
            "number" => Self::Number,
            _ => return None,
        })
    }
}

/// A field of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The column's place; none for what the statement computes.
    pub(crate) at: Option<usize>,
    pub(crate) form: Form,
}

/// The fields of an answer over the rows of one table.
#[derive(Clone)]
pub(crate) struct Fields {
    pub(crate) fields: Vec<Field>,
    salt: Option<String>,
    longest: i64,
}

/// The plan says what its statement can't be.
pub(crate) fn bad_plan(what: impl Into<String>) -> ServerError {
    ServerError::new(40_512, format!("the stand-in can't make sense of a plan: {}", what.into()))
}

impl Fields {
    /// As `columns=` of a plan has them.
    pub(crate) fn of(comment: &Comment, definition: &TableDef, salt: Option<&str>) -> Result<Self, ServerError> {
        let items = comment.encoded_list("columns").ok_or_else(|| bad_plan("no columns="))?;
        let mut fields = Vec::with_capacity(items.len());
        for item in items {
            // An item may have been encoded whole.
            let item = if item.contains(':') { item.to_owned() } else { decode(item) };
            let (name, form) = item.rsplit_once(':').ok_or_else(|| bad_plan("a column without a form"))?;
            let form = Form::named(form).ok_or_else(|| bad_plan(format!("the form {form}")))?;
            let at = match (form, decode(name)) {
                (Form::Flag | Form::Count | Form::Long | Form::Number, _) => None,
                (_, name) => Some(
                    definition
                        .place(&name)
                        .ok_or_else(|| ServerError::new(207, format!("Invalid column name '{name}'.")))?,
                ),
            };
            if form == Form::Hash && salt.is_none() {
                return Err(bad_plan("a hashed column without a salt"));
            }
            fields.push(Field { at, form });
        }
        let longest = comment.number("longest").unwrap_or(LONGEST);
        Ok(Self { fields, salt: salt.map(str::to_owned), longest })
    }

    /// The columns of the table that are read.
    pub(crate) fn read(&self) -> impl Iterator<Item = usize> {
        self.fields.iter().filter_map(|field| field.at)
    }

    /// What comes back.
    pub(crate) fn columns(&self, definition: &TableDef) -> Result<Vec<ResultColumn>, ServerError> {
        self.fields.iter().map(|field| column(field, definition)).collect()
    }

    /// Appends the fields of a row.
    pub(crate) fn put(
        &self,
        definition: &TableDef,
        row: &[Value],
        told: Told,
        into: &mut Vec<Value>,
    ) -> Result<(), ServerError> {
        let mut long = String::new();
        for (number, field) in self.fields.iter().enumerate() {
            let value = match (field.form, field.at) {
                (Form::Flag, _) => told.flag.ok_or_else(|| bad_plan("a flag that this plan does not have"))?.into(),
                (Form::Number, _) => {
                    let number = told.number.ok_or_else(|| bad_plan("a number that this plan does not have"))?;
                    Value::Int(number as i64)
                }
                (Form::Long, _) if long.is_empty() => Value::Null,
                (Form::Long, _) => std::mem::take(&mut long).into(),
                (Form::Count, _) | (_, None) => return Err(bad_plan("a count beside other fields")),
                (form, Some(at)) => {
                    let column = &definition.columns[at];
                    let page = column.collation.code_page;
                    let is_long = form != Form::Hash
                        && is_unbounded(&column.column_type)
                        && data_length(&row[at], &column.column_type, page).is_some_and(|bytes| bytes > self.longest);
                    if is_long {
                        long.push_str(&format!("{number},"));
                        Value::Null
                    } else {
                        convert(&row[at], &column.column_type, page, form, self.salt.as_deref())?
                    }
                }
            };
            into.push(value);
        }
        Ok(())
    }
}

fn is_unbounded(column_type: &T) -> bool {
    matches!(
        column_type,
        T::Varchar(Length::Max)
            | T::NVarchar(Length::Max)
            | T::Varbinary(Length::Max)
            | T::Text
            | T::NText
            | T::Image
            | T::Xml
            | T::Udt(_)
    )
}

/// What is selected for a key's column alone.
pub(crate) fn convert(
    value: &Value,
    column_type: &T,
    page: CodePage,
    form: Form,
    salt: Option<&str>,
) -> Result<Value, ServerError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let clash =
        || ServerError::new(529, format!("Explicit conversion from data type {} is not allowed.", column_type.name()));
    Ok(match form {
        Form::Plain => value.clone(),
        Form::Decimal => match value {
            Value::Money(number) => Value::Decimal((*number).into()),
            _ => return Err(clash()),
        },
        Form::Bytes => match value {
            Value::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Value::Clr(both) => Value::bytes(&both.0),
            _ => return Err(clash()),
        },
        Form::Text => match value {
            Value::Text(text) => utf16(text),
            Value::Units(units) => bytes_of(units.iter().copied()),
            Value::CodePage(bytes) => utf16(&page.decode(bytes)),
            _ => return Err(clash()),
        },
        Form::Variant => match value {
            Value::Variant(_) => said(value, column_type)?,
            _ => return Err(clash()),
        },
        Form::Spoken | Form::Shape => match value {
            Value::Clr(_) => said(value, column_type)?,
            _ => return Err(clash()),
        },
        Form::Offset => match value {
            Value::DateTimeOffset(..) => said(value, column_type)?,
            _ => return Err(clash()),
        },
        Form::Hash => {
            let text = spoken(value, column_type).unwrap_or_default();
            let salted = format!("{}{text}", salt.unwrap_or_default());
            let bytes: Vec<u8> = salted.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let hex = Sha256::digest(&bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            utf16(&hex)
        }
        Form::Flag | Form::Count | Form::Long | Form::Number => return Err(bad_plan("a computed field of a column")),
    })
}

fn said(value: &Value, column_type: &T) -> Result<Value, ServerError> {
    spoken(value, column_type).map(|text| utf16(&text)).ok_or_else(|| bad_plan("a NULL that is none"))
}

fn utf16(text: &str) -> Value {
    bytes_of(text.encode_utf16())
}

fn bytes_of(units: impl Iterator<Item = u16>) -> Value {
    let mut bytes = Vec::with_capacity(units.size_hint().0 * 2);
    units.for_each(|unit| bytes.extend_from_slice(&unit.to_le_bytes()));
    Value::Bytes(bytes.into())
}

/// The type that a form gives a column.
fn column(field: &Field, definition: &TableDef) -> Result<ResultColumn, ServerError> {
    let Some(at) = field.at else {
        return Ok(match field.form {
            Form::Flag => ResultColumn::new("", T::Bit),
            Form::Count | Form::Number => ResultColumn::new("", T::BigInt),
            _ => ResultColumn::new("", T::NVarchar(Length::Of(4000))),
        });
    };
    let source = &definition.columns[at];
    let of = |column_type: T| ResultColumn::new(&source.name, column_type).collated(source.collation);
    Ok(match field.form {
        Form::Plain => {
            let column = of(source.column_type.clone());
            let is_fixed = source.nulls == crate::wire::column::Nulls::Never && !is_unbounded(&source.column_type);
            if is_fixed { column.not_null() } else { column }
        }
        Form::Decimal if source.column_type == T::SmallMoney => of(T::Decimal { precision: 10, scale: 4 }),
        Form::Decimal => of(T::Decimal { precision: 19, scale: 4 }),
        Form::Text => of(T::Varbinary(match &source.column_type {
            T::Char(n) | T::Varchar(Length::Of(n)) if *n <= 4000 => Length::Of(n * 2),
            T::NChar(n) | T::NVarchar(Length::Of(n)) => Length::Of(n * 2),
            _ => Length::Max,
        })),
        Form::Offset => of(T::Varbinary(Length::Of(80))),
        Form::Hash => of(T::Varbinary(Length::Of(128))),
        Form::Bytes | Form::Variant | Form::Spoken | Form::Shape => of(T::Varbinary(Length::Max)),
        Form::Flag | Form::Count | Form::Long | Form::Number => return Err(bad_plan("a computed field of a column")),
    })
}
