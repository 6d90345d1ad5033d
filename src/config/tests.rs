use std::time::Duration;

use super::*;
use crate::model::{CaptureKind, KeyFormat, Lag, LogTable, PartitionBy, RelationName, TableKey, TypeColumn};

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
fn rows_go_to_an_address_of_the_storage_write_api() {
    let with = |address: &str| {
        MINIMAL.replace("dataset = \"app\"\n", &format!("dataset = \"app\"\nwrite_endpoint = \"{address}\"\n"))
    };
    let regional = "https://bigquerystorage.europe-west3.rep.googleapis.com";
    let config = Config::parse("c", &with(regional), &env()).unwrap();
    assert_eq!(config.bigquery.write_endpoint.as_deref(), Some(regional));
    for bad in ["http://127.0.0.1:9", "bigquerystorage.googleapis.com", "https://", ""] {
        let found = faults(&with(bad)).join(" ");
        assert!(found.contains("is no address of the Storage Write API"), "{bad}: {found}");
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
        "plimsoll.toml:3: [source] `url`: the environment variable NOT_SET is not set; export NOT_SET='its value'",
        "plimsoll.toml:6: [storage] part_size: out of range; between 64KiB and 256MiB; 16MiB is the default",
        "plimsoll.toml:9: [bigquery] `my-app` is not a dataset name; letters, digits and underscores only",
        "plimsoll.toml:11: [run] unknown key `budgett`; did you mean `budget`?",
        "plimsoll.toml:12: [run] `lease`: `soon` is not a duration; such as \"90s\", \"10m\" or \"1h\"",
        "plimsoll.toml:13: [[table]] 1: capture = \"cursor\" needs a cursor column; cursor = \"updated_at\"",
        "plimsoll.toml:17: [[table]] 2: the target `orders` is also the target of public.orders; \
         give it a name of its own: target = \"shop_orders\"",
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
fn a_target_that_is_proposed_is_a_name_and_free() {
    let text = "[source]\nurl = \"postgres://h/d\"\n[storage]\nurl = \"gs://b\"\n[bigquery]\nproject = \"p\"\ndataset = \"d\"\n\
                [[table]]\nsource = \"orders\"\n[[table]]\nsource = \"Sales_Dept_orders\"\n[[table]]\nsource = '\"Sales Dept\".orders'\n";
    let found = faults(text);
    assert!(found.len() == 1 && found[0].ends_with("target = \"Sales_Dept_orders_2\""), "{found:?}");
}

#[test]
fn the_columns_of_soft_deletes_have_names_of_their_own() {
    for name in ["_plimsoll_run", "_Plimsoll_op"] {
        let found = faults(&format!("{MINIMAL}metadata = true\ndelete = \"soft\"\ndeleted_flag = \"{name}\"\n"));
        assert!(found.len() == 1 && found[0].contains("belongs to Plimsoll"), "{name}: {found:#?}");
    }
}

#[test]
fn a_heartbeat_is_short_enough_for_readyz() {
    let with = |run: &str, server: &str| format!("{MINIMAL}[run]\n{run}\n[server]\n{server}\n");
    let heartbeat = |text: &str| Config::parse("c", text, &env()).unwrap().run.heartbeat.as_secs();
    assert_eq!(heartbeat(MINIMAL), 300);
    assert_eq!(heartbeat(&with("heartbeat = \"30m\"", "")), 1800);
    assert_eq!(heartbeat(&with("", "max_age = \"4m\"")), 120, "what nobody asked for gives way");
    for (run, server, problem) in [
        ("heartbeat = \"31m\"", "", "longer than half of [server] max_age"),
        ("heartbeat = \"3m\"", "max_age = \"4m\"", "heartbeat = \"2m\" at most"),
        ("heartbeat = \"1ms\"", "", "`heartbeat` is shorter than a second"),
    ] {
        let found = faults(&with(run, server));
        assert!(found.len() == 1 && found[0].contains(problem), "{found:#?}");
    }
}

#[test]
fn a_digest_without_a_good_salt_is_refused() {
    let found = faults(&format!("{MINIMAL}hash = [\"email\"]\n"));
    assert!(found.iter().any(|f| f.contains("hash needs a salt")), "{found:#?}");
    let short = format!("{MINIMAL}hash = [\"email\"]\n").replace("[source]\n", "[source]\nhash_salt = \"pepper\"\n");
    let found = faults(&short);
    assert!(found.iter().any(|f| f.contains("shorter than 16")) && !found.concat().contains("pepper"), "{found:#?}");
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
    let parse = |t| crate::model::RelationName::parse(t).map(|r| (r.schema, r.name));
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

const LOGGED: &str = "capture = \"changelog\"\nlog_types = [\"app.order\"]\n";

#[test]
fn a_preset_may_be_bent_and_a_log_be_described() {
    let preset = "[changelog]\npreset = \"django-models-logging\"\ntable = \"logs.changes\"\nid = \"no\"\n";
    let log = Config::parse("c", &format!("{MINIMAL}{LOGGED}{preset}"), &env()).unwrap().changelog.unwrap();
    let table = RelationName { schema: "logs".to_owned(), name: "changes".to_owned() };
    assert_eq!(
        (log.table, log.id.as_str(), log.key.columns),
        (LogTable::One(table), "no", vec!["object_id".to_owned()])
    );
    let own = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = [\"schema\", \"name\"]\nkey = [\"a\", \"b\"]\nold_key = \"c\"\n\
               key_format = \"json\"\naction = \"what\"\nignored = \"r\"\nchanged = \"u\"\ndiff = [\"old\", \"new\"]\ndiff_format = \"records\"\n";
    let log = Config::parse("c", &format!("{MINIMAL}{LOGGED}{own}"), &env()).unwrap().changelog.unwrap();
    assert_eq!(log.types, TypeColumn::Relation { schema: "schema".to_owned(), name: "name".to_owned() });
    assert_eq!(log.old_key.map(|k| (k.columns, k.format)), Some((vec!["c".to_owned()], KeyFormat::Json)));
    assert_eq!(log.codes.ignored, ["r"]);
}

#[test]
fn faults_of_a_change_log() {
    let first = |text: &str| faults(&format!("{MINIMAL}{text}"))[0].clone();
    for (text, expected) in [
        (LOGGED.to_owned(), "needs a change log"),
        ("[changelog]\npreset = \"django-models-logging\"\n".to_owned(), "is read by no table"),
        (format!("{LOGGED}[changelog]\npreset = \"django\"\n"), "`django` is not known"),
        (format!("{LOGGED}[changelog]\ntable = \"log\"\nid = \"id\"\n"), "`key` is missing"),
        (format!("{LOGGED}[changelog]\npreset = \"audited\"\ndiff = \"x\"\n"), "`diff` does not fit"),
        (format!("{LOGGED}[changelog]\npreset = \"audited\"\nkey_separator = \"x\"\n"), "`key_separator` goes with"),
        ("log_types = [\"app.order\"]\n".to_owned(), "means nothing under capture = \"xmin\""),
        ("capture = \"full\"\nreconcile_every = \"1h\"\n".to_owned(), "means nothing under capture = \"full\""),
        ("key = \"row\"\n".to_owned(), "write capture = \"digest\""),
        ("max_delete_fraction = 3\n".to_owned(), "is not a fraction"),
        (
            "capture = \"changelog\"\nlog_types = [{ type = \"a.b\", keys = \"x\" }]\n[changelog]\npreset = \"audited\"\n".to_owned(),
            "unknown key `keys`",
        ),
        (
            format!("{LOGGED}[changelog]\npreset = \"audited\"\n[[table]]\nsource = \"changelog\"\n"),
            "would have the change log's name",
        ),
    ] {
        let found = first(&text);
        assert!(found.contains(expected), "{text}\n  {found}");
    }
}

#[test]
fn faults_of_a_digest() {
    let first = |text: &str| faults(&format!("{MINIMAL}capture = \"digest\"\n{text}"))[0].clone();
    for (text, expected) in [
        ("deletes = \"keys\"\n", "`deletes` means nothing under capture = \"digest\""),
        ("deletes_every = \"1h\"\n", "`deletes_every` means nothing under capture = \"digest\""),
        ("lag = \"1h\"\n", "`lag` means nothing under capture = \"digest\""),
        ("cursor = \"at\"\n", "capture = \"digest\" has no use for a cursor"),
        ("log_types = [\"a.b\"]\n", "`log_types` means nothing under capture = \"digest\""),
    ] {
        let found = first(text);
        assert!(found.contains(expected), "{text}\n  {found}");
    }
}

#[test]
fn the_columns_of_a_logged_key() {
    let text = format!(
        "{MINIMAL}capture = \"changelog\"\nlog_key = \"order_id\"\n\
         log_types = [\"app.order\", {{ type = \"app.line\", key = \"line_id\", field = \"id\" }}]\n\
         [changelog]\npreset = \"audited\"\n"
    );
    let types = Config::parse("c", &text, &env()).unwrap().tables[0].log_types.clone();
    let short: Vec<_> = types.iter().map(|t| (t.name.as_str(), t.key.clone().unwrap(), t.fields.clone())).collect();
    assert_eq!(short[0], ("app.order", vec!["order_id".to_owned()], None));
    assert_eq!(short[1], ("app.line", vec!["line_id".to_owned()], Some(vec!["id".to_owned()])));
}

/// Lists, lists in tables, nested tables, durations and sizes: a text is a text wherever it stands.
#[test]
fn variables_are_replaced_in_every_text() {
    let env = Environment::from([
        ("DATABASE_URL", "postgres://u@h/db"),
        ("SA", "x@y"),
        ("LEASE", "90s"),
        ("SIZE", "1MiB"),
        ("C", "id"),
        ("TYPE", "app.plan"),
        ("NEW", "neu"),
        ("T", "STRING"),
        ("DAY", "day"),
    ]);
    let text = MINIMAL.replace("[bigquery]", "part_size = \"${SIZE}\"\n[bigquery]")
        + r#"
key = ["${C}"]
exclude = ["a", "${C}x"]
capture = "changelog"
log_types = ["app.${C}", { type = "${TYPE}", key = ["${C}"], field = "${C}" }]
rename = { a = "${NEW}" }
columns.b.type = "${T}"
partition = { column = "${C}", by = "${DAY}" }
cluster = ["${C}"]
every = "${LEASE}"
where = "x <> '$${C}'"
[changelog]
preset = "audited"
key = ["${C}"]
added = ["${C}"]
[run]
lease = "${LEASE}"
[server]
audience = "${C}"
service_account = ["${SA}"]
"#;
    let config = Config::parse("c", &text, &env).unwrap();
    let table = &config.tables[0];
    assert_eq!(config.server.auth, Auth::Oidc { audience: "id".to_owned(), accounts: vec!["x@y".to_owned()] });
    assert_eq!((config.storage.part_size, config.run.lease.as_secs()), (1024 * 1024, 90));
    assert_eq!(
        (table.key.clone(), &table.exclude),
        (TableKey::Columns(vec!["id".to_owned()]), &vec!["a".to_owned(), "idx".to_owned()])
    );
    assert_eq!(table.log_types[0].name, "app.id");
    assert_eq!(
        (table.log_types[1].name.as_str(), table.log_types[1].key.clone()),
        ("app.plan", Some(vec!["id".to_owned()]))
    );
    assert_eq!(table.log_types[1].fields, Some(vec!["id".to_owned()]));
    assert_eq!(table.rename, [("a".to_owned(), "neu".to_owned())]);
    assert_eq!(table.forced[0].1.sql_name(), "STRING");
    assert_eq!(table.partition.as_ref().map(|p| p.column.as_str()), Some("id"));
    assert_eq!((table.cluster.clone(), table.every), (Some(vec!["id".to_owned()]), Some(Duration::from_secs(90))));
    assert_eq!(table.filter.as_deref(), Some("x <> '${C}'"));
    let log = config.changelog.unwrap();
    assert_eq!((&log.key.columns[..], &log.codes.added[..]), (&["id".to_owned()][..], &["id".to_owned()][..]));
}

#[test]
fn a_variable_that_is_not_there_is_told_wherever_it_stands() {
    let text = format!(
        "{MINIMAL}key = [\"${{A}}\", \"${{B}}\"]\nevery = \"${{C}}\"\nexclude = [\"${{D\"]\ntarget = \"${{}}\"\n\
         log_types = [\"${{E}}\", {{ type = \"${{F}}\", key = \"k\" }}]\n"
    );
    let found = faults(&text).concat();
    for name in ["A", "B", "C", "E", "F"] {
        assert!(
            found.contains(&format!("the environment variable {name} is not set; export {name}='its value'")),
            "{name}: {found}"
        );
    }
    assert!(found.contains("`exclude`: `${` has no `}` behind it; write ${NAME}, or $${"), "{found}");
    assert!(found.contains("`target`: `${}` names no environment variable"), "{found}");
}

/// What a variable holds may be a secret; a variable in the wrong place does not show it.
#[test]
fn faults_quote_the_file_and_not_the_environment() {
    let text = "[source]\nurl = \"x\"\n[storage]\nurl = \"${DATABASE_URL}\"\npart_size = \"${DATABASE_URL}\"\n[bigquery]\n\
                project = \"p\"\ndataset = \"${DATABASE_URL}\"\n[run]\nbudget = \"${DATABASE_URL}\"\n[server]\n\
                auth = \"${DATABASE_URL}\"\nconsole = \"${DATABASE_URL}\"\n[changelog]\npreset = \"${DATABASE_URL}\"\n\
                [[table]]\nsource = \"${DATABASE_URL}\"\n[[table]]\nsource = \"t\"\ncapture = \"${DATABASE_URL}\"\n";
    let found = faults(text);
    assert!(found.len() >= 9, "{found:#?}");
    assert!(!found.concat().contains("cret"), "{found:#?}");
    assert!(found.concat().contains("url: `${DATABASE_URL}` is not a Cloud Storage URL"), "{found:#?}");
}

/// What the Terraform examples bring along is a config, with the variables that the module sets.
#[test]
fn the_configs_of_the_examples_are_read() {
    let env = Environment::from([
        ("DATABASE_URL", "postgres://u@h/db"),
        ("PLIMSOLL_HASH_SALT", "0123456789abcdef"),
        ("GOOGLE_CLOUD_PROJECT", "my-project"),
        ("PLIMSOLL_BUCKET", "my-bucket"),
        ("PLIMSOLL_PREFIX", "plimsoll"),
        ("PLIMSOLL_DATASET", "app"),
        ("PLIMSOLL_STAGING_DATASET", "app_staging"),
        ("PLIMSOLL_LOCATION", "EU"),
        ("PLIMSOLL_TOPIC", "projects/my-project/topics/plimsoll"),
        ("PLIMSOLL_REPORTS_TOPIC", "projects/my-project/topics/plimsoll-reports"),
        ("SOURCE_SCHEMA", "public"),
    ]);
    for (name, text) in [
        ("minimal", include_str!("../../terraform/examples/minimal/plimsoll.toml")),
        ("complete", include_str!("../../terraform/examples/complete/plimsoll.toml")),
        ("daily-report", include_str!("../../terraform/examples/daily-report/plimsoll.toml")),
    ] {
        let config = Config::parse(name, text, &env).unwrap();
        assert_eq!((config.storage.bucket.as_str(), config.server.auth), ("my-bucket", Auth::CloudRun), "{name}");
    }
}

#[test]
fn oidc_needs_to_know_whose_tokens_count() {
    let text = |server: &str| format!("{MINIMAL}[server]\n{server}\n");
    let found = faults(&text("auth = \"oidc\"\naudience = \"https://x\""));
    assert!(found.iter().any(|f| f.contains("needs a service_account")), "{found:?}");
    let given = Config::parse("c", &text("audience = \"a\"\nservice_account = [\"x@y\", \"z@y\"]"), &env()).unwrap();
    let accounts = vec!["x@y".to_owned(), "z@y".to_owned()];
    assert_eq!(given.server.auth, Auth::Oidc { audience: "a".to_owned(), accounts });
}

#[test]
fn reports_have_a_topic_of_their_own() {
    let text = |pubsub: &str| format!("{MINIMAL}[pubsub]\n{pubsub}\n");
    let config = Config::parse("c", &text("reports = \"told\""), &env()).unwrap();
    assert_eq!((config.topic, config.reports.as_deref()), (None, Some("projects/p/topics/told")));
    for bad in ["topic = \"told\"\nreports = \"told\"", "", "reports = \"a/b\""] {
        assert!(!faults(&text(bad)).is_empty(), "{bad}");
    }
    let long = "t".repeat(256);
    for name in ["t", "", "1st", "a b", "google", "projects/p/topics/t", &long] {
        let found = faults(&text(&format!("topic = \"{name}\""))).concat();
        assert!(found.contains("3 to 255 letters, digits"), "{name}: {found:?}");
    }
    for name in ["abc", "projects/p/topics/a.b_c~d+e%20-", &long[1..]] {
        assert!(Config::parse("c", &text(&format!("topic = \"{name}\"")), &env()).is_ok(), "{name}");
    }
    for (key, words) in [
        ("topic = 1", "`topic`: an integer is not a text"),
        ("topic = [1]", "`topic`: an array is not a text"),
        ("topic = true", "`topic`: a boolean is not a text"),
    ] {
        let found = faults(&text(key)).concat();
        assert!(found.contains(words), "{key}: {found:?}");
    }
}
