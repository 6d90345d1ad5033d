//! Digests of rows, added up by all three implementations, and what they are of.

use plimsoll::bigquery::{Billed, ComparedTarget};
use plimsoll::canonical::{
    ALL_KEYS, BucketDigits, Buckets, ColumnDigests, ComparedColumn, KeyDigest, Level, PlainValue, RowText, Sums,
};
use plimsoll::config::{Config, Environment};
use plimsoll::encode::{Shape, TableSchema};
use plimsoll::model::{DeleteStyle, TableSpec, TargetRef};
use plimsoll::source::postgres::{self, ServerText};
use plimsoll::source::{
    ComparedRows, Keys, NamedKey, Origin, Relation, Session, Source, Spelling, Table, compared_columns,
};
use tokio_postgres::SimpleQueryMessage;

use crate::canonical_texts::{cells, fill, given_table};
use crate::support::google::evaluate;
use crate::support::plain_values::{COLUMNS, Cell};
use crate::support::{Database, World};

/// The settings that a session reads with.
pub const SETTINGS: &str = "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; \
    SET extra_float_digits = 1; SET bytea_output = 'hex'";

const SALT: &str = "0123456789abcdef";

/// The table `t` of a database, and an open transaction.
pub struct Looked {
    spec: TableSpec,
    relation: Relation,
    shape: Shape,
    pub session: Session,
}

impl Looked {
    /// With more of the table's config.
    pub async fn at(database: &Database, config: &str) -> Self {
        Self::of(&database.url(), config).await
    }

    async fn of(url: &str, config: &str) -> Self {
        let config = format!(
            "[source]\nurl = \"{url}\"\nhash_salt = \"{SALT}\"\n[storage]\nurl = \"gs://b\"\n[bigquery]\nproject = \"p\"\ndataset = \"d\"\n\
             [[table]]\nsource = \"t\"\ncapture = \"full\"\n{config}"
        );
        let config = Config::parse("plimsoll.toml", &config, &Environment::default()).unwrap();
        let spec = config.tables[0].clone();
        let limit = std::time::Duration::from_secs(60);
        let session = Source::new(url, limit).unwrap().salted(Some(SALT)).open().await.unwrap();
        session.begin().await.unwrap();
        let relation = session.read_relation(&spec.source).await.unwrap();
        let shape = Shape::of(&spec, &relation).unwrap();
        Self { spec, relation, shape, session }
    }

    pub fn table(&self) -> Table<'_> {
        Table { spec: &self.spec, relation: &self.relation, shape: &self.shape }
    }

    pub fn columns(&self) -> Vec<ComparedColumn> {
        compared_columns(self.table())
    }

    pub async fn sums(&self) -> Buckets {
        self.session.bucket_sums(ComparedRows::all(self.table()), Level::Values, BucketDigits::new(1)).await.unwrap()
    }
}

fn target() -> TargetRef {
    TargetRef { project: "p".to_owned(), dataset: "d".to_owned(), table: "t".to_owned() }
}

/// The rows, as the first implementation adds them up.
fn sums_of(columns: &[ComparedColumn], rows: &[Vec<&Cell>], level: Level, digits: BucketDigits) -> Buckets {
    let (mut buckets, mut text) = (Buckets::new(), RowText::default());
    for row in rows {
        text.clear();
        text.push(&columns[0], &row[0].plain);
        let key = text.digest();
        text.clear();
        row.iter().zip(columns).for_each(|(cell, column)| text.push(column, &cell.plain));
        let (whole, nulled) = match level {
            Level::Keys => (None, 0),
            Level::Values => (Some(text.digest()), text.nulled()),
        };
        buckets.entry(key.bucket(digits)).or_default().add(key, whole, nulled);
    }
    buckets
}

#[track_caller]
fn assert_same(one: &Buckets, other: &Buckets) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    one.iter()
        .for_each(|(bucket, sums)| assert!(sums.is_same(&other[bucket]), "{bucket}: {sums:?} {:?}", other[bucket]));
}

/// Random rows, which all three add up: with a key, by its digest alone, and in one bucket or many.
#[tokio::test(flavor = "multi_thread")]
async fn sums_are_the_same_everywhere() {
    let database = Database::new("").await;
    let mut values = cells(COLUMNS, 600, 5);
    let forced = fill(&database, COLUMNS, &mut values).await;
    let looked = Looked::at(&database, &forced).await;
    let columns = looked.columns();
    let ids: Vec<Cell> = (1..=600).map(Cell::int).collect();
    let rows: Vec<Vec<&Cell>> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| std::iter::once(id).chain(values.iter().map(|c| &c[n])).collect())
        .collect();
    let given = given_table(&columns[1..], &values);
    let (table, delete) = (target(), DeleteStyle::Hard);
    let billed = Billed::default();
    let target = ComparedTarget {
        table: &table,
        columns: &columns,
        key_len: 1,
        delete: &delete,
        billed: &billed,
        as_of: None,
        within: &ALL_KEYS,
    };
    let looks = [(Level::Values, 0), (Level::Values, 2), (Level::Keys, 1)].map(|(l, d)| (l, BucketDigits::new(d)));
    let (one, some) = (BucketDigits::new(1), [3, 12]);
    let mut listed =
        looked.session.key_digests(ComparedRows::all(looked.table()), Level::Values, one, &some).await.unwrap();
    let wanted: Vec<Vec<String>> = listed.iter().map(|k| k.key.clone()).collect();
    let mut queries = looks.map(|(level, digits)| target.sums_query(level, digits)).to_vec();
    queries.extend([target.key_digests_query(Level::Values, one, &some), target.column_digests_query(&wanted)]);
    let mut answers = evaluate(&given, &queries).into_iter();
    for (level, digits) in looks {
        let expected = sums_of(&columns, &rows, level, digits);
        let source = looked.session.bucket_sums(ComparedRows::all(looked.table()), level, digits).await.unwrap();
        assert_eq!(source, expected);
        let google: Buckets = answers.next().unwrap().iter().map(|row| Sums::read(row).unwrap()).collect();
        assert_same(&expected, &google);
    }
    // A few buckets, row by row.
    let answer = answers.next().unwrap();
    let mut google: Vec<KeyDigest> = answer.into_iter().map(|row| KeyDigest::read(1, row).unwrap()).collect();
    listed.sort();
    google.sort();
    assert!((40..110).contains(&listed.len()), "{}", listed.len());
    assert_eq!(listed, google);
    // Column by column.
    let mut source = looked.columns_of(&wanted).await;
    let answer = answers.next().unwrap();
    let mut google: Vec<ColumnDigests> = answer.into_iter().map(|row| ColumnDigests::read(1, row).unwrap()).collect();
    source.sort_by(|a, b| a.key.cmp(&b.key));
    google.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(source.len(), wanted.len());
    assert_eq!(source, google);
    assert!(source.iter().any(|row| row.columns.iter().any(Option::is_none)));
}

impl Looked {
    /// The digests of the columns of rows by key.
    async fn columns_of(&self, keys: &[Vec<String>]) -> Vec<ColumnDigests> {
        let columns: Vec<_> = self
            .relation
            .columns()
            .iter()
            .filter(|c| self.shape.key().iter().any(|k| k.source == c.name))
            .cloned()
            .collect();
        let spelling = vec![Spelling::IsOne; columns.len()];
        let list: Vec<NamedKey> = keys.iter().map(|k| NamedKey { values: k.clone(), origin: Origin::Before }).collect();
        let keys = Keys { columns: &columns, spelling: &spelling, list: &list };
        self.session.column_digests(self.table(), keys).await.unwrap()
    }
}

/// Types that BigQuery has no counterpart of are the server's own text, as it prints a column: what a cast makes of it is another one.
#[tokio::test(flavor = "multi_thread")]
async fn other_types_are_digested_as_they_are_printed() {
    let types: [(&str, &[&str]); 22] = [
        ("char(5)", &["'ab'", "''", "'ü'"]),
        ("varchar(9)", &["'a;b:'", "'  '"]),
        ("name", &["'a name'"]),
        ("\"char\"", &["'x'", "''"]),
        ("inet", &["'10.0.0.1'", "'10.0.0.1/8'", "'::1'"]),
        ("cidr", &["'10.0.0.0/8'"]),
        ("money", &["'-1234.56'"]),
        ("interval", &["'1 year -2 mons +3 days 04:05:06.000007'"]),
        ("timetz", &["'24:00:00-11'"]),
        ("xml", &["'<?xml version=\"1.0\" encoding=\"LATIN1\"?><a>ü</a>'"]),
        ("bit(4)", &["B'0101'"]),
        ("varbit", &["B''", "B'1'"]),
        ("tsvector", &["'''a b'':1 c'", "''"]),
        ("numrange", &["'(1.5,2.50]'", "'empty'"]),
        ("numeric(80,40)", &["1.5", "'NaN'"]),
        ("mood", &["'sad'", "'o''k'"]),
        ("citext", &["'MiXed'"]),
        ("short_text", &["'ab'"]),
        ("int2vector", &["'1 2'"]),
        ("point", &["'(1.5,-2)'"]),
        ("regtype", &["'integer'"]),
        ("macaddr", &["'08:00:2b:01:02:03'"]),
    ];
    // Forced to STRING.
    let forced: [(&str, &[&str]); 8] = [
        ("boolean", &["true", "false"]),
        ("numeric", &["1.50", "'NaN'"]),
        ("timestamptz", &["'infinity'", "'2024-01-01 00:00:00.5+02'"]),
        ("int[]", &["'{1,NULL}'", "'[0:1]={1,2}'"]),
        ("pair", &["ROW(NULL, NULL)", "ROW(1, 'a b')"]),
        ("jsonb", &["'{\"a\": 1.50}'"]),
        ("bytea", &["'\\x00ff'", "''"]),
        ("real", &["0.1", "'NaN'"]),
    ];
    let all: Vec<_> = types.iter().chain(&forced).collect();
    let columns: Vec<String> = all.iter().enumerate().map(|(n, (t, _))| format!("c{n} {t}")).collect();
    let mut sql = format!("{MADE}; CREATE TABLE t (id int PRIMARY KEY, {}, salted text)", columns.join(", "));
    for row in 0..3 {
        let values = all.iter().map(|(t, v)| v.get(row).map_or("NULL".to_owned(), |v| format!("({v})::{t}")));
        let (values, salted) = (values.collect::<Vec<_>>().join(", "), ["'x'", "''", "NULL"][row]);
        sql.push_str(&format!("; INSERT INTO t VALUES ({row}, {values}, {salted})"));
    }
    let database = Database::new(&sql).await;
    let strings: String = (types.len()..all.len()).map(|n| format!("columns.c{n}.type = \"STRING\"\n")).collect();
    let looked = Looked::at(&database, &format!("hash = [\"salted\"]\n{strings}")).await;
    let columns = looked.columns();
    let printed = texts(&database, "SELECT * FROM t ORDER BY id").await;
    let piece = |n| postgres::canonical_piece(looked.table(), n, ServerText::Utf8).unwrap();
    let pieces: Vec<String> = (0..columns.len()).map(piece).collect();
    let salt = format!("SET plimsoll.salt = '{SALT}'");
    let found = texts(&database, &format!("{salt}; SELECT {} FROM t AS t ORDER BY id", pieces.join(", "))).await;
    for (found, printed) in found.iter().zip(&printed) {
        for (n, column) in columns.iter().enumerate().skip(1) {
            let value = match &printed[n] {
                Some(value) if column.column.name == "salted" => Some(salted(value)),
                value => value.clone(),
            };
            let mut text = RowText::default();
            text.push(column, &value.as_deref().map_or(PlainValue::Null, PlainValue::Text));
            assert_eq!(found[n].as_deref(), Some(text.as_str()), "{column:?}");
        }
    }
    assert_eq!(looked.sums().await.values().fold((0, 0), |all, s| (all.0 + s.rows, all.1 + s.nulled)), (3, 0));
}

const MADE: &str = "CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('sad', 'o''k'); CREATE DOMAIN short_text AS varchar(3); \
    CREATE TYPE pair AS (n int, t text)";

fn salted(value: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(format!("{SALT}{value}")).iter().map(|b| format!("{b:02x}")).collect()
}

/// The rows of a statement, as the server prints them.
async fn texts(database: &Database, sql: &str) -> Vec<Vec<Option<String>>> {
    let sql = format!("{SETTINGS}; {sql}");
    let messages = database.pg.simple_query(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let rows = messages.into_iter().filter_map(|m| match m {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|n| row.get(n).map(str::to_owned)).collect()),
        _ => None,
    });
    rows.collect()
}

const LOADED: &str = "CREATE TABLE t (k text, n numeric(6, 2), b bool, i int, f float8, f4 real, m numeric(12, 4), s char(4), bin bytea, d date, tm time, \
    ts timestamp, tz timestamptz, jb jsonb, a int[], u uuid, x int, PRIMARY KEY (k, n)); \
    INSERT INTO t SELECT 'k ' || g || ';:', g / 4.0, g % 2 = 0, g, g / 7.0, g / 7.0, g / 100.0, 'a', int4send(g), date '1999-12-31' + g, \
    time '00:00' + g * interval '1.000001 s', timestamp '2024-01-01' + g * interval '1.5 s', timestamptz '2024-01-01 00:00+00' - g * interval '1 day', \
    jsonb_build_object('b', g, 'aa', null, 'c' || g % 3, '[]'), ARRAY[g, NULL], md5(g::text)::uuid, g FROM generate_series(1, 300) g; \
    INSERT INTO t (k, n) VALUES ('', 0); INSERT INTO t (k, n, d, jb) VALUES ('refused', 0, 'infinity', 'null'), ('refused', 'NaN', NULL, NULL)";

/// Through a tick and the emulator: what was loaded is what the source has. Values that the emulator can't keep are not among these.
#[tokio::test(flavor = "multi_thread")]
async fn a_loaded_table_has_the_sums_of_its_source() {
    let w = World::new().await;
    w.sql(LOADED).await;
    let config = "exclude = [\"x\"]\nwhere = \"i IS NULL OR i <> 7\"\ndelete = \"soft\"\n";
    w.config(&format!("[[table]]\nsource = \"t\"\ncapture = \"full\"\n{config}"));
    w.tick().await;
    w.sql("DELETE FROM t WHERE i = 9").await;
    w.tick().await;
    let looked = Looked::of(&w.source_url(), config).await;
    let (columns, digits) = (looked.columns(), BucketDigits::new(1));
    let table = TargetRef { project: "demo".to_owned(), dataset: w.dataset.clone(), table: "t".to_owned() };
    let delete = looked.table().spec.delete.clone();
    let billed = Billed::default();
    let target = ComparedTarget {
        table: &table,
        columns: &columns,
        key_len: 2,
        delete: &delete,
        billed: &billed,
        as_of: None,
        within: &ALL_KEYS,
    };
    let ask = async |query: String| w.bigquery.query(&query).await;
    let read = async |level| -> Buckets {
        let rows = ask(target.sums_query(level, digits)).await;
        rows.iter().map(|row| Sums::read(row).unwrap_or_else(|| panic!("{row:?}"))).collect()
    };
    let source = looked.session.bucket_sums(ComparedRows::all(looked.table()), Level::Values, digits).await.unwrap();
    assert_same(&source, &read(Level::Values).await);
    let keys = looked.session.bucket_sums(ComparedRows::all(looked.table()), Level::Keys, digits).await.unwrap();
    assert_same(&keys, &read(Level::Keys).await);
    let counted = source.values().fold((0, 0), |all, s| (all.0 + s.rows, all.1 + s.nulled));
    assert_eq!(counted, (300, 2), "298 numbered rows, and two others");
    // One value is changed in the target: its bucket differs, in that its row, and in that its column.
    ask(format!("UPDATE `demo.{}.t` SET m = m + 0.0001 WHERE i = 11", w.dataset)).await;
    let found = read(Level::Values).await;
    let differing: Vec<u32> = source.iter().filter(|(b, s)| !s.is_same(&found[b])).map(|(b, _)| *b).collect();
    assert_eq!(differing.len(), 1);
    let rows = ask(target.key_digests_query(Level::Values, digits, &differing)).await;
    let there: Vec<KeyDigest> = rows.into_iter().map(|row| KeyDigest::read(2, row).unwrap()).collect();
    let here =
        looked.session.key_digests(ComparedRows::all(looked.table()), Level::Values, digits, &differing).await.unwrap();
    let keys: Vec<Vec<String>> = here.iter().filter(|k| !there.contains(k)).map(|k| k.key.clone()).collect();
    assert_eq!(keys, [["k 11;:", "2.75"]]);
    let rows = ask(target.column_digests_query(&keys)).await;
    let there = ColumnDigests::read(2, rows[0].clone()).unwrap();
    let here = looked.columns_of(&keys).await.remove(0);
    let pairs = columns[2..].iter().zip(there.columns.iter().zip(&here.columns));
    let names: Vec<&str> = pairs.filter(|(_, (a, b))| a != b).map(|(c, _)| c.column.name.as_str()).collect();
    assert_eq!(names, ["m"]);
}
