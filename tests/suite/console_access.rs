//! Who may change anything by the pages, and what others write on them.

use crate::support::sixty_tables::SixtyTables;

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
