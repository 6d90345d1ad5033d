//! The statements that SQL Server gets, as golden files: `UPDATE_EXPECT=1 cargo test` accepts new ones.

use expect_test::{ExpectFile, expect_file};
use time::macros::datetime;

use super::catalog::{catalog_statements, relation_of};
use super::facts::{Facts, Place, Rung, Sees, facts_statement};
use super::{
    SqlServerLogFacts, candidates, change_log, change_tracking, filter, missing, moment, render, rights, row_digest,
    rows, session,
};
use crate::batch::{
    At, CaptureMark, CursorMark, LogPosition, Lower, Position, ReadEntries, SqlServerIdentity, Standing, TableMark,
};
use crate::capture::relation_mark;
use crate::encode::Shape;
use crate::model::{
    ActionCodes, CaptureKind, KeyFormat, Lag, LogKey, LogSpec, LogTable, RelationName, TableKey, TableSpec, TargetType,
    TypeColumn, plain_spec,
};
use crate::source::change_log::{Claimed, EntryTable, LogFacts, LogPlace, LogQuery, NewEntries, Numbers};
use crate::source::column::SourceColumn;
use crate::source::cursor::CursorColumn;
use crate::source::keys::{Keys, NamedKey, Origin, Spelling};
use crate::source::read::{Columns, KeyRange, Overlooked, Read, Rows, Since, Table, Unsent};
use crate::source::relation::Relation;
use crate::source::row_hashes::{BucketSet, HashListing, Hashing, NextHashing};
use crate::source::with_key_of;

/// A column of each type: name, number, type, alias, CLR, length, precision, scale, collation, nullable.
const COLUMNS: [&str; 33] = [
    "id|1|bigint|-|f|8|19|0|-|f",
    "code|2|varchar|-|f|20|0|0|SQL_Latin1_General_CP1_CI_AS|f",
    "b|3|bit|-|f|1|1|0|-|t",
    "t1|4|tinyint|-|f|1|3|0|-|t",
    "n|5|decimal|-|f|9|19|4|-|t",
    "m|6|money|-|f|8|19|4|-|t",
    "sm|7|smallmoney|-|f|4|10|4|-|t",
    "f8|8|float|-|f|8|53|0|-|t",
    "f4|9|real|-|f|4|24|0|-|t",
    "d|10|date|-|f|3|10|0|-|t",
    "tm|11|time|-|f|5|16|7|-|t",
    "sdt|12|smalldatetime|-|f|4|16|0|-|t",
    "dt|13|datetime|-|f|8|23|3|-|t",
    "dt2|14|datetime2|-|f|8|27|7|-|t",
    "dto|15|datetimeoffset|-|f|10|34|7|-|t",
    "spoken|16|datetimeoffset|-|f|10|34|7|-|t",
    "c|17|char|-|f|8|0|0|SQL_Latin1_General_CP1_CI_AS|t",
    "v8|18|varchar|-|f|8000|0|0|Latin1_General_100_CI_AS_SC_UTF8|t",
    "vm|19|varchar|-|f|-1|0|0|SQL_Latin1_General_CP1_CI_AS|t",
    "nc|20|nchar|-|f|20|0|0|SQL_Latin1_General_CP1_CI_AS|t",
    "nv|21|nvarchar|-|f|120|0|0|SQL_Latin1_General_CP1_CI_AS|t",
    "nm|22|nvarchar|-|f|-1|0|0|SQL_Latin1_General_CP1_CI_AS|t",
    "tx|23|text|-|f|16|0|0|SQL_Latin1_General_CP1_CI_AS|t",
    "nt|24|ntext|-|f|16|0|0|SQL_Latin1_General_CP1_CI_AS|t",
    "g|25|uniqueidentifier|-|f|16|0|0|-|t",
    "bin|26|varbinary|-|f|50|0|0|-|t",
    "bm|27|varbinary|-|f|-1|0|0|-|t",
    "im|28|image|-|f|16|0|0|-|t",
    "x|29|xml|-|f|-1|0|0|-|t",
    "sv|30|sql_variant|-|f|8016|0|0|-|t",
    "h|31|hierarchyid|-|f|892|0|0|-|t",
    "geo|32|geography|-|f|-1|0|0|-|t",
    "email|33|nvarchar|-|f|512|0|0|SQL_Latin1_General_CP1_CI_AS|t",
];

fn relation(columns: &[&str], indexes: &[&str]) -> Relation {
    let columns: Vec<String> = columns.iter().map(|c| format!("{c}|f|f|f|f")).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    relation_of("dbo|items|7|U |2026-01-01T00:00:00|12|-|-|f|f|f|-|-", &columns, indexes)
}

fn spec(capture: CaptureKind) -> TableSpec {
    TableSpec {
        source: RelationName { schema: "dbo".to_owned(), name: "it]ems".to_owned() },
        capture,
        filter: Some("t.b = 1 OR t.code <> 'x'".to_owned()),
        ..plain_spec()
    }
}

fn wide() -> TableSpec {
    TableSpec {
        hash: vec!["email".to_owned()],
        forced: vec![("spoken".to_owned(), TargetType::String), ("dt".to_owned(), TargetType::Timestamp)],
        ..spec(CaptureKind::Digest)
    }
}

fn expect(file: ExpectFile, statements: &[(&str, String)]) {
    let text: Vec<String> = statements.iter().map(|(name, sql)| format!("-- {name}\n{sql}\n")).collect();
    file.assert_eq(&text.join("\n"));
}

#[test]
fn the_statements_of_a_session() {
    let facts = |engine| Facts { engine, ..Facts::default() };
    expect(
        expect_file!["../../../tests/golden/sqlserver/session.sql"],
        &[
            ("settings", session::settings_statement()),
            ("facts", facts_statement()),
            ("where it stands", moment::moment_statement(&facts(3), Sees::Everybodys)),
            ("where it stands, in Azure and without the right", moment::moment_statement(&facts(5), Sees::Its)),
            (
                "where it stands, on a readable secondary",
                moment::moment_statement(&Facts { place: Place::Secondary, ..facts(3) }, Sees::Everybodys),
            ),
            ("begin", session::begin_statement(Rung::Snapshot)),
            ("begin, without snapshots", session::begin_statement(Rung::Statement)),
            ("guard", session::guard_statement()),
            ("end", session::end_statement()),
        ],
    );
}

#[test]
fn the_statements_over_the_catalog() {
    let names = [
        RelationName { schema: "dbo".to_owned(), name: "o'ne".to_owned() },
        RelationName { schema: "ffx".to_owned(), name: "vw_two".to_owned() },
    ];
    let [relations, columns, indexes] = catalog_statements(&names, Place::Primary);
    let [of_secondary, ..] = catalog_statements(&names, Place::Secondary);
    let spec = TableSpec { filter: Some("a > 1 -- one\nOR b = 'x'".to_owned()), ..spec(CaptureKind::Full) };
    expect(
        expect_file!["../../../tests/golden/sqlserver/catalog.sql"],
        &[
            ("relations", relations),
            ("relations, on a readable secondary", of_secondary),
            ("columns", columns),
            ("indexes", indexes),
            ("names", missing::names_statement()),
            ("list", candidates::list_statement(None)),
            ("list of one", candidates::list_statement(Some(&names[0]))),
            ("rights", rights::rights_statement(&names[0], &["a]".to_owned(), "b'".to_owned()])),
            ("policies", rights::policies_statement(&names[1])),
            ("unmask", rows::unmask_statement()),
            ("size", rows::size_statement(&names[0])),
            ("where", filter::try_statement(&spec, spec.filter.as_deref().unwrap_or_default())),
        ],
    );
}

/// What is read of the rows of a table.
#[test]
fn the_statements_that_read_rows() {
    let (relation, spec) = (relation(&COLUMNS, &["pu:id", ":dt2"]), wide());
    let shape = Shape::of(&spec, &relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let published = Columns::Published { doubt: None, cursor: None };
    let read = |columns, rows| render::rendered(&Read { table, columns, rows }).sql;
    let range =
        KeyRange { after: Some(vec!["10".to_owned()]), until: Some(vec!["20".to_owned()]), order: String::new() };
    let filled = Overlooked::Filled { columns: vec!["n", "m"], unsent: Unsent::Unknown };
    expect(
        expect_file!["../../../tests/golden/sqlserver/rows.sql"],
        &[
            ("all", read(published, Rows::All)),
            ("tried", render::tried(&Read { table, columns: Columns::Key, rows: Rows::All }).sql),
            ("count", read(Columns::Count, Rows::All)),
            ("some", read(Columns::Key, Rows::Some(20))),
            ("a stretch", read(Columns::Key, Rows::Within(&range))),
            ("the stretches before", read(Columns::Key, Rows::Before(&range))),
            ("the end of a stretch", rows::stretch_statement(table, &range, 5000, 2).0),
            ("keys that are there twice", rows::repeated_statement(table)),
            ("new columns with a value", rows::overlooked_statement(table, &filled).unwrap()),
        ],
    );
}

#[test]
fn the_statements_of_a_composite_key() {
    let columns =
        ["g|1|uniqueidentifier|-|f|16|0|0|-|f", "code|2|varchar|-|f|20|0|0|Czech_CI_AS|f", "v|3|int|-|f|4|10|0|-|t"];
    let relation = relation(&columns, &["pu:g,code"]);
    let spec = TableSpec { filter: Some("v > 0".to_owned()), ..spec(CaptureKind::Digest) };
    let shape = Shape::of(&spec, &relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let key: Vec<SourceColumn> = relation.columns[..2].to_vec();
    let value = ["0E984725-C51C-4BF4-9960-E1C80E27ABA0".to_owned(), "ř".to_owned()];
    let list = [NamedKey { values: value.to_vec(), origin: Origin::Before }];
    let keys = Keys { columns: &key, spelling: &[Spelling::IsOne, Spelling::Counts], list: &list };
    let range = KeyRange { after: Some(value.to_vec()), until: None, order: String::new() };
    let published = Columns::Published { doubt: None, cursor: None };
    let read = |columns, rows| render::rendered(&Read { table, columns, rows }).sql;
    expect(
        expect_file!["../../../tests/golden/sqlserver/keys.sql"],
        &[
            ("among", read(published, Rows::Among(keys))),
            ("absent", read(Columns::Key, Rows::Absent(keys))),
            ("given", read(Columns::Key, Rows::Given(keys))),
            ("behind a key", read(Columns::Key, Rows::Within(&range))),
            ("the end of a stretch", rows::stretch_statement(table, &range, 1, 2).0),
            ("keys that are there twice", rows::repeated_statement(table)),
        ],
    );
}

#[test]
fn the_statements_of_a_cursor() {
    let columns = [
        "id|1|int|-|f|4|10|0|-|f",
        "at|2|datetime|-|f|8|23|3|-|t",
        "rv|3|timestamp|-|f|8|0|0|-|f",
        "seq|4|int|-|f|4|10|0|-|f",
    ];
    let relation = relation(&columns, &["pu:id", ":at", ":seq"]);
    let position = Position::SqlServer {
        ct_version: None,
        rowversion: 2001,
        server: SqlServerIdentity { broker: "b".to_owned(), history: "h".to_owned() },
    };
    let by = |cursor: &str, floor: &str| {
        let spec = TableSpec {
            cursor: Some(cursor.to_owned()),
            exclude: if cursor == "rv" { vec!["rv".to_owned()] } else { Vec::new() },
            ..spec(CaptureKind::Cursor)
        };
        let shape = Shape::of(&spec, &relation).unwrap();
        let table = Table { spec: &spec, relation: &relation, shape: &shape };
        let mark = CursorMark {
            column: cursor.to_owned(),
            floor: Some(floor.to_owned()),
            not_after: "2026-11-21 09:43:00.0000000+00".to_owned(),
            clock: Some("2026-11-21T09:45:00Z".to_owned()),
            ..CursorMark::default()
        };
        let mark = TableMark {
            loading: None,
            relation: relation_mark(table, None),
            capture: CaptureMark::of_rows(Some(mark), None, None),
            whole_at: None,
            rows: None,
            source_rows: None,
            left_out: None,
            quarantined: 0,
            refusals: crate::model::Refusals::default(),
            incarnation: 0,
            sent: None,
            created: None,
            apply: crate::model::ApplyBy::Merge,
        };
        let column = CursorColumn::of(&spec, &relation).unwrap().unwrap();
        let standing = Standing { at: position.at(), taken_at: datetime!(2026-11-21 10:00:00 UTC), mark: &mark };
        let since = Since { cursor: Some(&column), standing };
        let is_published = shape.column(cursor).is_some();
        let published = Columns::Published { doubt: None, cursor: Some(&column).filter(|_| !is_published) };
        let read = |columns, rows| render::rendered(&Read { table, columns, rows }).sql;
        let filled = Overlooked::Filled { columns: vec!["at"], unsent: Unsent::Unchanged(since) };
        vec![
            ("changed", read(published, Rows::Changed(since))),
            ("unchanged", read(published, Rows::Unchanged(since))),
            ("left", read(Columns::Key, Rows::Left(since))),
            ("new columns with a value", rows::overlooked_statement(table, &filled).unwrap()),
            ("bulk", rows::bulk_statement(table, &column, 1000)),
        ]
    };
    let mut all = by("rv", "");
    all.extend(by("at", "2026-11-21 09:44:00.003"));
    all.extend(by("seq", "70000"));
    expect(expect_file!["../../../tests/golden/sqlserver/cursor.sql"], &all);
    assert!(matches!(position.at(), At::SqlServer { .. }));
}

#[test]
fn the_statements_of_row_hashes() {
    let (relation, spec) = (relation(&COLUMNS, &["pu:id"]), wide());
    let shape = Shape::of(&spec, &relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let range = KeyRange { after: Some(vec!["10".to_owned()]), until: None, order: String::new() };
    let of = Hashing { table, columns: &shape.columns[..6], range: &range };
    let mut buckets = BucketSet::none(3);
    buckets.insert(5);
    let next = NextHashing { columns: &shape.columns, new: &shape.columns[6..8] };
    let listing = HashListing { of, buckets: Some(&buckets), next: Some(next) };
    let key = row_digest::listed_key(table);
    expect(
        expect_file!["../../../tests/golden/sqlserver/digest.sql"],
        &[
            ("sums", row_digest::hash_sums_statement(&of, 3)),
            ("list", row_digest::list_statement(&listing)),
            (
                "list of all columns",
                row_digest::list_statement(&HashListing {
                    of: Hashing { columns: &shape.columns, ..of },
                    buckets: None,
                    next: None,
                }),
            ),
            ("fetch", row_digest::fetch_statement(&key, true, 1000, 500).0),
            ("close", row_digest::close_statement()),
            ("tried", row_digest::try_statement(&of)),
        ],
    );
    // Lists of before are compared with it: in another form, each table would be read whole once.
    let hashed = row_digest::hashed_text(table, &shape.columns[..6]);
    assert_eq!(hashed.lines().nth(2), Some("integer,varchar(20),bit,integer,decimal(19,4),money"));
}

#[test]
fn the_statements_of_change_tracking() {
    let columns =
        ["g|1|uniqueidentifier|-|f|16|0|0|-|f", "code|2|varchar|-|f|20|0|0|Czech_CI_AS|f", "v|3|int|-|f|4|10|0|-|t"];
    let (relation, spec) = (relation(&columns, &["pu:g,code"]), spec(CaptureKind::Ct));
    let shape = Shape::of(&spec, &relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let key = change_tracking::listed_key(table);
    expect(
        expect_file!["../../../tests/golden/sqlserver/ct.sql"],
        &[
            (
                "tracked",
                change_tracking::tracked_statement(&[
                    spec.source.clone(),
                    RelationName { schema: "x".to_owned(), name: "y".to_owned() },
                ]),
            ),
            ("list", change_tracking::spool_statement(0, table, 0)),
            ("fetch", change_tracking::fetch_statement(1, &key, 4096, 4096).0),
            ("close", change_tracking::close_statement(1)),
        ],
    );
}

#[test]
fn the_statements_of_a_table_without_a_key() {
    let columns = [
        "day|1|date|-|f|3|10|0|-|f",
        "outlet|2|varchar|-|f|20|0|0|SQL_Latin1_General_CP1_CI_AS|f",
        "copies|3|int|-|f|4|10|0|-|t",
    ];
    let relation = relation(&columns, &[]);
    let spec = TableSpec { key: TableKey::Row, ..spec(CaptureKind::Digest) };
    let relation = with_key_of(&relation, &spec).into_owned();
    let shape = Shape::of(&spec, &relation).unwrap();
    let table = Table { spec: &spec, relation: &relation, shape: &shape };
    let range = KeyRange::default();
    let of = Hashing { table, columns: table.hashed_columns(), range: &range };
    let listing = HashListing { of, buckets: None, next: None };
    let key: Vec<SourceColumn> = relation.columns[3..].to_vec();
    let list = [NamedKey { values: vec!["A".repeat(32), "1".to_owned()], origin: Origin::Before }];
    let keys = Keys { columns: &key, spelling: &[Spelling::IsOne; 2], list: &list };
    let published = Columns::Published { doubt: None, cursor: None };
    let read = |columns, rows| render::rendered(&Read { table, columns, rows }).sql;
    expect(
        expect_file!["../../../tests/golden/sqlserver/digest_row_key.sql"],
        &[
            ("all", read(published, Rows::All)),
            ("count", read(Columns::Count, Rows::All)),
            ("among", read(published, Rows::Among(keys))),
            ("absent", read(Columns::Key, Rows::Absent(keys))),
            ("sums", row_digest::hash_sums_statement(&of, 3)),
            ("list", row_digest::list_statement(&listing)),
            ("fetch", row_digest::fetch_statement(&row_digest::listed_key(table), false, 0, 500).0),
        ],
    );
}

/// A log of an application's own, with and without a `rowversion`, and one without numbers.
#[test]
fn the_statements_of_a_change_log() {
    let columns = ["g|1|uniqueidentifier|-|f|16|0|0|-|f", "code|2|varchar|-|f|20|0|0|Czech_CI_AS|f"];
    let (relation_, spec_) = (relation(&columns, &["pu:g,code"]), spec(CaptureKind::Changelog));
    let shape = Shape::of(&spec_, &relation_).unwrap();
    let key: Vec<SourceColumn> = shape.key().iter().filter_map(|c| relation_.column(&c.source).cloned()).collect();
    let log = LogSpec {
        name: "custom",
        table: LogTable::One(RelationName { schema: "dbo".to_owned(), name: "l'og".to_owned() }),
        id: "id".to_owned(),
        at: Some("at".to_owned()),
        lag: None,
        types: TypeColumn::Relation { schema: "s".to_owned(), name: "n".to_owned() },
        key: LogKey { columns: vec!["k1".to_owned(), "k2".to_owned()], format: KeyFormat::Columns },
        old_key: Some(LogKey { columns: vec!["o1".to_owned(), "o2".to_owned()], format: KeyFormat::Columns }),
        action: Some("act".to_owned()),
        codes: ActionCodes {
            added: vec!["I".to_owned()],
            truncated: vec!["T".to_owned()],
            ignored: vec!["L".to_owned(), "l'".to_owned()],
            ..ActionCodes::default()
        },
        diff: None,
    };
    let entries = |extra: &[&str], indexes: &[&str]| {
        let columns = [
            "id|1|bigint|-|f|8|19|0|-|f",
            "at|2|datetimeoffset|-|f|10|34|7|-|f",
            "s|3|sysname|-|f|256|0|0|Latin1_General_CI_AS|f",
            "n|4|char|-|f|60|0|0|Latin1_General_CI_AS|f",
            "k1|5|nvarchar|-|f|80|0|0|Latin1_General_CI_AS|t",
            "k2|6|char|-|f|30|0|0|Latin1_General_CI_AS|t",
            "o1|7|uniqueidentifier|-|f|16|0|0|-|t",
            "o2|8|int|-|f|4|10|0|-|t",
            "act|9|char|-|f|1|0|0|Latin1_General_CI_AS|t",
        ];
        let columns: Vec<&str> = columns.iter().chain(extra).copied().collect();
        let relation = relation(&columns, indexes);
        let ids = CursorColumn::of_log(&log, &relation).unwrap();
        EntryTable { name: RelationName { schema: "dbo".to_owned(), name: "l'og".to_owned() }, relation, ids }
    };
    let facts = LogFacts::SqlServer(SqlServerLogFacts::of_primary());
    let place = LogPlace {
        position: LogPosition::SqlServer { ct_version: None, rowversion: 0x7d1 },
        ids: Some(CursorMark { column: "id".to_owned(), seen: Some("5000".to_owned()), ..CursorMark::default() }),
        read: Some(ReadEntries {
            up_to: 4990,
            settled: Some(14_901),
            waiting: None,
            gaps: vec![[4901, 4901], [4950, 4960]],
            lower: Lower::MayCome,
        }),
    };
    let groups =
        [[Some("dbo".to_owned()), Some("it]ems".to_owned())], [Some("dbo".to_owned()), Some("o'ld".to_owned())]];
    let fields = ["g".to_owned(), "code".to_owned()];
    let claimed = Claimed {
        relation: &spec_.source,
        groups: &groups,
        columns: &key,
        spelling: &[Spelling::IsOne, Spelling::Counts],
        fields: &fields,
    };
    let plain = entries(&[], &["pu:id"]);
    let versioned = entries(&["v|10|timestamp|-|f|8|0|0|-|f"], &["pu:id"]);
    let indexed = entries(&["v|10|timestamp|-|f|8|0|0|-|f"], &["pu:id", ":v"]);
    let new = |table| NewEntries { spec: &log, table, facts: &facts, since: &place };
    let timed = LogSpec {
        id: "k1".to_owned(),
        lag: Some(Lag::Time(std::time::Duration::from_secs(600))),
        types: TypeColumn::Table,
        old_key: None,
        action: None,
        codes: ActionCodes::default(),
        ..log.clone()
    };
    let by_time = EntryTable { ids: CursorColumn::of_log(&timed, &plain.relation).unwrap(), ..plain.clone() };
    let then = LogPlace {
        ids: Some(CursorMark {
            column: "at".to_owned(),
            floor: Some("2026-11-21 09:44:00.1234567+00".to_owned()),
            not_after: "2026-11-21 09:43:00.0000000+00".to_owned(),
            ..CursorMark::default()
        }),
        read: None,
        ..place.clone()
    };
    let by_time = NewEntries { spec: &timed, table: &by_time, facts: &facts, since: &then };
    let columns = change_log::forms(&key, claimed.spelling);
    expect(
        expect_file!["../../../tests/golden/sqlserver/log.sql"],
        &[
            ("ends", change_log::ends_statement(&log, &plain, Some("5000")).unwrap()),
            ("ends, of a log without times", {
                let log = LogSpec { at: None, ..log.clone() };
                change_log::ends_statement(&log, &plain, None).unwrap()
            }),
            ("the newest time", change_log::ends_statement(&timed, by_time.table, None).unwrap()),
            ("gaps above a number", change_log::gaps_statement(&plain, Numbers::Above(-7)).unwrap()),
            ("gaps among the newest", change_log::gaps_statement(&plain, Numbers::OfTheNewest).unwrap()),
            ("counts by number", change_log::log_statement(LogQuery::Counts(new(&plain)))),
            ("counts by rowversion", change_log::log_statement(LogQuery::Counts(new(&versioned)))),
            ("counts by an indexed rowversion", change_log::log_statement(LogQuery::Counts(new(&indexed)))),
            ("counts by time", change_log::log_statement(LogQuery::Counts(by_time))),
            ("keys", change_log::log_statement(LogQuery::Keys { entries: new(&plain), claimed, diff: None })),
            ("keys by time", {
                let claimed = Claimed { groups: &[], ..claimed };
                change_log::log_statement(LogQuery::Keys { entries: by_time, claimed, diff: None })
            }),
            ("fetch", change_log::fetch_statement(1, &columns, 4096, 4096).0),
            ("close", change_log::close_statement(1)),
            ("tried", change_log::try_statement(LogQuery::Keys { entries: new(&plain), claimed, diff: None })),
            ("content types", change_log::types_statement(&spec_.source)),
        ],
    );
}
