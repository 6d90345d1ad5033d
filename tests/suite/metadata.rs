//! `metadata = true`: each row of the target says when it was last written, and by which run.

use std::collections::BTreeMap;

use plimsoll::failpoint::VARIABLE;
use serde_json::Value;

use crate::support::World;

const ORDERS: &str = "[[table]]\nsource = \"public.orders\"\ncursor = \"updated_at\"\n";

/// Of each row, by its key: the run, and the time in microseconds.
async fn written(w: &World, table: &str) -> BTreeMap<String, (Option<String>, Option<i64>)> {
    let sql = format!(
        "SELECT CAST(id AS STRING), _plimsoll_run, CAST(UNIX_MICROS(_plimsoll_synced_at) AS STRING) FROM `{{d}}.{table}`"
    );
    let rows = w.target(&sql).await.into_iter();
    rows.map(|r| (r[0].clone().unwrap(), (r[1].clone(), r[2].as_ref().map(|t| t.parse().unwrap())))).collect()
}

/// The runs that wrote the rows.
async fn runs(w: &World, table: &str) -> Vec<(String, Option<String>)> {
    written(w, table).await.into_iter().map(|(id, (run, _))| (id, run)).collect()
}

fn run_of(report: &Value) -> Option<String> {
    report["run"].as_str().map(str::to_owned)
}

fn rows(of: &[(&str, &Option<String>)]) -> Vec<(String, Option<String>)> {
    of.iter().map(|(id, run)| ((*id).to_owned(), (*run).clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_says_when_and_by_which_run_it_was_written() {
    let w = World::with_orders("metadata = true\ndeletes = \"keys\"").await;
    let began = time::OffsetDateTime::now_utc();
    w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 2), (3, 'z', 3)").await;
    let first = run_of(&w.tick().await);
    assert_eq!(runs(&w, "orders").await, rows(&[("1", &first), ("2", &first), ("3", &first)]));
    w.sql("UPDATE orders SET note = 'x2', updated_at = clock_timestamp() WHERE id = 1; INSERT INTO orders VALUES (4, 'n', 4); DELETE FROM orders WHERE id = 3")
        .await;
    let second = run_of(&w.tick().await);
    assert_eq!(runs(&w, "orders").await, rows(&[("1", &second), ("2", &first), ("4", &second)]));
    w.assert_equal("orders").await;
    let times: BTreeMap<String, i64> =
        written(&w, "orders").await.into_iter().map(|(id, (_, at))| (id, at.unwrap())).collect();
    let (began, now) = (began.unix_timestamp(), time::OffsetDateTime::now_utc().unix_timestamp());
    assert!(times["1"] > times["2"] && times["1"] == times["4"], "{times:?}");
    assert!(times.values().all(|at| (began..=now + 1).contains(&(at / 1_000_000))), "{times:?}");
    // Nothing has changed, so nothing is written.
    assert_eq!(w.tick().await["state"], "empty");
    let full = w.run(&["run", "--full", "--json"]).await.run();
    let third = run_of(&full);
    assert_eq!(runs(&w, "orders").await, rows(&[("1", &third), ("2", &third), ("4", &third)]));
    // The columns are no surprise to `check`, and a resync that creates the target again has them too.
    let check = w.run(&["check"]).await;
    assert!(check.code == 0 && !check.stdout.contains("not from the source"), "{}", check.stdout);
    let resync = run_of(&w.run(&["resync", "--table", "orders", "--json"]).await.run());
    assert_eq!(runs(&w, "orders").await, rows(&[("1", &resync), ("2", &resync), ("4", &resync)]));
}

/// A comparison of all rows writes those that differ; a flagged row was written too. A table of keys alone has nothing to compare.
#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_row_is_not_written_for_the_sake_of_them() {
    let w = World::new().await;
    w.sql("CREATE TABLE item (id bigint PRIMARY KEY, v text); CREATE TABLE keyed (id bigint PRIMARY KEY)").await;
    w.sql("INSERT INTO item VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO keyed VALUES (1), (2)").await;
    w.config(
        "[defaults]\nmetadata = true\nreconcile_every = \"1h\"\n[[table]]\nsource = \"item\"\ndelete = \"soft\"\n[[table]]\nsource = \"keyed\"\n",
    );
    let first = w.run(&["run", "--json"]).await.json();
    let (item, keyed) = (run_of(&first["runs"][0]), run_of(&first["runs"][1]));
    // By hand in the target, as no capture would see it.
    w.target("UPDATE `{d}.item` SET v = 'other' WHERE id = 2").await;
    w.sql("DELETE FROM item WHERE id = 3; INSERT INTO keyed VALUES (3)").await;
    for table in ["item", "keyed"] {
        let mut state = w.state(table).await;
        state["watermark"]["tables"][table]["whole_at"] = "2020-01-01T00:00:00Z".into();
        w.put_state(table, &state).await;
    }
    let second = w.run(&["run", "--json"]).await.json();
    let (item2, keyed2) = (run_of(&second["runs"][0]), run_of(&second["runs"][1]));
    assert_eq!(runs(&w, "item").await, rows(&[("1", &item), ("2", &item2), ("3", &item2)]));
    assert_eq!(runs(&w, "keyed").await, rows(&[("1", &keyed), ("2", &keyed), ("3", &keyed2)]));
    let gone = w.target("SELECT CAST(id AS STRING) FROM `{d}.item` WHERE is_deleted").await;
    assert_eq!(gone, [[Some("3".to_owned())]]);
    // A change of a row that has but a key is one all the same.
    w.sql("UPDATE keyed SET id = id WHERE id = 1; UPDATE item SET v = 'a2' WHERE id = 1").await;
    let third = w.run(&["run", "--json"]).await.json();
    assert_eq!(runs(&w, "item").await[0].1, run_of(&third["runs"][0]));
    assert_eq!(runs(&w, "keyed").await[0].1, run_of(&third["runs"][1]));
    // Revived.
    w.sql("INSERT INTO item VALUES (3, 'c')").await;
    assert_eq!(runs(&w, "item").await[2].1, item2);
    let fourth = run_of(&w.tick().await);
    assert_eq!(runs(&w, "item").await[2].1, fourth);
}

/// The first stretch of a load in chunks replaces the target, the others are merged.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_in_chunks_has_them_throughout() {
    let w = World::new().await;
    w.sql(crate::support::world::ORDERS).await;
    w.sql("INSERT INTO orders SELECT g, 'x', 1 FROM generate_series(1, 90) g; ANALYZE orders").await;
    w.config_with("chunk_rows = 30", &format!("{ORDERS}metadata = true\n"));
    let report = w.run(&["run", "--json"]).await.json();
    let of: Vec<&str> = report["runs"].as_array().unwrap().iter().filter_map(|r| r["run"].as_str()).collect();
    let found = written(&w, "orders").await;
    assert!(found.len() == 90 && found.values().all(|(_, at)| at.is_some()), "{found:?}");
    for (id, at) in [("1", 0), ("31", 1), ("90", 2)] {
        assert_eq!(found[id].0.as_deref(), Some(of[at]), "{id}: {report:#}");
    }
}

/// Switched on where rows are, off, and on again: nothing is read for their sake alone.
#[tokio::test(flavor = "multi_thread")]
async fn they_come_to_a_table_that_has_rows() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1), (2, 'y', 2), (3, 'z', 3)").await;
    w.tick().await;
    w.config(&format!("{ORDERS}metadata = true\n"));
    assert_eq!(w.tick().await["state"], "empty");
    let change = async |id: u32| {
        w.sql(&format!("UPDATE orders SET note = note || '+', updated_at = clock_timestamp() WHERE id = {id}")).await;
        let report = w.tick().await;
        assert!(report["whole"].is_null(), "{report}");
        run_of(&report)
    };
    let on = change(1).await;
    assert_eq!(runs(&w, "orders").await, rows(&[("1", &on), ("2", &None), ("3", &None)]));
    // Off: they stay as they are.
    w.config(ORDERS);
    change(1).await;
    assert_eq!(runs(&w, "orders").await, rows(&[("1", &on), ("2", &None), ("3", &None)]));
    let check = w.run(&["check"]).await;
    assert!(check.stdout.contains("not from the source: _plimsoll_synced_at, _plimsoll_run"), "{}", check.stdout);
    // On again.
    w.config(&format!("{ORDERS}metadata = true\n"));
    let again = change(2).await;
    assert_eq!(runs(&w, "orders").await, rows(&[("1", &on), ("2", &again), ("3", &None)]));
    // Dropped by hand, they come back, without a load of the whole table.
    w.target("ALTER TABLE `{d}.orders` DROP COLUMN _plimsoll_run").await;
    let back = change(3).await;
    assert_eq!(runs(&w, "orders").await, rows(&[("1", &None), ("2", &None), ("3", &back)]));
    w.assert_equal("orders").await;
}

/// What was sealed decides, also where the config has changed since; and a program that does not know the columns can't finish it.
#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_batch_keeps_them() {
    let w = World::with_orders("metadata = true").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    let mut old = w.state("orders").await;
    old["version"] = 1.into();
    w.put_state("orders", &old).await;
    w.sql("INSERT INTO orders VALUES (2, 'y', 2)").await;
    let crashed = w.command(&["run"]).env(VARIABLE, "seal:after=crash").spawn().unwrap();
    w.finish(crashed).await;
    let state = w.state("orders").await;
    assert_eq!(state["version"], 2, "an older state is written back as this version's");
    let pending = &state["pending"];
    assert_eq!(pending["tables"][0]["metadata"], "columns", "{pending}");
    // The one that crashed holds the lease still.
    let mut free = state.clone();
    free["lease"] = Value::Null;
    w.put_state("orders", &free).await;
    w.config(ORDERS);
    assert_eq!(w.tick().await["replayed"], true);
    assert_eq!(runs(&w, "orders").await[1].1, pending["run"].as_str().map(str::to_owned));
}

/// A source's column of such a name gets another, as every name that BigQuery or Plimsoll keeps for itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_the_same_name_is_renamed() {
    let w = World::new().await;
    w.sql("CREATE TABLE item (id int PRIMARY KEY, _plimsoll_run text); INSERT INTO item VALUES (1, 'mine')").await;
    w.config("[[table]]\nsource = \"item\"\nmetadata = true\n");
    let check = w.run(&["check"]).await;
    assert!(check.stdout.contains("_plimsoll_run is called c_plimsoll_run in BigQuery"), "{}", check.stdout);
    let run = run_of(&w.tick().await);
    assert_eq!(w.target("SELECT c_plimsoll_run FROM `{d}.item`").await, [[Some("mine".to_owned())]]);
    assert_eq!(runs(&w, "item").await, rows(&[("1", &run)]));
}
