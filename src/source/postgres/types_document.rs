//! The part of docs/TYPES.md about PostgreSQL, printed from the table that rows are encoded by.

use super::caveats::{MADE_ARRAY, array_caveat, caveat};
use super::column_types::KNOWN;
use crate::encode::{ArrayCodec, ArrayForm, Document, Scalar, Width};
use crate::model::TargetType;

const HEAD: &str = "\
# Types

*Printed from [`src/source/postgres/column_types.rs`](../src/source/postgres/column_types.rs); `make golden T=types_document` prints it again, and a test fails where it
differs.* `plimsoll check` shows the same for each column of the configured tables.

A value either arrives as it is, or its column's policy says what becomes of it. Nothing is rounded or cut, and nothing is replaced without being counted.

| PostgreSQL | BigQuery | how | what it cannot hold |
| --- | --- | --- | --- |
";

const REST: &str = "
A domain is what its base type is; so are the columns of partitioned, inherited and foreign tables, of views, and generated columns.
*Every other type* is the server's own text, read with `datestyle = ISO`, `intervalstyle = postgres`, `timezone = UTC`, `bytea_output = hex` and
`extra_float_digits = 1`:

- character types (`text`, `varchar`, `char(n)` with its blanks, `name`, `\"char\"`, `citext`), enums, `uuid`, `xml`, `ltree`;
- `money` (with the symbol and the digits of the server's `lc_monetary`), `interval`, `time with time zone`, `bit`, `bit varying`;
- `inet`, `cidr`, `macaddr`, `macaddr8`, `pg_lsn`, `xid`, `xid8`, `cid`, `tid`, `oidvector`, `int2vector`, `reg…` types (with the names that the role's
  `search_path` asks for);
- ranges and multiranges, `point` and the other geometric types, `cube`, PostGIS's `geometry` (hexadecimal EWKB, which `ST_GEOGFROM` reads);
- `tsvector`, `tsquery`, `jsonpath`, and any type of an extension that is not named here.

## Another type for a column

```toml
[[table]]
source = \"public.orders\"
columns.amount.type = \"NUMERIC\"
```

| forced to | from | what it cannot hold |
| --- | --- | --- |
";

const TAIL: &str = "
Any other choice is refused by `check`. A column's own type may be named as well.

## Arrays

`arrays = \"json\"`, the default, makes a JSON column: dimensions, NULL elements and NULL arrays stay apart. Elements that are numbers, booleans or
documents are those of JSON; all others are their text. `NaN` and `Infinity` are strings. `arrays = \"repeated\"` makes a REPEATED column of the element's type, which
BigQuery reads without a function; it knows no NULL elements and one dimension only, and takes a NULL array for an empty one. An array of numbers
or documents can't hold what JSON or the element's type can't either. Arrays of composites and of `hstore` are JSON either way.

Inside a composite the server's `to_json` decides: bounds of an inner array are dropped, and a JSON null is a NULL.

## Numbers in JSON

A number is kept if BigQuery's parser takes it in its exact mode: an integer of 64 bits, or a double that its library prints as the same decimal value.
That library does not always print the shortest text, so a few numbers that a double would hold are quarantined, such as `1e23`, which it prints as
`9.999999999999999e22`. An element of an array of doubles is written in a text that is taken.

## `on_unrepresentable`

| policy | the column | the row | counted |
| --- | --- | --- | --- |
| `quarantine` (default) | NULL | goes to the batch's quarantine file as well | `quarantined`, `nulled` |
| `null` | NULL | | `nulled` |
| `fail` | | the run fails before the seal, and names the column | |

A NULL or a value that can't be held *in the key* leaves the row out, with a line in the quarantine file, under every policy but `fail`: there is no row to
put it in. It is counted in `quarantined` and `left_out`; a delete of such a key is nothing to do. Of a row of more than 100 MB of JSON the largest columns are
what can't be held, as few as will do. A line of
`quarantine-*.ndjson.gz` is

```json
{\"column\":\"at\",\"reason\":\"infinity\",\"value\":\"infinity\",\"row\":{\"id\":\"7\",\"at\":\"infinity\",\"note\":null}}
```

with the source's column names and each value as it was read: the server's own text, or its `to_json`. Neither logs nor reports hold a value; `status` and the
report count them.

## Columns that do not leave the source

`exclude = [\"card_number\"]` leaves a column out. `hash = [\"email\"]` publishes `sha256(salt || value)` in hexadecimal as a STRING, computed by the source: equal
values stay equal, NULL stays NULL, and the value never crosses the wire. It needs `[source] hash_salt = \"${HASH_SALT}\"`, of 16 characters or more. The
salt is sent in a SET of each transaction, so a source with `log_statement = all` logs it. Another salt makes the table be read whole. A key,
a cursor and a `log_key` can't be hashed, for rows are found by them.
";

const NUMERICS: [(&str, TargetType, Scalar); 3] = [
    (
        "numeric(p,s) with at most 29 digits before the point and 9 behind it",
        TargetType::Numeric,
        Scalar::Decimal(Width::Typed),
    ),
    ("numeric(p,s) with at most 38 on either side", TargetType::BigNumeric, Scalar::Decimal(Width::Typed)),
    ("numeric without a precision", TargetType::BigNumeric, Scalar::Decimal(Width::BigNumeric)),
];

/// What stands there of PostgreSQL.
pub fn types_document() -> String {
    let mut text = HEAD.to_owned();
    let mut row = |cells: [&str; 4]| text.push_str(&format!("| {} |\n", cells.join(" | ")));
    for known in KNOWN {
        row([known.names, known.target.sql_name(), known.note, caveat(known.scalar)]);
    }
    for (names, target, scalar) in NUMERICS {
        row([names, target.sql_name(), "the decimal text, as a string", caveat(scalar)]);
    }
    row(["numeric(p,s) beyond that", "STRING", "the server's own text", ""]);
    row(["composite types, hstore", "JSON", "the server's `to_json`", caveat(Scalar::Json(Document::Made))]);
    let array = |form| array_caveat(ArrayCodec { of: Scalar::Text, form, delimiter: b',' });
    row(["arrays", "JSON", "see below", &array(ArrayForm::Json)]);
    row(["arrays, with `arrays = \"repeated\"`", "REPEATED", "see below", &array(ArrayForm::Repeated)]);
    row(["arrays of composites", "JSON", "the server's `to_json`", MADE_ARRAY]);
    row(["every other type", "STRING", "the server's own text", ""]);
    text.push_str(REST);
    for (target, from, scalar) in [
        ("STRING", "every type", Scalar::Text),
        ("NUMERIC", "numeric, integers", Scalar::Decimal(Width::Numeric)),
        ("BIGNUMERIC", "numeric, integers", Scalar::Decimal(Width::BigNumeric)),
        ("TIMESTAMP", "timestamp without time zone, which is then UTC", Scalar::TimestampUtc),
        ("JSON", "text and other types that are text", Scalar::Json(Document::Claimed)),
    ] {
        text.push_str(&format!("| {target} | {from} | {} |\n", caveat(scalar)));
    }
    text.push_str(TAIL);
    text
}
