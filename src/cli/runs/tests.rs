use expect_test::expect;
use time::macros::datetime;

use super::*;
use crate::cli::layout::Lines;
use crate::cli::paint::Paint;
use crate::model::{Blame, FeedId, RunId};
use crate::run::{Failure, RunReport, UnreadableReport};

const LAYOUT: Layout = Layout { paint: Paint::None, lines: Lines::Of(80) };

fn all() -> RunsArgs {
    RunsArgs { tables: crate::cli::arguments::TableArgs::default(), failed: false, since: None, limit: 20 }
}

fn entry(n: i64, table: &str, state: RunState, kind: TickKind) -> RunEntry {
    let at = datetime!(2026-11-27 10:00 UTC) + time::Duration::minutes(n);
    let run = RunReport::new(RunId::new(at, 1), FeedId::of_target(table), format!("public.{table}"), state, at);
    let done = TableReport { upserts: 1234, bytes_billed: Some(20 << 20), ..TableReport::default() };
    let tables = if state == RunState::Done { vec![done] } else { Vec::new() };
    let (message, hint) = ("the server \u{1b}[31mburns".to_owned(), "put it out".to_owned());
    let error = (state == RunState::Failed).then_some(Failure { message, hint, blame: Blame::World });
    let report = RunReport { seconds: 1.25, tables, error, ..run };
    RunEntry { tick: RunId::new(at, 1), kind: Some(kind), report }
}

#[test]
fn the_history_fits_a_terminal() {
    let runs = vec![
        entry(3, "orders", RunState::Failed, TickKind::Tick),
        entry(2, "items", RunState::Failed, TickKind::Tick),
        entry(1, "orders", RunState::Done, TickKind::Resync),
    ];
    let unreadable = vec![UnreadableReport { name: "reports/2026/x.json".to_owned() }];
    let look = HistoryLook { runs, unreadable, ..HistoryLook::default() };
    let older = ReportCount { reports: 1200, at_least: true };
    let text = describe(&look, &all(), (2, older), LAYOUT);
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    expect![[r#"
        table                   began  state   kind    upserts  deletes    billed   took
        public.orders
                     2026-11-27 10:03  failed  tick          0        0       0 B  1.2 s
        public.items
                     2026-11-27 10:02  failed  tick          0        0       0 B  1.2 s
        public.orders
                     2026-11-27 10:01  done    resync    1,234        0  20.0 MiB  1.2 s

        public.orders, public.items, 2 runs, from 2026-11-27 10:02 UTC to 2026-11-27
        10:03 UTC:
          error: the server \u{1b}[31mburns
          hint: put it out
        not a report that this version can read in full: reports/2026/x.json
        2 runs of the oldest tick left out
        left out: at least 1,200 reports of older ticks; `--limit` shows more
    "#]]
    .assert_eq(&text);
}

#[test]
fn an_empty_history_says_what_was_looked_for() {
    let look = HistoryLook::default();
    let none = (0, ReportCount::default());
    let args = RunsArgs { failed: true, since: Some(std::time::Duration::from_secs(86_400)), ..all() };
    assert_eq!(describe(&look, &args, none, LAYOUT), "no run failed in the last 1d\n");
    assert_eq!(describe(&look, &all(), none, LAYOUT), "no run has left a report\n");
}
