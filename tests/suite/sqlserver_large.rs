//! First loads of a large table of a SQL Server: memory does not grow with the rows.

use std::time::Duration;

use sqlserver_standin::model::{ColumnDef, Identity, Model, TableDef};
use sqlserver_standin::typed::{ColumnType, Length, Value};

use super::sqlserver::{DIGEST, FULL};
use crate::support::World;
use crate::support::sizes::{many_rows, peak_mib, times_as_long};

const EVENT: &str = "dbo.event";

/// So many rows, which are made when they are read.
fn events(rows: u64) -> Model {
    let model = Model::new(Identity::of("shop", 9));
    let columns = vec![
        ColumnDef::new("id", ColumnType::BigInt).not_null(),
        ColumnDef::new("what", ColumnType::NVarchar(Length::Of(40))),
        ColumnDef::new("price", ColumnType::Money),
    ];
    model.create_made_table(TableDef::new("dbo", "event", columns).primary_key(&["id"]), rows, |number, row| {
        let text = format!("{:032x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_0c5e_ad11_0001));
        row.extend([Value::Int(number as i64), text.into(), Value::Money(number as i64 * 25)]);
    });
    model
}

async fn memory_is_flat(capture: &str) {
    let mut peaks = Vec::new();
    for rows in [many_rows() / 10, many_rows()] {
        let w = World::on_sql_server(events(rows)).await;
        w.config(&format!("[[table]]\nsource = \"{EVENT}\"\n{capture}"));
        let served = w.serve().await;
        let url = format!("{}/runs", served.url);
        let answer = w.http.post(&url).timeout(Duration::from_secs(120) * times_as_long()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap());
        let count = w.target("SELECT CAST(COUNT(*) AS STRING) FROM `{d}.event`").await;
        assert_eq!(count, [[Some(rows.to_string())]]);
        peaks.push(peak_mib(served.child.id().unwrap()));
    }
    assert!(peaks[1] < peaks[0] + 24 && peaks[1] < 128, "MiB: {peaks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_flat_over_a_full_read_of_many_rows() {
    memory_is_flat(FULL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_flat_over_the_digests_of_many_rows() {
    memory_is_flat(DIGEST).await;
}
