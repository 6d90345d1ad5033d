//! What a cursor's floor must not hide: rows of a zone that nobody knows, numbers far ahead, tables that were rewritten.

use crate::support::World;

async fn world(column: &str, extra: &str) -> World {
    let w = World::new().await;
    w.sql(&format!("CREATE TABLE c (id int PRIMARY KEY, v text, upd {column}); CREATE INDEX ON c (upd)")).await;
    w.config(&format!("[[table]]\nsource = \"c\"\ncursor = \"upd\"\n{extra}"));
    w
}

/// So many rows that a floor has something to hide behind: below a thousand there is none.
const MANY: &str = "INSERT INTO c SELECT g, 'old', now() - interval '3 days' FROM generate_series(1, 2000) g";

async fn upserts(w: &World) -> u64 {
    let report = w.tick().await;
    report["tables"][0]["upserts"].as_u64().unwrap_or(0)
}

/// Tables `c0`, `c1`, … with a cursor of these types, each a feed of its own.
async fn many(columns: &[&str]) -> World {
    let w = World::new().await;
    let mut rest = String::new();
    for (n, column) in columns.iter().enumerate() {
        w.sql(&format!("CREATE TABLE c{n} (id int PRIMARY KEY, v text, upd {column}); CREATE INDEX ON c{n} (upd)"))
            .await;
        rest.push_str(&format!("[[table]]\nsource = \"c{n}\"\ncursor = \"upd\"\n"));
    }
    w.config(&rest);
    w
}

/// The upserts of each table in one tick.
async fn each_upserts(w: &World) -> Vec<u64> {
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let report = ran.json();
    let runs = report["runs"].as_array().unwrap();
    runs.iter().map(|r| r["tables"][0]["upserts"].as_u64().unwrap_or(0)).collect()
}

/// The column holds local time, the transaction began long before another one's row was seen, and writes only then. West of UTC, east of
/// it, and where the clock has been set back in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_row_in_local_time_is_found_in_every_zone() {
    const CASES: [(&str, &str); 7] = [
        ("America/Los_Angeles", "timestamp NOT NULL"),
        ("America/Los_Angeles", "date"),
        ("UTC", "timestamp"),
        ("Asia/Tokyo", "date"),
        ("Pacific/Kiritimati", "timestamp"),
        ("Etc/GMT+12", "timestamp"),
        ("Etc/GMT+12", "date"),
    ];
    let w = many(&CASES.map(|(_, column)| column)).await;
    let mut late = Vec::new();
    for (n, (zone, _)) in CASES.iter().enumerate() {
        w.sql(&format!("SET timezone = '{zone}'; {}", MANY.replace("INTO c", &format!("INTO c{n}")))).await;
    }
    each_upserts(&w).await;
    for (n, (zone, _)) in CASES.iter().enumerate() {
        let transaction = w.connect().await;
        transaction.batch_execute(&format!("SET timezone = '{zone}'; BEGIN; SELECT now()")).await.unwrap();
        late.push(transaction);
        // Of a row that is written a quarter of an hour later.
        w.sql(&format!(
            "SET timezone = '{zone}'; INSERT INTO c{n} VALUES (5001, 'B', localtimestamp + interval '15 minutes')"
        ))
        .await;
    }
    assert_eq!(each_upserts(&w).await, [1; 7]);
    for (n, transaction) in late.iter().enumerate() {
        let clock_went_back =
            format!("INSERT INTO c{n} VALUES (5000, 'A', localtimestamp - interval '1 hour'); COMMIT");
        transaction.batch_execute(&clock_went_back).await.unwrap();
    }
    assert_eq!(each_upserts(&w).await, [1; 7]);
}

/// A state that an older version wrote does not know the clock, and its floor may be anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_versions_floor_hides_nothing() {
    let w = world("timestamp NOT NULL", "").await;
    w.sql(&format!("SET timezone = 'America/Los_Angeles'; {MANY}; INSERT INTO c VALUES (5001, 'B', localtimestamp)"))
        .await;
    w.tick().await;
    let mut state = w.state("c").await;
    let mark = &mut state["watermark"]["tables"]["c"];
    assert!(mark["cursor"]["clock"].is_string() && mark["relation"]["files"].is_array(), "{mark:#}");
    mark["cursor"].as_object_mut().unwrap().remove("clock");
    mark["cursor"]["floor"] = mark["cursor"]["seen"].clone();
    mark["relation"].as_object_mut().unwrap().remove("files");
    w.put_state("c", &state).await;
    w.sql("INSERT INTO c VALUES (5000, 'A', localtimestamp - interval '30 hours')").await;
    assert_eq!(upserts(&w).await, 1);
    w.assert_equal("c").await;
}

/// Nobody tells when a prepared transaction began.
#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_transactions_row_is_found() {
    let w = world("timestamptz", "lag = \"1s\"\n").await;
    w.sql(MANY).await;
    w.tick().await;
    let late = w.connect().await;
    late.batch_execute("BEGIN; SELECT now()").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    w.sql("INSERT INTO c VALUES (5001, 'B', now())").await;
    assert_eq!(upserts(&w).await, 1);
    late.batch_execute("INSERT INTO c VALUES (5000, 'A', now()); PREPARE TRANSACTION 'x'").await.unwrap();
    w.sql("INSERT INTO c VALUES (5002, 'C', now())").await;
    assert_eq!(upserts(&w).await, 1);
    w.sql("COMMIT PREPARED 'x'").await;
    upserts(&w).await;
    w.assert_equal("c").await;
}

/// A test row with the largest number there is, one dated into the far future: what comes later is found all the same.
#[tokio::test(flavor = "multi_thread")]
async fn values_far_ahead_hide_nothing() {
    const MINUTES: &str = "localtimestamp - interval '1 day' + g * interval '1 minute'";
    const CASES: [(&str, &str, &str); 6] = [
        ("bigint NOT NULL", "20000 + g", "9223372036854775807"),
        ("int", "20000 + g", "2147483647"),
        ("timestamp", MINUTES, "'2999-12-31'"),
        ("timestamp", MINUTES, "localtimestamp + interval '9 hours'"),
        ("date", "current_date", "'9999-12-31'"),
        ("timestamptz", "now() - interval '1 minute' + g * interval '1 millisecond'", "'2999-12-31'"),
    ];
    let w = many(&CASES.map(|(column, ..)| column)).await;
    let insert = async |ids: &str, value: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        for (n, case) in CASES.iter().enumerate() {
            let sql = format!("INSERT INTO c{n} SELECT i, 'x', {} FROM generate_series({ids}) i", value(case));
            w.sql(&sql.replace(" g ", " i ").replace("+ g", "+ i")).await;
        }
    };
    insert("1, 1200", |c| c.1).await;
    each_upserts(&w).await;
    insert("2001, 2007", |c| c.2).await;
    // No number of them hides a time.
    w.sql("INSERT INTO c3 SELECT i, 'x', localtimestamp + interval '9 hours' FROM generate_series(2008, 4000) i").await;
    assert_eq!(each_upserts(&w).await, [7, 7, 7, 2000, 7, 7]);
    assert_eq!(each_upserts(&w).await, [0; 6]);
    insert("1201, 1201", |c| c.1).await;
    assert_eq!(each_upserts(&w).await, [1; 6]);
    w.assert_equal("c0").await;
    w.assert_equal("c3").await;
}

/// Without an index a floor saves nothing, so none hides anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_without_an_index_hides_nothing() {
    let w = World::new().await;
    w.sql("CREATE TABLE c (id int PRIMARY KEY, v text, upd timestamptz)").await;
    w.config("[[table]]\nsource = \"c\"\ncursor = \"upd\"\n");
    w.sql(MANY).await;
    w.sql("INSERT INTO c VALUES (5001, 'now', now())").await;
    w.tick().await;
    w.sql("UPDATE c SET v = 'and the cursor stays' WHERE id = 7").await;
    assert_eq!(upserts(&w).await, 1);
    w.assert_equal("c").await;
}

/// A rewrite gives old rows other values and leaves their cursor alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_table_is_read_whole() {
    let rewritten = "the source table was rewritten, and rows changed that the cursor does not tell of";
    let filled = "a new column has values in rows that did not change";
    let cases = [
        ("ALTER TABLE c ADD t uuid DEFAULT gen_random_uuid()", filled),
        ("ALTER TABLE c ADD t text GENERATED ALWAYS AS (v || '!') STORED", filled),
        // In one migration, and it leaves the cursor alone.
        ("BEGIN; ALTER TABLE c ADD t text; UPDATE c SET t = v; COMMIT", filled),
        (
            "BEGIN; CREATE TABLE k AS SELECT * FROM c; TRUNCATE c; INSERT INTO c SELECT id, v || '!', upd FROM k; COMMIT",
            rewritten,
        ),
        ("ALTER TABLE c ALTER v TYPE text USING upper(v)", rewritten),
    ];
    let w = many(&["timestamptz"; 5]).await;
    let each = async |sql: &str| {
        for n in 0..cases.len() {
            let own = |sql: &str| sql.replace(" c ", &format!(" c{n} ")).replace(" c;", &format!(" c{n};"));
            w.sql(&own(&format!("{sql} "))).await;
        }
    };
    each(MANY).await;
    each("INSERT INTO c VALUES (5001, 'B', now())").await;
    each_upserts(&w).await;
    each("UPDATE c SET v = 'so that there is a floor', upd = now() WHERE id = 5001").await;
    each_upserts(&w).await;
    for (n, (change, _)) in cases.iter().enumerate() {
        w.sql(&format!("{change} ").replace(" c ", &format!(" c{n} ")).replace(" c;", &format!(" c{n};"))).await;
    }
    let report = w.run(&["run", "--json"]).await.json();
    for (n, (change, why)) in cases.iter().enumerate() {
        assert_eq!(report["runs"][n]["whole"].as_str(), Some(*why), "{change}");
        w.assert_equal(&format!("c{n}")).await;
    }
    assert_eq!(each_upserts(&w).await, [0; 5]);
    // These rewrite it as well, and change nothing.
    each("VACUUM FULL c").await;
    assert_eq!(each_upserts(&w).await, [0; 5]);
}

/// The tick falls between the new column and the UPDATE that fills it: no floor can tell, so every report does.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_is_told_of() {
    told_of("timestamptz", MANY).await;
    told_of("bigint", "INSERT INTO c SELECT g, 'old', 100000 + g FROM generate_series(1, 2000) g").await;
}

async fn told_of(column: &str, rows: &str) {
    let w = world(column, "").await;
    w.sql(rows).await;
    w.tick().await;
    w.sql("ALTER TABLE c ADD t text").await;
    let report = w.tick().await;
    let caveat = report["caveats"][0].as_str().unwrap_or_default();
    assert!(
        caveat.contains("the column t is new") && caveat.contains("plimsoll run --full --table public.c"),
        "{report}"
    );
    assert!(w.tick().await["caveats"].is_null());
}

/// A role that can't see other sessions is told so by `check` and by every report.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_covered_stands_in_every_report() {
    let w = world("timestamptz", "").await;
    w.sql(&format!("{MANY}; CREATE ROLE reader LOGIN PASSWORD 'pw'; GRANT SELECT ON c TO reader")).await;
    let url = format!("postgres://reader:pw@127.0.0.1:{}/postgres", w.own.pg.port);
    let run = async |args: &[&str]| w.finish(w.command(args).env("DATABASE_URL", &url).spawn().unwrap()).await;
    for _ in 0..2 {
        let report = run(&["run", "--json"]).await.run();
        assert!(report["caveats"][0].as_str().unwrap_or_default().contains("GRANT pg_read_all_stats"), "{report}");
    }
    assert!(run(&["check"]).await.stdout.contains("GRANT pg_read_all_stats"));
    assert!(run(&["run"]).await.stdout.contains("note: public.c: the role can't see"));
    w.sql("GRANT pg_read_all_stats TO reader").await;
    assert!(run(&["run", "--json"]).await.run()["caveats"].is_null());
}

/// A standby knows nothing of its primary's transactions that have not written yet.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_standby_lag_has_to_be_long_enough() {
    let w = world("timestamptz", "").await;
    w.sql(MANY).await;
    let standby = w.own.standby();
    let url = format!("postgres://postgres:{}@127.0.0.1:{}/postgres", standby.pg.password, standby.pg.port);
    let run = async |args: &[&str]| w.finish(w.command(args).env("DATABASE_URL", &url).spawn().unwrap()).await;
    let report = run(&["run", "--json"]).await.run();
    assert_eq!(report["state"], "done", "{report}");
    let caveat = report["caveats"][0].as_str().unwrap_or_default();
    assert!(caveat.contains("the source is a standby") && caveat.contains("a lag longer than"), "{report}");
    assert!(
        run(&["check"])
            .await
            .stdout
            .contains("the source is a standby, where the primary's open transactions can't be seen")
    );
    w.assert_equal("c").await;
}
