//! A key that is not unique is noticed where all keys are read, before anything wrong is published.

use serde_json::Value;

use crate::support::World;

const TWICE: &str = "CREATE TABLE n (a int, b int); INSERT INTO n VALUES (1, 1), (1, 2), (2, 1), (NULL, 1), (NULL, 2)";
const REFUSED: &str =
    "the key \"a\" of public.n is not unique: 1 of its values stand in more than one row (2 rows in all)";

async fn refused(w: &World) {
    let ran = w.run(&["run", "--json"]).await;
    let run = ran.run();
    assert_eq!((ran.code, run["error"]["message"].as_str()), (2, Some(REFUSED)), "{run:#}");
    let hint = run["error"]["hint"].as_str().unwrap();
    assert!(hint.contains(r#"SELECT "a" FROM "public"."n" GROUP BY "a" HAVING count(*) > 1"#), "{hint}");
    assert!(w.bq.jobs().is_empty(), "{:?}", w.bq.jobs());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_is_refused() {
    for rest in ["", "capture = \"full\"\n", "delete = \"soft\"\n", "deletes = \"keys\"\n"] {
        let w = World::new().await;
        w.sql(TWICE).await;
        w.config(&format!("[[table]]\nsource = \"n\"\nkey = [\"a\"]\n{rest}"));
        refused(&w).await;
        // Rows that the filter leaves out count for nothing.
        w.config(&format!("[[table]]\nsource = \"n\"\nkey = [\"a\"]\nwhere = \"b = 1\"\n{rest}"));
        w.tick().await;
        let check = w.run(&["check"]).await.stdout;
        assert!(check.contains("nothing in the source keeps the key unique: whenever all keys are read"), "{check}");
    }
}

/// Of a view nobody keeps keys unique.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_asked_as_well() {
    let w = World::new().await;
    w.sql(TWICE).await;
    w.sql("CREATE VIEW m AS SELECT * FROM n; CREATE TABLE log (id serial PRIMARY KEY, a int, op text)").await;
    w.config(
        "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = [\"a\"]\n[[table]]\nsource = \"m\"\nkey = [\"a\"]\ncapture = \"changelog\"\n",
    );
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(
        ran.run()["error"]["message"].as_str().unwrap(),
        REFUSED.replace("public.n", "public.m"),
        "{}",
        ran.stdout
    );
    w.sql("DELETE FROM n WHERE b = 2").await;
    w.tick().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_becomes_one_of_two_is_found_by_the_next_look_at_all_keys() {
    for rest in ["deletes = \"keys\"\n", "reconcile_every = \"1s\"\n"] {
        let w = World::new().await;
        w.sql("CREATE TABLE n (a int, b int); INSERT INTO n VALUES (1, 1), (2, 1)").await;
        w.config(&format!("[[table]]\nsource = \"n\"\nkey = [\"a\"]\n{rest}"));
        w.tick().await;
        w.bq.clear();
        w.sql("INSERT INTO n VALUES (1, 2)").await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        refused(&w).await;
        w.sql("DELETE FROM n WHERE b = 2; CREATE UNIQUE INDEX ON n (a)").await;
        w.tick().await;
        let rows = w.target("SELECT CAST(a AS STRING), CAST(b AS STRING) FROM `{d}.n` ORDER BY a").await;
        let expected: Vec<Vec<Option<String>>> =
            [["1", "1"], ["2", "1"]].iter().map(|r| r.iter().map(|v| Some((*v).to_owned())).collect()).collect();
        assert_eq!(rows, expected);
    }
}

/// The index of a parent says nothing of the tables that inherit from it.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_the_parent_alone_is_none() {
    let w = World::new().await;
    w.sql("CREATE TABLE n (a int PRIMARY KEY, b int); CREATE TABLE child () INHERITS (n); INSERT INTO n VALUES (1, 1); INSERT INTO child VALUES (1, 2)")
        .await;
    w.config("[[table]]\nsource = \"n\"\n");
    refused(&w).await;
}

/// What is equal to the source and not to BigQuery is no key twice.
#[tokio::test(flavor = "multi_thread")]
async fn spellings_are_keys_of_their_own() {
    let w = World::new().await;
    w.sql(
        "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
         CREATE TABLE n (id text COLLATE nocase, b int); INSERT INTO n VALUES ('A', 1), ('a', 2)",
    )
    .await;
    w.config("[[table]]\nsource = \"n\"\nkey = [\"id\"]\n");
    assert_eq!(w.tick().await["tables"][0]["upserts"], Value::from(2));
    w.assert_equal("n").await;
}

/// What an older version loaded and never counted, and rows whose key can't be held.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_never_counted_is_counted_once() {
    let w = World::new().await;
    w.sql("CREATE TABLE n (a int, b int); INSERT INTO n VALUES (1, 1), (2, 1)").await;
    w.config("[[table]]\nsource = \"n\"\nkey = [\"a\"]\ndeletes = \"keys\"\n");
    w.tick().await;
    w.tick().await;
    let mut state = w.state("n").await;
    let keys = &mut state["watermark"]["tables"]["n"]["keys"];
    assert_eq!(keys["repeats"], "no", "{keys}");
    keys.as_object_mut().unwrap().remove("repeats");
    w.put_state("n", &state).await;
    // The list stays the same, as a digest has it: what is not counted is not known.
    w.bq.clear();
    w.tick().await;
    w.sql("CREATE TABLE t (k timestamptz, b int); INSERT INTO t VALUES ('infinity', 1), ('infinity', 2), (now(), 3)")
        .await;
    w.config("[[table]]\nsource = \"t\"\nkey = [\"k\"]\n");
    assert_eq!(w.tick().await["tables"][0]["left_out"], Value::from(2));
}
