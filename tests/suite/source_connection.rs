//! `sslmode` as libpq means it, Unix sockets, and what is left behind at the source.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::wire::From;
use crate::support::{Ran, World, tells_of_a_failure};

async fn connects(w: &World, url: &str) -> bool {
    let child = w.command(&["check"]).env("DATABASE_URL", url).spawn().unwrap();
    let ran = w.finish(child).await;
    assert!(ran.code == 0 || ran.stdout.contains("cannot connect"), "{url}: {}{}", ran.stdout, ran.stderr);
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

/// As a role of its own.
async fn as_role(w: &World, role: &str, command: &str) -> Ran {
    let url = format!("postgres://{role}:pw@127.0.0.1:{}/postgres", w.own.pg.port);
    with_url(w, command, &url).await.0
}

/// Row security that hides rows would make them look deleted; the run fails instead, and `check` says so before.
#[tokio::test(flavor = "multi_thread")]
async fn hidden_rows_are_an_error() {
    let w = World::new().await;
    let policy = |table: &str| {
        format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON {table} USING (id > 1)")
    };
    w.sql(&format!(
        "CREATE ROLE reader LOGIN PASSWORD 'pw'; CREATE ROLE holder LOGIN PASSWORD 'pw'; \
         CREATE TABLE plain (id bigint PRIMARY KEY, type text); {}; GRANT SELECT ON plain TO reader; \
         CREATE TABLE forced (id bigint PRIMARY KEY); ALTER TABLE forced OWNER TO reader; {}; ALTER TABLE forced FORCE ROW LEVEL SECURITY; \
         CREATE TABLE below (id bigint PRIMARY KEY); {}; GRANT SELECT ON below TO holder; \
         CREATE VIEW seen AS SELECT id FROM below; ALTER VIEW seen OWNER TO holder; GRANT SELECT ON seen TO reader; \
         CREATE TABLE parent (id bigint PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF parent DEFAULT; {}; \
         GRANT SELECT ON parent TO reader; \
         CREATE TABLE logged (id bigint PRIMARY KEY); GRANT SELECT ON logged TO reader; \
         CREATE TABLE log (id bigint PRIMARY KEY, key bigint); {}; GRANT SELECT ON log TO reader",
        policy("plain"),
        policy("forced"),
        policy("below"),
        policy("parent"),
        policy("log"),
    ))
    .await;
    let log = "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"key\"\n";
    for (table, remedy) in [
        ("source = \"plain\"", "ALTER ROLE reader BYPASSRLS"),
        ("source = \"plain\"\ncapture = \"full\"", "ALTER ROLE reader BYPASSRLS"),
        ("source = \"forced\"", "ALTER TABLE forced NO FORCE ROW LEVEL SECURITY"),
        ("source = \"seen\"\nkey = [\"id\"]\ncursor = \"id\"", "ALTER ROLE holder BYPASSRLS"),
        ("source = \"parent\"", "ALTER ROLE reader BYPASSRLS"),
        ("source = \"logged\"\ncapture = \"changelog\"", "ALTER ROLE reader BYPASSRLS"),
    ] {
        let log = if table.contains("changelog") { log } else { "" };
        w.config(&format!("{log}[[table]]\n{table}\n"));
        for command in ["check", "run"] {
            let ran = as_role(&w, "reader", command).await;
            let told = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.code, 1, "{table} {command}: {told}");
            assert!(told.contains("row-level security") && told.contains("BYPASSRLS"), "{table} {command}: {told}");
            assert!(!told.contains("GRANT SELECT"), "{table} {command}: {told}");
            assert!(command == "run" || told.contains(remedy), "{table} {command}: {told}");
        }
    }
    assert!(w.gcs.written().iter().all(|name| !name.contains("batches")), "{:?}", w.gcs.written());
    // What the remedy says is enough.
    w.sql("ALTER ROLE reader BYPASSRLS; ALTER ROLE holder BYPASSRLS").await;
    for table in ["source = \"plain\"", "source = \"forced\"", "source = \"seen\"\nkey = [\"id\"]\ncursor = \"id\""] {
        w.config(&format!("[[table]]\n{table}\n"));
        for command in ["check", "run"] {
            let ran = as_role(&w, "reader", command).await;
            assert_eq!(ran.code, 0, "{table} {command}: {}{}", ran.stdout, ran.stderr);
        }
    }
}

/// A right on columns does not reach the system columns, which later ticks ask for what has changed.
#[tokio::test(flavor = "multi_thread")]
async fn rights_on_columns_are_tried_as_ticks_use_them() {
    let w = World::new().await;
    w.sql(
        "CREATE ROLE reader LOGIN PASSWORD 'pw'; CREATE SCHEMA shop; \
         CREATE TABLE t (id bigint PRIMARY KEY, upd timestamptz NOT NULL DEFAULT now(), secret text, kind int NOT NULL DEFAULT 1); \
         CREATE TABLE parts (id bigint PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts DEFAULT; \
         CREATE TABLE shop.far (id bigint PRIMARY KEY); CREATE TABLE log (id bigint PRIMARY KEY, key bigint); \
         INSERT INTO t (id) VALUES (1); GRANT SELECT (id, upd) ON t TO reader; GRANT SELECT (id) ON parts TO reader; \
         GRANT SELECT (id, key) ON log TO reader",
    )
    .await;
    let own = "[[table]]\nsource = \"t\"\nexclude = [\"secret\", \"kind\"]\n";
    let log = "[changelog]\ntable = \"log\"\nid = \"id\"\nkey = \"key\"\n";
    let cases = [
        (format!("{own}cursor = \"upd\"\n"), "GRANT SELECT (\"xmin\") ON \"public\".\"t\" TO \"reader\""),
        (format!("{own}where = \"kind = 1\"\n"), "GRANT SELECT (\"xmin\") ON \"public\".\"t\" TO \"reader\""),
        (own.replace(", \"kind\"", ""), "GRANT SELECT (\"kind\", \"xmin\") ON \"public\".\"t\" TO \"reader\""),
        ("[[table]]\nsource = \"parts\"\n".to_owned(), "GRANT SELECT (\"tableoid\", \"xmin\") ON \"public\".\"parts\""),
        ("[[table]]\nsource = \"shop.far\"\n".to_owned(), "GRANT USAGE ON SCHEMA \"shop\" TO \"reader\"; GRANT SELECT"),
        (format!("{log}{own}capture = \"changelog\"\n"), "GRANT SELECT ON \"public\".\"log\" TO \"reader\""),
    ];
    for (table, remedy) in &cases {
        w.config(table);
        let ran = as_role(&w, "reader", "check").await;
        let (told, text) = (&ran.stdout, &ran.stderr);
        assert_eq!(ran.code, 1, "{table}: {told}{text}");
        assert!(told.contains("permission denied for") && told.contains(remedy), "{table}\n{told}\nexpected {remedy}");
    }
    // What the remedy says is enough, for all that a tick reads.
    w.config(&format!("{own}cursor = \"upd\"\ndeletes = \"keys\"\n"));
    w.sql("GRANT SELECT (xmin) ON t TO reader").await;
    for note in ["x", "y"] {
        w.sql(&format!("UPDATE t SET secret = '{note}', upd = clock_timestamp()")).await;
        for command in ["check", "run"] {
            let ran = as_role(&w, "reader", command).await;
            assert_eq!(ran.code, 0, "{command}: {}{}", ran.stdout, ran.stderr);
        }
    }
    // A column that only the filter names.
    w.config(&format!("{own}where = \"kind = 1\"\n"));
    let ran = as_role(&w, "reader", "check").await;
    assert!(ran.code == 1 && ran.stdout.contains("GRANT SELECT ON \"public\".\"t\" TO \"reader\""), "{}", ran.stdout);
}

/// Aurora refuses questions for its write-ahead log in some set-ups, by right or by an error: a run does without.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_tells_nothing_of_its_log() {
    let w = World::with_orders("").await;
    w.sql("CREATE ROLE reader LOGIN PASSWORD 'pw'; GRANT SELECT ON orders TO reader; INSERT INTO orders VALUES (1, 'x', 1)").await;
    // A function of its own in the place of the server's, as Aurora answers.
    let refuse = "ALTER FUNCTION pg_catalog.pg_current_wal_lsn() RENAME TO kept_wal_lsn; \
         CREATE FUNCTION pg_catalog.pg_current_wal_lsn() RETURNS pg_lsn LANGUAGE plpgsql AS \
         $$ BEGIN RAISE object_not_in_prerequisite_state USING MESSAGE = $m$wal_level must be set to 'logical'$m$; END $$";
    let revoke = "REVOKE EXECUTE ON FUNCTION pg_current_wal_insert_lsn(), pg_current_wal_lsn(), pg_current_wal_flush_lsn(), \
         pg_walfile_name(pg_lsn) FROM PUBLIC";
    let all = "REVOKE EXECUTE ON FUNCTION pg_control_checkpoint(), pg_control_system() FROM PUBLIC";
    for (n, (statement, note)) in
        [(refuse, "last checkpoint"), (revoke, "last checkpoint"), (all, "GRANT EXECUTE ON FUNCTION")]
            .into_iter()
            .enumerate()
    {
        w.sql(statement).await;
        w.sql(&format!("UPDATE orders SET note = '{n}', updated_at = clock_timestamp()")).await;
        for command in ["check", "plan", "run"] {
            let ran = as_role(&w, "reader", command).await;
            assert_eq!(ran.code, 0, "{command}: {}{}", ran.stdout, ran.stderr);
            let said = ran.stdout.contains("does not say how far its write-ahead log is") && ran.stdout.contains(note);
            assert!(said || command != "check", "{}", ran.stdout);
        }
        w.assert_equal("orders").await;
    }
    assert_eq!(w.state("orders").await["watermark"]["identity"]["timeline"], 0);
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
    for note in ["x", "y"] {
        w.sql(&format!("UPDATE orders SET note = '{note}', updated_at = clock_timestamp()")).await;
        for command in ["check", "plan", "run"] {
            let ran = as_role(&w, "reader", command).await;
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

/// Where a host that takes connections stops answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silent {
    AtOnce,
    /// It says yes to TLS.
    BeforeTheHandshake,
    /// It says no to TLS.
    BeforeAuthentication,
    AfterAuthentication,
}

/// Such a host: its port, and a word for each connection that the other side has closed.
async fn silent(silent: Silent) -> (u16, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (closed, ends) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(hold(silent, stream, closed.clone()));
        }
    });
    (port, ends)
}

async fn hold(silent: Silent, mut stream: TcpStream, closed: mpsc::UnboundedSender<()>) {
    const SSL_REQUEST: u32 = 80_877_103;
    let mut message = [0; 1024];
    while let Ok(n @ 1..) = stream.read(&mut message).await {
        let is_request = n == 8 && message[4..8] == SSL_REQUEST.to_be_bytes();
        let answer: &[u8] = match (silent, is_request) {
            (Silent::AtOnce, _) => &[],
            (Silent::BeforeTheHandshake, true) => b"S",
            (_, true) => b"N",
            // AuthenticationOk, BackendKeyData, ReadyForQuery; the first query is left alone.
            (Silent::AfterAuthentication, false) if message[0] != b'Q' => {
                b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x01Z\0\0\0\x05I"
            }
            _ => &[],
        };
        let _ = stream.write_all(answer).await;
    }
    let _ = closed.send(());
}

async fn with_url(w: &World, command: &str, url: &str) -> (Ran, Duration) {
    let began = Instant::now();
    let child = w.command(&[command]).env("DATABASE_URL", url).spawn().unwrap();
    (w.finish(child).await, began.elapsed())
}

/// TLS, authentication and the first query are part of connecting: a host that says nothing does not keep a run.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_host_that_accepts_and_says_nothing() {
    let w = World::with_orders("").await;
    for (kind, modes) in [
        (Silent::AtOnce, ["disable", "prefer", "require"].as_slice()),
        (Silent::BeforeTheHandshake, &["prefer", "verify-full"]),
        (Silent::BeforeAuthentication, &["prefer"]),
        (Silent::AfterAuthentication, &["disable", "allow"]),
    ] {
        let (port, mut ends) = silent(kind).await;
        for mode in modes {
            for command in ["run", "check", "plan"] {
                let url = format!("postgres://u:hunter2@127.0.0.1:{port}/d?sslmode={mode}&connect_timeout=1");
                let (ran, took) = with_url(&w, command, &url).await;
                let told = format!("{}{}", ran.stdout, ran.stderr);
                assert_eq!(ran.code, 1, "{kind:?} {mode} {command}: {told}");
                let said = format!(
                    "cannot connect to PostgreSQL at 127.0.0.1:{port}/d: the host accepted the connection and did not answer within 1 s"
                );
                assert!(told.contains(&said) && told.contains("connect_timeout"), "{kind:?} {mode} {command}: {told}");
                assert!(!told.contains("hunter2"), "{told}");
                assert!(took < Duration::from_secs(20), "{kind:?} {mode} {command}: {took:?}");
                ends.recv().await.expect("the connection is closed");
            }
        }
    }
    let written = w.gcs.written();
    assert!(written.iter().all(|name| tells_of_a_failure(name)), "{written:?}");
}

/// The limit is each host's own.
#[tokio::test(flavor = "multi_thread")]
async fn stub_a_silent_host_before_one_that_answers() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let (port, _ends) = silent(Silent::AtOnce).await;
    let (own, password) = (w.own.pg.port, &w.own.pg.password);
    let url = format!("postgres://postgres:{password}@127.0.0.1:{port},localhost:{own}/postgres?connect_timeout=1");
    let (ran, _) = with_url(&w, "run", &url).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    w.assert_equal("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_cancel_has_a_limit_as_well() {
    let w = World::new().await;
    let url = format!("{}?sslmode=require&connect_timeout=1", w.source_url());
    let source = plimsoll::source::Source::new(&url, Duration::from_secs(60)).unwrap();
    let session = source.open().await.unwrap();
    w.wire.stall(From::Client, 0, Duration::from_secs(60));
    let began = Instant::now();
    let error = session.canceller().cancel().await.unwrap_err().to_string();
    assert!(error.contains("did not answer within 1 s"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

/// What other clients need is left out and told once; what nobody knows is named.
#[tokio::test(flavor = "multi_thread")]
async fn parameters_of_other_clients() {
    let w = World::with_orders("").await;
    let url = format!("{}?pgbouncer=true&schema=public&gssencmode=disable&connect_timeout=0", w.source_url());
    let (ran, _) = with_url(&w, "check", &url).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let note = "note: the source URL's parameters pgbouncer, schema, gssencmode have no meaning here and are left out";
    assert!(ran.stdout.contains(note) && ran.stdout.contains("given up after 10 s"), "{}", ran.stdout);
    let (ran, _) = with_url(&w, "run", &url).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    // Nobody is connected in plain text because a certificate can't be read.
    let (ran, _) = with_url(&w, "check", &format!("{}?sslcert=/no/such.crt&sslkey=/no/such.key", w.source_url())).await;
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(ran.code == 1 && told.contains("/no/such.crt"), "{told}");
    for (pair, named, remedy) in [
        ("sslmod=require", "the parameter sslmod of the source URL is not known", "did you mean sslmode?"),
        (
            "service=hunter2",
            "the parameter service of the source URL asks for what this version does not do",
            "write host",
        ),
    ] {
        let (ran, _) = with_url(&w, "check", &format!("{}?{pair}", w.source_url())).await;
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, 2, "{told}");
        assert!(told.contains(named) && told.contains(remedy) && !told.contains("hunter2"), "{told}");
    }
}
