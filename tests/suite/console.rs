//! The status page: what it shows, what its buttons do, and who may press them.

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::{Served, World};

async fn operated(extra: &str) -> World {
    let w = World::with_orders(extra).await;
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), text.replace("auth = \"none\"", "auth = \"none\"\nconsole = \"operate\"")).unwrap();
    w
}

async fn html(w: &World, served: &Served, path: &str) -> (u16, String) {
    let answer = w.http.get(format!("{}{path}", served.url)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The page, once it shows a text: what another process does is seen within some seconds.
async fn html_with(w: &World, served: &Served, path: &str, text: &str) -> String {
    let mut page = String::new();
    for _ in 0..120 {
        page = html(w, served, path).await.1;
        if page.contains(text) {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("{text} does not come: {page}");
}

/// A button, pressed as a browser does it on our own page.
async fn press(w: &World, served: &Served, action: &str, table: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = http.post(format!("{}/console/{action}", served.url)).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(format!("table={table}"));
    let answer = request.send().await.unwrap();
    let to = answer.headers().get("location").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    w.keep_statements().await;
    (answer.status().as_u16(), to)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_every_table_and_a_run_its_report_and_sql() {
    let w = World::with_orders("").await;
    let served = w.serve().await;
    let (code, page) = html(&w, &served, "/").await;
    assert_eq!(code, 200);
    assert!(
        page.contains("never loaded") && page.contains("1 in trouble") && !page.contains("method=\"post\""),
        "{page}"
    );

    w.sql("INSERT INTO orders VALUES (1, 'hunter2 <b>', 1)").await;
    w.post(&format!("{}/runs", served.url), "").await;
    w.sql("INSERT INTO orders VALUES (2, 'hunter2', 1), (3, 'y', 'NaN')").await;
    let (_, report) = w.post(&format!("{}/runs", served.url), "").await;
    w.keep_statements().await;
    let run = report["runs"][0]["run"].as_str().unwrap();
    let (_, page) = html(&w, &served, "/").await;
    let looked_at = "1 row has a value that BigQuery can't hold";
    for shown in
        ["up to date", "none in trouble", "1 to look at", looked_at, "public.orders", "+2", "Last 2 runs: 0 failed"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let (_, table) = html(&w, &served, "/tables/orders").await;
    for shown in [
        "up to date",
        "2 upserts",
        "snapshot ",
        "Rows written and removed of the last 2 runs",
        "everything committed before ",
    ] {
        assert!(table.contains(shown), "{shown}: {table}");
    }
    assert!(page.contains(&format!("/feeds/orders/runs/{run}")));
    let (code, page) = html(&w, &served, &format!("/feeds/orders/runs/{run}")).await;
    assert_eq!(code, 200);
    for shown in ["MERGE `demo.", "WHEN NOT MATCHED", "Quarantined", "✓ done"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("hunter2"), "no row value is shown");
    for unknown in
        ["/feeds/orders/runs/20200101t000000_000000000000", "/feeds/orders/runs/x", &format!("/feeds/x/runs/{run}")]
    {
        let (code, page) = html(&w, &served, unknown).await;
        assert!(code == 404 && page.contains("Nothing is kept of this run"), "{unknown}: {code}");
    }
    let answer = w.http.get(&served.url).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
}

/// A failure is seen by a process that has not seen it happen, and is gone once a run without changes has succeeded.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_shown_until_a_run_succeeds() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.sql("ALTER TABLE orders RENAME TO gone").await;
    assert_ne!(w.run(&["run"]).await.code, 0);
    let served = w.serve().await;
    let (_, page) = html(&w, &served, "/").await;
    assert!(page.contains("failing") && page.contains("1 in trouble"), "{page}");
    let state = w.state("orders").await;
    let failed = state["recent"].as_array().unwrap().last().unwrap().clone();
    assert!(failed["error"]["hint"].is_string(), "{failed}");
    let (code, page) = html(&w, &served, &format!("/feeds/orders/runs/{}", failed["run"].as_str().unwrap())).await;
    assert!(code == 200 && page.contains("does not exist in the source") && page.contains("GRANT USAGE"), "{page}");
    let ran = w.run(&["status"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("1 table: 1 failing"), "{}", ran.stdout);
    w.sql("ALTER TABLE gone RENAME TO orders").await;
    assert_eq!(w.tick().await["state"], "empty");
    html_with(&w, &served, "/", "up to date").await;
    assert_eq!(w.run(&["status"]).await.code, 0);
}

/// A table that was never loaded has a state for the failure's sake: every process tells of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_a_first_load_is_shown() {
    let w = operated("where = \"note::int > 0\"").await;
    w.sql("INSERT INTO orders VALUES (1, 'no number', 1)").await;
    let served = w.serve().await;
    assert_eq!(press(&w, &served, "run", "").await, (303, "/?done=failed".to_owned()));
    let (_, page) = html(&w, &served, "/").await;
    assert!(page.contains("failing") && page.contains("a row could not be read"), "{page}");
    let status = w.run(&["status"]).await;
    assert!(status.code == 1 && status.stdout.contains("a row could not be read"), "{}", status.stdout);
    w.sql("UPDATE orders SET note = '1'").await;
    assert_eq!(press(&w, &served, "run", "").await.1, "/?done=ran");
    assert!(html(&w, &served, "/").await.1.contains("none in trouble"));
}

/// Notes that nobody can read cost nothing but themselves.
#[tokio::test(flavor = "multi_thread")]
async fn odd_notes_do_not_stop_a_run() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    for odd in [Value::Null, 7.into(), serde_json::json!([{ "run": 1 }])] {
        let mut state = w.state("orders").await;
        state["recent"] = odd.clone();
        state["paused"] = odd;
        w.put_state("orders", &state).await;
        assert_eq!(w.run(&["run"]).await.code, 0);
        assert_eq!(w.run(&["status"]).await.code, 0);
    }
}

/// The answer to the write is lost after it was done, or the write itself before: the pause stands all the same, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_whose_answer_is_lost_stands() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    w.tick().await;
    w.gcs.lose_answer(1, |r| r.writes_state());
    assert_eq!(w.run(&["pause", "--table", "orders"]).await.code, 0);
    let before = w.state("orders").await;
    assert!(before["paused"]["orders"].is_object(), "{before}");
    w.gcs.cut(1, |r| r.writes_state());
    assert_eq!(w.run(&["resume", "--table", "orders"]).await.code, 0);
    let after = w.state("orders").await;
    assert!(after["paused"].is_null() && after["watermark"] == before["watermark"], "{after}");
}

/// A load in chunks stops at the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_ends_a_load_in_chunks() {
    let w = World::new().await;
    w.sql(crate::support::world::ORDERS).await;
    w.sql("INSERT INTO orders SELECT g, 'x', 1 FROM generate_series(1, 1000) g; ANALYZE orders").await;
    w.config_with("chunk_rows = 200", "[[table]]\nsource = \"orders\"\n");
    let gate = w.bq.hold_before(|r| r.is_job("load"));
    let mut run = w.command(&["run", "--json"]);
    let (ran, paused) = tokio::join!(async { w.finish(run.spawn().unwrap()).await }, async {
        gate.reached().await;
        let paused = w.run(&["pause", "--table", "orders"]).await.code;
        gate.open();
        paused
    });
    assert_eq!((ran.code, paused), (0, 0), "{}", ran.stderr);
    let state = w.state("orders").await;
    assert_eq!(state["watermark"]["tables"]["orders"]["loading"]["rows"], 200, "{state}");
    assert_eq!(w.run(&["resume", "--table", "orders"]).await.code, 0);
    assert_eq!(w.run(&["run"]).await.code, 0);
    w.keep_statements().await;
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_run_pause_and_resume() {
    let w = operated("every = \"1d\"").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let served = w.serve().await;
    assert_eq!(press(&w, &served, "run", "public.orders").await, (303, "/?done=ran".to_owned()));
    w.assert_equal("orders").await;
    let (_, page) = html(&w, &served, "/?done=ran").await;
    assert!(page.contains("The run is done."), "{page}");
    let (_, table) = html(&w, &served, "/tables/orders").await;
    assert!(table.contains("Run now") && table.contains("Pause"), "{table}");

    assert_eq!(press(&w, &served, "pause", "public.orders").await, (303, "/?done=paused".to_owned()));
    w.sql("INSERT INTO orders VALUES (2, 'y', 1)").await;
    let jobs = w.bq.jobs().len();
    for request in ["", r#"{"tables":["public.orders"]}"#, r#"{"full":true}"#] {
        let (code, report) = w.post(&format!("{}/runs", served.url), request).await;
        assert_eq!((code, report["runs"][0]["state"].as_str()), (200, Some("paused")), "{request}: {report}");
    }
    assert_eq!(w.bq.jobs().len(), jobs, "nothing is loaded");
    // Another process knows of it, and does not call the table late.
    let other = w.serve().await;
    assert_eq!(w.get(&format!("{}/readyz", other.url)).await.0, 200);
    let (_, status) = w.get(&format!("{}/status", other.url)).await;
    assert!(status["feeds"][0]["paused_since"].is_string() && status["feeds"][0]["late"] == false, "{status}");
    assert!(html(&w, &other, "/").await.1.contains("1 paused"));
    assert!(w.run(&["status"]).await.stdout.contains("paused"));

    assert_eq!(press(&w, &other, "resume", "public.orders").await, (303, "/?done=resumed".to_owned()));
    assert_eq!(press(&w, &served, "run", "").await, (303, "/?done=ran".to_owned()));
    w.assert_equal("orders").await;
    assert_eq!(press(&w, &served, "pause", "public.nope").await.0, 422);
    assert_eq!(press(&w, &served, "pause", "").await.0, 400);
    // The command does the same.
    assert_eq!(w.run(&["pause", "--table", "orders"]).await.code, 0);
    assert!(w.state("orders").await["paused"]["orders"].is_object());
    assert_eq!(w.run(&["resume", "--table", "public.orders"]).await.code, 0);
    assert!(w.state("orders").await["paused"].is_null());
}

/// A pause comes into a run that is under way: the run goes on to its end, the pause stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_not_in_a_runs_way() {
    let w = operated("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let served = w.serve().await;
    w.post(&format!("{}/runs", served.url), "").await;
    w.sql("INSERT INTO orders VALUES (2, 'y', 1)").await;
    let gate = w.bq.hold_before(|r| r.is_job("merge"));
    let url = format!("{}/runs", served.url);
    let (answer, pressed) = tokio::join!(w.post(&url, ""), async {
        gate.reached().await;
        let pressed = press(&w, &served, "pause", "public.orders").await;
        gate.open();
        pressed
    });
    assert_eq!((answer.0, answer.1["runs"][0]["state"].as_str()), (200, Some("done")), "{}", answer.1);
    assert_eq!(pressed.0, 303);
    w.keep_statements().await;
    w.assert_equal("orders").await;
    let state = w.state("orders").await;
    assert!(state["paused"]["orders"].is_object() && state["pending"].is_null() && state["lease"].is_null(), "{state}");
    assert_eq!(state["recent"].as_array().unwrap().len(), 2);
}

/// One table of a change log rests; the others go on, and it catches up afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_table_of_a_change_log_catches_up() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE a (id bigint PRIMARY KEY, x text); CREATE TABLE b (id bigint PRIMARY KEY, x text);
         CREATE TABLE log (id bigserial PRIMARY KEY, kind text, key text, action text);
         INSERT INTO a VALUES (1, 'a'); INSERT INTO b VALUES (1, 'b');",
    )
    .await;
    w.config(
        "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"kind\"\nkey = \"key\"\n\
         [[table]]\nsource = \"a\"\ncapture = \"changelog\"\nlog_types = [\"a\"]\n\
         [[table]]\nsource = \"b\"\ncapture = \"changelog\"\nlog_types = [\"b\"]\n",
    );
    w.tick().await;
    assert_eq!(w.run(&["pause", "--table", "b"]).await.code, 0);
    w.sql("UPDATE a SET x = 'a2'; UPDATE b SET x = 'b2'; INSERT INTO log (kind, key) VALUES ('a', '1'), ('b', '1')")
        .await;
    w.tick().await;
    w.assert_equal("a").await;
    assert_eq!(w.target("SELECT x FROM {d}.b").await, vec![vec![Some("b".to_owned())]]);
    w.tick().await;
    assert_eq!(w.run(&["resume", "--table", "b"]).await.code, 0);
    let report = w.tick().await;
    assert!(report["whole"].is_null(), "by the log alone: {report}");
    w.assert_equal("b").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_count_only_from_our_own_page_and_only_to_operate() {
    let w = operated("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let served = w.serve().await;
    let form = "application/x-www-form-urlencoded";
    let cases: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[],
    ];
    for action in ["run", "pause", "resume"] {
        for headers in cases {
            let mut request = w.http.post(format!("{}/console/{action}", served.url)).header("content-type", form);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.body("table=public.orders").send().await.unwrap();
            assert_eq!(answer.status(), 403, "{action} {headers:?}");
        }
    }
    // What a page elsewhere can send without asking first, to the routes for programs.
    for route in ["runs", "pubsub"] {
        let request = w.http.post(format!("{}/{route}", served.url)).header("sec-fetch-site", "cross-site");
        assert_eq!(request.send().await.unwrap().status(), 403, "{route}");
    }
    let own = w.http.post(format!("{}/console/run", served.url)).header("sec-fetch-site", "same-origin");
    let wrong_kind = own.header("content-type", "text/plain").body("table=x").send().await.unwrap();
    assert_eq!(wrong_kind.status(), 415);
    assert!(w.gcs.written().is_empty() && w.bq.log().is_empty(), "nothing was done");

    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), text.replace("\"operate\"", "\"read-only\"")).unwrap();
    let looking = w.serve().await;
    for action in ["run", "pause", "resume"] {
        assert_eq!(press(&w, &looking, action, "public.orders").await.0, 403);
    }
    assert!(w.gcs.written().is_empty(), "nothing was done");
}

/// The contrast of every text with what is behind it, by WCAG 2: the smallest, and whose it is.
const LEAST_CONTRAST: &str = r#"
    const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                         return .2126 * r + .7152 * g + .0722 * b; };
    const parse = s => { const n = s.match(/[\d.]+/g).map(Number); return n.length === 4 && n[3] === 0 ? null : n.slice(0, 3); };
    const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c) return c; }
                          return [255, 255, 255]; };
    let least = [99, ''];
    for (const e of document.querySelectorAll('body *')) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        if (!own || e.closest('svg')) continue;
        const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
        const ratio = (a + .05) / (b + .05);
        if (ratio < least[0]) least = [ratio, e.outerHTML.slice(0, 80)];
    }
    return least;"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_in_a_browser() {
    let Some(browser) = Browser::open("console::the_page_in_a_browser").await else { return };
    let w = operated("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let served = w.serve().await;
    let page = &browser.page;
    page.goto(&served.url).await.unwrap();
    assert_eq!(page.title().await.unwrap(), "Tables · Plimsoll");

    // By keyboard alone: each stop is seen, and the table's own button runs it.
    let mut stops = Vec::new();
    for _ in 0..16 {
        page.active_element().await.unwrap().send_keys("\u{e004}").await.unwrap();
        let stop = browser.ask("const e = document.activeElement; return e.ariaLabel || e.textContent").await;
        let outline = browser.ask("return getComputedStyle(document.activeElement).outlineStyle").await;
        let stop = stop.as_str().unwrap().to_owned();
        assert_eq!(outline, "solid", "{stop} is not seen to have the focus");
        stops.push(stop.clone());
        if stop == "Run now public.orders" {
            break;
        }
    }
    let stops: Vec<&str> = stops.iter().map(|s| s.trim()).filter(|s| !s.is_empty() && !s.starts_with("all")).collect();
    let wanted = [
        "Skip to content",
        "Tables",
        "Runs",
        "Cost",
        "Stop refreshing",
        "Run all now",
        "Show",
        "public.orders",
        "Run now public.orders",
    ];
    assert_eq!(stops, wanted);
    page.active_element().await.unwrap().send_keys("\u{e007}").await.unwrap();
    wait_for(&browser, "The run is done.").await;
    w.keep_statements().await;
    w.assert_equal("orders").await;

    // A screen reader has names for everything.
    let nameless = browser.ask("return [...document.querySelectorAll('a, button, svg')].filter(e => !(e.ariaLabel || e.textContent).trim()).length").await;
    assert_eq!(nameless, 0);
    assert_eq!(browser.ask("return document.documentElement.lang").await, "en");
    assert_eq!(browser.ask("return document.querySelectorAll('th:not([scope])').length").await, 0);

    // Pause, and a failing table, so that every colour is on the page; light and dark; wide and narrow.
    let run = browser.ask("return document.querySelector('a.rows').getAttribute('href')").await;
    page.goto(&format!("{}/tables/orders", served.url)).await.unwrap();
    for (button, then) in [("Pause public.orders", "paused"), ("Resume public.orders", "up to date")] {
        let found = page.find(fantoccini::Locator::Css(&format!("[aria-label='{button}']"))).await.unwrap();
        found.click().await.unwrap();
        wait_for(&browser, then).await;
    }
    w.sql("ALTER TABLE orders RENAME TO gone").await;
    page.find(fantoccini::Locator::Css("[aria-label='Run now public.orders']")).await.unwrap().click().await.unwrap();
    wait_for(&browser, "The run failed").await;
    for path in ["/", "/tables/orders", run.as_str().unwrap()] {
        for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 320), ("dark", 320)] {
            browser.screen(scheme, width, 800).await;
            page.goto(&format!("{}{path}", served.url)).await.unwrap();
            let least = browser.ask(LEAST_CONTRAST).await;
            assert!(least[0].as_f64().unwrap() >= 4.5, "{path} {scheme}: {least}");
            let overflow = browser.ask("return document.documentElement.scrollWidth - innerWidth").await;
            assert!(overflow.as_i64().unwrap() <= 0, "{path} at {width}: {overflow} too wide");
        }
    }
    let ended = page.clone().close().await;
    assert!(ended.is_ok());
}

async fn wait_for(browser: &Browser, text: &str) {
    for _ in 0..150 {
        let shown = browser.ask("return document.body.innerText").await;
        if shown.as_str().unwrap_or_default().contains(text) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let shown: Value = browser.ask("return document.body.innerText").await;
    panic!("{text} does not come: {shown}");
}

/// A page elsewhere that the operator's browser has open posts a form to us.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_on_another_site_in_a_browser() {
    let Some(browser) = Browser::open("console::a_form_on_another_site_in_a_browser").await else { return };
    let w = operated("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let served = w.serve().await;
    let evil = format!(
        "<!doctype html><form method=post action='{}/console/run'><button>prize</button></form>
         <script>document.forms[0].submit()</script>",
        served.url
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let app = axum::Router::new().route("/", axum::routing::get(async || axum::response::Html(evil)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    for site in ["localhost", "127.0.0.1"] {
        browser.page.goto(&format!("http://{site}:{port}/")).await.unwrap();
        wait_for(&browser, "This form comes from another site").await;
    }
    assert!(w.gcs.written().is_empty() && w.bq.log().is_empty(), "nothing was run");
    assert!(browser.page.clone().close().await.is_ok());
}
