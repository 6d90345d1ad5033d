//! The pages of sixty tables: what a person who has never seen them finds in one look, whatever the bucket does.

use std::time::{Duration, Instant};

use crate::support::sixty_tables::{
    DIFFERING, FAILING, LAST, LOADING, LONG, PAUSED, REASON, SET_ASIDE, SixtyTables, WHO, did, sources, target,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_comes_first_with_since_when_why_and_what_fixes_it() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    let (code, page) = w.page(&served, "/").await;
    assert_eq!(code, 200);
    assert_eq!(sources().len(), 60);
    assert!(
        page.contains(
            "60 tables, <strong class=\"wrong\">5 in trouble</strong>, 1 to look at, 1 paused, 1 at work, 52 up to date"
        ),
        "{page}"
    );
    let at = |text: &str| page.find(&format!(">{text}</a>")).unwrap_or_else(|| panic!("{text}: {page}"));
    let first_well = at("audit.access_log");
    for source in FAILING.iter().chain([&SET_ASIDE, &DIFFERING, &"sales.orders", &LOADING, &PAUSED]) {
        assert!(at(source) < first_well, "{source} comes first");
    }
    for shown in [
        "the run would delete 812,344 of the 1,981,200 rows of sales_invoice_lines",
        "rows differ: 12 missing, 3 extra, 41 different",
        "15,000,000 of an estimated 41,200,000 rows, in 20 stretches; ",
        REASON,
        &format!(", 20 h, by {WHO}"),
        "aria-label=\"Run now sales.payments\"",
        "href=\"/tables/customers/resync\"",
        "href=\"/tables/sales_invoice_lines/allow-deletes\"",
        "href=\"/tables/sales_order_items/repair\"",
        "aria-label=\"Resume public.sessions\"",
        &format!("title=\"{LONG} → shop.app.{}\"", target(LONG)),
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // What reads well is none: its changes are there, and a few of its rows are not as they are in the source.
    for shown in ["3 rows have a value that BigQuery can't hold", "href=\"/tables/sales_orders#refused\""] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // Nothing but the state was asked for: 46 feeds of one table, and the change log.
    assert_eq!(w.state_reads(), 47);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_has_a_reason_that_is_shown_everywhere() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    assert!(w.page(&served, "/tables/users").await.1.contains("name=\"reason\""));
    let form = "table=users&back=table&reason=%20moved%0Ato+%3Cb%3Eanother%3C%2Fb%3E+host";
    assert_eq!(w.press(&served, "pause", form).await, (303, "/tables/users?done=paused".to_owned()));
    for path in ["/", "/tables/users"] {
        let (_, page) = w.page(&served, path).await;
        assert!(page.contains("moved to &lt;b&gt;another&lt;/b&gt; host") && page.contains("paused"), "{path}: {page}");
        assert!(!page.contains("<b>another"));
    }
    let state = w.state_of("users").await;
    assert_eq!(state["paused"]["users"]["reason"], "moved to <b>another</b> host");
    assert_eq!(state["paused"]["users"]["by"], "the console");
    let status: serde_json::Value = serde_json::from_str(&w.page(&served, "/status").await.1).unwrap();
    let users = status["feeds"].as_array().unwrap().iter().find(|f| f["source"] == "public.users").unwrap();
    assert_eq!(users["paused_reason"], "moved to <b>another</b> host");
    assert_eq!(users["paused_by"], "the console");
    for args in [&["status"][..], &["status", "--json"]] {
        assert!(w.run(args).await.contains("moved to <b>another</b> host"), "{args:?}");
    }
    // Another reason for the same pause.
    w.run(&["pause", "--table", "public.users", "--reason", "and moved again"]).await;
    let again = w.state_of("users").await;
    assert_eq!(again["paused"]["users"]["reason"], "and moved again");
    assert_eq!(again["paused"]["users"]["since"], state["paused"]["users"]["since"]);
    assert_eq!(again["paused"]["users"]["by"], "the console", "who began it");
    // A command says whose it is; a pause of an older version does not.
    w.run(&["pause", "--table", "public.tags"]).await;
    assert_eq!(w.state_of("tags").await["paused"]["tags"]["by"], WHO);
    assert!(w.run(&["status"]).await.contains(&format!(" UTC by {WHO};")));
    let mut old = w.state_of("tags").await;
    old["paused"]["tags"] = serde_json::json!({ "since": "2026-01-02T03:04:05Z" });
    w.put_state("tags", &old).await;
    let served_later = w.serve().await;
    let (_, page) = w.page(&served_later, "/tables/tags").await;
    let since = part(&page, " since 2026-01-02 03:04:05 UTC, ", "</p>");
    assert!(since.ends_with(" d"), "{since}");
    let long = format!("table=users&reason={}", "x".repeat(201));
    assert_eq!(w.press(&served, "pause", &long).await.0, 422);
    assert_eq!(w.press(&served, "resume", "table=users").await, (303, "/?done=resumed".to_owned()));
    assert!(w.state_of("users").await["paused"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filtered_without_a_script() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    for (query, shown, hidden) in [
        ("?state=failing", "sales.payments", "sales.orders"),
        ("?schema=audit", "audit.logins", "sales.orders"),
        ("?feed=changelog", "catalog.brand", "audit.logins"),
        ("?q=ORDER_it", "sales.order_items", "sales.orders"),
        ("?state=paused&schema=public&q=", "public.sessions", "public.users"),
        ("?compared=never", "sales.orders", "sales.order_items"),
        ("?compared=differs", "sales.order_items", "sales.orders"),
    ] {
        let (_, page) = w.page(&served, &format!("/{query}")).await;
        assert!(
            page.contains(&format!(">{shown}</a>")) && !page.contains(&format!(">{hidden}</a>")),
            "{query}: {page}"
        );
        assert!(page.contains("of 60 tables are shown"), "{query}");
    }
    let (_, page) = w.page(&served, "/?q=%22%3E%3Cscript%3E&state=%3Cb%3E").await;
    assert!(page.contains("0 of 60 tables") && !page.contains("<script>") && !page.contains("<b>"), "{page}");
    // A button leads back to the list as it was filtered.
    let (_, page) = w.page(&served, "/?state=paused").await;
    assert!(page.contains("name=\"back\" value=\"state=paused\""), "{page}");
    let to = w.press(&served, "resume", "table=public.sessions&back=state%3Dpaused%26q%3Da%2526b").await;
    assert_eq!(to, (303, "/?q=a%26b&state=paused&done=resumed".to_owned()));
    let away = w.press(&served, "resume", "table=public.sessions&back=//evil.example").await;
    assert_eq!(away, (303, "/?done=resumed".to_owned()));
}

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
    // A manifest, and a report, is read once.
    w.page(&served, "/tables/sales_orders").await;
    w.gcs.clear();
    w.page(&served, "/tables/sales_orders").await;
    let again = |r: &crate::support::Recorded| r.path.contains("manifest") || r.path.contains("reports");
    assert!(!w.gcs.log().iter().any(again), "{:?}", w.gcs.log().iter().map(|r| r.path.clone()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_deletes_or_reloads_asks_first() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    for action in ["full", "resync", "repair", "allow-deletes", "full-allow-deletes"] {
        let (code, page) = w.page(&served, &format!("/tables/sales_orders/{action}")).await;
        assert!(code == 200 && page.contains(&format!("name=\"agreed\" value=\"{action}\"")), "{action}: {page}");
        assert!(page.contains("--table sales.orders") && page.contains("No, go back"), "{action}: {page}");
        w.gcs.clear();
        // Not agreed to, or to another thing.
        for form in ["table=sales.orders", "table=sales.orders&agreed=run", "table=sales.orders&agreed="] {
            let asked = w.press(&served, action, form).await;
            assert_eq!(asked, (303, format!("/tables/sales_orders/{action}")), "{form}");
        }
        assert_eq!(w.press(&served, action, &format!("agreed={action}")).await.0, 400, "no table is named");
        assert!(w.gcs.written().is_empty() && w.gcs.log().is_empty(), "nothing was done");
    }
    // Agreed to, it is done: the source is not there.
    let agreed = w.press(&served, "resync", "table=sales.orders&agreed=resync&back=table").await;
    assert_eq!(agreed, (303, "/tables/sales_orders?done=failed".to_owned()));
    assert_eq!(w.press(&served, "nope", "table=sales.orders").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_anything_from_elsewhere_or_to_look() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    let all =
        ["run", "verify", "repair", "full", "resync", "allow-deletes", "full-allow-deletes", "pause", "resume", "nope"];
    let form = |action: &str| format!("table=public.sessions&agreed={action}&reason=x");
    for action in all {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "none"),
            ("origin", "http://evil.example"),
            ("x", "y"),
        ] {
            let request = w.http.post(format!("{}/console/{action}", served.url)).header(name, value);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            assert_eq!(request.body(form(action)).send().await.unwrap().status(), 403, "{action} {name}: {value}");
        }
        let get = w.http.get(format!("{}/console/{action}", served.url)).header("sec-fetch-site", "same-origin");
        assert_eq!(get.send().await.unwrap().status(), 405, "{action}");
    }
    w.config("read-only", "");
    let looking = w.serve().await;
    for action in all {
        assert_eq!(w.press(&looking, action, &form(action)).await.0, 403, "{action}");
    }
    for path in ["/", "/tables/sales_orders", "/tables/sessions", "/runs", "/cost"] {
        let (code, page) = w.page(&looking, path).await;
        assert!(code == 200 && !page.contains("method=\"post\""), "{path}: {page}");
    }
    assert_eq!(w.page(&looking, "/tables/sales_orders/resync").await.0, 403);
    assert!(w.page(&looking, "/tables/sessions").await.1.contains("plimsoll resume --table public.sessions"));
    assert!(w.gcs.written().is_empty(), "nothing was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_of_others_is_text() {
    let w = SixtyTables::new("operate").await;
    let evil = "<script>alert(1)</script>";
    let name = "[[table]]\nsource = 'public.\"<img src=x>\"'\ntarget = \"img\"\nwhere = \"a < '<b>bold</b>'\"\n";
    w.config("operate", name);
    let mut state = w.state_of("sales_payments").await;
    for run in state["recent"].as_array_mut().unwrap() {
        run["error"] = serde_json::json!({ "message": format!("{evil} failed"), "hint": format!("try {evil}") });
    }
    state["paused"] = serde_json::json!({});
    w.put_state("sales_payments", &state).await;
    let mut paused = w.state_of("sessions").await;
    paused["paused"]["sessions"]["reason"] = evil.into();
    w.put_state("sessions", &paused).await;
    let served = w.serve().await;
    let run = w.run_id("sales_payments", 4);
    for path in [
        "/",
        "/tables/img",
        "/tables/img/resync",
        "/tables/sales_payments",
        "/tables/sessions",
        "/runs",
        &format!("/feeds/sales_payments/runs/{run}"),
        "/tables/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ] {
        let (_, page) = w.page(&served, path).await;
        assert!(!page.contains(evil) && !page.contains("<img") && !page.contains("<b>bold"), "{path}: {page}");
    }
    let (_, page) = w.page(&served, "/").await;
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt; failed") && page.contains("public.&lt;img src=x&gt;"),
        "{page}"
    );
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
    w.gcs.delay(usize::MAX, Duration::from_secs(60), |_| true);
    let begun = Instant::now();
    let (code, page) = w.page(&served, "/cost?days=1").await;
    assert!(code == 200 && page.contains("Cloud Storage has not answered yet"), "{page}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// The text of a page, without its markup, from one place on to the next.
fn part<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let begin = page.find(from).unwrap_or_else(|| panic!("{from}: {page}"));
    page[begin..].split_once(to).map_or(&page[begin..], |(part, _)| part)
}

/// A button stands first only where it helps: the one that the hint names, none where somebody has to act, and never a run that would
/// end as the last one did.
#[tokio::test(flavor = "multi_thread")]
async fn the_button_that_fixes_it_comes_first() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    let (_, list) = w.page(&served, "/").await;
    for (source, first, hint) in [
        ("public.customers", Some("resync"), "<strong>Resync</strong> makes the target again"),
        ("sales.invoice_lines", Some("allow-deletes"), "<strong>Allow deletes</strong> lets one run pass"),
        (SET_ASIDE, None, "GRANT SELECT ON "),
        (PAUSED, Some("resume"), REASON),
        (DIFFERING, Some("repair"), "rows differ: "),
        ("sales.payments", Some("run"), "Grant roles/bigquery.dataEditor"),
    ] {
        let row = part(&list, &format!("\">{source}</a>"), "</li>");
        assert!(row.contains(hint), "{source}: {row}");
        let (_, page) = w.page(&served, &format!("/tables/{}", target(source))).await;
        let buttons = part(&page, "class=\"effects\"", "</ul>");
        let button = |action: &str| match action {
            "run" | "resume" => format!("action=\"/console/{action}\""),
            _ => format!("href=\"/tables/{}/{action}\"", target(source)),
        };
        match first {
            Some(action) => {
                assert!(row.contains(&button(action)), "{source}: {row}");
                assert!(part(buttons, "<li", "</li>").contains(&button(action)), "{source}: {buttons}");
            }
            None => assert!(!row.contains("button"), "{source}: {row}"),
        }
        // More deletes are offered where the limit was met, and a run of what is paused nowhere.
        assert_eq!(buttons.contains("allow-deletes"), source == "sales.invoice_lines", "{source}: {buttons}");
        assert_eq!(buttons.contains("/console/run"), source != PAUSED, "{source}: {buttons}");
    }
    // Where a run is likely to fail again, it says so.
    let (_, page) = w.page(&served, &format!("/tables/{}", target(SET_ASIDE))).await;
    assert!(part(&page, "/console/run", "</li>").contains("it is likely to end as the last one did"), "{page}");
    let (_, page) = w.page(&served, "/tables/sales_orders").await;
    assert!(!page.contains("it is likely to end as the last one did"), "{page}");
    // What is being loaded is in BigQuery in part, and its figures say how far.
    let (_, page) = w.page(&served, &format!("/tables/{}", target(LOADING))).await;
    assert!(page.contains("a part of its rows: it is being loaded") && page.contains("in 20 stretches"), "{page}");
    // Three buttons that read all rows are told apart.
    let (_, page) = w.page(&served, "/tables/sales_orders").await;
    for (action, effect) in [
        ("repair", "corrects in the target the rows that differ, and no others"),
        ("full", "Readers see the old rows until one load replaces them all"),
        ("resync", "the target gets other types if its own no longer fit"),
    ] {
        let item = part(&page, &format!("href=\"/tables/sales_orders/{action}\""), "</li>");
        assert!(item.contains(effect), "{action}: {item}");
    }
    // Without buttons the command is what helps.
    w.config("read-only", "");
    let looking = w.serve().await;
    let (_, page) = w.page(&looking, "/tables/customers").await;
    assert!(page.contains("<code>plimsoll resync --table customers</code> makes the target again"), "{page}");
    assert!(page.contains("plimsoll resync --table public.customers"), "{page}");
}

/// A row speaks of one table, by the name that stands at its beginning.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_table_names_no_other() {
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    let (_, page) = w.page(&served, "/").await;
    for source in FAILING.iter().chain([&SET_ASIDE]) {
        let row = part(&page, &format!("\">{source}</a>"), "</li>");
        let words = row.split(|c: char| !(c.is_alphanumeric() || "_.".contains(c)));
        let others: Vec<&str> = words.filter(|word| sources().contains(word) && word != source).collect();
        assert!(others.is_empty(), "{source}: {others:?}");
        let name = source.rsplit('.').next().unwrap();
        let elsewhere: Vec<&str> = row
            .split(|c: char| !(c.is_alphanumeric() || "_.".contains(c)))
            .filter(|word| word.ends_with(&format!(".{name}")) && word != source && !word.starts_with("shop."))
            .collect();
        assert!(elsewhere.is_empty(), "{source}: {elsewhere:?}");
    }
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
