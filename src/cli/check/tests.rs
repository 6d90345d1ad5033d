use expect_test::expect;

use super::*;
use crate::cli::layout::Lines;
use crate::cli::paint::Paint;
use crate::run::{ColumnCheck, Service};

fn failure(message: &str, hint: &str) -> Failure {
    Failure { message: message.to_owned(), hint: hint.to_owned(), blame: Blame::World }
}

fn column(name: &str, cannot_hold: &str) -> ColumnCheck {
    ColumnCheck {
        column: name.to_owned(),
        source_type: "timestamp with time zone".to_owned(),
        target_column: name.to_owned(),
        target_type: "TIMESTAMP".to_owned(),
        cannot_hold: cannot_hold.to_owned(),
        policy: if cannot_hold.is_empty() { "" } else { "quarantine" },
    }
}

fn table(source: &str, notes: &[&str], error: Option<Failure>) -> TableCheck {
    TableCheck {
        source: source.to_owned(),
        target: format!("demo.app.{}", source.rsplit('.').next().unwrap()),
        capture: "cursor",
        finds: "inserts and updates only".to_owned(),
        key: vec!["id".to_owned()],
        columns: vec![column("id", ""), column("at", "infinity, and years beyond 9999")],
        notes: notes.iter().map(|n| (*n).to_owned()).collect(),
        error,
    }
}

const KEPT: &str = "rows deleted in the source stay in the target (deletes = \"ignore\")";

fn found() -> Findings {
    let denied =
        || Some(failure("PostgreSQL: permission denied for schema hr", "GRANT USAGE ON SCHEMA \"hr\" TO \"reader\""));
    let service = |service, name: &str, notes: &[&str], error| ServiceCheck {
        service,
        name: name.to_owned(),
        notes: notes.iter().map(|n| (*n).to_owned()).collect(),
        error,
    };
    let down = failure(
        "Cloud Storage did not list gs://bucket/p/: Connection refused",
        "start the emulator that STORAGE_EMULATOR_HOST names (http://127.0.0.1:4443), or unset STORAGE_EMULATOR_HOST to use Cloud Storage itself",
    );
    Findings {
        source: "db.internal:5432/app".to_owned(),
        services: vec![
            service(
                Service::BigQuery,
                "demo.ap",
                &["the dataset demo.ap does not exist: the first run makes it; did you mean `app`?"],
                None,
            ),
            service(Service::Storage, "gs://bucket", &[], Some(down)),
        ],
        looked: Ok(SourceCheck {
            notes: Vec::new(),
            tables: vec![
                table(
                    "public.orders",
                    &[KEPT, "no index of the source leads with updated_at: every tick scans the table"],
                    None,
                ),
                table("hr.people", &[], denied()),
                table("hr.salaries", &[], denied()),
                table("public.items", &[KEPT], None),
                table(
                    "public.broken",
                    &[],
                    Some(failure(
                        "the cursor column update_at does not exist in public.broken",
                        "did you mean cursor = \"updated_at\"?",
                    )),
                ),
            ],
        }),
    }
}

const LAYOUT: Layout = Layout { paint: Paint::None, lines: Lines::Of(80) };

#[test]
fn what_is_noteworthy_is_told_once_and_fits_80_columns() {
    let told = found().describe(Detail::Noteworthy, LAYOUT);
    let too_long: Vec<&str> = told.lines().filter(|l| l.chars().count() > 80).collect();
    assert!(too_long.is_empty(), "{too_long:#?}");
    assert_eq!(told.matches("permission denied").count(), 1, "{told}");
    assert_eq!(told.matches(KEPT).count(), 1, "{told}");
    expect![[r#"
        error  storage   gs://bucket
               error: Cloud Storage did not list gs://bucket/p/: Connection refused
               hint: start the emulator that STORAGE_EMULATOR_HOST names
                     (http://127.0.0.1:4443), or unset STORAGE_EMULATOR_HOST to use
                     Cloud Storage itself
        ok     source    db.internal:5432/app
        ok     bigquery  demo.ap
               note: the dataset demo.ap does not exist: the first run makes it; did you
                     mean `app`?

        table                 capture  key
        hr.people      error  cursor   id
        hr.salaries    error  cursor   id
        public.broken  error  cursor   id
        public.orders  ok     cursor   id
        public.items   ok     cursor   id

        hr.people, hr.salaries
          error: PostgreSQL: permission denied for schema hr
          hint: GRANT USAGE ON SCHEMA "hr" TO "reader"

        public.broken → demo.app.broken
          error: the cursor column update_at does not exist in public.broken
          hint: did you mean cursor = "updated_at"?

        public.orders → demo.app.orders
          note: no index of the source leads with updated_at: every tick scans the table

        public.orders, public.items
          note: rows deleted in the source stay in the target (deletes = "ignore")

        5 tables: 2 ok, 3 with an error; storage with an error
        `plimsoll check --verbose` shows the types of all columns
    "#]]
    .assert_eq(&told);
}

#[test]
fn verbose_shows_every_column() {
    let mut found = found();
    found.services.clear();
    let only = SourceCheck { notes: Vec::new(), tables: vec![table("public.items", &[KEPT], None)] };
    let told = Findings { looked: Ok(only), ..found }.describe(Detail::All, LAYOUT);
    expect![[r#"
        ok     source    db.internal:5432/app

        table             capture  key
        public.items  ok  cursor   id

        public.items → demo.app.items
          note: rows deleted in the source stay in the target (deletes = "ignore")
            column  type                      in BigQuery
            id      timestamp with time zone  TIMESTAMP
            at      timestamp with time zone  TIMESTAMP
            at, quarantine: infinity, and years beyond 9999

        1 table: 1 ok
    "#]]
    .assert_eq(&told);
}

#[test]
fn a_source_that_does_not_answer_is_said_beside_the_others() {
    let down = failure(
        "cannot connect to PostgreSQL at db.internal:5432/app: Connection refused",
        "check host and port, the firewall, and that the server runs",
    );
    let told = Findings { looked: Err(down), ..found() }.describe(Detail::Noteworthy, LAYOUT);
    expect![[r#"
        error  source    db.internal:5432/app
               error: cannot connect to PostgreSQL at db.internal:5432/app: Connection
                      refused
               hint: check host and port, the firewall, and that the server runs
        error  storage   gs://bucket
               error: Cloud Storage did not list gs://bucket/p/: Connection refused
               hint: start the emulator that STORAGE_EMULATOR_HOST names
                     (http://127.0.0.1:4443), or unset STORAGE_EMULATOR_HOST to use
                     Cloud Storage itself
        ok     bigquery  demo.ap
               note: the dataset demo.ap does not exist: the first run makes it; did you
                     mean `app`?

        no table was looked at, for the source does not answer
    "#]]
    .assert_eq(&told);
}
