//! Wrong input: the exact words that say what is wrong, and what to type. Most of it needs no service at all.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{Ran, World};

/// A folder with a config, and the binary in an environment of its own.
struct Desk {
    dir: tempfile::TempDir,
    vars: Vec<(&'static str, String)>,
}

const SERVICES: &str = "[source]\nurl = \"${DATABASE_URL}\"\n[storage]\nurl = \"gs://bucket/p\"\n\
                        [bigquery]\nproject = \"demo\"\ndataset = \"app\"\n";
const ORDERS: &str = "[[table]]\nsource = \"public.orders\"\n";

/// An address that nobody listens at.
fn closed() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl Desk {
    fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("plimsoll.toml"), config).unwrap();
        let vars = vec![
            ("DATABASE_URL", format!("postgres://u:hunter2@{}/app", closed())),
            ("STORAGE_EMULATOR_HOST", format!("http://{}", closed())),
            ("BIGQUERY_EMULATOR_HOST", format!("http://{}", closed())),
            ("PUBSUB_EMULATOR_HOST", format!("http://{}", closed())),
        ];
        Self { dir, vars }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.vars.retain(|(known, _)| *known != name);
        self.vars.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.vars.retain(|(known, _)| *known != name);
        self
    }

    fn var(&self, name: &str) -> &str {
        &self.vars.iter().find(|(known, _)| *known == name).unwrap().1
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("TERM", "xterm-256color")
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, args: &[&str]) -> Ran {
        ended(self.command(env!("CARGO_BIN_EXE_plimsoll"), args)).await
    }

    /// As [`Desk::run`], on a terminal of 80 columns.
    async fn run_on_a_terminal(&self, args: &[&str]) -> Ran {
        let line = format!("stty cols 80 rows 24; exec {} {}", env!("CARGO_BIN_EXE_plimsoll"), args.join(" "));
        ended(self.command("script", &["-qec", &line, "/dev/null"])).await
    }
}

async fn ended(mut command: Command) -> Ran {
    let child = command.spawn().unwrap();
    let output = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output());
    let output = output.await.expect("the command ends in time").unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The command ended so, and these are all of its words.
fn assert_said(ran: &Ran, code: i32, words: &str) {
    assert_eq!((ran.code, format!("{}{}", ran.stdout, ran.stderr).trim_end()), (code, words), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_a_config() {
    let with = |more: &str| format!("{SERVICES}{more}");
    for (config, words) in [
        (
            with("[run]\nbudget = \"15m\"\n[[table]]\nsource = \"public.orders\"\n"),
            "plimsoll.toml:9: [run] budget: 15m is too long: Pub/Sub waits 10 min for an answer at most, then delivers the message \
             again; budget = \"8m\"; what is not done in that time goes on with the next tick",
        ),
        (
            with("[[table]]\nsource = \"public.orders\ncursor = \"updated_at\"\n[[tabel]]\n"),
            "plimsoll.toml:9: this is not TOML: invalid basic string, expected `\"`; https://toml.io shows how it is written",
        ),
        (
            with("[run]\nbudget 8m\n"),
            "plimsoll.toml:9: this is not TOML: key with no value, expected `=`; https://toml.io shows how it is written",
        ),
        (
            with("[[table]]\nsource = \"public.orders\"\ncusror = \"updated_at\"\n"),
            "plimsoll.toml:10: [[table]] 1: unknown key `cusror`; did you mean `cursor`?",
        ),
        (
            with("[serve]\n[[table]]\nsource = \"public.orders\"\n"),
            "plimsoll.toml:8: unknown key `serve`; did you mean `server`?",
        ),
        (
            with("[[table]]\nsource = \"public.Order Items\"\n"),
            "plimsoll.toml:9: [[table]] 1: source: `public.Order Items` is not a table name; source = 'public.\"Order Items\"'",
        ),
    ] {
        let ran = Desk::new(&config).run(&["check"]).await;
        assert_said(&ran, 2, &format!("error: {words}\nhint: correct the lines above, then run `plimsoll check`"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_not_configured() {
    let desk = Desk::new(&format!(
        "{SERVICES}{ORDERS}[[table]]\nsource = 'public.\"Order Items\"'\ntarget = \"order_items\"\n"
    ));
    for (name, words) in [
        ("public.oders", "error: no table `public.oders` is configured\nhint: did you mean `public.orders`?"),
        ("Orders", "error: no table `Orders` is configured\nhint: did you mean `public.orders`?"),
        ("orderitems", "error: no table `orderitems` is configured\nhint: did you mean `public.\"Order Items\"`?"),
        ("x", "error: no table `x` is configured\nhint: one of public.orders, public.\"Order Items\""),
    ] {
        assert_said(&desk.run(&["check", "--table", name]).await, 2, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emulator_variable_without_a_scheme() {
    let desk = || Desk::new(&format!("{SERVICES}{ORDERS}"));
    for name in ["STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"] {
        let words = format!(
            "error: {name} is `127.0.0.1:4443`, without http:// in front\n\
             hint: export {name}=http://127.0.0.1:4443, or unset it to use the service itself"
        );
        assert_said(&desk().with(name, "127.0.0.1:4443").run(&["check"]).await, 2, &words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credentials() {
    let began = Instant::now();
    let desk =
        Desk::new(&format!("{SERVICES}{ORDERS}")).without("STORAGE_EMULATOR_HOST").without("BIGQUERY_EMULATOR_HOST");
    let ran = desk.run(&["check"]).await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    let words = "error: no credentials for Cloud Storage: there are no application default credentials on this machine\n\
                 hint: log in with `gcloud auth application-default login`, or give the service an account; for emulators set \
                 STORAGE_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST and PUBSUB_EMULATOR_HOST to http://host:port";
    assert_said(&ran, 1, words);
}

/// Each is named beside the others, with what to do about it, whether it refuses or says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn services_that_are_down() {
    let config = format!("{SERVICES}[pubsub]\ntopic = \"plimsoll\"\n{ORDERS}");
    let desk = Desk::new(&config);
    let began = Instant::now();
    let ran = desk.run(&["check"]).await;
    let source = desk.var("DATABASE_URL").rsplit_once('@').unwrap().1;
    let start = |name: &str, what: &str| {
        format!("hint: start the emulator that {name} names ({}), or unset {name} to use {what} itself", desk.var(name))
    };
    for words in [
        format!(
            "error  source    {source}\n       error: cannot connect to PostgreSQL at {source}: Connection refused"
        ),
        "hint: check host and port, the firewall, and that the server runs".to_owned(),
        "error  storage   gs://bucket\n       error: Cloud Storage did not list gs://bucket/p/: Connection refused"
            .to_owned(),
        start("STORAGE_EMULATOR_HOST", "Cloud Storage"),
        "error  bigquery  demo.app\n       error: BigQuery did not read dataset demo.app: Connection refused"
            .to_owned(),
        start("BIGQUERY_EMULATOR_HOST", "BigQuery"),
        "error  pubsub    projects/demo/topics/plimsoll\n       error: Pub/Sub does not answer: ".to_owned(),
        start("PUBSUB_EMULATOR_HOST", "Pub/Sub"),
        "no table was looked at, for the source does not answer".to_owned(),
    ] {
        assert!(ran.code == 1 && ran.stdout.contains(&words), "`{words}` is not in\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("hunter2") && ran.stderr.is_empty(), "{ran:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());

    // The other commands say the same of what they meet first.
    let (run, status, pause) =
        tokio::join!(desk.run(&["run"]), desk.run(&["status"]), desk.run(&["pause", "--table", "public.orders"]));
    for ran in [run, status, pause] {
        let told = format!("{}{}", ran.stdout, ran.stderr);
        let words = start("STORAGE_EMULATOR_HOST", "Cloud Storage");
        assert!(ran.code == 1 && told.contains(&words), "`{words}` is not in\n{told}");
    }

    // They take the connection and say nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let mut desk =
        Desk::new(&config).with("DATABASE_URL", &format!("postgres://u:hunter2@{address}/app?sslmode=disable"));
    for name in ["STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"] {
        desk = desk.with(name, &format!("http://{address}"));
    }
    let began = Instant::now();
    let ran = desk.run(&["check", "--json"]).await;
    // Eight seconds each, all at once; the rest is for a busy machine.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let began = Instant::now();
    let status = desk.run(&["status"]).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(status.code == 1 && status.stdout.contains("Cloud Storage did not answer within 10 s"), "{status:?}");
    let told = ran.json();
    let services = told["services"].as_array().unwrap();
    assert_eq!(services.len(), 3, "{told}");
    for one in services.iter().chain([&told["source"]]) {
        assert!(one["error"]["message"].as_str().unwrap().contains("within 8 s"), "{one}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_says_where_it_listens_and_how_to_open_it() {
    let listens = async |server: &str, vars: &[(&'static str, &str)], args: &[&str]| -> String {
        let mut desk = Desk::new(&format!("{SERVICES}[server]\n{server}\n{ORDERS}"));
        for (name, value) in vars {
            desk = desk.with(name, value);
        }
        let mut child =
            desk.command(env!("CARGO_BIN_EXE_plimsoll"), &[&["serve", "--port", "0"], args].concat()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        while let Ok(Some(line)) = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await.unwrap() {
            said.push_str(&line);
            said.push('\n');
            let is_closed = said.contains("127.0.0.1") && !vars.iter().any(|(name, _)| *name == "K_SERVICE");
            if said.contains("listening") && (!is_closed || said.contains("only this machine can call")) {
                break;
            }
        }
        child.kill().await.unwrap();
        said
    };
    let text = ["--log-format", "text"];
    let closed = listens("", &[], &text).await;
    assert!(closed.contains("listening: http://127.0.0.1:"), "{closed}");
    let open = "only this machine can call, for the config has no [server] auth: write [server] auth = \"oidc\" with audience and \
                service_account to let callers in who show a token";
    assert!(closed.contains(open), "{closed}");
    let elsewhere = listens("auth = \"cloud-run\"", &[], &text).await;
    assert!(elsewhere.contains("listening: http://127.0.0.1:"), "{elsewhere}");
    assert!(elsewhere.contains("counts on Cloud Run's IAM, and this is not Cloud Run"), "{elsewhere}");
    // On Cloud Run, and off a terminal, the log is JSON.
    let deployed = listens("", &[("K_SERVICE", "plimsoll")], &[]).await;
    let entry: serde_json::Value = serde_json::from_str(deployed.lines().next().unwrap()).unwrap();
    assert!(entry["message"].as_str().unwrap().starts_with("listening: http://localhost:"), "{entry}");
    assert!(entry["address"].as_str().unwrap().starts_with("0.0.0.0:"), "{entry}");

    let desk = Desk::new(&format!("{SERVICES}{ORDERS}"));
    let words = "error: 0.0.0.0 can be reached from elsewhere, and nobody would check who calls: the config has no [server] auth\n\
                 hint: write [server] auth = \"oidc\" with audience and service_account, or listen with --host 127.0.0.1; \
                 PLIMSOLL_ALLOW_UNAUTHENTICATED=1 lets everybody in";
    assert_said(&desk.run(&["serve", "--port", "0", "--host", "0.0.0.0", "--log-format", "text"]).await, 2, words);
    let collected = desk.run(&["serve", "--port", "0", "--host", "0.0.0.0"]).await;
    let entry: serde_json::Value = serde_json::from_str(collected.stderr.trim()).unwrap();
    assert_eq!((entry["severity"].as_str(), collected.code), (Some("ERROR"), 2), "{entry}");
    assert!(entry["hint"].as_str().unwrap().starts_with("write [server] auth"), "{entry}");
    let by_name = listens("", &[], &["--host", "localhost", "--log-format", "text"]).await;
    assert!(by_name.contains("listening: http://127.0.0.1:"), "{by_name}");
    let words = "error: invalid value 'my-host' for '--host <HOST>': write an address, such as 127.0.0.1 or 0.0.0.0\n\nFor more information, try '--help'.";
    assert_said(&desk.run(&["serve", "--host", "my-host"]).await, 2, words);
    let words = "error: invalid value '-1' for '--rows <N>': write a whole number that is not negative, such as 100\n\nFor more information, try '--help'.";
    assert_said(&desk.run(&["sample", "--table", "orders", "--rows", "-1"]).await, 2, words);
    let allowed =
        listens("", &[("PLIMSOLL_ALLOW_UNAUTHENTICATED", "1")], &["--host", "0.0.0.0", "--log-format", "text"]).await;
    assert!(allowed.contains("listening: http://localhost:"), "{allowed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_the_file() {
    let config = SERVICES.replace("${DATABASE_URL}", &format!("postgres://u:hunter2@{}/app", closed()));
    let ran = Desk::new(&format!("{config}{ORDERS}")).run(&["check"]).await;
    let words = "warning: plimsoll.toml:2: [source] url: a password stands in the file; write url = \"${DATABASE_URL}\", and export \
                 DATABASE_URL\n";
    assert_eq!(ran.stderr, words);
    assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);
}

/// On a terminal lines are broken and coloured, unless somebody wants no colours; elsewhere neither.
#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_has_colours_and_80_columns() {
    let desk = || Desk::new(&format!("{SERVICES}{ORDERS}"));
    let coloured = desk().run_on_a_terminal(&["check"]).await.stdout;
    assert!(
        coloured.contains("\u{1b}[31m\u{1b}[1merror") || coloured.contains("\u{1b}[1m\u{1b}[31merror"),
        "{coloured:?}"
    );
    for (name, value) in [("NO_COLOR", "1"), ("CLICOLOR", "0")] {
        let plain = desk().with(name, value).run_on_a_terminal(&["check"]).await.stdout;
        assert!(plain.contains("error: cannot connect") && !plain.contains('\u{1b}'), "{name}: {plain:?}");
        assert!(plain.lines().all(|l| l.trim_end().chars().count() <= 80), "{plain}");
    }
    let piped = desk().run(&["check"]).await.stdout;
    assert!(!piped.contains('\u{1b}') && piped.lines().any(|l| l.chars().count() > 80), "{piped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn completions() {
    let desk = Desk::new("");
    for (shell, words) in
        [("bash", "complete -F _plimsoll"), ("zsh", "#compdef plimsoll"), ("fish", "complete -c plimsoll")]
    {
        let ran = desk.run(&["completions", shell]).await;
        assert!(
            ran.code == 0 && ran.stdout.contains(words) && ran.stdout.contains("resync"),
            "{shell}: {}",
            ran.stdout
        );
    }
    // A full disk is an error; a reader that has enough is none.
    let bash = async |rest: &str| {
        let line = format!("set -o pipefail; {} completions bash {rest}", env!("CARGO_BIN_EXE_plimsoll"));
        ended(desk.command("bash", &["-c", &line])).await
    };
    let words = "error: the answer could not be written to standard output: No space left on device (os error 28)\n\
                 hint: make room where standard output goes, or send it elsewhere";
    assert_said(&bash("> /dev/full").await, 1, words);
    assert_said(&bash("| true").await, 0, "");
}

/// A command on a terminal, without colours.
fn on_a_terminal(w: &World, args: &str) -> Command {
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{} {args}", env!("CARGO_BIN_EXE_plimsoll")), "/dev/null"]).kill_on_drop(true);
    let mut plain = w.command(&["run"]);
    plain.env_remove("K_SERVICE");
    for (name, value) in plain.as_std().get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.env("NO_COLOR", "1").current_dir(w.dir.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What the databases know better: names that are almost right, keys that may be meant, and a table that is not paused.
#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_almost_right() {
    let mut w = World::with_orders("").await;
    // Datasets of other tests have names close to each other.
    w.dataset = format!("almost_right_{}", w.name);
    w.config("[[table]]\nsource = \"public.orders\"\ncursor = \"updated_at\"\n");
    w.sql("CREATE SCHEMA \"Sales Dept\"; CREATE TABLE \"Sales Dept\".orders (id int PRIMARY KEY)").await;
    w.sql("CREATE TABLE \"Order Items\" (id int PRIMARY KEY); CREATE VIEW open_orders AS SELECT * FROM orders; \
           CREATE VIEW totals AS SELECT amount, id AS order_id, updated_at FROM orders; \
           CREATE TABLE keyless (\"No\" int, \"The Ref\" int UNIQUE); CREATE TABLE moments (at timestamptz PRIMARY KEY)").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    // Nothing is loaded yet: the dataset is not there.
    let fresh = w.run(&["check"]).await;
    let missing = format!("note: the dataset demo.{} does not exist: the first run makes it\n", w.dataset);
    assert!(fresh.code == 0 && fresh.stdout.contains(&missing), "{}", fresh.stdout);
    w.tick().await;
    // The staging dataset is there from now on.
    w.sql("UPDATE orders SET note = 'y', updated_at = now()").await;
    w.tick().await;

    let good = std::fs::read_to_string(w.config_path()).unwrap();
    let misspelt = format!("{}x", w.dataset);
    std::fs::write(w.config_path(), good.replace(&w.dataset, &misspelt)).unwrap();
    let ran = w.run(&["check"]).await;
    let words =
        format!("the dataset demo.{misspelt} does not exist: the first run makes it; did you mean `{}`?", w.dataset);
    assert!(ran.code == 0 && ran.stdout.contains(&words), "{}", ran.stdout);
    let staging = format!("the dataset demo.{misspelt}_staging does not exist: the first run that needs it makes it\n");
    assert!(ran.stdout.contains(&staging), "{}", ran.stdout);

    w.config("[[table]]\nsource = \"moments\"\n");
    let told = w.run(&["check"]).await.stdout;
    let words = "note: a row whose key its target type can't hold is missing in the target";
    assert!(told.contains(words) && !told.contains("becomes NULL"), "{told}");

    let view = "error: no key: the view public.open_orders has no primary key that could say which row is which\n  \
                hint: name columns of public.open_orders that are unique and never null: key = [\"id\"]; where an application logs its \
                changes, also capture = \"changelog\"; or write capture = \"digest\" and key = \"row\", which compares rows by all that they hold; \
                or capture = \"full\", which needs no key";
    for (table, words) in [
        (
            "source = \"Orders\"",
            "error: the table public.Orders does not exist in the source, or the role may not see it\n  hint: did you mean source = \"public.orders\"?",
        ),
        ("source = \"order items\"", "is not a table name; source = 'public.\"order items\"'"),
        ("source = \"order_items\"", "hint: did you mean source = 'public.\"Order Items\"'?"),
        ("source = 'Public.Orders'", "hint: did you mean source = \"public.orders\"?"),
        ("source = \"shop.orders\"", "hint: did you mean source = \"public.orders\"?"),
        (
            "source = \"orders\"\ncursor = \"update_at\"",
            "error: the cursor column update_at does not exist in public.orders\n  hint: did you mean cursor = \"updated_at\"?",
        ),
        (
            "source = \"orders\"\nkey = [\"ids\"]",
            "error: the key column ids does not exist in public.orders\n  hint: did you mean key = [\"id\"]?",
        ),
        (
            "source = \"orders\"\nexclude = [\"amuont\"]",
            "error: the column amuont, named in the config, does not exist in public.orders\n  hint: did you mean `amount`?",
        ),
        ("source = \"open_orders\"\ncursor = \"updated_at\"", view),
        ("source = \"totals\"\ncursor = \"updated_at\"", "unique and never null: key = [\"order_id\"]; where"),
        ("source = \"keyless\"", "unique and never null: key = [\"The Ref\"]; or write capture"),
    ] {
        w.config(&format!("[[table]]\n{table}\ntarget = \"x\"\n"));
        for command in ["check", "run"] {
            let ran = w.run(&[command]).await;
            let told = format!("{}{}", ran.stdout, ran.stderr);
            assert!(ran.code == 2 && told.contains(words), "{command}: `{words}` is not in\n{told}");
            // An error is said once: in the answer, not in the log as well.
            assert_eq!(told.matches("hint: ").count(), 1, "{command}: {told}");
        }
    }

    // Nor on a terminal, where there are bars as well.
    let ran = ended(on_a_terminal(&w, "run")).await;
    assert_eq!((ran.code, ran.stdout.matches("hint: ").count()), (2, 1), "{ran:?}");
    assert!(!ran.stdout.contains("run finished"), "{ran:?}");

    std::fs::write(w.config_path(), good).unwrap();
    // The entries of a log are lines of their own, with no bar beside them.
    w.sql("UPDATE orders SET note = 'z', updated_at = now()").await;
    let ran = ended(on_a_terminal(&w, "--log-format json run")).await;
    assert!(ran.code == 0 && ran.stdout.contains("\"run finished\"") && !ran.stdout.contains('\u{1b}'), "{ran:?}");
    let paused = async |args: &[&str]| w.run(args).await;
    assert_said(&paused(&["resume", "--table", "orders"]).await, 0, "nothing to do, not paused: public.orders");
    assert_said(&paused(&["pause", "--table", "orders"]).await, 0, "paused: public.orders");
    assert_said(&paused(&["pause", "--table", "orders"]).await, 0, "nothing to do, paused already: public.orders");
    let ran = w.run(&["status"]).await;
    assert!(ran.stdout.contains(" UTC; `plimsoll resume --table public.orders`"), "{}", ran.stdout);
    assert_said(&paused(&["resume", "--table", "orders"]).await, 0, "resumed: public.orders");
}

/// Hints name what they are about: nothing in them is left for the reader to fill in.
#[test]
fn no_hint_has_a_gap() {
    let mut files = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut looked = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        for line in code.lines().filter(is_code).filter(|l| l.contains('"')) {
            looked += 1;
            for gap in ["\\\"…\\\"", "[…]", "--table …", "<table>", "ROLE …", "FUNCTION …", "=…"] {
                assert!(!line.contains(gap), "{}: {line}", path.display());
            }
        }
    }
    assert!(looked > 1000, "{looked}");
}
