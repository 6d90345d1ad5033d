//! `plimsoll status`: where every table stands, what is wrong first.

use serde_json::json;
use time::OffsetDateTime;

use super::error::CliError;
use super::exit::{Exit, Format};
use super::layout::{Cell, Layout};
use super::outage;
use super::output;
use super::paint::Tone;
use crate::model::Finds;
use crate::model::figures::{age, count, counted, minute};
use crate::run::{Context, FeedStatus, Standing};
use crate::state::{Complaint, Figures};

pub(super) async fn status(context: &Context, format: Format) -> Result<Exit, CliError> {
    let feeds = context.status().await;
    match format {
        Format::Json => output::json(&json!({ "feeds": feeds }))?,
        Format::Text => output::text(&describe(&feeds, Layout::of_stdout()))?,
    }
    Ok(if feeds.iter().any(FeedStatus::is_trouble) { Exit::Failed } else { Exit::Done })
}

/// What the sign before a number of deletes means.
const AT_LEAST: &str = "≥: a load replaced the target, so at least so many rows are gone";

fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Failing | Standing::SetAside | Standing::Late => Tone::Bad,
        Standing::NeverLoaded | Standing::Pending | Standing::Loading | Standing::Paused => Tone::Notable,
        Standing::Running => Tone::Plain,
        Standing::UpToDate => Tone::Good,
    }
}

fn describe(feeds: &[FeedStatus], layout: Layout) -> String {
    let mut sorted: Vec<(Standing, &FeedStatus)> = feeds.iter().map(|f| (Standing::of(f), f)).collect();
    sorted.sort_by_key(|(standing, _)| *standing);
    let has_quarantined = feeds.iter().any(|f| f.quarantined > 0);
    let mut heads = vec!["table", "state", "age", "checked", "upserts", "deletes"];
    heads.extend(has_quarantined.then_some("quarantined"));
    let rows: Vec<Vec<Cell>> = sorted
        .iter()
        .map(|(standing, f)| {
            let last = f.last_run.as_ref().map(|run| run.figures);
            let mut row = vec![
                Cell::plain(&f.source),
                Cell::new(standing.name(), tone(*standing)),
                Cell::plain(f.age_seconds.map_or("-".to_owned(), age)),
                Cell::plain(f.checked_seconds.map_or("-".to_owned(), age)),
                Cell::plain(last.map_or("-".to_owned(), |l| count(l.upserts))),
                Cell::plain(last.map_or("-".to_owned(), deletes)),
            ];
            row.extend(has_quarantined.then(|| Cell::plain(count(f.quarantined))));
            row
        })
        .collect();
    let mut out = layout.table(&heads, &rows);
    let mut remarks: String = sorted.iter().map(|(standing, f)| remarks(*standing, f, &sorted, layout)).collect();
    if feeds.iter().any(|f| f.last_run.as_ref().is_some_and(|run| run.figures.rows_before.is_some())) {
        remarks.push_str(&layout.paragraph(0, ("", Tone::Plain), AT_LEAST));
    }
    if !remarks.is_empty() {
        out.push('\n');
        out.push_str(&remarks);
    }
    out.push('\n');
    out.push_str(&layout.paragraph(0, ("", Tone::Plain), &summary(&sorted)));
    let all_changes = Finds::AllChanges.to_string();
    let blind = feeds.iter().filter(|f| f.finds != all_changes);
    let mut finds: Vec<(&str, Vec<&str>)> = Vec::new();
    for f in blind {
        match finds.iter_mut().find(|(words, _)| *words == f.finds) {
            Some((_, tables)) => tables.push(&f.source),
            None => finds.push((&f.finds, vec![&f.source])),
        }
    }
    if has_quarantined {
        let counted = "quarantined: rows, counted since all rows of the table were last read; `plimsoll run --full` reads them all, and counts \
                       those that are left";
        out.push_str(&layout.paragraph(0, ("", Tone::Plain), counted));
    }
    for (words, tables) in finds {
        out.push_str(&layout.paragraph(0, ("", Tone::Plain), &format!("{words}: {}", tables.join(", "))));
    }
    out
}

/// The deletes of a run; of a load that replaced the target only the least is known.
fn deletes(last: Figures) -> String {
    let sign = if last.rows_before.is_some() { "≥" } else { "" };
    format!("{sign}{}", count(last.deletes))
}

/// What there is to say of a table beside its row. What several tables have failed with is said once.
fn remarks(standing: Standing, f: &FeedStatus, all: &[(Standing, &FeedStatus)], layout: Layout) -> String {
    let argument = crate::model::in_shell(&f.source);
    let told = match standing {
        Standing::SetAside | Standing::Failing => {
            let Some(trouble) = f.complaint() else { return String::new() };
            let since = f.set_aside_since.map_or(String::new(), |t| format!(", set aside since {}", minute(t)));
            let is_shared = |o: &FeedStatus| {
                let same = |c: &Complaint| outage::is_same((&c.message, &c.hint), (&trouble.message, &trouble.hint));
                o.paused_since == f.paused_since && o.complaint().is_some_and(same)
            };
            let same: Vec<&str> = all
                .iter()
                .filter(|(other, o)| *other == standing && is_shared(o) && standing == Standing::Failing)
                .map(|(_, o)| o.source.as_str())
                .collect();
            if same.first().is_some_and(|first| *first != f.source) {
                return String::new();
            }
            let tables = if same.is_empty() { f.source.clone() } else { same.join(", ") };
            let head = layout.paragraph(0, ("", Tone::Plain), &format!("{tables}{since}:"));
            let paused = f.paused_since.map_or(String::new(), |since| {
                layout.paragraph(2, ("", Tone::Plain), &format!("{}; then {}", paused(since), resume(&argument)))
            });
            return head + &layout.error(2, &trouble.message, &trouble.hint) + &paused;
        }
        Standing::NeverLoaded => format!("`plimsoll run --table {argument}` loads it"),
        Standing::Pending => match &f.pending {
            Some(run) => format!("the next tick brings the sealed run {run} into BigQuery"),
            None => return String::new(),
        },
        Standing::Loading => format!("{} loaded so far", counted(f.loading.unwrap_or_default(), "row is", "rows are")),
        Standing::Paused => match f.paused_since {
            Some(since) => format!("{}; {}", paused(since), resume(&argument)),
            None => return String::new(),
        },
        Standing::Running => match f.held_until {
            Some(until) => format!(
                "a run is at work on it. If the process of that run is gone, it is free again at {}",
                minute(until)
            ),
            None => return String::new(),
        },
        Standing::Late | Standing::UpToDate => return String::new(),
    };
    layout.paragraph(0, ("", Tone::Plain), &format!("{}: {told}", f.source))
}

fn paused(since: OffsetDateTime) -> String {
    format!("paused since {}", minute(since))
}

fn resume(argument: &str) -> String {
    format!("`plimsoll resume --table {argument}`")
}

/// `12 tables: 11 up to date, 1 late`.
fn summary(sorted: &[(Standing, &FeedStatus)]) -> String {
    let number = |standing| sorted.iter().filter(|(s, _)| *s == standing).count();
    let parts: Vec<String> = Standing::ALL
        .into_iter()
        .filter_map(|standing| match number(standing) {
            0 => None,
            n => Some(format!("{n} {}", standing.name())),
        })
        .collect();
    format!("{}: {}", output::tables(sorted.len()), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use time::macros::datetime;

    use super::*;
    use crate::cli::layout::Lines;
    use crate::cli::paint::Paint;
    use crate::model::RunId;
    use crate::state::PastRun;

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
            loading: None,
            quarantined: 0,
            finds: "all changes".to_owned(),
            checked: None,
            checked_seconds: Some(40),
            pending: None,
            held_by: None,
            held_until: None,
            last_run: None,
            paused_since: None,
            recent: Vec::new(),
            error: None,
            trouble: None,
            set_aside_since: None,
            failure: None,
        }
    }

    fn feeds() -> Vec<FeedStatus> {
        let complaint = |message: &str, hint: &str| Complaint { message: message.to_owned(), hint: hint.to_owned() };
        let denied = complaint(
            "PostgreSQL: permission denied for table invoices (SQLSTATE 42501) while reading rows",
            "GRANT SELECT ON \"public\".\"invoices\" TO \"reader\"",
        );
        vec![
            feed("public.customers"),
            FeedStatus { late: true, age_seconds: Some(11_000), ..feed("public.items") },
            FeedStatus { failure: Some(denied), quarantined: 12_345, ..feed("public.invoices") },
            FeedStatus {
                age_seconds: None,
                last_success: None,
                checked_seconds: None,
                late: true,
                ..feed("public.Order Items")
            },
            FeedStatus { paused_since: Some(datetime!(2026-11-25 8:05:59 UTC)), ..feed("public.old") },
            FeedStatus {
                error: Some("the type changed; resync".to_owned()),
                trouble: Some(complaint(
                    "the target demo.app.projects has the column r as FLOAT",
                    "`plimsoll resync --table projects` makes it again",
                )),
                set_aside_since: Some(datetime!(2026-11-26 17:41:45.123 UTC)),
                ..feed("reporting_schema_of_the_company.a_view_with_a_name_that_is_much_longer_than_others_are")
            },
            FeedStatus {
                loading: Some(5_000_000),
                finds: "inserts and updates only".to_owned(),
                ..feed("public.events")
            },
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

            public.invoices:
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
            public.events: 5,000,000 rows are loaded so far
            public.old: paused since 2026-11-25 08:05 UTC;
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
        assert!(!FeedStatus { loading: Some(1), late: true, last_success: None, ..feed("a") }.is_trouble());
        assert!(!FeedStatus { paused_since: Some(datetime!(2026-11-25 8:05 UTC)), ..feed("a") }.is_trouble());
        // Its first load was sealed, and the run is gone.
        let sealed = FeedStatus { last_success: None, late: true, pending: Some("r".to_owned()), ..feed("a") };
        assert_eq!((Standing::of(&sealed), sealed.is_trouble()), (Standing::Pending, true));
    }

    #[test]
    fn what_tables_share_is_said_once() {
        let complaint = Complaint { message: "the log is gone".to_owned(), hint: "make it".to_owned() };
        let of = |source: &str| FeedStatus {
            feed: "changelog".to_owned(),
            failure: Some(complaint.clone()),
            ..feed(source)
        };
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
}
