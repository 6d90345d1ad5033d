//! What a person reads of it.

use expect_test::expect;
use time::macros::datetime;

use super::*;
use crate::cli::layout::Lines;
use crate::cli::paint::Paint;
use crate::model::RunId;
use crate::run::LoadingStatus;
use crate::state::{PastRun, PausedBy};

fn feed(source: &str) -> FeedStatus {
    FeedStatus {
        feed: source.to_owned(),
        source: source.to_owned(),
        target: "p.d.t".to_owned(),
        capture: "cursor",
        watermark: None,
        last_success: Some(datetime!(2026-11-26 17:41 UTC)),
        age_seconds: Some(251),
        late: false,
        load: None,
        quarantined: 0,
        refusals: crate::model::Refusals::default(),
        finds: "all changes".to_owned(),
        checked: None,
        checked_seconds: Some(40),
        pending: None,
        held_by: None,
        held_until: None,
        last_run: None,
        paused_since: None,
        paused_reason: None,
        paused_by: None,
        open_transactions: None,
        verified: None,
        verifying: None,
        recent: Vec::new(),
        error: None,
        trouble: None,
        set_aside_since: None,
        failure: None,
        failing_since: None,
        age_limit: std::time::Duration::from_secs(3600),
        next_tick: None,
        recent_bytes_billed: 0,
        recent_runs: 0,
    }
}

fn load() -> LoadingStatus {
    LoadingStatus {
        began: datetime!(2026-11-26 17:00 UTC),
        rows: 5_000_000,
        about: Some(20_000_000),
        stretches: Some(1),
        rows_an_hour: Some(6_000_000),
    }
}

fn feeds() -> Vec<FeedStatus> {
    let complaint = |message: &str, hint: &str| Complaint { message: message.to_owned(), hint: hint.to_owned() };
    let denied = complaint(
        "PostgreSQL: permission denied for table invoices (SQLSTATE 42501) while reading rows",
        "GRANT SELECT ON \"public\".\"invoices\" TO \"reader\"",
    );
    let (paused_since, paused_by) = (Some(datetime!(2026-11-25 8:05:59 UTC)), PausedBy::user("mara"));
    vec![
        feed("public.customers"),
        FeedStatus { late: true, age_seconds: Some(11_000), ..feed("public.items") },
        FeedStatus {
            failure: Some(denied),
            failing_since: Some(datetime!(2026-11-26 9:30:12 UTC)),
            quarantined: 12_345,
            ..feed("public.invoices")
        },
        FeedStatus {
            age_seconds: None,
            last_success: None,
            checked_seconds: None,
            late: true,
            ..feed("public.Order Items")
        },
        FeedStatus { paused_since, paused_by, ..feed("public.old") },
        FeedStatus {
            error: Some("the type changed; resync".to_owned()),
            trouble: Some(complaint(
                "the target demo.app.projects has the column r as FLOAT",
                "`plimsoll resync --table projects` makes it again",
            )),
            set_aside_since: Some(datetime!(2026-11-26 17:41:45.123 UTC)),
            ..feed("reporting_schema_of_the_company.a_view_with_a_name_that_is_much_longer_than_others_are")
        },
        FeedStatus { load: Some(load()), finds: "inserts and updates only".to_owned(), ..feed("public.events") },
        FeedStatus { pending: Some("20261126t174145_0000".to_owned()), ..feed("public.sealed") },
    ]
}

#[test]
fn what_is_wrong_comes_first_and_fits_80_columns() {
    let layout = Layout { paint: Paint::None, lines: Lines::Of(80) };
    let told = describe(&feeds(), layout);
    let too_long: Vec<&str> =
        told.lines().filter(|l| l.chars().count() > 80 && !l.contains("reporting_schema")).collect();
    assert!(too_long.is_empty(), "{too_long:#?}");
    expect![[r#"
        table                state           age  checked  upserts  deletes  quarantined
        public.invoices      failing       4 min     40 s        -        -       12,345
        reporting_schema_of_the_company.a_view_with_a_name_that_is_much_longer_than_others_are
                             set aside     4 min     40 s        -        -            0
        public.items         late            3 h     40 s        -        -            0
        public.Order Items   never loaded      -        -        -        -            0
        public.sealed        pending       4 min     40 s        -        -            0
        public.events        loading       4 min     40 s        -        -            0
        public.old           paused        4 min     40 s        -        -            0
        public.customers     up to date    4 min     40 s        -        -            0

        public.invoices, since 2026-11-26 09:30 UTC:
          error: PostgreSQL: permission denied for table invoices (SQLSTATE 42501) while
                 reading rows
          hint: GRANT SELECT ON "public"."invoices" TO "reader"
        reporting_schema_of_the_company.a_view_with_a_name_that_is_much_longer_than_others_are,
        set aside since 2026-11-26 17:41 UTC:
          error: the target demo.app.projects has the column r as FLOAT
          hint: `plimsoll resync --table projects` makes it again
        public.Order Items: `plimsoll run --table 'public.Order Items'` loads it
        public.sealed: the next tick brings the sealed run 20261126t174145_0000 into
        BigQuery
        public.events: loading since 2026-11-26 17:00 UTC: 5,000,000 of an estimated
        20,000,000 rows, in 1 stretch; 6,000,000 rows an hour, about 2 h left
        public.old: paused since 2026-11-25 08:05 UTC by mara;
        `plimsoll resume --table public.old`

        8 tables: 1 up to date, 1 failing, 1 set aside, 1 late, 1 never loaded, 1
        pending, 1 loading, 1 paused
        quarantined: rows, counted since all rows of the table were last read;
        `plimsoll run --full` reads them all, and counts those that are left
        inserts and updates only: public.events
    "#]]
    .assert_eq(&told);
}

#[test]
fn colours_show_the_state_alone() {
    let layout = Layout { paint: Paint::Colours, lines: Lines::Whole };
    let told = describe(&[feed("public.customers")], layout);
    expect![[r#"
        ESC[2mtableESC[0m             ESC[2mstateESC[0m         ESC[2mageESC[0m  ESC[2mcheckedESC[0m  ESC[2mupsertsESC[0m  ESC[2mdeletesESC[0m
        public.customers  ESC[32mup to dateESC[0m  4 min     40 s        -        -

        1 table: 1 up to date
    "#]]
    .assert_eq(&told.replace('\u{1b}', "ESC"));
}

#[test]
fn a_table_that_was_never_loaded_fails_the_command() {
    assert!(FeedStatus { last_success: None, late: true, ..feed("a") }.is_trouble());
    assert!(!FeedStatus { load: Some(load()), late: true, last_success: None, ..feed("a") }.is_trouble());
    assert!(!FeedStatus { paused_since: Some(datetime!(2026-11-25 8:05 UTC)), ..feed("a") }.is_trouble());
    // Its first load was sealed, and the run is gone.
    let sealed = FeedStatus { last_success: None, late: true, pending: Some("r".to_owned()), ..feed("a") };
    assert_eq!((Standing::of(&sealed), sealed.is_trouble()), (Standing::Pending, true));
}

#[test]
fn what_tables_share_is_said_once() {
    let complaint = Complaint { message: "the log is gone".to_owned(), hint: "make it".to_owned() };
    let of =
        |source: &str| FeedStatus { feed: "changelog".to_owned(), failure: Some(complaint.clone()), ..feed(source) };
    let figures = Figures { deletes: 1, rows_before: Some(9), ..Figures::default() };
    let replaced = PastRun { figures, ..PastRun::of(&RunId::new(datetime!(2026-11-26 17:41 UTC), 1), 0.1, None) };
    let tables = [of("a"), of("b"), FeedStatus { last_run: Some(replaced), ..feed("d") }, of("c")];
    let told = describe(&tables, Layout { paint: Paint::None, lines: Lines::Of(80) });
    assert!(told.contains("\na, b, c:\n"), "{told}");
    assert_eq!(told.matches("the log is gone").count(), 1, "{told}");
    assert!(told.contains("≥1") && told.contains("≥: a load replaced the target"), "{told}");
}

#[test]
fn a_table_that_is_set_aside_and_paused_says_both() {
    let trouble = Complaint { message: "no such column".to_owned(), hint: "add it".to_owned() };
    let since = datetime!(2026-11-25 8:05:59 UTC);
    let both = FeedStatus {
        trouble: Some(trouble),
        error: Some("no such column".to_owned()),
        set_aside_since: Some(since),
        paused_since: Some(since),
        ..feed("public.a")
    };
    let told = describe(&[both], Layout { paint: Paint::None, lines: Lines::Whole });
    let resume = "  hint: add it\n  paused since 2026-11-25 08:05 UTC; then `plimsoll resume --table public.a`\n";
    assert!(told.contains(resume), "{told}");
}

#[test]
fn one_outage_is_told_once_for_all_tables() {
    let outage = Complaint { message: "no answer".to_owned(), hint: "start it".to_owned() };
    let failing =
        |source| FeedStatus { trouble: Some(outage.clone()), error: Some("no answer".to_owned()), ..feed(source) };
    let told =
        describe(&[failing("public.a"), failing("public.b")], Layout { paint: Paint::None, lines: Lines::Whole });
    assert_eq!(told.matches("no answer").count(), 1, "{told}");
    assert!(told.contains("public.a, public.b:\n"), "{told}");
}
