//! Any key source will do: whatever names a key, and however often, the row says what is true.

use futures_util::StreamExt;
use plimsoll::capture::CaptureError;
use plimsoll::capture::keyed::{Chunk, KeyColumns, KeyCounts, KeySource, Reach, Reread};
use plimsoll::config::Config;
use plimsoll::encode::{RowEncoder, Shape};
use plimsoll::source::{NamedKey, Origin, RowDecoder, Session, Source, Spelling, Table};

use crate::support::World;

/// Yields what it was given, and stands for no log at all.
struct Given(Vec<Vec<NamedKey>>);

impl KeySource for Given {
    async fn next(&mut self) -> Result<Option<Chunk>, CaptureError> {
        Ok(self.0.pop().map(|keys| Chunk { keys }))
    }

    fn counts(&self) -> KeyCounts {
        KeyCounts::default()
    }
}

fn key(values: &[&str], origin: Origin) -> NamedKey {
    NamedKey { values: values.iter().map(|v| (*v).to_owned()).collect(), origin }
}

/// The lines that all chunks of a source leave, upserts and deletes apart, and how many deleted keys the target never had.
async fn lines(session: &Session, table: Table<'_>, of: &KeyColumns, mut source: Given) -> (String, String, u64) {
    let reread = Reread { table, of };
    let (mut upserts, mut deletes, mut fleeting) = (String::new(), String::new(), 0);
    while let Some(chunk) = source.next().await.unwrap() {
        for (pass, into) in [(reread.present(&chunk), &mut upserts), (reread.gone(&chunk), &mut deletes)] {
            let policy = table.spec.on_unrepresentable;
            let decoder = RowDecoder::of(table.relation.dialect);
            let mut encoder = RowEncoder::new(decoder, table.shape, pass.kind, policy).flagged(pass.flag);
            let (mut out, mut refused) = (Vec::new(), Vec::new());
            let mut rows = session.rows(&pass.read).await.unwrap();
            while let Some(row) = rows.next().await {
                encoder.encode(&row.unwrap(), &mut out, &mut refused).unwrap();
            }
            into.push_str(&String::from_utf8(out).unwrap());
            fleeting += encoder.tally().flagged;
        }
    }
    (upserts, deletes, fleeting)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_says_what_is_true() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE part (a text, b numeric(6,2), v text, live bool, PRIMARY KEY (a, b));
         INSERT INTO part VALUES ('x', 1, 'one', true), ('x', 2, 'two', true), ('it''s \"\\', 3, 'odd', true),
                                 ('hidden', 4, 'no', false)",
    )
    .await;
    w.config("[[table]]\nsource = \"part\"\ncapture = \"xmin\"\nwhere = \"live\"\n");
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    let url = w.source_url();
    let environment = [("DATABASE_URL", url.as_str())].into();
    let config = Config::parse("plimsoll.toml", &text, &environment).unwrap();
    let spec = &config.tables[0];
    let source = Source::new(&w.source_url(), std::time::Duration::from_secs(10)).unwrap();
    let session = source.open().await.unwrap();
    session.begin().await.unwrap();
    let relation = session.read_relation(&spec.source).await.unwrap();
    let shape = Shape::of(spec, &relation).unwrap();
    let table = Table { spec, relation: &relation, shape: &shape };
    let columns: Vec<_> = ["b", "a"].iter().map(|c| relation.column(c).unwrap().clone()).collect();
    let of = KeyColumns { columns, spelling: vec![Spelling::IsOne, Spelling::Counts], reach: Reach::Key };
    let chunks = vec![
        // In another chunk the same key once more; and one in another spelling of its number.
        vec![key(&["1", "x"], Origin::Before)],
        vec![
            key(&["1.0", "x"], Origin::Before),
            key(&["3.00", "it's \"\\"], Origin::Added),
            // No row has it, or none that the filter lets through; one came and went.
            key(&["9", "x"], Origin::Before),
            key(&["4", "hidden"], Origin::Before),
            key(&["8", "x"], Origin::Added),
        ],
        vec![],
    ];
    let (upserts, deletes, fleeting) = lines(&session, table, &of, Given(chunks)).await;
    let mut upserts: Vec<&str> = upserts.lines().collect();
    upserts.sort_unstable();
    let one = r#"{"_plimsoll_op":"U","a":"x","b":"1.00","v":"one","live":true}"#;
    let odd = r#"{"_plimsoll_op":"U","a":"it's \"\\","b":"3.00","v":"odd","live":true}"#;
    assert_eq!(upserts, [odd, one, one]);
    let mut deletes: Vec<&str> = deletes.lines().collect();
    deletes.sort_unstable();
    let gone = |a: &str, b: &str| format!(r#"{{"_plimsoll_op":"D","a":"{a}","b":"{b}"}}"#);
    assert_eq!(deletes, [gone("hidden", "4.00"), gone("x", "8.00"), gone("x", "9.00")]);
    assert_eq!(fleeting, 1, "the one that came and went");
}
