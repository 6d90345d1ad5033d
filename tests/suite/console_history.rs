//! What the pages tell of runs that are over, of what they cost, and of one table.

use std::time::{Duration, Instant};

use crate::support::sixty_tables::{LAST, SixtyTables, did, part};

#[tokio::test(flavor = "multi_thread")]
async fn a_tables_page_tells_all_that_the_bucket_knows() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    let (code, page) = w.page(&served, "/tables/sales_orders").await;
    assert_eq!(code, 200);
    for shown in [
        "everything committed before ",
        "; open: 2 transactions",
        "up to date</span>: all changes that were committed before ",
        "Never compared: whether each row is equal is not known.",
        "Put the values right in the source, and the next run brings them; <strong>Read all rows</strong> counts those that are left",
        "snapshot 7251:7260:7251,7256",
        "not is_test",
        "card_number",
        "updated_at",
        "Changes that do not set updated_at are found never.",
        "never changes in a row",
        "<dd>15m</dd>",
        "NUMERIC",
        "numeric(12,2)",
        "old_status",
        "Rows written and removed of the last 20 runs",
        "Time it took of the last 20 runs",
        "Bytes billed of the last 20 runs",
        "Age at its end of the last 20 runs",
        "not known",
        "class=\"gap\"",
        "3, counted since all rows were last read",
        "<dt><code>amount</code></dt><dd>3 values: NaN</dd>",
        "quarantine-00000.ndjson.gz",
        "name=\"reason\"",
        "action=\"/console/verify\"",
        "href=\"/tables/sales_orders/resync\"",
        "href=\"/tables/sales_orders/full\"",
        "href=\"/tables/sales_orders/repair\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let (_, page) = w.page(&served, "/tables/sales_order_items").await;
    assert!(page.contains("✗ rows differ") && page.contains("12 missing, 3 extra, 41 different"), "{page}");
    assert!(page.contains("<dt>amount</dt><dd>differs in 41 rows</dd>"), "{page}");
    let (_, page) = w.page(&served, "/tables/sales_payments").await;
    assert!(page.contains("roles/bigquery.dataEditor") && page.contains("✗ failed: "), "{page}");
    for unknown in ["/tables/nope", "/tables/sales_orders/run", "/tables/sales_orders/nope", "/tables/nope/resync"] {
        assert_eq!(w.page(&served, unknown).await.0, 404, "{unknown}");
    }
    // A manifest, and a report, is read once, also by a look that goes further back.
    w.page(&served, "/tables/sales_orders").await;
    let is_once = |r: &crate::support::Recorded| r.path.contains("manifest") || r.path.contains("reports%2F");
    let mut read: Vec<String> = w.gcs.log().iter().filter(|r| is_once(r)).map(|r| r.path.clone()).collect();
    read.sort();
    let all = read.len();
    read.dedup();
    assert!(all > 0 && read.len() == all, "{read:?}");
    // A later comparison of counts says nothing of columns, and what an older one has found may be mended since.
    let at = time::OffsetDateTime::now_utc();
    let tick = plimsoll::model::RunId::new(at, 9);
    let at = at.format(&time::format_description::well_known::Rfc3339).unwrap();
    let counts = serde_json::json!({ "source": "sales.order_items", "target": "shop.app.sales_order_items", "level": "counts", "state": "differs",
        "missing": 12, "extra": 3 });
    let run = serde_json::json!({ "run": tick, "feed": "sales_order_items", "source": "sales.order_items", "state": "empty", "started": at,
        "verified": [counts] });
    let day = format!("{}/{}/{}", &tick.as_str()[..4], &tick.as_str()[4..6], &tick.as_str()[6..8]);
    let report = serde_json::json!({ "ok": true, "kind": "verify", "started": at, "seconds": 1, "runs": [run] });
    w.put(&format!("reports/{day}/{}.json", tick.as_str()), &report).await;
    let (_, page) = w.page(&w.serve().await, "/tables/sales_order_items").await;
    assert!(page.contains("✗ rows differ") && !page.contains("differs in 41 rows"), "{page}");
    assert!(page.contains(tick.as_str()), "the run that found it: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_all_tables_are_found_by_table_state_and_text() {
    let w = SixtyTables::new("read-only").await;
    let served = w.serve().await;
    let (code, page) = w.page(&served, "/runs").await;
    assert_eq!(code, 200);
    assert!(page.contains("sales.orders") && page.contains("✗ failed") && page.contains("Older runs"), "{page}");
    let reads = |w: &SixtyTables| w.gcs.log().iter().filter(|r| r.path.contains("reports")).count();
    assert!((1..=10).contains(&reads(&w)), "{} reads", reads(&w));
    for (query, shown, hidden) in [
        ("table=sales_orders", "/feeds/sales_orders/", "/feeds/sales_carts/"),
        ("state=failed", "/feeds/sales_payments/", "/feeds/sales_orders/"),
        ("state=in+trouble", "/feeds/customers/", "/feeds/sales_orders/"),
        ("q=dataeditor", "/feeds/sales_payments/", "/feeds/customers/"),
        ("kind=tick&q=carts", "/feeds/sales_carts/", "/feeds/sales_orders/"),
    ] {
        let (_, page) = w.page(&served, &format!("/runs?{query}")).await;
        assert!(page.contains(shown) && !page.contains(hidden), "{query}: {page}");
    }
    assert!(w.page(&served, "/runs?kind=verify").await.1.contains("No such run"));
    let (_, page) = w.page(&served, "/runs?q=%3Cb%3E&state=%3Ci%3E&before=nonsense").await;
    assert!(page.contains("No such run") && !page.contains("<b>") && !page.contains("<i>"), "{page}");
    // On, page by page, to the end; every run once.
    let (mut place, mut seen) = ("/runs?table=sales_orders".to_owned(), Vec::new());
    loop {
        let (_, page) = w.page(&served, &place).await;
        seen.extend(
            page.split("href=\"/feeds/sales_orders/runs/")
                .skip(1)
                .map(|s| s.split(['?', '"']).next().unwrap().to_owned()),
        );
        let Some(next) = page.split("Older runs").next().filter(|_| page.contains("Older runs")) else { break };
        place = next.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&");
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), all), (46, 46), "a run of each tick");
    // A run's own page: the verbs with their times, files, jobs; by its tick, and without.
    let run = w.run_id("sales_orders", LAST);
    let counted = format!("{} files, ", did("sales.orders", LAST).parts);
    for place in [
        format!("/feeds/sales_orders/runs/{run}"),
        format!("/feeds/sales_orders/runs/{run}?tick={}", w.run_id("tick", 4)),
    ] {
        let (code, page) = w.page(&served, &place).await;
        assert_eq!(code, 200, "{place}");
        for shown in [
            "lease 0.1 s; capture, encode, stage ",
            "so that no other run is at work on them",
            "✓ done",
            &counted,
            "_sales_orders_load_1",
            "_sales_orders_merge_1",
            "MERGE `shop.app.sales_orders`",
            "Inserted",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        assert!(!page.contains("console.cloud.google.com"), "an emulator has no page there");
    }
    // One that failed before the seal has left nothing but its tick's report.
    let failed = w.run_id("sales_payments", 19);
    let (code, page) = w.page(&served, &format!("/feeds/sales_payments/runs/{failed}")).await;
    assert!(code == 200 && page.contains("roles/bigquery.dataEditor"), "{page}");
    // A bucket that does not answer.
    w.gcs.delay(usize::MAX, Duration::from_secs(60), |_| true);
    let begun = Instant::now();
    for place in ["/runs?q=other", &format!("/feeds/customers/runs/{}", w.run_id("customers", 34))] {
        assert!(w.page(&served, place).await.1.contains("Cloud Storage has not answered yet"), "{place}");
    }
    assert!(begun.elapsed() < Duration::from_secs(16), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn costs_are_told_by_table_and_by_day() {
    let w = SixtyTables::new("read-only").await;
    let served = w.serve().await;
    for days in ["", "?days=30", "?days=nonsense"] {
        let (code, page) = w.page(&served, &format!("/cost{days}")).await;
        assert_eq!(code, 200);
        for shown in [
            "by the list prices of 20",
            "The dearest tables, and what would help",
            "What would help: ",
            "</strong>set a longer deletes_every than 6h: ",
            "Cost a day of the last ",
            "aria-current=\"true\"",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        // The dearest are five, and lead to their pages.
        let dearest = page.split("ol class=\"dearest\"").nth(1).unwrap().split("</ol>").next().unwrap();
        assert_eq!(dearest.matches("<li>").count(), 5, "{dearest}");
        assert_eq!(dearest.matches("href=\"/tables/").count(), 5, "{dearest}");
    }
    // One day is like another, and of today only a part is over. The last of seven days is not whole either.
    let (_, page) = w.page(&served, "/cost?days=7").await;
    let days = part(&page, "Cost by day, the newest first", "</table>");
    let dollars = |cell: &str| cell.split('<').next().unwrap().trim_start_matches('$').replace(',', "").parse::<f64>();
    let costs: Vec<f64> = days.split("data-label=\"Cost\">").skip(1).map(|cell| dollars(cell).unwrap()).collect();
    assert!(days.contains(" (today, until now)"), "{days}");
    let whole = &costs[1..costs.len() - 1];
    assert!(!whole.is_empty() && whole.iter().all(|day| *day >= costs[0]), "{costs:?}");
    w.gcs.delay(usize::MAX, Duration::from_secs(60), |_| true);
    let begun = Instant::now();
    let (code, page) = w.page(&served, "/cost?days=1").await;
    assert!(code == 200 && page.contains("Cloud Storage has not answered yet"), "{page}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// What stands on one page of a run stands on the others, too: the fixture is what the README shows.
#[tokio::test(flavor = "multi_thread")]
async fn pages_do_not_contradict_each_other() {
    let w = SixtyTables::new("read-only").await;
    let served = w.serve().await;
    let run = w.run_id("sales_orders", LAST);
    let (_, of_run) = w.page(&served, &format!("/feeds/sales_orders/runs/{run}")).await;
    let (_, of_table) = w.page(&served, "/tables/sales_orders").await;
    let (_, runs) = w.page(&served, "/runs?table=sales_orders").await;
    let did = did("sales.orders", LAST);
    let took = part(&of_run, " after ", ".</p>").trim_start_matches(" after ").to_owned();
    assert!(of_run.contains(&format!("{took} in all")), "{took}: {of_run}");
    let row = |page: &str| part(page, &format!("/feeds/sales_orders/runs/{run}"), "</tr>").to_owned();
    for page in [&of_table, &runs] {
        assert!(row(page).contains(&format!("data-label=\"Took\">{took}<")), "{took}: {}", row(page));
        assert!(row(page).contains("data-label=\"Billed\">20.0 MiB<"), "{}", row(page));
    }
    assert!(of_run.contains("data-label=\"Billed\">20.0 MiB<"), "{of_run}");
    let upserts = plimsoll::model::figures::count(did.upserts);
    assert!(of_run.contains(&format!("data-label=\"Upserts\">{upserts}<")), "{of_run}");
    assert!(row(&of_table).contains(&format!("{upserts} upserts")), "{}", row(&of_table));
    assert!(row(&runs).contains(&format!("+{upserts}")), "{}", row(&runs));
    assert!(of_run.contains("data-label=\"Made NULL\">3<") && of_table.contains("3 values made NULL"), "{of_run}");
    assert!(of_run.contains("<dd>3 values: NaN</dd>"), "{of_run}");
    // The age that a table had at the end of its last run is younger than it is now.
    let status: serde_json::Value = serde_json::from_str(&w.page(&served, "/status").await.1).unwrap();
    for table in status["feeds"].as_array().unwrap() {
        let Some(finished) = table["last_run"]["finished"].as_str().filter(|_| table["load"].is_null()) else {
            continue;
        };
        let finished = time::OffsetDateTime::parse(finished, &time::format_description::well_known::Rfc3339).unwrap();
        let since = (time::OffsetDateTime::now_utc() - finished).whole_seconds();
        assert!(table["age_seconds"].as_i64().unwrap() >= since - 1, "{table:#}");
    }
}
