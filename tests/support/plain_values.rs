//! Random values of every type: each as PostgreSQL reads it, as Google's engine does, and as what it is.

use fastrand::Rng;
use plimsoll::canonical::{Document, PlainValue};
use serde_json::{Value, json};

/// A column of a test's table.
pub struct ValueColumn {
    pub name: &'static str,
    pub pg_type: &'static str,
    /// Makes a value of the type of the text `x`.
    pub from_text: &'static str,
    /// The type it is forced to, if any.
    pub forced: Option<&'static str>,
    pub make: fn(&mut Rng) -> Cell,
}

/// A value.
pub struct Cell {
    /// What PostgreSQL is given for it.
    pub source: Option<String>,
    /// What Google's engine is given for it: null where BigQuery can't hold it.
    pub target: Value,
    pub plain: PlainValue<'static>,
}

impl Cell {
    fn new(source: String, target: impl Into<Value>, plain: PlainValue<'static>) -> Self {
        Self { source: Some(source), target: target.into(), plain }
    }

    /// The same text for both.
    fn of(text: String, plain: PlainValue<'static>) -> Self {
        Self::new(text.clone(), text, plain)
    }

    fn refused(source: &str, plain: PlainValue<'static>) -> Self {
        Self::new(source.to_owned(), Value::Null, plain)
    }

    pub fn int(value: i64) -> Self {
        Self::of(value.to_string(), PlainValue::Int(value))
    }

    /// A `real`, as PostgreSQL prints it: the loader reads that text.
    pub fn printed_single(text: &str) -> Self {
        let value = text.parse::<f64>().unwrap();
        Self::new(text.to_owned(), format!("{:016x}", value.to_bits()), PlainValue::Double(value))
    }

    pub fn null() -> Self {
        Self { source: None, target: Value::Null, plain: PlainValue::Null }
    }
}

const fn column(
    name: &'static str,
    pg_type: &'static str,
    from_text: &'static str,
    forced: Option<&'static str>,
    make: fn(&mut Rng) -> Cell,
) -> ValueColumn {
    ValueColumn { name, pg_type, from_text, forced, make }
}

const PLAIN: &str = "x";
const DAYS: &str = "CASE WHEN x ~ 'inf' THEN x::date ELSE date '1970-01-01' + x::int END";
// In two parts, for an interval is multiplied by a double.
const MICROS: &str = "CASE WHEN x ~ 'inf' THEN x::timestamp ELSE timestamp '1970-01-01' + (x::int8 / 86400000000) * interval '1 day' \
    + (x::int8 % 86400000000) * interval '1 microsecond' END";
const MICROS_UTC: &str = "CASE WHEN x ~ 'inf' THEN x::timestamptz ELSE (timestamp '1970-01-01' + (x::int8 / 86400000000) * interval '1 day' \
    + (x::int8 % 86400000000) * interval '1 microsecond') AT TIME ZONE 'UTC' END";
const TIME: &str =
    "CASE WHEN x = '86400000000' THEN time '24:00' ELSE time '00:00' + x::int8 * interval '1 microsecond' END";

/// A column of every type that BigQuery has a counterpart of.
pub const COLUMNS: &[ValueColumn] = &[
    column("b", "boolean", PLAIN, None, |rng| {
        let value = rng.bool();
        Cell::of(if value { "t" } else { "f" }.to_owned(), PlainValue::Bool(value))
    }),
    column("i2", "smallint", PLAIN, None, |rng| Cell::int(i64::from(rng.i16(..)))),
    column("i8", "bigint", PLAIN, None, |rng| Cell::int(any_int(rng))),
    column("o", "oid", PLAIN, None, |rng| Cell::int(i64::from(rng.u32(..)))),
    column("f8", "double precision", PLAIN, None, double),
    column("f4", "real", PLAIN, None, single),
    column("n", "numeric", PLAIN, None, |rng| decimal(rng, 41, 41, fits_bignumeric)),
    column("n2", "numeric(12, 4)", PLAIN, None, |rng| decimal(rng, 8, 4, |_, _| true)),
    column("n76", "numeric(76, 38)", PLAIN, None, |rng| decimal(rng, 38, 38, |_, _| true)),
    column("nf", "numeric", PLAIN, Some("NUMERIC"), |rng| decimal(rng, 31, 11, |w, f| w <= 29 && f <= 9)),
    column("nb", "integer", PLAIN, Some("BIGNUMERIC"), |rng| {
        let text = rng.i32(..).to_string();
        Cell::of(text.clone(), PlainValue::Decimal(leak(text)))
    }),
    column("t", "text", PLAIN, None, text),
    column("by", "bytea", "decode(x, 'hex')", None, bytes),
    column("u", "uuid", PLAIN, None, |rng| {
        let text: String = format!("{:032x}", rng.u128(..));
        let (a, b, c, d, e) = (&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]);
        let text = format!("{a}-{b}-{c}-{d}-{e}");
        Cell::of(text.clone(), PlainValue::Text(leak(text)))
    }),
    column("d", "date", DAYS, None, |rng| {
        let some = [rng.i64(-719_163..=2_932_897), rng.i64(-2_400_000..100_000_000), rng.i64(-9..9)];
        let days = *rng.choice(&some).unwrap();
        let held = (-719_162..=2_932_896).contains(&days);
        number(days, held, "infinity", rng, PlainValue::Date)
    }),
    column("tm", "time", TIME, None, |rng| {
        let some = [rng_time(rng), 0, 86_399_999_999, 43_200_500_000, 86_400_000_000];
        let micros = *rng.choice(&some).unwrap();
        Cell::new(micros.to_string(), held_text(micros, micros < 86_400_000_000), PlainValue::Time(micros))
    }),
    column("ts", "timestamp", MICROS, None, |rng| moment(rng, PlainValue::DateTime)),
    column("tz", "timestamptz", MICROS_UTC, None, |rng| moment(rng, PlainValue::Timestamp)),
    column("tu", "timestamp", MICROS, Some("TIMESTAMP"), |rng| moment(rng, PlainValue::Timestamp)),
    column("jb", "jsonb", PLAIN, None, document),
    column("j", "json", PLAIN, None, document),
];

/// Columns of arrays, for a table whose arrays are REPEATED.
pub const REPEATED: &[ValueColumn] = &[
    column("ri", "bigint[]", PLAIN, None, |rng| array(rng, |rng| Cell::int(any_int(rng)))),
    column("rt", "text[]", PLAIN, None, |rng| array(rng, text)),
    column("rf", "double precision[]", PLAIN, None, |rng| array(rng, double)),
    column("rn", "numeric[]", PLAIN, None, |rng| array(rng, |rng| decimal(rng, 39, 39, fits_bignumeric))),
    column("rj", "jsonb[]", PLAIN, None, |rng| array(rng, document)),
];

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn held_text(number: i64, is_held: bool) -> Value {
    if is_held { json!(number.to_string()) } else { Value::Null }
}

fn any_int(rng: &mut Rng) -> i64 {
    let bits = rng.u32(0..64);
    let some = [0, -1, i64::MAX, i64::MIN, rng.i64(..) >> bits];
    *rng.choice(&some).unwrap()
}

/// Any bits.
pub fn double(rng: &mut Rng) -> Cell {
    let special = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, f64::MAX, 0.1, 1e22, 1e23];
    let value = match rng.u8(0..40) {
        0 => *rng.choice(&special).unwrap(),
        1..4 => f64::from(rng.i32(..)) / 8.0,
        // Those that are not normal are closer to each other.
        4..8 => f64::from_bits(rng.u64(..) >> 12),
        _ => f64::from_bits(rng.u64(..)),
    };
    Cell::new(printed(value, format!("{value:e}")), format!("{:016x}", value.to_bits()), PlainValue::Double(value))
}

/// Any bits; the target holds the double that the shortest text reads as.
pub fn single(rng: &mut Rng) -> Cell {
    let special = [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-45, f32::MAX, 0.1];
    let value = if rng.u8(0..40) == 0 { *rng.choice(&special).unwrap() } else { f32::from_bits(rng.u32(..)) };
    let text = format!("{value:e}");
    let wide = text.parse::<f64>().unwrap();
    Cell::new(printed(f64::from(value), text), format!("{:016x}", wide.to_bits()), PlainValue::Single(value))
}

fn printed(value: f64, text: String) -> String {
    if value.is_infinite() { text.replace("inf", "Infinity") } else { text }
}

fn fits_bignumeric(whole: usize, fraction: usize) -> bool {
    // A whole part of 39 digits may fit or not; none of those is made.
    whole <= 38 && fraction <= 38
}

fn decimal(rng: &mut Rng, whole: usize, fraction: usize, fits: fn(usize, usize) -> bool) -> Cell {
    let digits = |most: usize, rng: &mut Rng| (0..rng.usize(0..=most)).map(|_| rng.char('0'..='9')).collect::<String>();
    if whole > 38 && rng.u8(0..20) == 0 {
        return Cell::refused("NaN", PlainValue::Decimal("NaN"));
    }
    let (w, f) = (digits(whole, rng), digits(fraction, rng));
    let (w, f) = (w.trim_start_matches('0'), f.as_str());
    let w = if w.len() == 39 { &w[..38] } else { w };
    let sign = if rng.bool() { "-" } else { "" };
    let zeros = "0".repeat(rng.usize(0..=(fraction - f.len())));
    let text = format!("{sign}{}.{f}{zeros}", if w.is_empty() { "0" } else { w });
    let text = text.strip_suffix('.').map_or(text.clone(), str::to_owned);
    let target = if fits(w.len(), f.trim_end_matches('0').len()) { json!(text) } else { Value::Null };
    Cell::new(text.clone(), target, PlainValue::Decimal(leak(text)))
}

fn any_text(rng: &mut Rng) -> String {
    let parts = [
        "", "a", ":", ";", "1:2", "0:", " ", "\t", "\n", "\\", "\"", "'", "ü", "🦀", "N", "NULL", "{,}", "\u{1}",
        "\u{7f}", "é", "e\u{301}",
    ];
    (0..rng.usize(0..6)).map(|_| *rng.choice(&parts).unwrap()).collect()
}

fn text(rng: &mut Rng) -> Cell {
    let text = any_text(rng);
    Cell::of(text.clone(), PlainValue::Text(leak(text)))
}

fn bytes(rng: &mut Rng) -> Cell {
    let bytes: Vec<u8> = (0..rng.usize(0..40)).map(|_| rng.u8(..)).collect();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    Cell::of(hex, PlainValue::Bytes(Box::leak(bytes.into_boxed_slice())))
}

fn rng_time(rng: &mut Rng) -> i64 {
    rng.i64(0..86_400_000_000)
}

fn number(value: i64, held: bool, infinity: &str, rng: &mut Rng, plain: fn(i64) -> PlainValue<'static>) -> Cell {
    if rng.u8(0..50) == 0 {
        let sign = if rng.bool() { "-" } else { "" };
        return Cell::refused(&format!("{sign}{infinity}"), plain(i64::MAX));
    }
    Cell::new(value.to_string(), held_text(value, held), plain(value))
}

fn moment(rng: &mut Rng, plain: fn(i64) -> PlainValue<'static>) -> Cell {
    let (first, last) = (-62_135_596_800_000_000, 253_402_300_799_999_999);
    let micros = match rng.u8(0..8) {
        0 => first + rng.i64(-2..=2),
        1 => last + rng.i64(-2..=2),
        2 => rng.i64(-9_000_000..9_000_000),
        // All that PostgreSQL has, before and after.
        3 => rng.i64(-200_000_000_000_000_000..9_000_000_000_000_000_000),
        4 => rng.i64(first / 1_000_000..last / 1_000_000) * 1_000_000,
        _ => rng.i64(first..=last),
    };
    number(micros, (first..=last).contains(&micros), "infinity", rng, plain)
}

fn document(rng: &mut Rng) -> Cell {
    let keys = [
        "", "a", "b", "aa", "a.b", "ä", "\"", "\\", "\t", "a b", "[0]", "Z", "🦀", "$", "1:2", ";", "null", "NuLL",
        "{", "a,b", "\u{b}", "x}",
    ];
    let value = match rng.u8(0..8) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i32(..)),
        3 => json!(any_text(rng)),
        4 => json!((0..rng.usize(0..4)).map(|n| json!([n])).collect::<Vec<_>>()),
        _ => (0..rng.usize(0..5))
            .map(|n| ((*rng.choice(&keys).unwrap()).to_owned(), json!(n)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    };
    let text = value.to_string();
    let target = if value.is_null() { Value::Null } else { json!(text) };
    Cell::new(text, target, PlainValue::Document(Document::of(Box::leak(Box::new(value)))))
}

/// An array as PostgreSQL's text form has it. One that holds a NULL or what BigQuery can't hold has no elements there.
fn array(rng: &mut Rng, make: fn(&mut Rng) -> Cell) -> Cell {
    let cells: Vec<Cell> =
        (0..rng.usize(0..4)).map(|_| if rng.u8(0..12) == 0 { Cell::null() } else { make(rng) }).collect();
    let quote = |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let texts: Vec<String> = cells.iter().map(|c| c.source.as_ref().map_or("NULL".to_owned(), quote)).collect();
    let held = cells.iter().all(|c| !c.target.is_null());
    let elements: Vec<Value> = if held { cells.iter().map(|c| c.target.clone()).collect() } else { Vec::new() };
    Cell::new(
        format!("{{{}}}", texts.join(",")),
        elements,
        PlainValue::Array(cells.into_iter().map(|c| c.plain).collect()),
    )
}
