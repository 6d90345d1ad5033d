//! A page that refreshes itself, in a real browser: nobody who reads, hears or types is disturbed, and who stops it has it stopped.

use std::time::Duration;

use fantoccini::Locator;

use crate::support::browser::Browser;
use crate::support::sixty_tables::SixtyTables;

/// Has the page's clock go faster, so that nobody has to wait for half a minute.
async fn hurry(browser: &Browser) {
    let hurry = "const slow = setInterval; window.setInterval = (f, ms) => slow(f, ms / 60);";
    browser.command("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({ "source": hurry })).await;
}

/// Waits until the page was refreshed.
async fn refreshed(browser: &Browser) {
    let made = browser.ask("return document.querySelector('.made time').dateTime").await;
    browser.until(&format!("return document.querySelector('.made time').dateTime !== {made}")).await;
}

/// The page refreshes itself, and leaves alone whoever is at it.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_refreshes_without_disturbing_anybody_in_a_browser() {
    let Some(browser) =
        Browser::open("console_refresh::a_page_refreshes_without_disturbing_anybody_in_a_browser").await
    else {
        return;
    };
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    hurry(&browser).await;
    browser.screen("light", 390, 600).await;
    browser.page.goto(&served.url).await.unwrap();
    // The place of a screen reader is in an element: it is lost with it.
    let marks = "window.at = document.querySelector('.grid a.table'); at.focus(); window.blurred = 0; \
                 at.addEventListener('blur', () => blurred++); window.read = document.querySelector('.grid li:last-child').firstChild; scrollTo(0, 700)";
    browser.ask(marks).await;
    let scrolled = browser.ask("return scrollY").await;
    refreshed(&browser).await;
    let stays = "return [document.activeElement === at, blurred, read.isConnected, scrollY]";
    assert_eq!(browser.ask(stays).await, serde_json::json!([true, 0, true, scrolled]), "nothing has changed");
    // What has changed is shown, and the rest is what it was.
    let users = "[...document.querySelectorAll('.lines a.table')].some(a => a.innerText === 'public.users')";
    assert_eq!(browser.ask(&format!("return {users}")).await, false);
    w.run(&["pause", "--table", "public.users"]).await;
    browser.until(&format!("return {users}")).await;
    let stays = "return [document.activeElement === at, read.isConnected, document.querySelectorAll('a.table').length]";
    assert_eq!(browser.ask(stays).await, serde_json::json!([true, true, 60]));
    // Somebody fills a form.
    // Between finding the field and typing into it the page might have refreshed.
    browser.ask("document.querySelector('input[name=q]').focus()").await;
    browser.page.active_element().await.unwrap().send_keys("ord").await.unwrap();
    let made = browser.ask("return document.querySelector('.made time').dateTime").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = browser
        .ask("return [document.querySelector('input[name=q]').value, document.querySelector('.made time').dateTime]")
        .await;
    assert_eq!(after, serde_json::json!(["ord", made]));
    // And it can be stopped.
    browser.page.find(Locator::LinkText("Stop refreshing")).await.unwrap().click().await.unwrap();
    browser.until("return location.search === '?refresh=off'").await;
    let made = browser.ask("return document.querySelector('.made time').dateTime").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(browser.ask("return document.querySelector('.made time').dateTime").await, made);
    assert_eq!(browser.ask("return document.querySelectorAll('script, meta[http-equiv=refresh]').length").await, 0);
    assert!(browser.page.clone().close().await.is_ok());
}

/// What stands on a page from the start is not read out by itself: what has the focus is, and what comes into a place that was there.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_button_did_and_a_stale_page_are_read_out_in_a_browser() {
    let test = "console_refresh::what_a_button_did_and_a_stale_page_are_read_out_in_a_browser";
    let Some(browser) = Browser::open(test).await else { return };
    let w = SixtyTables::new("operate").await;
    let mut served = w.serve().await;
    hurry(&browser).await;
    browser.page.goto(&served.url).await.unwrap();
    let place =
        "const place = document.getElementById('not-refreshed'); return [place.getAttribute('role'), place.innerText]";
    assert_eq!(browser.ask(place).await, serde_json::json!(["alert", ""]));
    let resume = Locator::Css("button[aria-label='Resume public.sessions']");
    browser.page.find(resume).await.unwrap().click().await.unwrap();
    browser.until("return location.search === '?done=resumed'").await;
    let told = "return document.activeElement.getAttribute('role') + ': ' + document.activeElement.innerText";
    let resumed = "status: Resumed: the next run goes on where it stopped.";
    browser.until("return document.activeElement !== document.body").await;
    assert_eq!(browser.ask(told).await, resumed);
    // Nobody has gone on yet, so it stays.
    refreshed(&browser).await;
    assert_eq!(browser.ask(told).await, resumed);
    browser.ask("document.querySelector('a.table').focus()").await;
    browser.until("return document.getElementById('done') === null").await;
    served.child.kill().await.unwrap();
    browser
        .until(
            "return document.querySelector('#not-refreshed p')?.innerText.startsWith('Not refreshed since') === true",
        )
        .await;
    assert_eq!(browser.ask("return document.querySelectorAll('#not-refreshed p').length").await, 1);
    assert!(browser.page.clone().close().await.is_ok());
}

/// Who has stopped it presses buttons, and it stays stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_button_does_not_begin_again_what_somebody_has_stopped_in_a_browser() {
    let test = "console_refresh::a_button_does_not_begin_again_what_somebody_has_stopped_in_a_browser";
    let Some(browser) = Browser::open(test).await else { return };
    let w = SixtyTables::new("operate").await;
    let served = w.serve().await;
    let click = async |what: Locator<'_>| browser.page.find(what).await.unwrap().click().await.unwrap();
    browser.page.goto(&format!("{}/?state=paused", served.url)).await.unwrap();
    click(Locator::LinkText("Stop refreshing")).await;
    browser.until("return location.search === '?state=paused&refresh=off'").await;
    click(Locator::Css("button[aria-label='Resume public.sessions']")).await;
    browser.until("return location.search === '?state=paused&done=resumed&refresh=off'").await;
    let is_stopped = "return document.querySelectorAll('script, meta[http-equiv=refresh]').length";
    assert_eq!(browser.ask(is_stopped).await, 0);
    // On a table's page, by a button that does it at once, and by one that asks.
    browser.page.goto(&format!("{}/tables/sessions?refresh=off", served.url)).await.unwrap();
    click(Locator::Css("button[aria-label='Pause public.sessions']")).await;
    browser.until("return location.search === '?done=paused&refresh=off'").await;
    browser.page.goto(&format!("{}/tables/sales_orders?refresh=off", served.url)).await.unwrap();
    click(Locator::Css("a[aria-label='Resync sales.orders']")).await;
    browser.until("return location.pathname === '/tables/sales_orders/resync'").await;
    click(Locator::LinkText("No, go back")).await;
    browser.until("return location.pathname === '/tables/sales_orders' && location.search === '?refresh=off'").await;
    click(Locator::Css("a[aria-label='Resync sales.orders']")).await;
    browser.until("return location.pathname === '/tables/sales_orders/resync'").await;
    click(Locator::Css("button.danger")).await;
    browser.until("return location.search === '?done=failed&refresh=off'").await;
    assert_eq!(browser.ask(is_stopped).await, 0);
    // And it begins again where somebody says so.
    click(Locator::LinkText("Refresh every 30 s")).await;
    browser.until("return location.search === '' && document.querySelectorAll('script').length === 1").await;
    assert!(browser.page.clone().close().await.is_ok());
}
