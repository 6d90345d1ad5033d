use super::*;
use crate::model::{CaptureKind, Lag, PartitionBy};

const MINIMAL: &str = r#"
[source]
url = "${DATABASE_URL}"
[storage]
url = "gs://bucket/plimsoll"
[bigquery]
project = "p"
dataset = "app"
[[table]]
source = "public.orders"
"#;

fn env() -> Environment {
    Environment::from([("DATABASE_URL", "postgres://u:se\"cret@h/db")])
}

fn faults(text: &str) -> Vec<String> {
    match Config::parse("plimsoll.toml", text, &env()) {
        Err(e @ ConfigError::Faults { .. }) => e.to_string().lines().map(str::to_owned).collect(),
        other => panic!("no faults: {other:?}"),
    }
}

#[test]
fn the_smallest_config_has_the_documented_defaults() {
    let config = Config::parse("c", MINIMAL, &env()).unwrap();
    assert_eq!(config.source.url.expose(), "postgres://u:se\"cret@h/db");
    assert_eq!((config.storage.bucket.as_str(), config.storage.prefix.as_str()), ("bucket", "plimsoll/"));
    assert_eq!(config.storage.part_size, 16 * 1024 * 1024);
    assert_eq!(config.bigquery.staging_dataset, "app_staging");
    assert_eq!(config.run.budget.as_secs(), 480);
    assert_eq!(config.run.lease.as_secs(), 600);
    assert_eq!(config.tables[0].target, "orders");
    assert_eq!(config.tables[0].capture, CaptureKind::Xmin);
}

#[test]
fn a_secret_is_not_in_the_debug_text() {
    let config = Config::parse("c", MINIMAL, &env()).unwrap();
    assert!(!format!("{config:?}").contains("cret"));
}

#[test]
fn every_fault_is_reported_with_its_line_and_a_remedy() {
    let text = r#"
[source]
url = "${NOT_SET}"
[storage]
url = "s3://bucket"
part_size = "1KiB"
[bigquery]
project = "p"
dataset = "my-app"
[run]
budgett = "8m"
lease = "soon"
[[table]]
source = "public.orders"
capture = "cursor"
[[table]]
source = "shop.orders"
colour = "red"
[[table]]
source = "a.b.c"
capture = "wal"
"#;
    let found = faults(text);
    let expected = [
        "plimsoll.toml:3: [source] `url`: the environment variable NOT_SET is not set; export NOT_SET=…",
        "plimsoll.toml:6: [storage] part_size: out of range; between 64KiB and 256MiB; 16MiB is the default",
        "plimsoll.toml:9: [bigquery] `my-app` is not a dataset name; letters, digits and underscores only",
        "plimsoll.toml:11: [run] unknown key `budgett`; did you mean `budget`?",
        "plimsoll.toml:12: [run] `lease`: `soon` is not a duration; such as \"90s\", \"10m\" or \"1h\"",
        "plimsoll.toml:13: [[table]] 1: capture = \"cursor\" needs a cursor column; cursor = \"updated_at\"",
        "plimsoll.toml:17: [[table]] 2: the target `orders` is also the target of public.orders; \
         give one of them its own name with target = \"…\"",
        "plimsoll.toml:18: [[table]] 2: unknown key `colour`; known here: source",
        "plimsoll.toml:20: [[table]] 3: source: `a.b.c` is not a table name; source = \"schema.table\"",
        "plimsoll.toml:21: [[table]] 3: `capture`: \"wal\" is not known; one of \"full\", \"cursor\", \"xmin\"",
    ];
    for (n, line) in expected.iter().enumerate() {
        let got = found.get(n).cloned().unwrap_or_default();
        assert!(got.starts_with(line), "line {n}:\n  {got}\nexpected\n  {line}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn what_this_version_lacks_is_refused_not_ignored() {
    let found = faults(&format!("{MINIMAL}hash = [\"email\"]\nmetadata = true\ncapture = \"changelog\"\n"));
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found.iter().any(|f| f.contains("does not have hashed columns yet")), "{found:#?}");
}

#[test]
fn defaults_stand_in_for_what_a_table_lacks() {
    let text = format!(
        "{MINIMAL}lag = \"1m\"\npartition = {{ column = \"created_at\", by = \"month\" }}\ncursor = \"updated_at\"\n\
         [defaults]\nlag = \"5m\"\nevery = \"15m\"\ndelete = \"soft\"\n"
    );
    let table = &Config::parse("c", &text, &env()).unwrap().tables[0];
    assert_eq!(table.lag, Some(Lag::Time(Duration::from_secs(60))));
    assert_eq!(table.every, Some(Duration::from_secs(900)));
    assert_eq!(table.partition.as_ref().map(|p| p.by), Some(PartitionBy::Month));
    assert_eq!(table.capture, CaptureKind::Cursor);
}

#[test]
fn a_key_of_one_table_is_refused_in_the_defaults() {
    let found = faults(&format!("{MINIMAL}[defaults]\ntarget = \"x\"\n"));
    assert!(found[0].contains("unknown key `target`"), "{found:#?}");
}

#[test]
fn broken_syntax_is_a_fault_with_a_line() {
    let found = faults(&format!("{MINIMAL}target = \n"));
    assert!(found[0].starts_with("plimsoll.toml:11:"), "{found:#?}");
}

#[test]
fn relation_names_as_people_write_them() {
    let parse = |t| tables::parse_relation(t).map(|r| (r.schema, r.name));
    assert_eq!(parse("orders"), Some(("public".into(), "orders".into())));
    assert_eq!(parse("shop.orders"), Some(("shop".into(), "orders".into())));
    assert_eq!(parse(r#""My Shop"."a.""b""#), Some(("My Shop".into(), "a.\"b".into())));
    for bad in ["", ".", "a.", "a.b.c", "a b", "\"a", "\"\".x"] {
        assert_eq!(parse(bad), None, "{bad}");
    }
}

#[test]
fn a_section_that_is_not_one_and_a_config_with_nothing() {
    assert_eq!(faults("source = 5\n").len(), 4);
    assert_eq!(faults("").len(), 4);
}
