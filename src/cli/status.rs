//! `plimsoll status`: where every table stands, what is wrong first.

use serde_json::json;

use super::layout::{Cell, Layout};
use super::paint::Tone;
use super::{CliError, Exit, Format, output};
use crate::model::Finds;
use crate::model::figures::{age, count, counted, minute};
use crate::run::{Context, FeedStatus};
use crate::state::Figures;

pub(super) async fn status(context: &Context, format: Format) -> Result<Exit, CliError> {
    let feeds = context.status().await;
    match format {
        Format::Json => output::json(&json!({ "feeds": feeds }))?,
        Format::Text => output::text(&describe(&feeds, Layout::of_stdout()))?,
    }
    Ok(if feeds.iter().any(is_trouble) { Exit::Failed } else { Exit::Done })
}

/// How a table does, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Failing,
    SetAside,
    Late,
    NeverLoaded,
    Pending,
    Loading,
    Running,
    Paused,
    UpToDate,
}

impl Standing {
    const ALL: [Self; 9] = [
        Self::UpToDate,
        Self::Failing,
        Self::SetAside,
        Self::Late,
        Self::NeverLoaded,
        Self::Pending,
        Self::Loading,
        Self::Running,
        Self::Paused,
    ];

    fn of(f: &FeedStatus) -> Self {
        match (&f.pending, &f.held_by) {
            _ if f.set_aside_since.is_some() => Self::SetAside,
            _ if f.error.is_some() => Self::Failing,
            _ if f.paused_since.is_some() => Self::Paused,
            _ if f.failure.is_some() => Self::Failing,
            (_, Some(_)) => Self::Running,
            _ if f.loading.is_some() => Self::Loading,
            _ if f.last_success.is_none() => Self::NeverLoaded,
            _ if f.late => Self::Late,
            (Some(_), None) => Self::Pending,
            (None, None) => Self::UpToDate,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::SetAside => "set aside",
            Self::Late => "late",
            Self::NeverLoaded => "never loaded",
            Self::Pending => "pending",
            Self::Loading => "loading",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::UpToDate => "up to date",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Failing | Self::SetAside | Self::Late => Tone::Bad,
            Self::NeverLoaded | Self::Pending | Self::Loading | Self::Paused => Tone::Notable,
            Self::Running => Tone::Plain,
            Self::UpToDate => Tone::Good,
        }
    }
}

/// What makes the command fail.
fn is_trouble(f: &FeedStatus) -> bool {
    f.error.is_some() || f.failure.is_some() || (f.late && f.loading.is_none())
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
            let figure = |of: fn(&Figures) -> u64| last.as_ref().map_or("-".to_owned(), |l| count(of(l)));
            let mut row = vec![
                Cell::plain(&f.source),
                Cell::new(standing.name(), standing.tone()),
                Cell::plain(f.age_seconds.map_or("-".to_owned(), age)),
                Cell::plain(f.checked_seconds.map_or("-".to_owned(), age)),
                Cell::plain(figure(|l| l.upserts)),
                Cell::plain(figure(|l| l.deletes)),
            ];
            row.extend(has_quarantined.then(|| Cell::plain(count(f.quarantined))));
            row
        })
        .collect();
    let mut out = layout.table(&heads, &rows);
    let remarks: String = sorted.iter().map(|(standing, f)| remarks(*standing, f, layout)).collect();
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
    for (words, tables) in finds {
        out.push_str(&layout.paragraph(0, ("", Tone::Plain), &format!("{words}: {}", tables.join(", "))));
    }
    out
}

/// What there is to say of a table beside its row.
fn remarks(standing: Standing, f: &FeedStatus, layout: Layout) -> String {
    let argument = crate::model::in_shell(&f.source);
    let told = match standing {
        Standing::SetAside | Standing::Failing => {
            let Some(trouble) = f.trouble.as_ref().or(f.failure.as_ref()) else { return String::new() };
            let since = f.set_aside_since.map_or(String::new(), |t| format!(", set aside since {}", minute(t)));
            let head = layout.paragraph(0, ("", Tone::Plain), &format!("{}{since}:", f.source));
            return head + &layout.error(2, &trouble.message, &trouble.hint);
        }
        Standing::NeverLoaded => format!("`plimsoll run --table {argument}` loads it"),
        Standing::Pending => match &f.pending {
            Some(run) => format!("the next tick brings the sealed run {run} into BigQuery"),
            None => return String::new(),
        },
        Standing::Loading => format!("{} loaded so far", counted(f.loading.unwrap_or_default(), "row is", "rows are")),
        Standing::Paused => match f.paused_since {
            Some(since) => format!("paused since {}; `plimsoll resume --table {argument}`", minute(since)),
            None => return String::new(),
        },
        Standing::Late | Standing::Running | Standing::UpToDate => return String::new(),
    };
    layout.paragraph(0, ("", Tone::Plain), &format!("{}: {told}", f.source))
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
    use crate::state::Complaint;

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
        assert!(is_trouble(&FeedStatus { last_success: None, late: true, ..feed("a") }));
        assert!(!is_trouble(&FeedStatus { loading: Some(1), late: true, last_success: None, ..feed("a") }));
        assert!(!is_trouble(&FeedStatus { paused_since: Some(datetime!(2026-11-25 8:05 UTC)), ..feed("a") }));
    }
}
