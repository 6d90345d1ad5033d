//! One trigger: every due feed, a few at a time.

use std::sync::Arc;

use futures_util::StreamExt;
use time::OffsetDateTime;
use tracing::{Instrument, info, warn};

use super::cancel_statement::LAST_WORDS;
use super::context::Context;
use super::feed::run_feed;
use super::feeds::Feed;
use super::history::report_name;
use super::order::{Guard, Mode, Order};
use super::report::{RunReport, RunState, TickKind, TickReport};
use crate::capture::keyed::GivenKeys;
use crate::model::TableSpec;
use crate::pubsub_topic::{Topic, TopicError};
use crate::run::request::{Request, UnknownTable};
use crate::storage::Expect;

/// Runs the feeds of a request and reports on each; never fails as a whole.
pub async fn tick(context: &Arc<Context>, request: &Request) -> Result<TickReport, UnknownTable> {
    let feeds = Feed::of(&request.select(&context.config.tables)?);
    Ok(run_feeds(context, feeds, request.order(), request.kind()).await)
}

/// Reads the rows with these keys again, each table in a run like any other: what BigQuery has of them is then what the source has. Nothing
/// else is looked for, and the watermark stays where it is. Keys of tables that the config does not have are left.
pub async fn read_again(context: &Arc<Context>, keys: GivenKeys, guard: Guard) -> TickReport {
    let keys = Arc::new(keys);
    let named: Vec<&TableSpec> = context.config.tables.iter().filter(|t| keys.has(&t.target)).collect();
    let feeds = Feed::of(&named).into_iter().map(|feed| Feed { keys: Some(keys.clone()), ..feed });
    run_feeds(context, feeds.collect(), Order { mode: Mode::Now, guard, verify: None }, TickKind::Reread).await
}

/// Runs feeds side by side, and tells of it.
async fn run_feeds(context: &Arc<Context>, feeds: Vec<Feed>, order: Order, kind: TickKind) -> TickReport {
    let started = OffsetDateTime::now_utc();
    let runs = futures_util::stream::iter(feeds.into_iter().enumerate())
        .map(|(place, feed)| {
            let span = tracing::info_span!("run", feed = %feed.id, table = %feed.label(), run = tracing::field::Empty);
            let (context, own) = (context.clone(), feed.clone());
            // A task of its own, so that the feeds' encoding uses every core, and one's panic leaves the others alone.
            let task = tokio::spawn(async move { run_feed(&context, &own, order).await }.instrument(span));
            async move {
                let reports = task.await.unwrap_or_else(|_| vec![RunReport::crashed(&feed, started)]);
                (place, feed, reports)
            }
        })
        // In the order in which they end: a slow feed must not keep the place of one that could begin.
        .buffer_unordered(context.config.run.parallelism);
    let mut runs: Vec<(usize, Feed, Vec<RunReport>)> = runs.collect().await;
    runs.sort_by_key(|(place, ..)| *place);
    context.close_idle();
    context.board.outdate();
    let unserved = runs.iter().flat_map(|(_, feed, reports)| unserved(feed, reports)).collect();
    let all = runs.into_iter().flat_map(|(.., reports)| reports).collect();
    let report = TickReport { unserved, kind, ..TickReport::new(started, all) };
    tokio::join!(keep_report(context, &report), go_on_elsewhere(context, &report), publish_reports(context, &report));
    report
}

/// Keeps the report of a tick that did something, or failed: the history that people look back on. Nothing depends on it.
async fn keep_report(context: &Context, report: &TickReport) {
    // A comparison is billed, and may have found something, where nothing has changed.
    let is_done = report.runs.iter().any(|r| r.state == RunState::Done || !r.verified.is_empty());
    // A process that is told to go has no time for what the next tick tells as well.
    let has_time = !context.stop.is_cancelled();
    if !is_done && (report.ok || !has_time) {
        return;
    }
    let (name, store) = (report_name(&context.new_run(report.started)), context.store.in_a_hurry());
    let stored = async {
        let content = serde_json::to_vec(report).map_err(|e| e.to_string())?;
        let put = store.put(&name, content.into(), "application/json", Expect::Absent);
        put.await.map_err(|e| e.to_string())
    };
    match tokio::time::timeout(LAST_WORDS, stored).await {
        // A page that was made since the runs have ended lacks it.
        Ok(Ok(_)) => context.board.outdate(),
        Ok(Err(reason)) => info!(reason, "the report of the tick was not stored"),
        Err(_) => info!("the report of the tick was not stored in time"),
    }
}

/// What has come on and is not through goes on at once, in whichever process gets the message; without a topic, or if that
/// fails, with the next tick.
async fn go_on_elsewhere(context: &Context, report: &TickReport) {
    let (Some(topic), feeds) = (&context.topic, report.unfinished()) else { return };
    for tables in feeds {
        let targets = tables.join(", ");
        match topic.publish(&Request { tables, due: true, ..Request::default() }).await {
            Ok(()) => info!(targets, "a message is on its way to go on with what has begun"),
            Err(e) => warn!(targets, reason = %e, hint = e.hint(), "no message to go on at once"),
        }
    }
}

/// The tables of a feed that a request has not reached: another run was at work, or the run failed. What a load in chunks has begun with
/// goes on by itself.
fn unserved(feed: &Feed, reports: &[RunReport]) -> Vec<String> {
    let goes_on = reports.iter().any(|r| !r.goes_on.is_empty());
    match reports.last() {
        Some(last) if !goes_on && matches!(last.state, RunState::Busy | RunState::Failed) => {
            feed.tables.iter().map(|t| t.target.clone()).collect()
        }
        Some(last) if !goes_on => last.postponed.iter().map(|p| p.target.clone()).collect(),
        _ => Vec::new(),
    }
}

/// Publishes what is left of a request, where the rest of it is done: delivered again as a whole, all of it would be done again. Whether
/// that was possible; a request that has got nowhere is left to its caller, who waits between tries.
pub async fn pass_on_rest(context: &Context, request: &Request, report: &TickReport) -> bool {
    let is_smaller = report.runs.iter().any(|r| !matches!(r.state, RunState::Busy | RunState::Failed));
    let Some(topic) = context.topic.as_ref().filter(|_| is_smaller) else { return false };
    let targets = report.unserved.join(", ");
    match topic.publish(&Request { tables: report.unserved.clone(), ..request.clone() }).await {
        Ok(()) => {
            info!(targets, "a message is on its way for the tables that are left of a request");
            true
        }
        Err(e) => {
            warn!(targets, reason = %e, hint = e.hint(), "no message for the tables that are left of a request");
            false
        }
    }
}

/// Tells whoever listens how each run went. Nothing depends on it: the log has the same.
async fn publish_reports(context: &Context, report: &TickReport) {
    let Some(topic) = &context.reports else { return };
    let each = report.runs.iter().map(|run| async move {
        let feed = run.feed.to_string();
        let attributes = [
            ("feed", feed.as_str()),
            ("state", run.state.name()),
            ("ok", if run.is_well() { "true" } else { "false" }),
        ];
        topic.publish_with(run, &attributes).await
    });
    if let Some(e) = futures_util::future::join_all(each).await.into_iter().find_map(Result::err) {
        warn!(reason = %e, hint = e.hint(), "a report was not published");
    }
}

/// Publishes a message for each feed, so that each runs where its message is delivered.
pub async fn fan_out(context: &Context, topic: &Topic, request: &Request) -> Result<usize, TopicError> {
    let tables: Vec<&TableSpec> = context.config.tables.iter().collect();
    let feeds = Feed::of(&tables);
    for feed in &feeds {
        let tables = feed.tables.iter().map(|t| t.target.clone()).collect();
        topic.publish(&Request { tables, due: true, ..request.clone() }).await?;
    }
    Ok(feeds.len())
}
