//! What somebody does to the target of a table in SQL Server by hand while many of its rows change, and what the next run makes of it.

use sqlserver_standin::model::Writer;

use super::sqlserver::{CURSOR, DIGEST, ITEM, TRACKED, assert_quiet, loaded, row};
use super::sqlserver_changelog;
use crate::support::World;
use crate::support::sqlserver_rows::Published;

/// More rows than are read ahead of whoever takes them: after the first one, the answer is not at its end.
const MANY: std::ops::RangeInclusive<i32> = 1001..=1150;

/// What is done to the target, and why all rows are read then.
const DONE: [(&str, &str); 3] = [
    ("DROP TABLE", "the target table is gone"),
    ("ALTER TABLE", "a column of the target table was dropped there"),
    ("TRUNCATE TABLE", "the target table was emptied by somebody else"),
];

/// Each time, the rows are there that the source has: `insert` makes one, `update` gives one another name.
async fn recovers(w: &World, insert: fn(&mut Writer, i32), update: fn(&mut Writer, i32, &str)) {
    let published = Published::whole(ITEM);
    let commit = |write: &dyn Fn(&mut Writer)| {
        let mut writer = w.model().begin();
        write(&mut writer);
        writer.commit();
    };
    commit(&|writer| MANY.for_each(|id| insert(writer, id)));
    w.tick().await;
    published.assert_equal(w).await;
    for (what, why) in DONE {
        let rest = if what == "ALTER TABLE" { " DROP COLUMN name" } else { "" };
        w.target(&format!("{what} `{{d}}.item`{rest}")).await;
        commit(&|writer| MANY.for_each(|id| update(writer, id, what)));
        if what == "TRUNCATE TABLE" {
            // The emulator still counts rows that are gone; BigQuery does not.
            let url = format!("{}/datasets/{}/tables/item", w.bigquery.base, w.dataset);
            let mut table: serde_json::Value = w.http.get(url).send().await.unwrap().json().await.unwrap();
            table["numRows"] = "0".into();
            w.bq.answer(1, 200, &table.to_string(), |r| r.method == "GET" && r.path.ends_with("/tables/item"));
        }
        let report = w.tick().await;
        // A feed that tables share names the table.
        let whole = report["whole"].as_str().map(|text| text.trim_start_matches("item: "));
        assert_eq!(whole, Some(why), "{report:#}");
        published.assert_equal(w).await;
        assert_quiet(w).await;
    }
}

fn insert(writer: &mut Writer, id: i32) {
    writer.insert(ITEM, row(id, "new")).unwrap();
}

fn update(writer: &mut Writer, id: i32, name: &str) {
    assert_eq!(writer.update(ITEM, &[id.into()], &[("name", name.into())]).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_filled_again_under_digest() {
    recovers(&loaded(DIGEST).await, insert, update).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_filled_again_under_change_tracking() {
    recovers(&loaded(TRACKED).await, insert, update).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_filled_again_under_rowversion() {
    recovers(&loaded(CURSOR).await, insert, update).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_filled_again_under_a_change_log() {
    let w = sqlserver_changelog::plain().await;
    recovers(&w, |writer, id| sqlserver_changelog::insert(writer, id, "new"), sqlserver_changelog::update).await;
}
