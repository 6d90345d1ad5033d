//! The part of docs/TYPES.md about SQL Server, printed from the table that rows are read and encoded by.

use super::column_types::{KNOWN, caveat};
use super::native_type::SqlServerType;
use crate::model::TargetType;

const HEAD: &str = "
# SQL Server

*Printed from [`src/source/sqlserver/column_types.rs`](../src/source/sqlserver/column_types.rs), as above.*

| SQL Server | BigQuery | how | what it cannot hold |
| --- | --- | --- | --- |
";

const REST: &str = "
A type that is made of another one (`CREATE TYPE … FROM`) is what that one is; computed and sparse columns are as their type. *Text* is

- `char`, `nchar` with their blanks, `varchar`, `nvarchar`, `text`, `ntext`: the server converts every code page, and UTF-8; they come as UTF-16, so that half a
  surrogate pair is noticed, and not replaced;
- `uniqueidentifier`, 36 characters in upper case, as the server prints it;
- `xml`, as the server serialises it: declaration, insignificant blanks and entities may differ from what was stored;
- `sql_variant`, by its base type: dates and times in full, `money` with four digits, `float` with 17, binary ones as `0x…`;
- `hierarchyid` (`/1/2/`), `geometry` and `geography` (WKT, with Z and M; the SRID is lost), and types of an assembly by `.ToString()`;
- the set of sparse columns, as XML.

The seventh digit of a second (100 ns) is cut off, never rounded: BigQuery keeps six, `datetime2` has seven where nobody says otherwise, and the server's clock fills
them, so quarantine would empty whole columns. `type = \"STRING\"` keeps it. A cursor keeps all seven. The report
counts such values in `truncated`.

| forced to | from | what it cannot hold |
| --- | --- | --- |
| STRING | every type; of a `datetimeoffset` the moment with its own offset | |
| NUMERIC | decimal, money, integers | more than 29 digits before the point and more than 9 behind it |
| BIGNUMERIC | decimal, money, integers | |
| TIMESTAMP | smalldatetime, datetime, datetime2, which are then UTC | |
| JSON | char, varchar, nchar, nvarchar, text, ntext, xml | what is no JSON, and what a json column cannot hold either |

A value of a type without a limit that has more than 100 MB does not cross the wire; its policy says what becomes of it. A column that is masked for the login, or
encrypted by its clients (Always Encrypted), is refused: leave it out with `exclude`. `hash` publishes the hexadecimal SHA-256 of the salt and the value's text, both
in UTF-16: another value than PostgreSQL's.
";

/// What stands there of SQL Server.
pub fn types_document() -> String {
    let mut text = HEAD.to_owned();
    let mut row = |cells: [&str; 4]| text.push_str(&format!("| {} |\n", cells.join(" | ")));
    for known in KNOWN {
        let name = known.names.split([',', '(', ' ']).next().unwrap_or_default().to_owned();
        let native = SqlServerType { name, scale: 7, ..SqlServerType::default() };
        row([known.names, known.target.sql_name(), known.note, &caveat(&native, known.target)]);
    }
    for (names, precision, scale, target) in [
        (
            "decimal(p,s), numeric(p,s) with at most 29 digits before the point and 9 behind it",
            38,
            9,
            TargetType::Numeric,
        ),
        ("decimal(p,s), numeric(p,s) beyond that", 38, 0, TargetType::BigNumeric),
    ] {
        let native = SqlServerType { name: "decimal".to_owned(), precision, scale, ..SqlServerType::default() };
        row([
            names,
            target.sql_name(),
            "the decimal text with the digits of the scale, as a string",
            &caveat(&native, target),
        ]);
    }
    let texts = SqlServerType { name: "nvarchar".to_owned(), max_length: 2, ..SqlServerType::default() };
    row(["every other type", "STRING", "its text, see below", &caveat(&texts, TargetType::String)]);
    text.push_str(REST);
    text
}
