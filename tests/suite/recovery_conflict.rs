//! A standby that ends our snapshot for its primary's sake: the same run reads once more, under an id of its own.

use crate::support::World;

/// A view whose rows end the statement as a standby does (SQLSTATE 40001): the first time only, or each time.
async fn world(times: &str) -> World {
    let w = World::new().await;
    w.sql(&format!(
        "CREATE FUNCTION unlucky(v int) RETURNS int LANGUAGE plpgsql AS $$
         DECLARE marker text := current_setting('data_directory') || '/unlucky'; BEGIN
           IF v = 2000 AND ('{times}' = 'always' OR (pg_stat_file(marker, true)).size IS NULL) THEN
             EXECUTE format('COPY (SELECT 1) TO %L', marker);
             RAISE EXCEPTION 'canceling statement due to conflict with recovery' USING ERRCODE = '40001';
           END IF;
           RETURN v; END $$;
         CREATE TABLE base (id int PRIMARY KEY, v int);
         INSERT INTO base SELECT g, g FROM generate_series(1, 3000) g;
         CREATE VIEW c AS SELECT id, unlucky(v) AS v, md5(id::text) AS filler FROM base"
    ))
    .await;
    w.config("[[table]]\nsource = \"c\"\nkey = [\"id\"]\ncapture = \"full\"\n");
    w
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_was_ended_is_taken_once_more() {
    let w = world("once").await;
    let report = w.tick().await;
    assert_eq!(report["state"], "done");
    w.assert_equal("c").await;
    let run = report["run"].as_str().unwrap();
    assert!(w.objects().await.iter().any(|o| o.contains(run) && o.contains("upserts")), "{:?}", w.objects().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_ended_each_time_fails_the_run() {
    let w = world("always").await;
    let ran = w.run(&["run", "--json"]).await;
    let message = ran.run()["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(ran.code, 1);
    assert!(message.contains("conflict with recovery (SQLSTATE 40001)"), "{message}");
    assert!(w.bq.jobs().is_empty());
}
