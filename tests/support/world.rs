//! A test's own PostgreSQL, bucket, datasets and binary.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio_postgres::NoTls;

use super::compare::{Bq, compare};
use super::golden;
use super::sizes::times_as_long;
use super::sqlserver_source::SqlServer;
use super::stack::{OwnPg, Pg, Service, try_request};
use super::{Proxy, Stack, Wire};

pub struct World {
    pub stack: &'static Stack,
    /// Unique among all tests.
    pub name: String,
    pub dataset: String,
    pub bucket: String,
    pub dir: tempfile::TempDir,
    pub gcs: Proxy,
    pub bq: Proxy,
    /// Between the binary and PostgreSQL.
    pub wire: Part<Wire>,
    pub pg: Part<tokio_postgres::Client>,
    pub own: Part<OwnPg>,
    /// The source in PostgreSQL's place, where the test has one.
    pub sql_server: Option<SqlServer>,
    /// The Storage Write API, where the test has one.
    storage_write: Option<storage_write_standin::Standin>,
    /// The emulator's own address, past the proxy.
    pub emulator: Service,
    /// A reader of the emulator, past the proxy.
    pub bigquery: Bq,
    pub http: reqwest::Client,
    seen: Arc<Mutex<Vec<String>>>,
}

/// A part of the world that not every journey has.
pub struct Part<T>(Option<T>);

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("a world with PostgreSQL")
    }
}

impl<T> DerefMut for Part<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("a world with PostgreSQL")
    }
}

/// A command that ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("not JSON: {}\n{}", self.stdout, self.stderr))
    }

    /// The first run of the report.
    pub fn run(&self) -> Value {
        self.json()["runs"][0].clone()
    }
}

/// A `plimsoll serve` that answers; killed when dropped.
pub struct Served {
    pub url: String,
    pub child: Child,
}

/// Whether an object of this name is what a run without a batch leaves behind: the note in its feed's state, or the tick's report.
pub fn tells_of_a_failure(name: &str) -> bool {
    name.contains("/state/") || name.contains("/reports/")
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The small source table of most tests.
pub const ORDERS: &str = "CREATE TABLE orders (
    id bigint PRIMARY KEY,
    note text,
    amount numeric(10, 2),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE INDEX ON orders (updated_at);";

impl World {
    pub async fn new() -> Self {
        let mut world = Self::without_postgres().await;
        let own = OwnPg::start(world.stack);
        let (pg, wire) = tokio::join!(connect(&own.pg), Wire::start(own.pg.port));
        (world.own, world.pg, world.wire) = (Part(Some(own)), Part(Some(pg)), Part(Some(wire)));
        world
    }

    /// A world for another source: to start a PostgreSQL takes a good part of the time of a small journey.
    pub async fn without_postgres() -> Self {
        let stack = Stack::shared();
        // It may still be starting: a test that has no use for it does not wait for it.
        let emulator = stack.bigquery();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("w{}n{number}", std::process::id());
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().unwrap();
        let bucket = format!("bucket-{name}");
        let made = http.post(format!("{}/storage/v1/b?project=demo", stack.gcs.url));
        made.json(&serde_json::json!({ "name": bucket })).send().await.unwrap().error_for_status().unwrap();
        let (gcs, bq) = tokio::join!(Proxy::start(&stack.gcs.url), Proxy::start(&emulator.url));
        let bigquery = Bq::new(&emulator.url, "demo");
        let world = Self {
            stack,
            name: name.clone(),
            dataset: format!("d{name}"),
            bucket,
            dir: tempfile::tempdir().unwrap(),
            gcs,
            bq,
            wire: Part(None),
            pg: Part(None),
            own: Part(None),
            sql_server: None,
            storage_write: None,
            emulator,
            bigquery,
            http,
            seen: Arc::default(),
        };
        world.config("");
        world
    }

    /// Starts a stand-in for the Storage Write API, whose tables are those of the emulator. The commands that follow know of it.
    pub async fn start_storage_write(&mut self, settings: storage_write_standin::Settings) {
        let catalog = storage_write_standin::Catalog::Emulator(self.emulator.url.clone());
        let settings = storage_write_standin::Settings { catalog, ..settings };
        self.storage_write = Some(storage_write_standin::Standin::start(settings).await.unwrap());
    }

    /// The stand-in for the Storage Write API.
    pub fn storage_write(&self) -> &storage_write_standin::Standin {
        self.storage_write.as_ref().expect("a world with the Storage Write API")
    }

    /// A world with the `orders` table, captured by cursor.
    pub async fn with_orders(extra: &str) -> Self {
        let world = Self::new().await;
        world.sql(ORDERS).await;
        world.config(&format!("[[table]]\nsource = \"public.orders\"\ncursor = \"updated_at\"\n{extra}"));
        world
    }

    pub fn source_url(&self) -> String {
        if let Some(server) = &self.sql_server {
            return server.url();
        }
        format!("postgres://postgres:{}@127.0.0.1:{}/postgres", self.own.pg.password, self.wire.port)
    }

    pub fn config_path(&self) -> PathBuf {
        self.dir.path().join("plimsoll.toml")
    }

    /// Writes the config: connections, and what the test gives.
    pub fn config(&self, rest: &str) {
        self.config_with("", rest);
    }

    /// As [`World::config`], with keys for `[run]`.
    pub fn config_with(&self, run: &str, rest: &str) {
        let text = format!(
            "[source]\nurl = \"${{DATABASE_URL}}\"\n[storage]\nurl = \"gs://{}/p\"\npart_size = \"256KiB\"\n\
             [bigquery]\nproject = \"demo\"\ndataset = \"{}\"\n[run]\n{run}\n[server]\nauth = \"none\"\n{rest}",
            self.bucket, self.dataset
        );
        std::fs::write(self.config_path(), text).unwrap();
    }

    pub async fn sql(&self, sql: &str) {
        self.pg.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }

    /// Another connection to the test's database.
    pub async fn connect(&self) -> tokio_postgres::Client {
        connect(&self.own.pg).await
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("PLIMSOLL_CONFIG")
            .env("DATABASE_URL", self.source_url())
            .env("STORAGE_EMULATOR_HOST", &self.gcs.url)
            .env("BIGQUERY_EMULATOR_HOST", &self.bq.url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(server) = &self.storage_write {
            command.env("BIGQUERY_WRITE_EMULATOR_HOST", server.url());
        }
        let config = std::fs::read_to_string(self.config_path()).unwrap_or_default();
        if let Some(emulator) = config.contains("[pubsub]").then(|| self.stack.pubsub().pubsub).flatten() {
            command.env("PUBSUB_EMULATOR_HOST", &emulator.url);
        }
        command
    }

    pub async fn run(&self, args: &[&str]) -> Ran {
        self.finish(self.command(args).spawn().unwrap()).await
    }

    pub async fn finish(&self, child: Child) -> Ran {
        // Only to find out what hangs: no machine is so busy.
        let output = tokio::time::timeout(Duration::from_secs(600) * times_as_long(), child.wait_with_output());
        let output = output.await.expect("the command ends in time").unwrap();
        self.keep_statements().await;
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// One tick that has to succeed; the report of its first run.
    pub async fn tick(&self) -> Value {
        let ran = self.run(&["run", "--json"]).await;
        let refused = self.sql_server.as_ref().map(SqlServer::refused).unwrap_or_default();
        assert_eq!(ran.code, 0, "{}\n{}\n{refused:#?}", ran.stdout, ran.stderr);
        ran.run()
    }

    pub async fn serve(&self) -> Served {
        self.serve_with(&[]).await
    }

    /// As [`World::serve`], with variables in its environment.
    pub async fn serve_with(&self, environment: &[(&str, &str)]) -> Served {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = self.command(&["serve", "--port", &port.to_string()]);
        command.envs(environment.iter().copied());
        let log = self.dir.path().join("serve.log");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        for _ in 0..200 {
            if self.http.get(format!("{url}/healthz")).send().await.is_ok() {
                return Served { url, child };
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("serve did not come up: {}", self.serve_log());
    }

    pub fn serve_log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("serve.log")).unwrap_or_default()
    }

    pub async fn post(&self, url: &str, body: &str) -> (u16, Value) {
        let answer = self.http.post(url).body(body.to_owned()).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    pub async fn get(&self, url: &str) -> (u16, Value) {
        let answer = self.http.get(url).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Source and target are equal, row by row.
    pub async fn assert_equal(&self, table: &str) {
        let found = compare(&self.pg, table, "id", &[], &self.bigquery, &self.dataset, table).await;
        assert_eq!(found.count, 0, "{table}: {:#?}", found.differences);
        assert_eq!(found.source, found.target, "{table}: rows");
    }

    /// One column of the target, by key.
    pub async fn target(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.bigquery.query(&sql.replace("{d}", &format!("demo.{}", self.dataset))).await
    }

    /// The feed's state document, past the proxy; `Null` where there is none.
    pub async fn state(&self, feed: &str) -> Value {
        let url = format!("{}/storage/v1/b/{}/o/p%2Fstate%2F{feed}.json?alt=media", self.stack.gcs.url, self.bucket);
        self.http.get(url).send().await.unwrap().json().await.unwrap_or_default()
    }

    /// Replaces the feed's state document.
    pub async fn put_state(&self, feed: &str, state: &Value) {
        let url = format!(
            "{}/upload/storage/v1/b/{}/o?uploadType=media&name=p%2Fstate%2F{feed}.json",
            self.stack.gcs.url, self.bucket
        );
        self.http.post(url).body(state.to_string()).send().await.unwrap().error_for_status().unwrap();
    }

    /// The lines of every staged file whose name holds `part`, of one run or of all.
    pub async fn staged(&self, run: &str, part: &str) -> Vec<String> {
        use std::io::Read;
        let mut lines = Vec::new();
        for name in
            self.objects().await.into_iter().filter(|n| n.contains(run) && n.contains(part) && n.ends_with(".gz"))
        {
            let content = self.object(&name).await;
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(&content[..]).read_to_string(&mut text).unwrap();
            lines.extend(text.lines().map(str::to_owned));
        }
        lines
    }

    /// An object's content.
    pub async fn object(&self, name: &str) -> Vec<u8> {
        let path = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
        let url = format!("{}/storage/v1/b/{}/o/{path}?alt=media", self.stack.gcs.url, self.bucket);
        self.http.get(url).send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    /// Takes an object away.
    pub async fn remove_object(&self, name: &str) {
        let path = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
        let url = format!("{}/storage/v1/b/{}/o/{path}", self.stack.gcs.url, self.bucket);
        self.http.delete(url).send().await.unwrap().error_for_status().unwrap();
    }

    /// Puts another content in an object's place.
    pub async fn replace_object(&self, name: &str, content: &[u8]) {
        let path = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
        let url = format!("{}/upload/storage/v1/b/{}/o?uploadType=media&name={path}", self.stack.gcs.url, self.bucket);
        self.http.post(url).body(content.to_vec()).send().await.unwrap().error_for_status().unwrap();
    }

    /// The names of all objects in the bucket.
    pub async fn objects(&self) -> Vec<String> {
        let url = format!("{}/storage/v1/b/{}/o?maxResults=5000", self.stack.gcs.url, self.bucket);
        let list: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|i| i["name"].as_str().map(str::to_owned)).collect()
    }

    /// Holds the statements that went to BigQuery against the golden files.
    pub async fn keep_statements(&self) {
        for request in self.bq.log() {
            let Some(sql) = request.json()["configuration"]["query"]["query"].as_str().map(str::to_owned) else {
                continue;
            };
            if self.seen.lock().unwrap().contains(&sql) {
                continue;
            }
            self.seen.lock().unwrap().push(sql.clone());
            let staging = super::golden::render(&self.bigquery, &sql, &self.dataset).await;
            // The staging table is gone once the run is committed; its columns are those of the load job.
            let rendered = self.with_staging_columns(&staging, &sql);
            assert!(golden::is_golden(&rendered), "not a golden statement (accept with `make golden`):\n{rendered}");
        }
    }

    fn with_staging_columns(&self, rendered: &str, sql: &str) -> String {
        let staging = sql.split('`').find(|p| p.contains("_staging.")).and_then(|p| p.split('.').next_back());
        let loaded = self.bq.log().into_iter().map(|r| r.json()["configuration"]["load"].clone());
        let load = loaded.into_iter().find(|l| l["destinationTable"]["tableId"].as_str() == staging);
        let fields = load.map(|l| l["schema"]["fields"].clone()).unwrap_or_default();
        let columns: Vec<String> = fields
            .as_array()
            .into_iter()
            .flatten()
            .map(|f| format!("{} {}", f["name"].as_str().unwrap(), f["type"].as_str().unwrap()))
            .collect();
        let lines = rendered.lines().map(|line| match line.split_once("__RUN: ") {
            Some((head, _)) if line.starts_with("-- table") => format!("{head}__RUN: {}", columns.join(", ")),
            _ => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }
}

impl Drop for World {
    /// The emulator looks through every table that it has for most of what it is asked, so a test's own must not stay.
    fn drop(&mut self) {
        if self.bq.log().is_empty() {
            return;
        }
        for dataset in [self.dataset.clone(), format!("{}_staging", self.dataset)] {
            let path = format!("/bigquery/v2/projects/demo/datasets/{dataset}?deleteContents=true");
            // A panic here would end all tests, and hide why this one has failed.
            let _ = try_request(&self.emulator.url, "DELETE", &path);
        }
    }
}

impl Served {
    /// Sends SIGTERM and waits for the end.
    pub async fn terminate(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().expect("still running").to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        tokio::time::timeout(Duration::from_secs(15), self.child.wait()).await.expect("ends within 15 s").unwrap()
    }
}

async fn connect(pg: &Pg) -> tokio_postgres::Client {
    let config = format!("host={} port={} user=postgres dbname=postgres", pg.socket_dir, pg.port);
    let (client, connection) = tokio_postgres::connect(&config, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
