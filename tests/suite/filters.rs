//! `where`: one condition and no more, whatever is written in it.

use crate::support::World;

async fn world(filter: &str) -> World {
    let w = World::new().await;
    w.sql("CREATE TABLE c (id int PRIMARY KEY, v int); INSERT INTO c SELECT g, g FROM generate_series(1, 10) g").await;
    set(&w, filter);
    w
}

fn set(w: &World, filter: &str) {
    w.config(&format!("[[table]]\nsource = \"c\"\nwhere = '''{filter}'''\n"));
}

async fn target(w: &World) -> Vec<i64> {
    let rows = w.target("SELECT CAST(id AS STRING) FROM `{d}.c` ORDER BY id").await;
    rows.into_iter().map(|mut r| r.remove(0).unwrap().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_may_end_in_a_comment_and_survives_a_new_column() {
    for filter in ["v > 3 -- the others are old", "v > 3 /* the others are old */", "t.v > 3", "v > 3 OR v IS NULL"] {
        let w = world(filter).await;
        assert_eq!(w.run(&["check"]).await.code, 0, "{filter}");
        w.tick().await;
        assert_eq!(target(&w).await, [4, 5, 6, 7, 8, 9, 10], "{filter}");
        w.sql("ALTER TABLE c ADD w int DEFAULT 7").await;
        assert_eq!(w.tick().await["whole"], "a new column has values in rows that did not change", "{filter}");
        // A row leaves, and another one comes in.
        w.sql("UPDATE c SET v = 1 WHERE id = 10; UPDATE c SET v = 9 WHERE id = 1").await;
        w.tick().await;
        assert_eq!(target(&w).await, [1, 4, 5, 6, 7, 8, 9], "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_condition_is_refused_before_anything_is_read() {
    let w = world("true").await;
    for filter in [
        "v > 3) or (true",
        "v > 3 limit 5",
        "v > 3 order by 1",
        "true union select 1",
        "v > ",
        "v > 3 /* open",
        "v",
        "nothing = 1",
        "true; drop table c",
        "true; select (1",
        "true) ; drop table c; select (1",
        "v = 'x'",
        "v = $1",
        "true)); commit; drop table c; select ((1",
    ] {
        set(&w, filter);
        for command in ["check", "plan", "run"] {
            let ran = w.run(&[command]).await;
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.code, 2, "{command} {filter}: {said}");
            assert!(said.contains("where of public.c is not a condition"), "{command} {filter}: {said}");
            assert!(!said.contains("a row could not be read"), "{command} {filter}: {said}");
            assert!(
                said.contains("correct where of public.c: one condition over its columns"),
                "{command} {filter}: {said}"
            );
        }
        assert_eq!(w.pg.query_one("SELECT count(*) FROM c", &[]).await.unwrap().get::<_, i64>(0), 10, "{filter}");
        assert!(w.bq.jobs().is_empty() && w.gcs.written().iter().all(|o| !o.contains("upserts")), "{filter}");
    }
}

/// A filter that was accepted by an older version, or became none when a column went.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_tried_at_every_tick() {
    let w = world("v > 3").await;
    w.tick().await;
    w.sql("ALTER TABLE c RENAME v TO value; UPDATE c SET value = 0").await;
    let ran = w.run(&["run"]).await;
    assert!(
        ran.code == 2 && ran.stdout.contains("where of public.c is not a condition"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(target(&w).await, [4, 5, 6, 7, 8, 9, 10]);
}
