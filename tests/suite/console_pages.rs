//! The pages of sixty tables: what a person who has never seen them finds in one look, whatever the bucket does.

use crate::support::sixty_tables::{
    DIFFERING, FAILING, LOADING, LONG, PAUSED, REASON, SET_ASIDE, SixtyTables, WHO, part, sources, target,
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
