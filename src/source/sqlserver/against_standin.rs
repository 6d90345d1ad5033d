//! A session against the stand-in for SQL Server: every read that a capture makes, and what goes wrong among its rows.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlserver_standin::matrix::{self, COMPARED, LINKS, OPEN_LINKS, REPLACED, Traffic};
use sqlserver_standin::model::{DatabaseTracking, Model, Policy, Switch};
use sqlserver_standin::{Action, Fault, Moment, Place, ServerError, Settings, Standin};

use super::connect::Source;
use super::{Session, SqlServerError};
use crate::encode::Shape;
use crate::model::{RelationName, TableKey, TableSpec, plain_spec};
use crate::source::keys::{Keys, NamedKey, Origin, Spelling};
use crate::source::read::{Columns, KeyRange, Read, Rows, Table};
use crate::source::row_hashes::{HashListing, Hashing};
use crate::source::with_key_of;

const PUBLISHED: Columns<'static> = Columns::Published { doubt: None, cursor: None };

async fn matrix_of(rows: usize, settings: Settings) -> (Model, Standin) {
    let model = matrix::model().unwrap();
    Traffic::new(&model, 3).fill(20, rows).unwrap();
    let server = Standin::start(settings, model.clone()).await.unwrap();
    (model, server)
}

fn name_of(full: &str) -> RelationName {
    let (schema, name) = full.split_once('.').unwrap();
    RelationName { schema: schema.to_owned(), name: name.to_owned() }
}

async fn count(session: &Session, read: &Read<'_>) -> usize {
    let mut rows = std::pin::pin!(session.rows(read).await.unwrap());
    let mut count = 0;
    while let Some(row) = rows.try_next().await.unwrap() {
        (0..row.len()).filter_map(|n| row.field(n)).for_each(|field| drop(field.text()));
        count += 1;
    }
    count
}

async fn is_read_in_each_way(session: &Session, model: &Model, full: &str) {
    session.begin().await.unwrap();
    let found = session.read_relation(&name_of(full)).await.unwrap();
    let mut spec = TableSpec { source: name_of(full), ..plain_spec() };
    if found.primary_key.is_empty() {
        spec.key = TableKey::Row;
    }
    let mut expected = model.rows(full).unwrap().len();
    if full == LINKS {
        spec.filter = Some(OPEN_LINKS.to_owned());
        session.try_where(&spec).await.unwrap();
        expected = model.rows_where(full, OPEN_LINKS).unwrap().len();
    }
    let relation = with_key_of(&found, &spec);
    let shape = Shape::of(&spec, &*relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let of = |rows| Read { table, columns: PUBLISHED, rows };
    for (rows, wanted) in [(Rows::All, expected), (Rows::Some(5), expected.min(5))] {
        session.try_read(&of(rows)).await.unwrap();
        assert_eq!(count(session, &of(rows)).await, wanted, "{full}");
    }
    assert_eq!(session.count(table).await.unwrap(), Some(expected as u64), "{full}");
    let range = KeyRange { after: None, until: None, order: String::new() };
    let hashing = Hashing { table, columns: table.hashed_columns(), range: &range };
    assert_eq!(session.hash_sums(&hashing, 5).await.unwrap().rows(), expected as u64, "{full}");
    let listing = HashListing { of: hashing, buckets: None, next: None };
    session.try_hashes(&listing).await.unwrap();
    let mut cursor = session.list_hashes(&listing).await.unwrap();
    let mut list = Vec::new();
    loop {
        let some = cursor.fetch(100).await.unwrap();
        if some.is_empty() {
            break;
        }
        list.extend(some.iter().map(|k| NamedKey { values: k.key.clone(), origin: Origin::Before }));
    }
    cursor.close().await.unwrap();
    assert_eq!(list.len(), expected, "{full}");
    let columns: Vec<_> = shape.key().iter().map(|c| relation.column(&c.source).unwrap().clone()).collect();
    let spelling = vec![Spelling::Counts; columns.len()];
    let given = Keys { columns: &columns, spelling: &spelling, list: &list };
    assert_eq!(count(session, &of(Rows::Among(given))).await, expected, "{full}");
    assert_eq!(count(session, &of(Rows::Given(given))).await, expected, "{full}");
    if spec.key != TableKey::Row {
        assert_eq!(count(session, &of(Rows::Absent(given))).await, 0, "{full}");
        let (mut after, mut seen) = (None, 0);
        loop {
            let range = session.stretch(table, after.clone(), 70).await.unwrap();
            seen += count(session, &Read { table, columns: PUBLISHED, rows: Rows::Within(&range) }).await;
            after = range.until.clone();
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "{full}");
        session.repeated_keys(table).await.unwrap();
    }
    session.estimate(&of(Rows::All)).await.unwrap();
    session.end().await.unwrap();
}

#[tokio::test]
async fn each_table_is_read_in_each_way() {
    let (model, server) = matrix_of(300, Settings::default()).await;
    let session = Source::new(&server.url(), Duration::from_secs(60)).unwrap().open().await.unwrap();
    for full in REPLACED.into_iter().chain(COMPARED) {
        is_read_in_each_way(&session, &model, full).await;
    }
}

const TABLE: &str = "dbo.subscription";

/// All rows of the table in a transaction of their own.
async fn read_all(session: &Session) -> Result<u64, SqlServerError> {
    session.begin().await?;
    let relation = session.read_relation(&name_of(TABLE)).await?;
    let spec = TableSpec { source: name_of(TABLE), ..plain_spec() };
    let shape = Shape::of(&spec, &relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let mut rows = session.rows(&Read { table, columns: PUBLISHED, rows: Rows::All }).await?;
    let mut count = 0;
    while rows.try_next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Whatever ends an answer early, and wherever: an error that another try may help, and a session that is good for nothing more.
#[tokio::test]
async fn an_answer_that_ends_early_is_an_error_everywhere() {
    let (_, server) = matrix_of(60, Settings { payload: 900, ..Settings::default() }).await;
    let source = Source::new(&server.url(), Duration::from_secs(60)).unwrap();
    let session = source.open().await.unwrap();
    let rows = read_all(&session).await.unwrap();
    session.end().await.unwrap();
    let packets = server.log().of_plan("rows").pop().unwrap().sent.packets;
    assert!(packets > 5, "{packets}");
    for action in [
        Action::Cut,
        Action::Reset,
        Action::Garbage,
        Action::Kill(ServerError::killed()),
        Action::Error(ServerError::altered_since_snapshot(TABLE)),
        Action::Error(ServerError::deadlock()),
    ] {
        let places: Vec<Place> = match action {
            Action::Cut | Action::Reset => (0..packets).map(Place::Packet).collect(),
            _ => (0..=rows).step_by(7).map(Place::Row).chain([Place::Start, Place::End]).collect(),
        };
        for place in places {
            server.faults().add(Fault::once(Moment::Plan("rows".into()), place, action.clone()));
            let session = source.open().await.unwrap();
            let error = read_all(&session).await.unwrap_err();
            assert!(error.is_transient() || action == Action::Garbage, "{place:?} {action:?}: {error}");
            assert!(session.is_closed(), "{place:?} {action:?}");
            // Nothing is read any more that would be taken for the same moment.
            assert!(session.back_to_savepoint().await.is_err(), "{place:?} {action:?}");
            session.end().await.unwrap();
        }
        assert_eq!(server.faults().armed(), 0);
    }
}

/// A server that says nothing more, and one that only takes long: both end with the time that a statement may take.
#[tokio::test]
async fn a_server_that_stalls_is_given_up() {
    let (_, server) = matrix_of(60, Settings { payload: 900, ..Settings::default() }).await;
    let source = Source::new(&server.url(), Duration::from_secs(1)).unwrap();
    for (place, action) in [(Place::Packet(3), Action::Stall), (Place::Row(3), Action::Busy)] {
        server.faults().add(Fault::always(Moment::Plan("rows".into()), place, action.clone()));
        let session = source.open().await.unwrap();
        let error = read_all(&session).await.unwrap_err();
        assert!(error.is_transient(), "{action:?}: {error}");
        assert!(session.is_closed(), "{action:?}");
        server.faults().clear();
    }
}

/// The server leaves rows out and says nothing of them, so such a table is not read at all.
#[tokio::test]
async fn a_table_whose_rows_a_policy_hides_is_refused() {
    let (model, server) = matrix_of(20, Settings::default()).await;
    let source = Source::new(&server.url(), Duration::from_secs(20)).unwrap();
    let session = source.open().await.unwrap();
    let name = name_of(REPLACED[0]);
    let is_refused = async || session.refuse_unreadable(&name, &session.read_relation(&name).await.unwrap());
    is_refused().await.unwrap();
    model.policies(|all| {
        all.push(Policy {
            name: "dbo.own_rows".to_owned(),
            table: REPLACED[0].to_owned(),
            state: Switch::On,
            lets_through: Arc::new(|_| false),
        });
    });
    let error = is_refused().await.unwrap_err();
    assert!(error.to_string().contains(&name.to_string()) && !error.is_transient(), "{error}");
}

/// A list of keys that a run has left behind does not stand in the way of another table's, which has other columns.
#[tokio::test]
async fn a_list_that_was_left_over_is_in_nobodys_way() {
    let (model, server) = matrix_of(20, Settings::default()).await;
    model.set_tracking(Some(DatabaseTracking { retention_minutes: 2880, auto_cleanup: Switch::On }));
    let source = Source::new(&server.url(), Duration::from_secs(20)).unwrap();
    let session = source.open().await.unwrap();
    session.begin().await.unwrap();
    for full in ["dbo.tbl_country", "dbo.tbl_RateStructureItem", "dbo.tbl_country"] {
        model.track(full).unwrap();
        let found = session.read_relation(&name_of(full)).await.unwrap();
        let spec = TableSpec { source: name_of(full), ..plain_spec() };
        let shape = Shape::of(&spec, &found).unwrap();
        let table = Table { spec: &spec, relation: &found, shape: &shape };
        session.changed_keys(0, table, 0).await.unwrap();
        let of = Hashing { table, columns: table.hashed_columns(), range: &KeyRange::default() };
        session.list_hashes(&HashListing { of, buckets: None, next: None }).await.unwrap();
    }
}
