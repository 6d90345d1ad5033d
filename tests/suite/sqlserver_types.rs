//! Every type of SQL Server, with the values at its edges, on the wire and in the target.

use sqlserver_standin::model::{ColumnDef, Model, TableDef, day};
use sqlserver_standin::typed::{Collation, ColumnType as T, DAY_TICKS, Guid, Length, Value};

use super::sqlserver::{DIGEST, FULL, assert_quiet, model_of};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

const ALL: &str = "dbo.every";

/// A column of each type, with its values in turn.
fn columns() -> Vec<(ColumnDef, Vec<Value>)> {
    let last = DAY_TICKS - 1;
    let words = ["", " ", "a ", "It's", "Zoë", "tab\tand\nbreak", "\\N"];
    let texts = || words.map(Value::from).to_vec();
    let wide = || [texts(), vec!["日本".into(), "😀".into()]].concat();
    let numbers = |values: &[i64]| values.iter().map(|n| Value::Int(*n)).collect::<Vec<_>>();
    let most = 10_i128.pow(38) - 1;
    let described: Vec<(&str, T, Vec<Value>)> = vec![
        ("bit", T::Bit, vec![true.into(), false.into()]),
        ("tinyint", T::TinyInt, numbers(&[0, 255])),
        ("smallint", T::SmallInt, numbers(&[i16::MIN.into(), i16::MAX.into()])),
        ("int", T::Int, numbers(&[i32::MIN.into(), -1, i32::MAX.into()])),
        ("bigint", T::BigInt, numbers(&[i64::MIN, 0, i64::MAX])),
        ("real", T::Real, [0.1, -3.4e38, 1.5e-30].map(Value::Real).to_vec()),
        ("float", T::Float, [0.1, -1.7e308, 5e-300, 1e15, 123_456_789.123_456_79].map(Value::Float).to_vec()),
        ("decimal9", T::Decimal { precision: 9, scale: 2 }, [-1, 999_999_999].map(Value::Decimal).to_vec()),
        ("decimal38", T::Decimal { precision: 38, scale: 9 }, [most, -most, 0, 1].map(Value::Decimal).to_vec()),
        (
            "decimal20",
            T::Decimal { precision: 20, scale: 10 },
            [1, -12_345_678_901_234_567_890].map(Value::Decimal).to_vec(),
        ),
        ("money", T::Money, [i64::MAX, i64::MIN, -1, 90_071_992_547_409_931].map(Value::Money).to_vec()),
        ("smallmoney", T::SmallMoney, [i32::MAX.into(), i32::MIN.into(), 5].map(Value::Money).to_vec()),
        ("date", T::Date, [day(1, 1, 1), day(1582, 10, 10), day(9999, 12, 31)].map(Value::Date).to_vec()),
        ("smalldatetime", T::SmallDateTime, vec![Value::SmallDateTime(0, 0), Value::SmallDateTime(u16::MAX, 1439)]),
        (
            "datetime",
            T::DateTime,
            vec![
                Value::DateTime(-53_690, 0),
                Value::DateTime(2_958_463, 25_919_999),
                Value::DateTime(45_000, 1),
                Value::DateTime(45_000, 2),
            ],
        ),
        ("datetime2_0", T::DateTime2 { scale: 0 }, vec![Value::DateTime2(day(2024, 2, 29), 10_000_000)]),
        (
            "datetime2_7",
            T::DateTime2 { scale: 7 },
            vec![
                Value::DateTime2(0, 0),
                Value::DateTime2(day(9999, 12, 31), last),
                Value::DateTime2(day(2026, 11, 27), 1_234_567),
            ],
        ),
        (
            "datetimeoffset",
            T::DateTimeOffset { scale: 6 },
            vec![
                Value::DateTimeOffset(day(2026, 11, 27), 1_234_560, 0),
                Value::DateTimeOffset(day(2026, 11, 27), last / 10 * 10, 840),
                Value::DateTimeOffset(day(1970, 1, 1), 0, -720),
            ],
        ),
        ("guid", T::Guid, vec![Value::Guid(Guid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff))]),
        ("char", T::Char(20), texts()),
        ("varchar", T::Varchar(Length::Of(40)), texts()),
        ("varcharmax", T::Varchar(Length::Max), [texts(), vec!["é".repeat(9000).into()]].concat()),
        ("nchar", T::NChar(20), [texts(), vec!["日本".into()]].concat()),
        ("nvarchar", T::NVarchar(Length::Of(40)), wide()),
        ("nvarcharmax", T::NVarchar(Length::Max), [wide(), vec!["日".repeat(9000).into()]].concat()),
        ("text", T::Text, texts()),
        ("ntext", T::NText, wide()),
        ("binary", T::Binary(4), vec![Value::bytes(&[0, 255]), Value::bytes(&[1, 2, 3, 4])]),
        ("varbinary", T::Varbinary(Length::Of(40)), vec![Value::bytes(&[]), Value::bytes(&[0, 10, 13, 255])]),
        ("varbinarymax", T::Varbinary(Length::Max), vec![Value::bytes(&[]), Value::bytes(&[7; 9000])]),
        ("image", T::Image, vec![Value::bytes(&[1]), Value::bytes(&[])]),
        ("xml", T::Xml, vec!["<a n=\"1\">é</a>".into(), "<b/>".into()]),
    ];
    let mut columns: Vec<_> =
        described.into_iter().map(|(name, of, values)| (ColumnDef::new(&format!("a_{name}"), of), values)).collect();
    for (name, collation) in [("bin", Collation::LATIN1_BIN2), ("cp1250", Collation::SQL_CP1250_CI_AS)] {
        let column = ColumnDef::new(&format!("a_{name}"), T::Varchar(Length::Of(40))).collate(collation);
        columns.push((column, texts()));
    }
    columns
}

/// A row for each value of the column that has most, and one of NULLs.
fn every_type() -> Model {
    let columns = columns();
    let rows = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let model = model_of("");
    let key = ColumnDef::new("id", T::Int).not_null();
    let definition = std::iter::once(key).chain(columns.iter().map(|(column, _)| column.clone())).collect();
    model.create_table(TableDef::new("dbo", "every", definition).primary_key(&["id"]));
    let row = |at: usize| {
        let values =
            columns.iter().map(|(_, values)| if at == 0 { Value::Null } else { values[at % values.len()].clone() });
        std::iter::once(Value::Int(at as i64)).chain(values).collect::<Vec<_>>()
    };
    model.load(ALL, (0..=rows).map(row)).unwrap();
    model
}

async fn arrives(capture: &str) {
    let w = World::on_sql_server(every_type()).await;
    w.config(&format!("[[table]]\nsource = \"{ALL}\"\n{capture}"));
    w.tick().await;
    Published::whole(ALL).assert_equal(&w).await;
    if capture == DIGEST {
        assert_quiet(&w).await;
        // One column of each row changes, each time another.
        let columns = columns();
        let mut writer = w.model().begin();
        for (at, (column, values)) in columns.iter().enumerate() {
            let id = i32::try_from(at % 9).unwrap();
            writer.update(ALL, &[id.into()], &[(&column.name, values[0].clone())]).unwrap();
        }
        writer.commit();
        w.tick().await;
        Published::whole(ALL).assert_equal(&w).await;
        assert_quiet(&w).await;
    }
    let ran = w.run(&["verify", "--json"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_by_full_reads() {
    arrives(FULL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_by_digests() {
    arrives(DIGEST).await;
}
