//! Every number that is staged is one that Google's own engine reads as the same value, and none is refused that it would take.

use std::io::Write;
use std::process::{Command, Stdio};

use fastrand::Rng;
use plimsoll::encode::{ColumnSchema, ColumnWish, RowEncoder, RowKind, Shape, ShapeColumn};
use plimsoll::model::{Arrays, ColumnMode, OnUnrepresentable, TargetType};
use plimsoll::source::SourceColumn;
use plimsoll::source::postgres::{CopyText, Element, PostgresType};

/// What the engine makes of each number.
fn ask_google(kind: &str, numbers: &[String]) -> Vec<String> {
    let venv = std::env::var("PLIMSOLL_VENV").expect("PLIMSOLL_VENV is not set: run the tests with `make test`");
    let oracle = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/number_oracle.py");
    let mut child = Command::new(format!("{venv}/bin/python"))
        .args([oracle, kind])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It reads all of its input before it writes.
    child.stdin.take().unwrap().write_all(numbers.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), numbers.len());
    answers
}

/// Encodes one column's values.
struct Staged(RowEncoder<CopyText>);

impl Staged {
    fn new(native: PostgresType, forced: Option<TargetType>) -> Self {
        let column = SourceColumn::of_postgres("x", native);
        let mapping = column.map(ColumnWish { forced, arrays: Arrays::Json }).unwrap();
        let column = ShapeColumn::new(&column, mapping, "x".to_owned(), ColumnMode::Nullable);
        let shape = Shape { columns: vec![column], key_len: 0 };
        Self(RowEncoder::new(CopyText::default(), &shape, RowKind::Replacement, OnUnrepresentable::Null))
    }

    fn of(base_oid: u32, forced: Option<TargetType>) -> Self {
        Self::new(PostgresType { base_oid, ..PostgresType::default() }, forced)
    }

    /// The JSON value in the line; `None` where it was refused.
    fn value(&mut self, field: &str) -> Option<String> {
        let (mut out, mut refused) = (Vec::new(), Vec::new());
        let before = self.0.tally().nulled;
        self.0.encode(field.as_bytes(), &mut out, &mut refused).unwrap();
        let line = String::from_utf8(out).unwrap();
        let value = line.strip_prefix("{\"x\":")?.strip_suffix("}\n")?.to_owned();
        (self.0.tally().nulled == before).then_some(value)
    }
}

fn digits(rng: &mut Rng, count: usize) -> String {
    let first = rng.u8(b'1'..=b'9') as char;
    std::iter::once(first).chain((1..count).map(|_| rng.u8(b'0'..=b'9') as char)).collect()
}

/// A number as `json`, `jsonb`, `numeric` or a double print one, or somebody has typed it.
fn number(rng: &mut Rng) -> String {
    let sign = if rng.u8(0..4) == 0 { "-" } else { "" };
    let e = *rng.choice(&["e", "E", "e+", "E+"]).unwrap();
    let wide = rng.i32(-345..=325);
    let count = rng.usize(1..=20);
    let plain = match rng.u8(0..12) {
        // Any double, in the shortest text, and in the longest that is printed.
        0 => format!("{:e}", f64::from_bits(rng.u64(..) >> 1)),
        1 => format!("{:.16e}", f64::from_bits(rng.u64(..) >> 1)),
        2 => format!("{:e}", f64::from_bits(rng.u64(..) >> 12)),
        // Powers of two and their neighbours, where doubles lie unevenly.
        3 => format!("{:e}", f64::from_bits((rng.u64(0..2047) << 52).wrapping_add(rng.u64(0..3)).wrapping_sub(1))),
        4 => format!("{}{}{}", digits(rng, count), if wide < 0 { "e" } else { e }, wide),
        5 => format!("{}.{}e{wide}", digits(rng, 1), digits(rng, count)),
        // Prices, measures, padded as numeric pads them.
        6 => format!("{}.{:02}", rng.u32(0..100_000), rng.u8(0..100)),
        7 => format!("{}.{}{}", rng.u64(0..1_000_000_000_000), digits(rng, count), "0".repeat(rng.usize(0..24))),
        8 => format!("0.{}{}", "0".repeat(rng.usize(0..330)), digits(rng, count)),
        // Integers of every length, round ones too.
        9 => digits(rng, count + 4),
        10 => format!("{}{}", digits(rng, count), "0".repeat(rng.usize(0..300))),
        _ => {
            let zero = *rng.choice(&["0", "0.0", "0.000", "0e", "0E+", "0.0e-"]).unwrap();
            let exponent = if zero.contains(['e', 'E']) { digits(rng, count) } else { String::new() };
            format!("{zero}{exponent}")
        }
    };
    if plain.contains("NaN") || plain.contains("inf") { format!("{sign}1e308") } else { format!("{sign}{plain}") }
}

/// Those around which the rule turns.
fn edges() -> Vec<String> {
    let long = |zeros: usize| format!("0.5{}", "0".repeat(zeros));
    let mut edges =
        vec![long(1497), long(1498), format!("1{}", "0".repeat(308)), format!("1{}e-1100", "0".repeat(1100))];
    edges.push(format!("0.{}1e1200", "0".repeat(1199)));
    let literal = "1e23 5e22 1e126 9.999999999999999e22 100000000000000000000000 18446744073709551615 18446744073709551616 \
         9223372036854775807 -9223372036854775808 -9223372036854775809 -0 -0.0 -0e5 0e500 1E400 1e400 1e-400 5e-324 4.9e-324 2.5e-324 \
         2.4e-324 1.7976931348623157e308 1.7976931348623159e308 0e9223372036854774733 0e9223372036854774734 0e99999999999999999999 \
         0e+99999999999999999999 0e-99999999999999999999 2.2250738585072014e-308 2.2250738585072011e-308 9007199254740993 9007199254740993.0";
    edges.extend(literal.split_whitespace().map(str::to_owned));
    edges
}

fn numbers(count: usize, seed: u64) -> Vec<String> {
    let mut rng = Rng::with_seed(seed);
    let mut numbers = edges();
    numbers.extend((0..count).map(|_| number(&mut rng)));
    numbers
}

#[test]
fn a_document_takes_the_numbers_that_google_takes() {
    let numbers = numbers(60_000, 7);
    let answers = ask_google("json", &numbers);
    let mut staged = Staged::of(114, None);
    let mut refused = 0;
    for (number, answer) in numbers.iter().zip(answers) {
        let taken = staged.value(&format!("[{number}]")).is_some();
        assert_eq!(taken, answer == "1", "{number}");
        refused += u32::from(!taken);
    }
    assert!(refused > 1000, "{refused}");
}

/// Doubles in an array have no text of their own to keep, so each gets one that is taken.
#[test]
fn an_array_of_doubles_becomes_numbers_that_google_takes() {
    let mut rng = Rng::with_seed(8);
    let values: Vec<f64> = (0..20_000)
        .map(|_| f64::from_bits(rng.u64(..)))
        .filter(|v| v.is_finite())
        .chain([1e23, -5e22, 5e-324, f64::MAX])
        .collect();
    let element = Element { base_oid: 701, typmod: -1, ..Element::default() };
    let mut staged = Staged::new(PostgresType { element: Some(element), ..PostgresType::default() }, None);
    let texts: Vec<String> = values
        .iter()
        .map(|v| {
            let array = staged.value(&format!("{{{v:e}}}")).unwrap();
            array.trim_start_matches('[').trim_end_matches(']').to_owned()
        })
        .collect();
    for (text, answer) in texts.iter().zip(ask_google("json", &texts)) {
        assert_eq!(answer, "1", "{text}");
    }
    assert_eq!(texts.iter().map(|t| t.parse::<f64>().unwrap()).collect::<Vec<_>>(), values);
}

/// A FLOAT64 column knows no exact mode: each text reads as the nearest double, as it does here.
#[test]
fn a_double_reads_as_the_same_double() {
    let mut rng = Rng::with_seed(9);
    let texts: Vec<String> = (0..20_000)
        .map(|_| f64::from_bits(rng.u64(..)))
        .filter(|v| v.is_finite())
        .chain([1e23, -5e22, 5e-324, f64::MAX, -0.0])
        .map(|v| format!("{v:e}"))
        .collect();
    let mut staged = Staged::of(701, None);
    let values: Vec<String> = texts.iter().map(|t| staged.value(t).unwrap()).collect();
    for ((text, value), answer) in texts.iter().zip(&values).zip(ask_google("float", &values)) {
        let bits = text.parse::<f64>().unwrap().to_bits();
        assert_eq!(answer, format!("{bits:016x}"), "{text} as {value}");
    }
}

/// A decimal that is staged is held to the last digit; one that is refused would be rounded or is too large.
#[test]
fn a_decimal_is_held_or_refused() {
    for (kind, target) in [("numeric", TargetType::Numeric), ("bignumeric", TargetType::BigNumeric)] {
        let mut rng = Rng::with_seed(10);
        let largest = "578960446186580977117854925043439539266.34992332820282019728792003956564819967";
        let mut numbers = vec![largest.to_owned(), format!("{largest}1"), largest.replace("967", "968")];
        numbers.extend((0..20_000).map(|_| {
            let (whole, fraction) = (rng.usize(1..42), rng.usize(1..42));
            let (whole, fraction) = (digits(&mut rng, whole), digits(&mut rng, fraction));
            let sign = if rng.bool() { "-" } else { "" };
            match rng.u8(0..4) {
                0 => format!("{sign}{whole}"),
                1 => format!("{sign}0.{fraction}"),
                2 => format!("{sign}{whole}.{fraction}{}", "0".repeat(rng.usize(0..40))),
                _ => format!("{sign}{}.{}", rng.u32(..), rng.u32(..)),
            }
        }));
        let mut staged = Staged::of(1700, Some(target));
        let mut held = 0;
        for (number, answer) in numbers.iter().zip(ask_google(kind, &numbers)) {
            let exact = match number.split_once('.') {
                Some(_) => number.trim_end_matches('0').trim_end_matches('.'),
                None => number,
            };
            let value = staged.value(number);
            assert_eq!(value.is_some(), answer == exact, "{number}: {answer}");
            if let Some(value) = value {
                let plain = value.trim_matches('"');
                let plain = if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { plain };
                assert_eq!(plain, exact);
                held += 1;
            }
        }
        assert!(held > 2000 && held < numbers.len() - 1000, "{held}");
    }
}
