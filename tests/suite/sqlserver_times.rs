//! A cursor by a time on a SQL Server: which rows are found, whatever the type's precision, and which are sent again.

use sqlserver_standin::model::{Model, datetime2, day};
use sqlserver_standin::typed::{DAY_1900, DAY_TICKS, Value};

use super::sqlserver::{model_of, staged};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

const SALE: &str = "dbo.sale";
const SECOND: u64 = 10_000_000;
/// So much is later by: more than any slack for zones, clocks and lag.
const LATER: u64 = 3 * DAY_TICKS;

/// A type of the cursor, and the least step between two of its values, in steps of 100 ns.
#[derive(Clone, Copy, Debug)]
enum Cursor {
    DateTime2,
    DateTime,
    DateTimeOffset,
}

impl Cursor {
    const ALL: [Self; 3] = [Self::DateTime2, Self::DateTime, Self::DateTimeOffset];

    fn ddl(self) -> String {
        let of = match self {
            Self::DateTime2 => "datetime2(7)",
            Self::DateTime => "datetime",
            Self::DateTimeOffset => "datetimeoffset(7)",
        };
        format!(
            "CREATE TABLE dbo.sale (id int NOT NULL PRIMARY KEY, what varchar(20) NULL, at {of} NULL);CREATE INDEX by_at ON dbo.sale (at);"
        )
    }

    /// A value of the type; one that falls between two of them is the earlier.
    fn value(self, ticks: u64) -> Value {
        let (day, rest) = ((ticks / DAY_TICKS) as u32, ticks % DAY_TICKS);
        match self {
            Self::DateTime2 => datetime2(ticks),
            Self::DateTime => Value::DateTime((day - DAY_1900) as i32, (rest * 300 / SECOND) as u32),
            Self::DateTimeOffset => Value::DateTimeOffset(day, rest, 120),
        }
    }

    /// The next value that the type has.
    fn next(self, ticks: u64) -> u64 {
        match self {
            Self::DateTime2 | Self::DateTimeOffset => ticks + 1,
            Self::DateTime => ticks + SECOND / 300 + 1,
        }
    }

    fn row(self, id: i32, ticks: u64) -> Vec<Value> {
        vec![id.into(), "sale".into(), self.value(ticks)]
    }
}

/// Noon of a day, and some of each step that a type has: .3333333 s is .333 of a `datetime`.
fn noon() -> u64 {
    u64::from(day(2026, 3, 2)) * DAY_TICKS + DAY_TICKS / 2 + 3_333_333
}

async fn world(model: Model, rest: &str) -> World {
    let w = World::on_standin(model).await;
    w.config(&format!("[[table]]\nsource = \"{SALE}\"\ncursor = \"at\"\ndeletes = \"keys\"\n{rest}"));
    w.tick().await;
    w
}

fn insert(w: &World, row: Vec<Value>) {
    let mut writer = w.model().begin();
    writer.insert(SALE, row).unwrap();
    writer.commit();
}

/// Rows at the newest value that a run has seen, and next to it on both sides, are all found; and once newer ones have come, none of them is
/// sent again.
async fn next_to_the_watermark(cursor: Cursor) {
    let model = model_of(&cursor.ddl());
    model.set_clock(noon());
    let newest = noon() - DAY_TICKS;
    model.load(SALE, (1..=20).map(|id| cursor.row(id, newest - u64::from(id.unsigned_abs()) * SECOND))).unwrap();
    model.load(SALE, [cursor.row(100, newest)]).unwrap();
    let w = world(model, "lag = \"0s\"\n").await;
    let published = Published::whole(SALE);
    assert_eq!(published.assert_equal(&w).await, 21);
    for (id, at) in [(101, newest), (102, cursor.next(newest)), (103, newest), (104, cursor.next(cursor.next(newest)))]
    {
        insert(&w, cursor.row(id, at));
        w.tick().await;
        published.assert_equal(&w).await;
    }
    // An update that keeps its place among them, and a delete.
    let mut writer = w.model().begin();
    writer.update(SALE, &[102.into()], &[("what", "changed".into())]).unwrap();
    writer.delete(SALE, &[101.into()]).unwrap();
    writer.commit();
    w.tick().await;
    published.assert_equal(&w).await;
    for (n, id) in (1..).zip([200, 201, 202]) {
        w.model().set_clock(noon() + n * LATER);
        insert(&w, cursor.row(id, noon() + n * LATER));
        let report = w.tick().await;
        published.assert_equal(&w).await;
        if n > 2 {
            // The one before, at most: the search begins a lag before it, or the hours that a clock may be set back.
            assert!(staged(&report).0 <= 3, "{cursor:?}: {report:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_next_to_the_watermark() {
    let [a, b, c] = Cursor::ALL.map(next_to_the_watermark);
    tokio::join!(a, b, c);
}

/// A transaction that is open over two ticks and commits rows that are older than all that came meanwhile. Where the login sees it, the search
/// begins no later than it has; where it does not, no later than `lag` ago.
async fn a_late_commit(cursor: Cursor, is_seen: bool) {
    let model = model_of(&cursor.ddl());
    model.set_clock(noon());
    model.load(SALE, (1..=20).map(|id| cursor.row(id, noon() - DAY_TICKS))).unwrap();
    if !is_seen {
        model.rights(sqlserver_standin::model::Rights::hide_transactions);
    }
    let w = world(model, if is_seen { "lag = \"0s\"\n" } else { "lag = \"8d\"\n" }).await;
    let mut late = w.model().begin();
    late.insert(SALE, cursor.row(100, noon())).unwrap();
    late.update(SALE, &[5.into()], &[("at", cursor.value(noon())), ("what", "late".into())]).unwrap();
    for n in 1..=2 {
        w.model().set_clock(noon() + n * LATER);
        insert(&w, cursor.row(200 + n as i32, noon() + n * LATER));
        w.tick().await;
        Published::whole(SALE).assert_equal(&w).await;
    }
    late.commit();
    w.tick().await;
    assert_eq!(Published::whole(SALE).assert_equal(&w).await, 23, "{cursor:?} {is_seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_that_the_login_sees() {
    let [a, b, c] = Cursor::ALL.map(|cursor| a_late_commit(cursor, true));
    tokio::join!(a, b, c);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_within_the_lag() {
    a_late_commit(Cursor::DateTimeOffset, false).await;
}

/// A number has no clock that bounds it: one far ahead of all others must not hide those that come after it, whether an index finds it or a scan.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_far_ahead_hides_nothing() {
    const EVENT: &str = "dbo.event";
    let hides_nothing = async |index: &str| {
        let model =
            model_of(&format!("CREATE TABLE dbo.event (id int NOT NULL PRIMARY KEY, seq bigint NOT NULL);{index}"));
        let row = |id: i32, seq: i64| vec![id.into(), Value::Int(seq)];
        model.load(EVENT, (1..=1500).map(|id| row(id, id.into()))).unwrap();
        let w = World::on_sql_server(model).await;
        w.config(&format!("[[table]]\nsource = \"{EVENT}\"\ncursor = \"seq\"\nlag = 10\n"));
        w.tick().await;
        for (id, seq) in [(2000, 1_000_000_000_000), (2001, 1501), (2002, 1502)] {
            let mut writer = w.model().begin();
            writer.insert(EVENT, row(id, seq)).unwrap();
            writer.commit();
            let report = w.tick().await;
            Published::whole(EVENT).assert_equal(&w).await;
            assert!(staged(&report).0 < 1500, "{report:#}");
        }
    };
    tokio::join!(hides_nothing("CREATE INDEX by_seq ON dbo.event (seq);"), hides_nothing(""));
}
