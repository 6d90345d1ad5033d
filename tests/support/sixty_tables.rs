//! Sixty tables under change, as an operator has them: real state objects, manifests and reports in a bucket of their own, and the real
//! binary that serves their pages. A page reads nothing but the bucket, so there is no database and no BigQuery.
//!
//! Three tables fail, one is set aside, one differs from its source, one is being loaded, one is paused; the others are up to date.

use std::process::Stdio;
use std::time::Duration;

use plimsoll::model::RunId;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::process::Command;

use super::proxy::Proxy;
use super::stack::Stack;
use super::world::Served;

mod figures;
mod names;
mod reports;
mod states;

pub use figures::{LAST, did};
pub use names::{DIFFERING, FAILING, LOADING, LONG, PAUSED, REASON, SET_ASIDE, WHO, sources, target};

use figures::{PART_ROWS, number};
use names::{AUDIT, CATALOG};

/// The text of a page, without its markup, from one place on to the next.
pub fn part<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let begin = page.find(from).unwrap_or_else(|| panic!("{from}: {page}"));
    page[begin..].split_once(to).map_or(&page[begin..], |(part, _)| part)
}

/// A world of pages.
pub struct SixtyTables {
    pub gcs: Proxy,
    pub http: reqwest::Client,
    bucket: String,
    dir: tempfile::TempDir,
    stack: &'static Stack,
    now: OffsetDateTime,
}

impl SixtyTables {
    /// All objects written; `console` as the config has it.
    pub async fn new(console: &str) -> Self {
        let stack = Stack::shared();
        let name = format!("sixty{}{:08x}", std::process::id(), fastrand::u32(..));
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().unwrap();
        let made = http.post(format!("{}/storage/v1/b?project=shop", stack.gcs.url));
        made.json(&json!({ "name": name })).send().await.unwrap().error_for_status().unwrap();
        let gcs = Proxy::start(&stack.gcs.url).await;
        let now = OffsetDateTime::now_utc();
        let world = Self { gcs, http, bucket: name, dir: tempfile::tempdir().unwrap(), stack, now };
        world.config(console, "");
        for source in sources().into_iter().filter(|s| !CATALOG.contains(s)) {
            world.put_state(&target(source), &world.state(&target(source), &[source])).await;
        }
        world.put_state("changelog", &world.state("changelog", &CATALOG)).await;
        world.put_manifests().await;
        world.put_reports().await;
        world
    }

    /// Writes the config: the sixty tables, and what the test gives.
    pub fn config(&self, console: &str, rest: &str) {
        let mut text = format!(
            "[source]\nurl = \"postgres://reader@127.0.0.1:1/shop\"\n[storage]\nurl = \"gs://{}/p\"\n[bigquery]\nproject = \"shop\"\n\
             dataset = \"app\"\nlocation = \"EU\"\n[changelog]\npreset = \"django-models-logging\"\n[server]\nauth = \"none\"\n\
             console = \"{console}\"\nmax_age = \"1d\"\n[run]\nchunk_rows = {PART_ROWS}\n",
            self.bucket
        );
        for source in sources() {
            text.push_str(&format!("[[table]]\nsource = \"{source}\"\ntarget = \"{}\"\n", target(source)));
            text.push_str(&match source {
                _ if CATALOG.contains(&source) => {
                    format!("capture = \"changelog\"\nlog_types = [\"{source}\"]\nkey = [\"id\"]\n")
                }
                "sales.orders" => "capture = \"cursor\"\ncursor = \"updated_at\"\nwhere = \"not is_test\"\nexclude = [\"card_number\"]\n\
                                   every = \"15m\"\npartition = { column = \"created_at\", by = \"day\", immutable = true }\n"
                    .to_owned(),
                _ if AUDIT.contains(&source) => "capture = \"digest\"\nevery = \"1h\"\n".to_owned(),
                _ => "deletes = \"keys\"\ndeletes_every = \"6h\"\n".to_owned(),
            });
        }
        text.push_str(rest);
        std::fs::write(self.dir.path().join("plimsoll.toml"), text).unwrap();
    }

    /// What a command prints.
    pub async fn run(&self, args: &[&str]) -> String {
        let out = self.command(args).output().await.unwrap();
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("PLIMSOLL_CONFIG")
            .env("STORAGE_EMULATOR_HOST", &self.gcs.url)
            // Whose commands they are.
            .env("USER", WHO)
            // Nobody is there: no page asks.
            .env("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The binary, serving.
    pub async fn serve(&self) -> Served {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(self.dir.path().join("serve.log")).unwrap();
        let mut command = self.command(&["serve", "--port", &port.to_string()]);
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        for _ in 0..400 {
            if self.http.get(format!("{url}/healthz")).send().await.is_ok() {
                return Served { url, child };
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("serve did not come up: {}", std::fs::read_to_string(self.dir.path().join("serve.log")).unwrap());
    }

    /// A page's status and text.
    pub async fn page(&self, served: &Served, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", served.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// A button, pressed as a browser does it on our own page; the status, and where it leads.
    pub async fn press(&self, served: &Served, action: &str, form: &str) -> (u16, String) {
        let answer = self.form(served, action, form).await;
        let to = answer.headers().get("location").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status().as_u16(), to)
    }

    /// The same; the status, and the page itself.
    pub async fn pressed(&self, served: &Served, action: &str, form: &str) -> (u16, String) {
        let answer = self.form(served, action, form).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn form(&self, served: &Served, action: &str, form: &str) -> reqwest::Response {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = http.post(format!("{}/console/{action}", served.url)).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        request.send().await.unwrap()
    }

    /// How many requests for states were made.
    pub fn state_reads(&self) -> usize {
        self.gcs.log().iter().filter(|r| r.method == "GET" && r.path.contains("state")).count()
    }

    /// A feed's state, past the proxy.
    pub async fn state_of(&self, feed: &str) -> Value {
        let url = format!("{}/storage/v1/b/{}/o/p%2Fstate%2F{feed}.json?alt=media", self.stack.gcs.url, self.bucket);
        self.http.get(url).send().await.unwrap().json().await.unwrap_or_default()
    }

    pub async fn put_state(&self, feed: &str, state: &Value) {
        self.put(&format!("state/{feed}.json"), state).await;
    }

    /// Writes an object past the proxy.
    pub async fn put(&self, name: &str, content: &Value) {
        let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        let url =
            format!("{}/upload/storage/v1/b/{}/o?uploadType=media&name=p%2F{name}", self.stack.gcs.url, self.bucket);
        self.http.post(url).body(content.to_string()).send().await.unwrap().error_for_status().unwrap();
    }

    /// The moment so many minutes ago.
    fn ago(&self, minutes: i64) -> OffsetDateTime {
        self.now - time::Duration::minutes(minutes)
    }

    fn text(&self, at: OffsetDateTime) -> Value {
        at.format(&Rfc3339).unwrap().into()
    }

    /// A run of a feed, by how long ago it began.
    pub fn run_id(&self, feed: &str, minutes: i64) -> RunId {
        RunId::new(self.ago(minutes), number(feed, 0, 9973) << 20 | u64::try_from(minutes).unwrap())
    }
}
