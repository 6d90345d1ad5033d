//! What a person reads of it.

use expect_test::expect;
use time::macros::datetime;

use super::*;
use crate::cli::layout::Lines;
use crate::cli::paint::Paint;
use crate::model::{Blame, FeedId, RunId};
use crate::state::{PauseReason, PausedBy};

fn run(source: &str, state: RunState, upserts: u64) -> RunReport {
    let started = datetime!(2026-11-26 17:41:45.123456789 UTC);
    let (id, feed) = (RunId::new(started, 1), FeedId::of_target(source));
    RunReport {
        seconds: 0.123_456,
        tables: vec![TableReport { upserts, bytes_billed: Some(upserts * 1024), ..TableReport::default() }],
        ..RunReport::new(id, feed, source.to_owned(), state, started)
    }
}

fn paused(source: &str, reason: Option<&str>) -> PausedReport {
    let since = datetime!(2026-11-25 8:05:59 UTC);
    let reason = reason.and_then(|reason| PauseReason::parse(reason).unwrap());
    PausedReport { source: source.to_owned(), since, by: PausedBy::user("mara"), reason }
}

#[test]
fn a_load_that_is_over_does_not_go_on() {
    let at = |number, rows: Option<u64>| {
        let loading = rows.map(|rows| LoadingReport { source: "public.d".to_owned(), target: "t".to_owned(), rows });
        let id = RunId::new(datetime!(2026-11-26 17:41 UTC), number);
        RunReport { run: id, loading: loading.into_iter().collect(), ..run("public.d", RunState::Done, 200) }
    };
    let told = |runs: Vec<RunReport>| {
        let report = TickReport::new(datetime!(2026-11-26 17:41 UTC), runs);
        describe(&report, Layout { paint: Paint::None, lines: Lines::Whole })
    };
    let open = told(vec![at(1, Some(200)), at(2, Some(400))]);
    assert!(open.contains("public.d: the load goes on with the next tick, 400 rows so far"), "{open}");
    assert_eq!(open.matches("goes on").count(), 1, "{open}");
    let over = told(vec![at(1, Some(200)), at(2, None)]);
    assert!(!over.contains("goes on"), "{over}");
}

#[test]
fn what_failed_comes_first_and_fits_80_columns() {
    let error = Failure {
        message: "PostgreSQL: permission denied for table invoices (SQLSTATE 42501) while reading rows".to_owned(),
        hint: "GRANT SELECT ON \"public\".\"invoices\" TO \"reader\"".to_owned(),
        blame: Blame::World,
    };
    let runs = vec![
        run("public.orders", RunState::Done, 1_234_567),
        run("public.items", RunState::Empty, 0),
        RunReport { seconds: 301.0, error: Some(error), ..run("public.invoices", RunState::Failed, 0) },
        RunReport {
            paused: vec![paused("public.Order Items", Some("a new index"))],
            ..run("public.Order Items", RunState::Paused, 0)
        },
        RunReport {
            paused: vec![paused("public.a", None), paused("public.b c", Some("it moves"))],
            ..run("changelog", RunState::Paused, 0)
        },
        RunReport {
            whole: Some("it was never loaded".to_owned()),
            ..run("public.a, public.b, public.c, public.the_other_tables_of_the_change_log_too", RunState::Done, 3)
        },
    ];
    let report = TickReport { seconds: 301.5, ..TickReport::new(datetime!(2026-11-26 17:41 UTC), runs) };
    let told = describe(&report, Layout { paint: Paint::None, lines: Lines::Of(80) });
    let too_long: Vec<&str> = told.lines().filter(|l| l.chars().count() > 80).collect();
    assert!(too_long.is_empty(), "{too_long:#?}");
    expect![[r#"
        feed                                state     upserts  deletes   billed     took
        public.invoices                     failed          0        0      0 B  5.0 min
        public.orders                       done    1,234,567        0  1.2 GiB    0.1 s
        public.items                        empty           0        0      0 B    0.1 s
        public.Order Items                  paused          0        0      0 B    0.1 s
        changelog                           paused          0        0      0 B    0.1 s
        public.a, public.b, public.c, public.the_other_tables_of_the_change_log_too
                                            done            3        0  3.0 KiB    0.1 s

        public.invoices:
          error: PostgreSQL: permission denied for table invoices (SQLSTATE 42501) while
                 reading rows
          hint: GRANT SELECT ON "public"."invoices" TO "reader"
        public.Order Items: nothing was read, for it is paused since 2026-11-25 08:05
        UTC by mara (a new index); `plimsoll resume --table 'public.Order Items'`
        changelog: nothing was read, for all its tables are paused: public.a is paused
        since 2026-11-25 08:05 UTC by mara, public.b c is paused since 2026-11-25 08:05
        UTC by mara (it moves); `plimsoll resume --table public.a --table 'public.b c'`
        public.a, public.b, public.c, public.the_other_tables_of_the_change_log_too: the
        whole table was read: it was never loaded

        6 runs in 5.0 min: 2 done, 1 empty, 2 paused, 1 failed
    "#]]
    .assert_eq(&told);
}

#[test]
fn the_remarks_fit_how_the_run_ended() {
    let error = Failure { message: "gone".to_owned(), hint: "look".to_owned(), blame: Blame::World };
    let failed = RunReport { replayed: true, error: Some(error), ..run("changelog", RunState::Failed, 0) };
    let sealed = failed.run.clone();
    let one = TableReport { rows_before: Some(1), rows_inserted: Some(1), ..TableReport::default() };
    let done = RunReport { replayed: true, tables: vec![one], ..run("public.orders", RunState::Done, 0) };
    let report = TickReport::new(datetime!(2026-11-26 17:41 UTC), vec![failed, done]);
    let told = describe(&report, Layout { paint: Paint::None, lines: Lines::Whole });
    for words in [
        "feed ".to_owned(),
        format!("changelog: did not finish the sealed run {sealed}\n"),
        format!("public.orders: finished the sealed run {sealed}\n"),
        ": a load replaced the target: 1 row before, 1 now\n".to_owned(),
    ] {
        assert!(told.contains(&words), "{words}: {told}");
    }
    assert!(!told.contains("changelog: finished"), "{told}");
}

#[test]
fn what_several_runs_have_failed_with_is_told_once() {
    let down = Failure { message: "no answer".to_owned(), hint: "start it".to_owned(), blame: Blame::World };
    let own = Failure { message: "no right".to_owned(), ..down.clone() };
    let failed = |source, e: &Failure| RunReport { error: Some(e.clone()), ..run(source, RunState::Failed, 0) };
    let runs = vec![failed("public.a", &down), failed("public.b", &own), failed("public.c", &down)];
    let report = TickReport::new(datetime!(2026-11-26 17:41 UTC), runs);
    let told = describe(&report, Layout { paint: Paint::None, lines: Lines::Whole });
    assert_eq!(told.matches("no answer").count(), 1, "{told}");
    assert!(told.contains("public.a, public.c:\n  error: no answer\n  hint: start it\n"), "{told}");
    assert!(told.contains("public.b:\n  error: no right\n"), "{told}");
}
