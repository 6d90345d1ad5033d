//! The table of the benchmarks: the same columns and rows as PostgreSQL's, in the types of SQL Server. Its rows are made when they are read.

use crate::model::{ColumnDef, IndexDef, IndexKind, Model, TableDef, day};
use crate::typed::{ColumnType as T, DAY_TICKS, Guid, Length, Value};

/// Its name.
pub const TABLE: &str = "dbo.bench";
const SECOND: u64 = 10_000_000;

/// Puts the table in, with so many rows.
pub fn create(model: &Model, rows: u64) {
    let columns = vec![
        ColumnDef::new("id", T::BigInt).not_null(),
        ColumnDef::new("account", T::Int).not_null(),
        ColumnDef::new("active", T::Bit).not_null(),
        ColumnDef::new("score", T::Float),
        ColumnDef::new("amount", T::Decimal { precision: 12, scale: 2 }),
        ColumnDef::new("rate", T::Decimal { precision: 18, scale: 6 }),
        ColumnDef::new("title", T::Varchar(Length::Of(80))),
        ColumnDef::new("body", T::NVarchar(Length::Max)),
        ColumnDef::new("token", T::Guid),
        ColumnDef::new("payload", T::Varbinary(Length::Of(16))),
        ColumnDef::new("day", T::Date),
        ColumnDef::new("at_time", T::Time { scale: 0 }),
        ColumnDef::new("local", T::DateTime2 { scale: 6 }),
        ColumnDef::new("created_at", T::DateTimeOffset { scale: 6 }).not_null(),
        ColumnDef::new("updated_at", T::DateTimeOffset { scale: 6 }).not_null(),
        ColumnDef::new("doc", T::NVarchar(Length::Max)),
    ];
    let table = TableDef::new("dbo", "bench", columns)
        .primary_key(&["id"])
        .index(IndexDef::new(IndexKind::Plain, &["updated_at"]));
    let (start, later) = (day(2020, 1, 1), day(2024, 1, 1));
    model.create_made_table(table, rows, move |number, row| {
        let n = number + 1;
        let hash = mix(n);
        let hex = format!("{hash:032x}").repeat(5);
        let at = |day: u32, seconds: u64| (day + (seconds / 86_400) as u32, seconds % 86_400 * SECOND);
        let (local_day, local) = at(start, n);
        let (updated_day, updated) = at(later, n);
        row.extend([
            Value::Int(n as i64),
            Value::Int((n % 5000) as i64),
            (n % 3 == 0).into(),
            Value::Float(n as f64 / 7.0),
            Value::Decimal(n.into()),
            Value::Decimal(i128::from(n) * 1_000_001),
            format!("title of row {n}").into(),
            format!("{hex} \"quoted\" \t and a tab").into(),
            Value::Guid(Guid::from_u128(hash)),
            Value::bytes(&hash.to_be_bytes()),
            Value::Date(start + (n % 1500) as u32),
            Value::Time(n % 86_400 * SECOND % DAY_TICKS),
            Value::DateTime2(local_day, local),
            Value::DateTimeOffset(local_day, local, 0),
            Value::DateTimeOffset(updated_day, updated, 60),
            format!("{{\"n\": {n}, \"kind\": \"order\", \"tags\": [\"a\", \"b\"], \"total\": {}}}", n as f64 / 4.0)
                .into(),
        ]);
    });
}

fn mix(n: u64) -> u128 {
    let once = |x: u64| {
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
    };
    (u128::from(once(n)) << 64) | u128::from(once(!n))
}
