//! The encoder by type: `cargo bench --bench encode`. One row of ten columns of a type each time, as COPY sends it.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plimsoll::encode::{ColumnSchema, ColumnWish, RowEncoder, RowKind, Shape, ShapeColumn};
use plimsoll::model::{Arrays, ColumnMode, OnUnrepresentable};
use plimsoll::source::SourceColumn;
use plimsoll::source::postgres::{CopyText, Element, PostgresType};

/// Types by name, oid, the oid of an array's elements, and a field.
const FIELDS: &[(&str, u32, Option<u32>, &str)] = &[
    ("boolean", 16, None, "t"),
    ("bigint", 20, None, "1234567890"),
    ("double precision", 701, None, "0.14285714285714285"),
    ("numeric", 1700, None, "12345.67"),
    ("text, short", 25, None, "title of row 1234567"),
    (
        "text, long",
        25,
        None,
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef \"quoted\" \\t and a tab",
    ),
    ("uuid", 2950, None, "00112233-4455-6677-8899-aabbccddeeff"),
    ("bytea", 17, None, "\\\\x00112233445566778899aabbccddeeff"),
    ("date", 1082, None, "2024-02-29"),
    ("timestamptz", 1184, None, "2024-02-29 12:34:56.789012+00"),
    ("jsonb", 3802, None, "{\"n\": 1, \"kind\": \"order\", \"tags\": [\"a\", \"b\"], \"total\": 0.25}"),
    ("json", 114, None, "{\"n\": 1, \"kind\": \"order\", \"tags\": [\"a\", \"b\"], \"total\": 0.25}"),
    ("bigint[]", 1016, Some(20), "{1,2,3,NULL,5}"),
    ("text[]", 1009, Some(25), "{one,\"two words\",NULL,\"a \\\\\"quote\\\\\"\"}"),
];

const COLUMNS: usize = 10;

fn shape(oid: u32, element: Option<u32>) -> Shape {
    let columns = (0..COLUMNS).filter_map(|n| {
        let element = element.map(|base_oid| Element { base_oid, typmod: -1, delimiter: ',', ..Element::default() });
        let native = PostgresType { base_oid: oid, element, ..PostgresType::default() };
        let column = SourceColumn::of_postgres(&format!("column_{n}"), native);
        let mapping = column.map(ColumnWish { forced: None, arrays: Arrays::Json })?;
        Some(ShapeColumn::new(&column, mapping, column.name.clone(), ColumnMode::Nullable))
    });
    Shape { columns: columns.collect(), key_len: 0 }
}

fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for (name, oid, element, field) in FIELDS {
        let row = format!("{}\n", [*field; COLUMNS].join("\t"));
        let shape = shape(*oid, *element);
        let (kind, policy) = (RowKind::Replacement, OnUnrepresentable::Quarantine);
        let mut encoder = RowEncoder::new(CopyText::default(), &shape, kind, policy);
        let (mut out, mut quarantine) = (Vec::new(), Vec::new());
        group.throughput(Throughput::Elements(COLUMNS as u64));
        group.bench_function(*name, |b| {
            b.iter(|| {
                out.clear();
                let encoded = encoder.encode(black_box(row.as_bytes()), &mut out, &mut quarantine);
                black_box(encoded.is_ok() && quarantine.is_empty())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
