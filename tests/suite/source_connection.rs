//! `sslmode` as libpq means it, Unix sockets, and what is left behind at the source.

use crate::support::World;

async fn connects(w: &World, url: &str) -> bool {
    let child = w.command(&["check"]).env("DATABASE_URL", url).spawn().unwrap();
    let ran = w.finish(child).await;
    assert!(ran.code == 0 || ran.stderr.contains("cannot connect"), "{url}: {}{}", ran.stdout, ran.stderr);
    ran.code == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sslmode() {
    let w = World::with_orders("").await;
    let pg = &w.own.pg;
    let url = |host: &str, query: &str| {
        format!("postgres://postgres:{}@{host}:{}/{}?{query}", pg.password, pg.port, "postgres")
    };
    let ca = format!("sslrootcert={}", pg.ca.replace('/', "%2F"));
    for mode in ["disable", "allow", "prefer", "require"] {
        assert!(connects(&w, &url("127.0.0.1", &format!("sslmode={mode}"))).await, "{mode}");
    }
    // The certificate is for localhost, signed by the test's own CA.
    assert!(connects(&w, &url("127.0.0.1", &format!("sslmode=verify-ca&{ca}"))).await);
    assert!(connects(&w, &url("localhost", &format!("sslmode=verify-full&{ca}"))).await);
    assert!(!connects(&w, &url("127.0.0.1", &format!("sslmode=verify-full&{ca}"))).await, "another name");
    assert!(!connects(&w, &url("127.0.0.1", "sslmode=verify-ca")).await, "a CA the system does not know");
    assert!(!connects(&w, &url("localhost", "sslmode=verify-full&sslrootcert=system")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket() {
    let w = World::with_orders("").await;
    let pg = &w.own.pg;
    let dir = pg.socket_dir.replace('/', "%2F");
    assert!(connects(&w, &format!("postgres://postgres@{dir}:{}/{}", pg.port, "postgres")).await);
    assert!(
        connects(&w, &format!("postgres:///{}?host={}&port={}&user=postgres", "postgres", pg.socket_dir, pg.port))
            .await
    );
}

/// Row security that hides rows would make them look deleted; the run fails instead.
#[tokio::test(flavor = "multi_thread")]
async fn hidden_rows_are_an_error() {
    let w = World::with_orders("").await;
    let role = "reader".to_owned();
    w.sql(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT SELECT ON orders TO {role}; ALTER TABLE orders ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY p ON orders USING (id > 1); INSERT INTO orders VALUES (1, 'hidden', 1), (2, 'seen', 1)"
    ))
    .await;
    let url = format!("postgres://{role}:pw@127.0.0.1:{}/{}", w.own.pg.port, "postgres");
    let child = w.command(&["run"]).env("DATABASE_URL", url).spawn().unwrap();
    let ran = w.finish(child).await;
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("row-level security"), "{}", ran.stdout);
    assert!(w.gcs.written().is_empty());
}

/// A role without rights on the server's control data still gets a watermark; the timeline tells most of a failover.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_select_and_nothing_else_is_enough() {
    let w = World::with_orders("deletes = \"keys\"").await;
    w.sql(
        "REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint() FROM PUBLIC; \
         CREATE ROLE reader LOGIN PASSWORD 'pw'; GRANT SELECT ON orders TO reader; INSERT INTO orders VALUES (1, 'x', 1)",
    )
    .await;
    let url = format!("postgres://reader:pw@127.0.0.1:{}/postgres", w.own.pg.port);
    for note in ["x", "y"] {
        w.sql(&format!("UPDATE orders SET note = '{note}', updated_at = clock_timestamp()")).await;
        for command in ["check", "plan", "run"] {
            let child = w.command(&[command]).env("DATABASE_URL", &url).spawn().unwrap();
            let ran = w.finish(child).await;
            assert_eq!(ran.code, 0, "{command}: {}{}", ran.stdout, ran.stderr);
        }
    }
    w.assert_equal("orders").await;
    assert_eq!(w.state("orders").await["watermark"]["identity"]["system"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stays_open_at_the_source_between_two_ticks() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let mut served = w.serve().await;
    assert_eq!(w.post(&format!("{}/runs", served.url), "").await.0, 200);
    let mut left = String::new();
    for _ in 0..50 {
        let sql = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'plimsoll'";
        left = w.pg.query_one(sql, &[]).await.unwrap().get(0);
        if left == "0" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(left, "0");
    assert!(served.terminate().await.success());
}

/// `init` proposes a config that works once the buckets and datasets are filled in.
#[tokio::test(flavor = "multi_thread")]
async fn init_writes_a_config_that_check_accepts() {
    let w = World::with_orders("").await;
    w.sql("CREATE TABLE \"Odd Name\" (a int, b int, UNIQUE (a)); CREATE TABLE plain (id int PRIMARY KEY); \
           CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts DEFAULT").await;
    let ran = w.run(&["init", &w.source_url(), "--output", "new.toml"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(w.dir.path().join("new.toml")).unwrap();
    assert!(!text.contains(&w.own.pg.password));
    assert!(
        text.contains("cursor = \"updated_at\"") && text.contains("capture = \"full\"") && !text.contains("parts_1"),
        "{text}"
    );
    let filled = text.replace("gs://my-bucket/plimsoll", &format!("gs://{}/p", w.bucket)).replace("my-project", "demo");
    std::fs::write(w.dir.path().join("new.toml"), filled).unwrap();
    let ran = w.run(&["--config", "new.toml", "check"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let ran = w.run(&["init", &w.source_url(), "--output", "new.toml"]).await;
    assert_eq!((ran.code, ran.stderr.contains("the file exists")), (2, true));
}
