//! What the documents of SQL Server leave open, or what so much leans on that a real server has to say it. The stand-in models each of these as
//! asserted here. Without a server ([`VARIABLE`]) they are left out, by name.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::support::left_out::{asked, left_out};
use crate::support::sqlserver_real::{Ability, Address, Connection, Database, VARIABLE};

/// A database of the test's own on a server that has this, or `None`, which is noted.
fn database(abilities: &[Ability]) -> Option<Database> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let Some(server) = Address::from_environment() else {
        left_out(&format!("no real SQL Server ({VARIABLE})"));
        return None;
    };
    let host = server.host();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let database = Database::create(server, &format!("plimsoll_test_p{}n{number}", std::process::id()));
    if let Some(missing) = abilities.iter().find(|ability| !database.has(**ability)) {
        left_out(&format!("{host} has no {}", missing.name()));
        return None;
    }
    asked(&host);
    Some(database)
}

fn open(database: &Database) -> Connection {
    Connection::open(database.address()).unwrap()
}

const BEGIN_SNAPSHOT: &str = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION";
const COUNT: &str = "SELECT CAST(COUNT(*) AS varchar(20)) FROM dbo.t";

fn track(database: &Database) {
    let connection = database.connection();
    connection
        .rows(&format!("ALTER DATABASE [{}] SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS)", database.name()));
    connection.rows("ALTER TABLE dbo.t ENABLE CHANGE_TRACKING");
}

/// What is committed after the first read is not seen. BEGIN alone fixes nothing, nor does a statement that reads no table: that is how the stand-in
/// has it, and the worse case. A server that fixes a snapshot earlier loses nothing by it, but does not prove that.
#[test]
fn a_snapshot_is_fixed_at_its_first_read() {
    let Some(database) = database(&[]) else { return };
    let writer = database.connection();
    writer.rows("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY)");
    writer.rows("INSERT INTO dbo.t VALUES (1)");
    let reader = open(&database);
    reader.rows(BEGIN_SNAPSHOT);
    reader.rows("SELECT CAST(DB_NAME() AS nvarchar(128))");
    writer.rows("INSERT INTO dbo.t VALUES (2)");
    let at_first = reader.value(COUNT);
    writer.rows("INSERT INTO dbo.t VALUES (3), (4)");
    writer.rows("DELETE FROM dbo.t WHERE id = 1");
    assert_eq!(reader.value(COUNT), at_first, "what was committed after the first read is not seen");
    reader.rows("COMMIT");
    assert_eq!(reader.value(COUNT).as_deref(), Some("3"));
    match at_first.as_deref() {
        Some("2") => {}
        Some("1") => left_out("the server fixes a snapshot before its first read of a table"),
        other => panic!("{other:?}"),
    }
}

/// A version that was read before the snapshot began is in the snapshot, whole, however many commit meanwhile. That is what a watermark leans on.
#[test]
fn a_snapshot_has_every_change_up_to_the_version_read_before_it() {
    const COMMITTERS: i32 = 8;
    const SNAPSHOTS: usize = 60;
    let Some(database) = database(&[Ability::ChangeTracking]) else { return };
    database.connection().rows("CREATE TABLE dbo.t (id bigint NOT NULL PRIMARY KEY)");
    track(&database);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for committer in 0..COMMITTERS {
            let (database, stop) = (&database, &stop);
            scope.spawn(move || {
                let connection = open(database);
                let mut id = i64::from(committer);
                while !stop.load(Ordering::Relaxed) {
                    let second = id + i64::from(COMMITTERS);
                    connection.rows(&format!("BEGIN TRANSACTION; INSERT INTO dbo.t VALUES ({id}); INSERT INTO dbo.t VALUES ({second}); COMMIT"));
                    id += 2 * i64::from(COMMITTERS);
                }
            });
        }
        let reader = open(&database);
        let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..SNAPSHOTS {
                let version = reader.value("SELECT CAST(CHANGE_TRACKING_CURRENT_VERSION() AS varchar(20))").unwrap();
                reader.rows(BEGIN_SNAPSHOT);
                let lost = reader.value(&format!(
                    "SELECT CAST(COUNT(*) AS varchar(20)) FROM CHANGETABLE(CHANGES dbo.t, 0) AS c \
                     LEFT JOIN dbo.t AS t ON t.id = c.id WHERE c.SYS_CHANGE_VERSION <= {version} AND t.id IS NULL"
                ));
                // In the snapshot the log has the same changes as the table has rows.
                let untold = reader.value(
                    "SELECT CAST(COUNT(*) AS varchar(20)) FROM dbo.t AS t \
                     LEFT JOIN CHANGETABLE(CHANGES dbo.t, 0) AS c ON t.id = c.id WHERE c.id IS NULL",
                );
                reader.rows("COMMIT");
                assert_eq!((lost.as_deref(), untold.as_deref()), (Some("0"), Some("0")), "at version {version}");
            }
        }));
        stop.store(true, Ordering::Relaxed);
        if let Err(failed) = looked {
            std::panic::resume_unwind(failed);
        }
    });
}

/// `MIN_ACTIVE_ROWVERSION()` knows a transaction that is open, and is not bound to a snapshot: read in one, it lies above rows that it can't see.
#[test]
fn the_least_active_rowversion_is_not_the_snapshots() {
    const LEAST: &str = "SELECT CONVERT(varchar(20), MIN_ACTIVE_ROWVERSION(), 1)";
    let Some(database) = database(&[Ability::RowVersion]) else { return };
    let own = database.connection();
    own.rows("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, v rowversion)");
    let version =
        |id: i32| own.value(&format!("SELECT CONVERT(varchar(20), v, 1) FROM dbo.t WHERE id = {id}")).unwrap();
    let late = open(&database);
    late.rows("BEGIN TRANSACTION; INSERT INTO dbo.t (id) VALUES (1)");
    own.rows("INSERT INTO dbo.t (id) VALUES (2)");
    let floor = own.value(LEAST).unwrap();
    assert!(floor < version(2), "a row that committed behind an open transaction is above the floor");
    let reader = open(&database);
    reader.rows(BEGIN_SNAPSHOT);
    assert_eq!(reader.value(COUNT).as_deref(), Some("1"));
    late.rows("COMMIT");
    let inside = reader.value(LEAST).unwrap();
    reader.rows("COMMIT");
    assert!(version(1) >= floor, "the late row is not below the floor that was read before the snapshot");
    assert!(version(1) < inside, "a floor that was read in the snapshot would have lost it");
    // A write that changes nothing counts.
    let before = version(2);
    own.rows("UPDATE dbo.t SET id = id WHERE id = 2");
    assert!(version(2) > before);
}

/// A key that gets another spelling of the same key is told once, in the new spelling: the old one has to be found in another way.
#[test]
fn change_tracking_tells_a_key_of_another_spelling_once() {
    let Some(database) = database(&[Ability::ChangeTracking]) else { return };
    let own = database.connection();
    own.rows(
        "CREATE TABLE dbo.t (code varchar(10) COLLATE SQL_Latin1_General_CP1_CI_AS NOT NULL PRIMARY KEY, n int NULL)",
    );
    own.rows("INSERT INTO dbo.t VALUES ('a', 1)");
    track(&database);
    own.rows("UPDATE dbo.t SET code = 'A' WHERE code = 'a'");
    let told = own
        .rows("SELECT CONVERT(varchar(40), CAST(c.code AS varbinary(10)), 1) FROM CHANGETABLE(CHANGES dbo.t, 0) AS c");
    assert_eq!(told, [[Some("0x41".to_owned())]]);
}

/// Change tracking counts commits: one number for each, in their order; a delete and an insert of one key are one change.
#[test]
fn change_tracking_counts_commits() {
    const VERSION: &str = "SELECT CAST(CHANGE_TRACKING_CURRENT_VERSION() AS varchar(20))";
    let Some(database) = database(&[Ability::ChangeTracking]) else { return };
    let own = database.connection();
    own.rows("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, n int NULL)");
    own.rows("INSERT INTO dbo.t VALUES (1, 1), (2, 2)");
    track(&database);
    let number = || own.value(VERSION).unwrap().parse::<i64>().unwrap();
    let before = number();
    let late = open(&database);
    late.rows("BEGIN TRANSACTION; UPDATE dbo.t SET n = 0 WHERE id = 1");
    own.rows("BEGIN TRANSACTION; DELETE FROM dbo.t WHERE id = 2; INSERT INTO dbo.t VALUES (2, 3); COMMIT");
    assert_eq!(number(), before + 1);
    late.rows("COMMIT");
    assert_eq!(number(), before + 2);
    let told = own.rows(&format!(
        "SELECT CAST(c.id AS varchar(20)), CAST(c.SYS_CHANGE_VERSION AS varchar(20)) FROM CHANGETABLE(CHANGES dbo.t, {before}) AS c ORDER BY c.id"
    ));
    let expected =
        [(1, before + 2), (2, before + 1)].map(|(id, version)| vec![Some(id.to_string()), Some(version.to_string())]);
    assert_eq!(told, expected);
    // What is truncated is told by nothing but the least version that is valid.
    own.rows("TRUNCATE TABLE dbo.t");
    let least = own.value("SELECT CAST(CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID('dbo.t')) AS varchar(20))").unwrap();
    assert!(least.parse::<i64>().unwrap() > before, "{least} after {before}");
}

/// A type, the length that its bytes are asked for with, and two values that are as near as they get.
const PAIRS: &[(&str, &str, &str, &str)] = &[
    ("bit", "1", "0", "1"),
    ("tinyint", "1", "0", "255"),
    ("smallint", "2", "-1", "1"),
    ("int", "4", "2147483647", "-2147483648"),
    ("bigint", "8", "9223372036854775807", "9223372036854775806"),
    ("real", "4", "1.5e0", "1.50000012e0"),
    ("float", "8", "1e0", "1.0000000000000002e0"),
    ("decimal(9, 2)", "17", "-0.01", "0.01"),
    ("decimal(38, 10)", "17", "1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456788"),
    ("money", "8", "922337203685477.5807", "922337203685477.5806"),
    ("smallmoney", "4", "-0.0001", "0.0001"),
    ("date", "3", "'0001-01-01'", "'9999-12-31'"),
    ("time(7)", "6", "'23:59:59.9999999'", "'23:59:59.9999998'"),
    ("smalldatetime", "4", "'2024-01-01T00:01:00'", "'2024-01-01T00:02:00'"),
    ("datetime", "8", "'2024-01-01T00:00:00.003'", "'2024-01-01T00:00:00.007'"),
    ("datetime2(7)", "9", "'2024-01-01T00:00:00.0000001'", "'2024-01-01T00:00:00.0000002'"),
    ("datetimeoffset(7)", "11", "'2024-01-01T01:00:00+01:00'", "'2024-01-01T00:00:00+00:00'"),
    ("uniqueidentifier", "16", "'00112233-4455-6677-8899-AABBCCDDEEFF'", "'00112233-4455-6677-8899-AABBCCDDEEFE'"),
    ("char(4)", "4", "'a'", "'A'"),
    ("varchar(40)", "40", "'a'", "'a '"),
    ("varchar(max)", "max", "'e'", "N'é'"),
    ("nchar(4)", "8", "N'a'", "N'A'"),
    ("nvarchar(40)", "80", "N'é'", "N'e\u{301}'"),
    ("nvarchar(max)", "max", "N'😀'", "N'😁'"),
    ("binary(4)", "4", "0x01", "0x02"),
    ("varbinary(40)", "40", "0x", "0x00"),
    ("varbinary(max)", "max", "0x00", "0x0000"),
];

/// A row hash is made of these bytes: two values that differ have to have other ones, and a value always the same.
#[test]
fn values_that_differ_have_other_bytes() {
    let Some(database) = database(&[Ability::StoredForms]) else { return };
    let own = database.connection();
    for (of, bytes, one, other) in PAIRS {
        let made = |value: &str| {
            let value = format!("CAST(CAST({value} AS {of}) AS varbinary({bytes}))");
            own.value(&format!("SELECT CONVERT(varchar(max), {value}, 1)")).unwrap()
        };
        assert_eq!(made(one), made(one), "{of}");
        assert_ne!(made(one), made(other), "{of}: {one} and {other}");
    }
}

/// The lengths that a row hash is made with are not too short for any value.
#[test]
fn the_bytes_of_a_value_are_not_cut() {
    let Some(database) = database(&[Ability::StoredForms]) else { return };
    let own = database.connection();
    for (of, bytes, value, _) in PAIRS.iter().filter(|(_, bytes, ..)| *bytes != "max") {
        let length = |longest: &str| {
            own.value(&format!(
                "SELECT CAST(DATALENGTH(CAST(CAST({value} AS {of}) AS varbinary({longest}))) AS varchar(20))"
            ))
        };
        assert_eq!(length(bytes), length("8000"), "{of}: {bytes} bytes are too few");
    }
}

/// Text under a UTF-8 collation is read as `nvarchar`, for the driver takes its bytes for another code page; a digest takes the bytes.
#[test]
fn text_in_utf_8_is_converted_by_the_server() {
    const COLLATION: &str = "Latin1_General_100_CI_AS_SC_UTF8";
    let Some(database) = database(&[]) else { return };
    let own = database.connection();
    if let Err(error) = own.batch(&format!("CREATE TABLE dbo.t (v varchar(40) COLLATE {COLLATION} NOT NULL)")) {
        return left_out(&format!("no {COLLATION}: {error}"));
    }
    own.rows("INSERT INTO dbo.t VALUES (N'é日😀')");
    let found =
        own.rows("SELECT CAST(v AS nvarchar(40)), CONVERT(varchar(100), CAST(v AS varbinary(40)), 1) FROM dbo.t");
    assert_eq!(found, [[Some("é日😀".to_owned()), Some("0xC3A9E697A5F09F9880".to_owned())]]);
}

/// With TLS for all, packets end at 16,383 bytes; without it at 32,767.
#[test]
fn large_packets_arrive_whole() {
    let Some(server) = Address::from_environment() else {
        return left_out(&format!("no real SQL Server ({VARIABLE})"));
    };
    asked(&server.host());
    for size in [512, 4096, 16_383, 32_767] {
        if size == 32_767 && server.is_encrypted() {
            continue;
        }
        let connection = Connection::open_with_packets(&server, size).unwrap();
        let text = connection.value("SELECT REPLICATE(CAST(N'0123456789é' AS nvarchar(max)), 20000)").unwrap();
        assert_eq!(text, "0123456789é".repeat(20_000), "packets of {size}");
    }
}
