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

/// The tables that have something to say of themselves, by source.
pub const FAILING: [&str; 3] = ["public.customers", "sales.invoice_lines", "sales.payments"];
pub const SET_ASIDE: &str = "catalog.product_attribute_translation";
pub const DIFFERING: &str = "sales.order_items";
pub const LOADING: &str = "inventory.stock_movements_2019_2026";
pub const PAUSED: &str = "public.sessions";
/// A name that no list has room for.
pub const LONG: &str = "inventory.replenishment_forecast_by_region_and_supplier_and_month_v2";
/// The reason of the pause.
pub const REASON: &str = "index rebuild until Friday, ask the web team";

const PUBLIC: [&str; 14] = [
    "public.accounts",
    "public.addresses",
    "public.api_keys",
    "public.customers",
    "public.devices",
    "public.email_events",
    "public.feature_flags",
    "public.notes",
    "public.notifications",
    "public.organisations",
    "public.sessions",
    "public.subscriptions",
    "public.tags",
    "public.users",
];
const SALES: [&str; 14] = [
    "sales.carts",
    "sales.coupons",
    "sales.credit_notes",
    "sales.currencies",
    "sales.exchange_rates",
    "sales.invoice_lines",
    "sales.invoices",
    "sales.order_items",
    "sales.orders",
    "sales.payments",
    "sales.price_lists",
    "sales.refunds",
    "sales.returns",
    "sales.tax_rates",
];
const INVENTORY: [&str; 10] = [
    "inventory.bins",
    "inventory.deliveries",
    LONG,
    "inventory.parcels",
    "inventory.stock_counts",
    "inventory.stock_levels",
    LOADING,
    "inventory.suppliers",
    "inventory.transfers",
    "inventory.warehouses",
];
/// What the change log tells of: one feed.
const CATALOG: [&str; 14] = [
    "catalog.attribute",
    "catalog.brand",
    "catalog.category",
    "catalog.category_translation",
    "catalog.image",
    "catalog.product",
    "catalog.product_attribute",
    SET_ASIDE,
    "catalog.product_bundle",
    "catalog.product_category",
    "catalog.product_price",
    "catalog.product_translation",
    "catalog.review",
    "catalog.variant",
];
const AUDIT: [&str; 8] = [
    "audit.access_log",
    "audit.consents",
    "audit.deletions",
    "audit.exports",
    "audit.imports",
    "audit.jobs",
    "audit.logins",
    "audit.settings",
];

/// A world of pages.
pub struct SixtyTables {
    pub gcs: Proxy,
    pub http: reqwest::Client,
    bucket: String,
    dir: tempfile::TempDir,
    stack: &'static Stack,
    now: OffsetDateTime,
}

/// How a table does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Well,
    Failing,
    SetAside,
    Differs,
    Loading,
    Paused,
}

fn kind(source: &str) -> Kind {
    match source {
        _ if FAILING.contains(&source) => Kind::Failing,
        SET_ASIDE => Kind::SetAside,
        DIFFERING => Kind::Differs,
        LOADING => Kind::Loading,
        PAUSED => Kind::Paused,
        _ => Kind::Well,
    }
}

/// All of them.
pub fn sources() -> Vec<&'static str> {
    [&PUBLIC[..], &SALES, &INVENTORY, &CATALOG, &AUDIT].concat()
}

/// A source's target.
pub fn target(source: &str) -> String {
    source.replace('.', "_").trim_start_matches("public_").to_owned()
}

fn complaint(source: &str) -> (&'static str, &'static str) {
    match source {
        "public.customers" => (
            "customers has the column vat_id, and its target has it with another type: STRING here, INT64 there. The last run staged nothing",
            "`plimsoll resync --table public.customers` loads the target again, or write columns.vat_id.type = \"INT64\"",
        ),
        "sales.payments" => (
            "BigQuery did not let plimsoll@shop.iam.gserviceaccount.com write shop.app.sales_payments: bigquery.tables.updateData is denied",
            "grant roles/bigquery.dataEditor on the dataset app to the account",
        ),
        SET_ASIDE => (
            "public.product_attribute_translation is not there in the source any more",
            "create it again, or take it out of the config",
        ),
        _ => (
            "a run would delete 41 % of the target's rows, and may delete 30 %: 812,344 of 1,981,200. Perhaps the source was emptied by mistake",
            "look at sales.invoice_lines; `plimsoll run --table sales.invoice_lines --allow-deletes` lets one run delete them",
        ),
    }
}

/// A number of a table's own, the same each time.
fn number(source: &str, salt: usize) -> u64 {
    let text = format!("{source}/{salt}");
    text.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte))) % 9973
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
             console = \"{console}\"\nmax_age = \"1d\"\n",
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
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = http.post(format!("{}/console/{action}", served.url)).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.unwrap();
        let to = answer.headers().get("location").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status().as_u16(), to)
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

    fn ago(&self, minutes: i64) -> OffsetDateTime {
        self.now - time::Duration::minutes(minutes)
    }

    fn text(&self, at: OffsetDateTime) -> Value {
        at.format(&Rfc3339).unwrap().into()
    }

    /// A run of a feed, by how long ago it began.
    pub fn run_id(&self, feed: &str, minutes: i64) -> RunId {
        RunId::new(self.ago(minutes), number(feed, 0) << 20 | u64::try_from(minutes).unwrap())
    }

    fn figures(source: &str, n: usize) -> Value {
        let upserts = number(source, n) / 7;
        let quarantined = if source == "sales.orders" && n == 0 { 3 } else { 0 };
        json!({ "upserts": upserts, "deletes": number(source, n + 99) / 200, "quarantined": quarantined, "bytes_billed": 10_485_760 + upserts * 40_000 })
    }

    /// The state of a feed of these tables.
    fn state(&self, feed: &str, tables: &[&str]) -> Value {
        let mut document = json!({
            "version": 2, "feed": feed, "stamp": "fixture/1", "lease": null, "pending": null, "sealed": 30, "last": null,
            "watermark": {
                "snapshot": if feed == "sales_orders" { "7251:7260:7251,7256" } else { "7260:7260:" },
                "identity": { "system": "7712601952627451604", "timeline": 1, "database": 16384 },
                "taken_at": self.text(self.ago(4)), "tables": {},
            },
            "recent": self.recent(feed, tables), "tables": {}, "paused": {}, "aside": {},
        });
        for source in tables {
            let (target, kind) = (target(source), kind(source));
            if kind == Kind::SetAside {
                let (reason, hint) = complaint(source);
                document["aside"][&target] = json!({ "source": source, "since": self.text(self.ago(95)),
                    "last_success": self.text(self.ago(100)), "reason": reason, "hint": hint, "failures": 4 });
                continue;
            }
            document["watermark"]["tables"][&target] = self.mark(source, kind);
            document["tables"][&target] = self.note(feed, source, kind);
            if kind == Kind::Paused {
                document["paused"][&target] = json!({ "since": self.text(self.ago(60 * 20)), "reason": REASON });
            }
            if kind == Kind::Failing {
                document["watermark"]["taken_at"] = self.text(self.ago(60 * 5));
            }
        }
        document
    }

    fn mark(&self, source: &str, kind: Kind) -> Value {
        let columns: Vec<Value> = ["id", "name", "amount", "created_at", "updated_at"]
            .iter()
            .zip(["bigint", "text", "numeric(12,2)", "timestamp with time zone", "timestamp with time zone"])
            .enumerate()
            .map(|(n, (name, of))| json!({ "name": name, "number": n + 1, "type": of }))
            .collect();
        let rows = number(source, 3) * 1201;
        let mut mark = json!({
            "relation": { "oid": 16385 + number(source, 1), "columns": columns, "definition": "84452eb989f1be133364fe6da0152fcd",
                "held": ["id", "name", "amount", "created_at", "updated_at"], "retired": if source == "sales.orders" { json!(["old_status"]) } else { json!([]) } },
            "whole_at": self.text(self.ago(60 * 24 * 9)), "rows": rows, "source_rows": rows, "left_out": 0,
            "quarantined": if source == "sales.orders" { 3 } else { 0 },
        });
        if kind == Kind::Loading {
            mark["loading"] =
                json!({ "after": ["15000000"], "rows": 15_000_000, "left_out": 0, "before": "none", "order": "o" });
        }
        mark
    }

    fn note(&self, feed: &str, source: &str, kind: Kind) -> Value {
        let mut note = json!({ "last": self.past(feed, source, 0) });
        if kind != Kind::Failing {
            note["checked"] = self.text(self.ago(4));
        } else {
            note["checked"] = self.text(self.ago(60 * 5));
        }
        let rows = number(source, 3) * 1201;
        match kind {
            Kind::Differs => {
                note["verified"] = json!({ "at": self.text(self.ago(124)), "level": "values", "rows": rows,
                    "differs": { "since": self.text(self.ago(60 * 24 * 2)), "missing": 12, "extra": 3, "different": 41 } });
            }
            _ if number(source, 5).is_multiple_of(2) => {
                note["verified"] = json!({ "at": self.text(self.ago(60 * 30)), "level": "values", "rows": rows });
            }
            _ => {}
        }
        note
    }

    /// How long ago a table's runs began, the newest first.
    fn minutes(source: &str, n: usize) -> i64 {
        4 + i64::try_from(n).unwrap() * if AUDIT.contains(&source) { 60 } else { 15 }
    }

    fn past(&self, feed: &str, source: &str, n: usize) -> Value {
        let minutes = Self::minutes(source, n);
        let mut past = Self::figures(source, n);
        past["run"] = self.run_id(feed, minutes).as_str().into();
        past["finished"] = self.text(self.ago(minutes) + time::Duration::seconds(9));
        past["seconds"] = (f64::from(u32::try_from(number(source, n + 7)).unwrap()) / 1000.0 + 1.5).into();
        past
    }

    fn recent(&self, feed: &str, tables: &[&str]) -> Vec<Value> {
        let mut recent = Vec::new();
        for n in (0..20).rev() {
            let mut past = self.past(feed, tables[0], n);
            let of: serde_json::Map<String, Value> = tables
                .iter()
                .map(|t| (target(t), Self::figures(t, n)))
                .filter(|(t, _)| *t != target(SET_ASIDE))
                .collect();
            past["tables"] = of.into();
            // It fails since its last nine runs.
            if n < 9 && kind(tables[0]) == Kind::Failing {
                let (message, hint) = complaint(tables[0]);
                past["error"] = json!({ "message": message, "hint": hint });
                past["tables"] =
                    json!({ target(tables[0]): { "upserts": 0, "deletes": 0, "quarantined": 0, "bytes_billed": 0 } });
                for figure in ["upserts", "deletes", "bytes_billed", "quarantined"] {
                    past[figure] = 0.into();
                }
            }
            recent.push(past);
        }
        recent
    }

    /// What was sealed by the last runs of a few tables.
    async fn put_manifests(&self) {
        for source in ["sales.orders", "public.customers", "sales.order_items"] {
            let (feed, minutes) = (target(source), Self::minutes(source, 0));
            let run = self.run_id(&feed, minutes);
            let day = self.ago(minutes).date().to_string().replace('-', "/");
            let folder = format!("batches/{feed}/{day}/{run}/");
            let column = |name: &str, of: &str, mode: &str| json!({ "name": name, "type": of, "mode": mode });
            let target_ref =
                |dataset: &str, table: String| json!({ "project": "shop", "dataset": dataset, "table": table });
            let counts = json!({ "upserts": number(source, 0) / 7, "deletes": 0, "keys": 0, "resent": 0, "fleeting": 0, "added": 0,
                "quarantined": 3, "nulled": 3, "left_out": 0, "skipped": 0, "unreadable": 0, "staged_bytes": 181_337 });
            let manifest = json!({
                "version": 2, "run": run.as_str(), "feed": feed, "started": self.text(self.ago(minutes)), "folder": folder,
                "tables": [{
                    "source": source, "target": target_ref("app", feed.clone()),
                    "apply": { "how": "merge", "staging": target_ref("app_staging", format!("{feed}__{run}")),
                        "absent": "keep", "repeats": "never", "update": "all" },
                    "columns": [column("id", "INT64", "REQUIRED"), column("name", "STRING", "NULLABLE"), column("amount", "NUMERIC", "NULLABLE"),
                        column("created_at", "TIMESTAMP", "NULLABLE"), column("updated_at", "TIMESTAMP", "NULLABLE")],
                    "key": ["id"], "delete": "hard", "partition": null, "cluster": ["id"], "compression": "gzip",
                    "parts": { "upserts": 2, "deletes": 1, "keys": 0, "scopes": 0 }, "counts": counts, "bounds": null,
                }],
                "next": self.state(&feed, &[source])["watermark"],
            });
            self.put(&format!("{folder}manifest.json"), &manifest).await;
        }
    }

    /// The reports of the last ticks, a run of each feed in each; the failing ones fail.
    async fn put_reports(&self) {
        for n in 0..12 {
            let minutes = 4 + 15 * n;
            let mut runs = Vec::new();
            for source in sources().into_iter().filter(|s| !CATALOG.contains(s) && *s != PAUSED && !AUDIT.contains(s)) {
                let feed = target(source);
                let is_failing = kind(source) == Kind::Failing && n < 9;
                let figures = Self::figures(source, usize::try_from(n).unwrap());
                let (message, hint) = complaint(source);
                let mut run = json!({ "run": self.run_id(&feed, minutes).as_str(), "feed": feed, "source": source,
                    "state": if is_failing { "failed" } else { "done" }, "replayed": false, "started": self.text(self.ago(minutes)),
                    "seconds": 6.4, "age_seconds": 900, "storage_writes": 4,
                    "verb_seconds": { "lease": 0.02, "capture": 1.9, "seal": 0.11, "load": 1.6, "merge": 2.6, "commit": 0.17 }, "tables": [] });
                if is_failing {
                    run["error"] = json!({ "message": message, "hint": hint });
                } else {
                    run["tables"] = json!([{ "source": source, "target": format!("shop.app.{feed}"), "upserts": figures["upserts"],
                        "deletes": figures["deletes"], "quarantined": figures["quarantined"], "staged_bytes": 181_337, "parts": 3,
                        "bytes_billed": figures["bytes_billed"], "rows_inserted": figures["upserts"], "rows_updated": 0, "rows_deleted": figures["deletes"] }]);
                }
                if kind(source) == Kind::Differs && n == 8 {
                    run["verified"] = json!([{ "source": source, "target": format!("shop.app.{feed}"), "level": "values", "state": "differs",
                        "source_rows": 812_344, "target_rows": 812_335, "missing": 12, "extra": 3, "different": 41, "deletes_ignored": 0,
                        "nulled": 0, "columns": { "amount": 41, "name": 2 }, "repaired": 0, "bytes_billed": 31_457_280, "seconds": 8.1 }]);
                }
                runs.push(run);
            }
            let tick = self.run_id("tick", minutes);
            let day = self.ago(minutes).date().to_string().replace('-', "/");
            let report = json!({ "ok": n > 8, "kind": "tick", "started": self.text(self.ago(minutes)), "seconds": 14.2, "runs": runs });
            self.put(&format!("reports/{day}/{tick}.json"), &report).await;
        }
        self.put_older_reports().await;
    }

    /// A tick a day of the week before, of the tables that are compared row by row.
    async fn put_older_reports(&self) {
        for day in 1..7 {
            let minutes = 60 * 24 * day;
            let runs: Vec<Value> = AUDIT.iter().map(|source| {
                let feed = target(source);
                let billed = number(source, usize::try_from(day).unwrap()) * 4_000_000;
                json!({ "run": self.run_id(&feed, minutes).as_str(), "feed": feed, "source": source, "state": "done", "replayed": false,
                    "started": self.text(self.ago(minutes)), "seconds": 9.0, "storage_writes": 6,
                    "tables": [{ "source": source, "target": format!("shop.app.{feed}"), "upserts": 900, "staged_bytes": 90_000, "parts": 2, "bytes_billed": billed }] })
            }).collect();
            let tick = self.run_id("tick", minutes);
            let folder = self.ago(minutes).date().to_string().replace('-', "/");
            let report = json!({ "ok": true, "kind": "tick", "started": self.text(self.ago(minutes)), "seconds": 14.2, "runs": runs });
            self.put(&format!("reports/{folder}/{tick}.json"), &report).await;
        }
    }
}
