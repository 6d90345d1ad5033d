//! Many rows in little memory.

use futures_util::TryStreamExt as _;
use sqlserver_standin::model::{Identity, Model};
use sqlserver_standin::{Settings, Standin, bench};

use crate::shop::ask;

/// The most memory that this process has had, in kB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn read(rows: u64) {
    let model = Model::new(Identity::of("bench", 1));
    bench::create(&model, rows);
    let server = Standin::start(Settings::default(), model).await.unwrap();
    let mut client = ask(&server).await;
    let columns = "id:plain,title:text,body:text,token:plain,created_at:plain,doc:text,:long";
    let plan = format!("/* plimsoll:rows table=dbo.bench key=id columns={columns} rows=all */");
    let mut stream = client.0.simple_query(plan).await.unwrap().into_row_stream();
    let mut last = 0;
    while let Some(row) = stream.try_next().await.unwrap() {
        last = row.get::<i64, _>(0).unwrap();
    }
    assert_eq!(last as u64, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_never_gathered() {
    read(20_000).await;
    let before = peak();
    read(100_000).await;
    // The rows have some 100 MB.
    assert!(peak() < before + 20_000, "{before} kB, then {} kB", peak());
}
