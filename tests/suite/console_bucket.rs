//! What pages cost the bucket, however many people look, and what they say where it is slow or down.

use std::time::{Duration, Instant};

use crate::support::sixty_tables::{LAST, SixtyTables, sources};

#[tokio::test(flavor = "multi_thread")]
async fn ten_people_read_no_more_than_one_and_a_button_is_seen_at_once() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    let begun = Instant::now();
    futures_util::future::join_all((0..10).map(|_| w.page(&served, "/"))).await;
    for _ in 0..10 {
        w.page(&served, "/").await;
        w.page(&served, "/tables/accounts").await;
        w.page(&served, "/status").await;
    }
    let sets = usize::try_from(begun.elapsed().as_secs() / 5 + 1).unwrap();
    assert!(w.state_reads() <= 47 * sets, "{} reads in {:?}", w.state_reads(), begun.elapsed());
    assert_eq!(w.press(&served, "pause", "table=public.accounts").await, (303, "/?done=paused".to_owned()));
    assert!(w.page(&served, "/?state=paused").await.1.contains(">public.accounts</a>"), "seen at once");
    assert_eq!(w.press(&served, "resume", "table=public.accounts").await.0, 303);
    assert!(!w.page(&served, "/?state=paused").await.1.contains(">public.accounts</a>"), "seen at once");
}

/// Every page beside the overview, by a process that has read nothing yet.
#[tokio::test(flavor = "multi_thread")]
async fn ten_people_read_no_more_than_one_on_any_page() {
    let w = SixtyTables::new("read-only").await;
    let run = w.run_id("sales_orders", LAST);
    for path in [
        "/runs",
        "/runs?state=failed&q=payments",
        "/cost",
        "/cost?days=30",
        "/tables/sales_orders",
        &format!("/feeds/sales_orders/runs/{run}"),
        &format!("/feeds/sales_orders/runs/{run}?tick={}", w.run_id("tick", LAST)),
    ] {
        let requests = async |people: usize| {
            let served = w.serve().await;
            w.gcs.clear();
            let begun = Instant::now();
            let pages = futures_util::future::join_all((0..people).map(|_| w.page(&served, path))).await;
            assert!(pages.iter().all(|(code, _)| *code == 200), "{path}");
            // What somebody waits for no longer is read to its end all the same.
            let mut before = 0;
            while w.gcs.log().len() > before {
                before = w.gcs.log().len();
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            // On a busy machine they may not all have asked within five seconds.
            let sets = usize::try_from(begun.elapsed().as_secs() / 5 + 1).unwrap();
            (w.gcs.log().len(), sets)
        };
        let (one, _) = requests(1).await;
        let (ten, sets) = requests(10).await;
        assert!(one > 0 && ten <= one * sets, "{path}: {ten} requests for ten people, {one} for one, {sets} sets");
    }
}

/// A bucket that does not answer, before and after this process has known anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_bucket_leaves_a_page_that_says_so() {
    let w = SixtyTables::new("read-only").await;
    let served = w.serve().await;
    let is_state = |r: &crate::support::Recorded| r.path.contains("state");
    w.gcs.delay(usize::MAX, Duration::from_secs(60), is_state);
    let begun = Instant::now();
    let (code, page) = w.page(&served, "/").await;
    // Three seconds are promised. What it must not do is to wait for the bucket, or for the ten seconds after which that is given up.
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(code, 200);
    assert!(
        page.contains("The state of the tables could not be read") && page.contains("has not answered yet"),
        "{page}"
    );
    for source in sources() {
        assert!(page.contains(&format!(">{source}</a>")), "{source} is listed");
    }
    assert_eq!(page.matches("</span> not known").count(), 60);
    let (code, page) = w.page(&served, "/tables/sales_orders").await;
    assert!(code == 200 && page.contains("could not be read") && page.contains("not is_test"), "{page}");
    w.gcs.calm();
    // What was begun is given up first.
    until(async || !w.page(&served, "/").await.1.contains("could not be read")).await;
    // Down, after it was known: what was known then, and its time.
    w.gcs.answer(usize::MAX, 503, "{}", is_state);
    until(async || w.page(&served, "/").await.1.contains("could not be read")).await;
    let (_, page) = w.page(&served, "/").await;
    assert!(page.contains("What stands below of them is as of ") && page.contains("5 in trouble"), "{page}");
    assert!(page.contains("rows differ: 12 missing") && page.contains("as of "), "{page}");
    // One feed alone.
    w.gcs.calm();
    w.gcs.answer(usize::MAX, 503, "{}", |r| r.path.contains("sales_orders"));
    until(async || w.page(&served, "/").await.1.contains("The state of 1 of 60 tables could not be read")).await;
}

/// A run is told from three places. One that is slow or down hides none of the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_runs_page_shows_what_can_be_read_and_says_what_can_not() {
    let w = SixtyTables::new("read-only").await;
    let served = w.serve().await;
    let (failed, done) = (w.run_id("sales_payments", 19), w.run_id("sales_orders", LAST));
    let failed = format!("/feeds/sales_payments/runs/{failed}?tick={}", w.run_id("tick", 19));
    let done = format!("/feeds/sales_orders/runs/{done}?tick={}", w.run_id("tick", LAST));
    let is_state = |r: &crate::support::Recorded| r.path.contains("state");
    let is_batch = |r: &crate::support::Recorded| r.path.contains("batches");
    for is_down in [true, false] {
        w.gcs.calm();
        match is_down {
            true => w.gcs.answer(usize::MAX, 503, "{}", is_state),
            false => w.gcs.delay(usize::MAX, Duration::from_secs(60), is_state),
        }
        for (path, shown) in [(&failed, "roles/bigquery.dataEditor"), (&done, "MERGE `shop.app.sales_orders`")] {
            until(async || w.page(&served, path).await.1.contains(shown)).await;
            let (code, page) = w.page(&served, path).await;
            assert!(code == 200 && page.contains("<p>The state of its feed: "), "{path}: {page}");
            assert!(page.contains("Not all that is kept of this run could be read"), "{path}: {page}");
        }
    }
    // The same of the batch's folder.
    w.gcs.calm();
    w.gcs.answer(usize::MAX, 503, "{}", is_batch);
    let says = async || {
        let (code, page) = w.page(&served, &done).await;
        code == 200 && page.contains("<p>The folder of its batch: ") && page.contains("✓ done")
    };
    until(says).await;
    // And of all three.
    w.gcs.answer(usize::MAX, 503, "{}", |_| true);
    let other = format!("/feeds/customers/runs/{}", w.run_id("customers", 34));
    assert_eq!(w.page(&served, &other).await.0, 503);
}

/// Somebody presses a button, and the bucket does not answer: the page says at once that nobody knows yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_the_bucket_has_not_taken_yet_says_so() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    let list = async |query: &str| w.page(&served, &format!("/?{query}")).await.1;
    assert!(!list("state=paused").await.contains(">public.accounts</a>"));
    // It takes hold, and its answer is late.
    let writes = |r: &crate::support::Recorded| r.writes_state();
    let gate = w.gcs.hold_after(writes);
    let begun = Instant::now();
    let page = w.pressed(&served, "pause", "table=public.accounts&back=state%3Dpaused").await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(page.0, 503);
    for shown in ["It is not known yet whether public.accounts is paused", "href=\"/?state=paused\"", "Look again"] {
        assert!(page.1.contains(shown), "{shown}: {}", page.1);
    }
    assert!(list("state=paused").await.contains(">public.accounts</a>"), "what took hold is seen at once");
    gate.open();
    // One that has not taken hold goes on while the bucket is slow.
    let gate = w.gcs.hold_before(writes);
    let (code, page) = w.pressed(&served, "resume", "table=public.accounts&back=table").await;
    assert!(code == 503 && page.contains("It is not known yet whether public.accounts is resumed"), "{page}");
    assert!(page.contains("href=\"/tables/accounts\""), "{page}");
    gate.open();
    until(async || !list("state=paused").await.contains(">public.accounts</a>")).await;
}

/// What was read before a button is not shown after it as if it were of now.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_from_before_a_button_is_marked() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    until(async || !w.page(&served, "/").await.1.contains("could not be read")).await;
    w.gcs.delay(usize::MAX, Duration::from_secs(60), |r| r.method == "GET" && r.path.contains("sales_orders"));
    assert_eq!(w.press(&served, "pause", "table=public.accounts").await.0, 303);
    let (_, page) = w.page(&served, "/").await;
    assert!(page.contains("The state of 1 of 60 tables could not be read"), "{page}");
    assert!(page.contains("What stands below of them is as of "), "{page}");
    let (_, page) = w.page(&served, "/tables/sales_orders").await;
    assert!(page.contains("could not be read") && page.contains("is as of "), "{page}");
}

async fn until(is_so: impl AsyncFn() -> bool) {
    for _ in 0..240 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("it does not come to be so");
}
