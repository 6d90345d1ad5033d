//! Random histories over tables of every capture, with crashes, faults and two ticks at once; at the end one clean tick, and
//! source and target are equal row by row.
//!
//! A history follows from its seed (the clock aside). A failing one says which it is, and runs alone with
//! `PLIMSOLL_HISTORY=<seed> make test T=history::one`; `make soak MINUTES=30` runs on with new ones.

use std::time::{Duration, Instant};

use fastrand::Rng;
use plimsoll::failpoint::{Effect, VARIABLE};
use storage_write_standin::faults::transient;
use storage_write_standin::{Action, Fault, Settings, When};
use tokio_postgres::Client;
use tonic::Code;

use crate::support::wire::From;
use crate::support::{Proxy, World};

/// A table of a history: its name and the rest of its config.
const TABLES: [(&str, &str); 10] = [
    ("whole", "capture = \"full\"\n"),
    ("stamped", "cursor = \"at\"\nlag = \"1m\"\ndeletes = \"keys\"\n"),
    ("flagged", "cursor = \"at\"\nlag = \"1m\"\ndeletes = \"keys\"\ndelete = \"soft\"\n"),
    ("scanned", "deletes = \"keys\"\n"),
    ("digested", "capture = \"digest\"\n"),
    ("logged", "capture = \"changelog\"\n"),
    ("scanned_sent", "deletes = \"keys\"\napply = \"append\"\n"),
    ("digested_sent", "capture = \"digest\"\napply = \"append\"\n"),
    ("logged_sent", "capture = \"changelog\"\napply = \"append\"\n"),
    ("logged_flagged", "capture = \"changelog\"\ndelete = \"soft\"\n"),
];
/// Few enough ids that they meet again and again.
const IDS: i32 = 25;
const TICKS: usize = 4;

struct History<'a> {
    w: &'a World,
    rng: Rng,
    schema: String,
    /// Those of [`TABLES`] that this history is about: two, so that it does not take long, and each pair in its turn.
    tables: Vec<(&'static str, &'static str)>,
    /// Connections whose transactions stay open for a while; the first commits at once.
    clients: Vec<Client>,
    open: Vec<bool>,
    /// What happened, for whoever has to find out why.
    log: Vec<String>,
}

impl<'a> History<'a> {
    async fn begin(w: &'a World, seed: u64) -> Self {
        let schema = format!("h{seed}");
        let mut rng = Rng::with_seed(seed);
        let mut tables = TABLES.to_vec();
        rng.shuffle(&mut tables);
        tables.truncate(2);
        w.sql(&format!(
            "CREATE SCHEMA {schema}; SET search_path = {schema}; \
             CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text, op text); \
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
               IF TG_LEVEL = 'STATEMENT' THEN INSERT INTO {schema}.log (what, op) VALUES (TG_TABLE_NAME, TG_OP); RETURN NULL; END IF; \
               IF TG_OP <> 'INSERT' THEN INSERT INTO {schema}.log (what, key, op) VALUES (TG_TABLE_NAME, OLD.id, TG_OP); END IF; \
               IF TG_OP <> 'DELETE' THEN INSERT INTO {schema}.log (what, key, op) VALUES (TG_TABLE_NAME, NEW.id, TG_OP); END IF; \
               RETURN NULL; END $$"
        ))
        .await;
        let mut config = match tables.iter().any(|(t, _)| t.starts_with("logged")) {
            false => String::new(),
            true => format!(
                "[changelog]\ntable = \"{schema}.log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\naction = \"op\"\nadded = \"INSERT\"\n"
            ),
        };
        for (table, rest) in &tables {
            w.sql(&format!(
                "CREATE TABLE {table} (id int PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT clock_timestamp()); \
                 INSERT INTO {table} SELECT g, 'first' FROM generate_series(1, 10) g; \
                 CREATE TRIGGER rows AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION note(); \
                 CREATE TRIGGER all_rows AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION note()"
            ))
            .await;
            config.push_str(&format!("[[table]]\nsource = \"{schema}.{table}\"\ntarget = \"{table}_{seed}\"\n{rest}"));
            if table.starts_with("logged") {
                config.push_str(&format!("log_types = [\"{table}\"]\n"));
            }
        }
        w.config_with("lease = \"1s\"", &config);
        let mut clients = Vec::new();
        for _ in 0..3 {
            let client = w.connect().await;
            client.batch_execute(&format!("SET search_path = {schema}; SET lock_timeout = '40ms'")).await.unwrap();
            clients.push(client);
        }
        Self { w, rng, schema, tables, clients, open: vec![false; 3], log: Vec::new() }
    }

    /// One statement, or two with a savepoint.
    fn statement(&mut self) -> String {
        let table = self.tables[self.rng.usize(..self.tables.len())].0;
        let (id, other) = (self.rng.i32(1..=IDS), self.rng.i32(1..=IDS));
        let v = self.rng.u32(..);
        // Clocks of application servers run behind, by less than the lag.
        let at = format!("clock_timestamp() - interval '{} milliseconds'", self.rng.u32(..50_000));
        let change = match self.rng.u32(..100) {
            0..30 => format!("INSERT INTO {table} VALUES ({id}, 'i{v}', {at}) ON CONFLICT (id) DO NOTHING"),
            30..60 => format!("UPDATE {table} SET v = 'u{v}', at = {at} WHERE id = {id}"),
            60..75 => format!("DELETE FROM {table} WHERE id = {id}"),
            75..83 => format!("UPDATE {table} SET id = {other}, at = {at} WHERE id = {id}"),
            83..90 => format!("DELETE FROM {table} WHERE id = {id}; INSERT INTO {table} VALUES ({id}, 'r{v}', {at})"),
            90..97 => format!("UPDATE {table} SET v = v || '!', at = {at} WHERE id % 3 = {}", id % 3),
            _ => format!("TRUNCATE {table}"),
        };
        match self.rng.u32(..10) {
            0 => format!("SAVEPOINT s; {change}; ROLLBACK TO s"),
            1 | 2 => format!("SAVEPOINT s; {change}; RELEASE s"),
            _ => change,
        }
    }

    async fn change(&mut self) {
        let n = self.rng.usize(..self.clients.len());
        let statement = self.statement();
        let sql = match (n, self.open[n], self.rng.u32(..4)) {
            (0, ..) => format!("BEGIN; {statement}; COMMIT"),
            (_, false, _) => {
                self.open[n] = true;
                format!("BEGIN; {statement}")
            }
            (_, true, 0) => {
                self.open[n] = false;
                format!("{statement}; COMMIT")
            }
            (_, true, 1) => {
                self.open[n] = false;
                "ROLLBACK".to_owned()
            }
            (_, true, _) => statement,
        };
        let outcome = self.clients[n].batch_execute(&sql).await;
        // A lock that is not to be had, a key that is taken: the transaction is gone, as it would be in life.
        if outcome.is_err() {
            self.open[n] = false;
            let _ = self.clients[n].batch_execute("ROLLBACK").await;
        }
        self.log.push(format!("{n}: {sql}{}", if outcome.is_err() { "  -- failed" } else { "" }));
    }

    async fn run(&mut self, rule: &str) -> bool {
        let child = self.w.command(&["run"]).env(VARIABLE, rule).spawn().unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(120), child.wait_with_output()).await.unwrap().unwrap();
        self.log.push(format!("-- tick {rule}: {} {}", ended.status, String::from_utf8_lossy(&ended.stdout)));
        ended.status.success()
    }

    fn rule(&mut self, action: &str) -> String {
        let effect = Effect::ALL[self.rng.usize(..Effect::ALL.len())].name();
        let side = if self.rng.bool() { "before" } else { "after" };
        format!("{effect}:{side}@{}={action}", self.rng.u32(1..=4))
    }

    fn disturb(&mut self) {
        if self.tables.iter().any(|(_, rest)| rest.contains("append")) && self.rng.bool() {
            let action = match self.rng.u32(..6) {
                0 => Action::Refuse(transient(Code::Internal)),
                1 => Action::End(transient(Code::Unavailable)),
                2 => Action::EndQuietly,
                3 => Action::CloseBefore,
                4 => Action::CloseAfter,
                _ => Action::Delay(Duration::from_millis(1500)),
            };
            return self.w.storage_write().faults().add(Fault::once(When::Request, action));
        }
        if self.rng.u32(..3) == 0 {
            let (from, after) = match self.rng.bool() {
                true => (From::Client, self.rng.usize(..20_000)),
                false => (From::Server, self.rng.usize(..40_000)),
            };
            return match self.rng.u32(..3) {
                0 => self.w.wire.stall(from, after, Duration::from_millis(1500)),
                _ => self.w.wire.cut(from, after),
            };
        }
        let nth = self.rng.usize(1..=12);
        let proxy: &Proxy = if self.rng.bool() { &self.w.gcs } else { &self.w.bq };
        let passed = std::sync::atomic::AtomicUsize::new(0);
        let matches = move |r: &crate::support::Recorded| {
            r.method != "GET" && passed.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1 >= nth
        };
        match self.rng.u32(..7) {
            0 => proxy.answer(2, 503, "", matches),
            6 => proxy.cut_request(1, self.rng.usize(..1000), matches),
            1 => proxy.cut(1, matches),
            2 => proxy.refuse(2, matches),
            3 => proxy.busy(1, 1, matches),
            4 => proxy.delay(1, Duration::from_millis(1500), matches),
            _ => proxy.lose_answer(1, matches),
        }
    }

    async fn tick(&mut self) {
        match self.rng.u32(..100) {
            0..35 => drop(self.run("").await),
            35..60 => {
                let rule = self.rule("crash");
                self.run(&rule).await;
            }
            60..75 => {
                let rule = self.rule("error");
                self.run(&rule).await;
            }
            75..80 => {
                // The source ends every connection that is not the test's own.
                let pause = Duration::from_millis(self.rng.u64(50..900));
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_addr IS NOT NULL";
                let w = self.w;
                let terminate = async move {
                    tokio::time::sleep(pause).await;
                    w.sql(end).await;
                };
                tokio::join!(self.run(""), terminate);
                self.log.push("-- with its connections ended".to_owned());
            }
            80..90 => {
                self.disturb();
                self.run("").await;
                self.w.gcs.calm();
                self.w.bq.calm();
                self.w.wire.calm();
                self.w.storage_write().faults().clear();
            }
            _ => {
                let mut other = self.w.command(&["run"]).spawn().unwrap();
                self.run("").await;
                other.wait().await.unwrap();
                self.log.push("-- and another at once".to_owned());
            }
        }
    }

    /// The differences after everything has come to rest.
    async fn differences(&mut self, seed: u64) -> Vec<String> {
        for n in 1..self.clients.len() {
            let end = if self.rng.bool() { "COMMIT" } else { "ROLLBACK" };
            self.log.push(format!("{n}: {end}"));
            self.clients[n].batch_execute(end).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(1300)).await;
        let mut found = Vec::new();
        if !self.run("").await {
            return vec!["the clean tick failed".to_owned()];
        }
        for (table, rest) in self.tables.clone() {
            let sql = format!(
                "SELECT id || '|' || v || '|' || (extract(epoch FROM at) * 1000000)::int8 FROM {}.{table}",
                self.schema
            );
            let rows = self.w.pg.query(&sql, &[]).await.unwrap();
            let mut source: Vec<String> = rows.iter().map(|r| r.get(0)).collect();
            let live = if rest.contains("soft") { " WHERE NOT is_deleted" } else { "" };
            let sql = format!(
                "SELECT CONCAT(CAST(id AS STRING), '|', v, '|', CAST(UNIX_MICROS(at) AS STRING)) FROM `{{d}}.{table}_{seed}`{live}"
            );
            let mut target: Vec<String> =
                self.w.target(&sql).await.into_iter().filter_map(|mut r| r.pop().flatten()).collect();
            source.sort();
            target.sort();
            if source != target {
                let only =
                    |a: &[String], b: &[String]| a.iter().filter(|r| !b.contains(r)).cloned().collect::<Vec<_>>();
                found.push(format!(
                    "{table}: only in the source {:?}, only in the target {:?}",
                    only(&source, &target),
                    only(&target, &source)
                ));
            }
        }
        found
    }
}

async fn play(w: &World, seed: u64) {
    let mut history = History::begin(w, seed).await;
    for _ in 0..TICKS {
        for _ in 0..history.rng.usize(3..25) {
            history.change().await;
        }
        history.tick().await;
    }
    let found = history.differences(seed).await;
    assert!(
        found.is_empty(),
        "PLIMSOLL_HISTORY={seed} make test T=history::one\n{found:#?}\n{}",
        history.log.join("\n")
    );
    w.sql(&format!("DROP SCHEMA {} CASCADE", history.schema)).await;
}

async fn play_all(seeds: impl Iterator<Item = u64>) {
    let mut w = World::new().await;
    w.start_storage_write(Settings::default()).await;
    for seed in seeds {
        play(&w, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_1_to_8() {
    play_all(1..=8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_9_to_16() {
    play_all(9..=16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_17_to_24() {
    play_all(17..=24).await;
}

/// The one that is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn one() {
    let seed = std::env::var("PLIMSOLL_HISTORY").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    play_all(std::iter::once(seed)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs for as long as it is told to: make soak MINUTES=30"]
async fn soak() {
    let minutes: u64 = std::env::var("MINUTES").ok().and_then(|m| m.parse().ok()).unwrap_or(10);
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let mut played = 0;
    while Instant::now() < end {
        play_all((0..10).map(|_| fastrand::u64(1000..1_000_000_000))).await;
        played += 10;
    }
    println!("{played} histories, no difference");
}
