//! Every type: what it becomes, the edges of what it can hold, and what happens beyond them.
//!
//! Each column of a wide table is one type, each row one of its values. What BigQuery can hold is compared by meaning: the source
//! as its own casts print it, the target through the REST API. Where the emulator is the one that can't (doubles that are no numbers, wide
//! BIGNUMERICs), the staged line is what is compared, and the test's name says `staged`.

use serde_json::Value;

use crate::support::World;

/// A type and values of it that BigQuery holds.
struct Typed {
    name: &'static str,
    target: &'static str,
    values: &'static [&'static str],
}

const fn typed(name: &'static str, target: &'static str, values: &'static [&'static str]) -> Typed {
    Typed { name, target, values }
}

const UNICODE: &str = "'ünï 🦀 \u{200b} \u{7f} \"q\" \\ '' \t\r\n'";

const TYPES: &[Typed] = &[
    typed("boolean", "BOOLEAN", &["true", "false"]),
    typed("smallint", "INTEGER", &["-32768", "32767", "0"]),
    typed("integer", "INTEGER", &["-2147483648", "2147483647", "0"]),
    typed(
        "bigint",
        "INTEGER",
        &["-9223372036854775808", "9223372036854775807", "0", "999999999999999", "1000000000000000"],
    ),
    typed("oid", "INTEGER", &["0", "4294967295"]),
    typed("real", "FLOAT", &["0", "1.17549435e-38", "3.4028235e38", "-0.1", "1e-45"]),
    typed(
        "double precision",
        "FLOAT",
        &["0", "5e-324", "1.7976931348623157e308", "0.1", "-123456789.123456789", "1e22"],
    ),
    typed("numeric(38,9)", "NUMERIC", &["99999999999999999999999999999.999999999", "-0.000000001", "0"]),
    typed("numeric(10,0)", "NUMERIC", &["9999999999", "-1"]),
    typed("numeric(5,-3)", "NUMERIC", &["12345000", "0"]),
    typed("numeric(20,10)", "BIGNUMERIC", &["1234567890.0123456789", "0"]),
    typed("numeric(80,40)", "STRING", &["0.0000000000000000000000000000000000000001", "0"]),
    typed("text", "STRING", &["''", UNICODE, "repeat('x', 100000)", "'\\N'", "E'\\x01\\x1f'"]),
    typed("varchar(20)", "STRING", &["''", "'ab'"]),
    typed("char(5)", "STRING", &["'ab'", "''"]),
    typed("name", "STRING", &["'a name'"]),
    typed("\"char\"", "STRING", &["'x'"]),
    typed("bytea", "BYTES", &["''", "'\\x00'", "'\\xdeadbeef00ff'", "decode(repeat('ab', 5000), 'hex')"]),
    typed("uuid", "STRING", &["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"]),
    typed("date", "DATE", &["'0001-01-01'", "'9999-12-31'", "'2024-02-29'"]),
    typed("time", "TIME", &["'00:00:00'", "'23:59:59.999999'", "'12:00:00.5'"]),
    typed("time(0)", "TIME", &["'12:34:56.5'"]),
    typed("timetz", "STRING", &["'12:00:00+05:30'", "'24:00:00-11'"]),
    typed(
        "timestamp",
        "DATETIME",
        &["'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.000001'"],
    ),
    typed(
        "timestamptz",
        "TIMESTAMP",
        &["'0001-01-01 00:00:00+00'", "'9999-12-31 23:59:59.999999+00'", "'2024-03-31 02:30:00+02'"],
    ),
    typed("interval", "STRING", &["'1 year -2 mons +3 days 04:05:06.000007'", "'0'", "'-178000000 years'"]),
    typed("json", "JSON", &["'{\"b\": 1, \"a\": [true, null, 1.5, \"x\\u00e9\"]}'", "'[]'", "'{\"k\":\n\t{}}'"]),
    typed(
        "jsonb",
        "JSON",
        &["'{\"b\": 1, \"a\": [true, null, 1.50]}'", "'{}'", "'[[[]]]'", "'{\"n\": 18446744073709551615}'"],
    ),
    typed("xml", "STRING", &["'<a b=\"c\">d</a>'"]),
    typed("money", "STRING", &["'1234.56'", "'-92233720368547758.08'"]),
    typed("bit(4)", "STRING", &["B'0101'"]),
    typed("varbit", "STRING", &["B''", "B'1'"]),
    typed("inet", "STRING", &["'10.0.0.1/8'", "'::1'"]),
    typed("cidr", "STRING", &["'10.0.0.0/8'"]),
    typed("macaddr", "STRING", &["'08:00:2b:01:02:03'"]),
    typed("macaddr8", "STRING", &["'08:00:2b:01:02:03:04:05'"]),
    typed("point", "STRING", &["'(1.5,-2)'"]),
    typed("line", "STRING", &["'{1,2,3}'"]),
    typed("lseg", "STRING", &["'[(0,0),(1,1)]'"]),
    typed("box", "STRING", &["'(1,1),(0,0)'"]),
    typed("path", "STRING", &["'((0,0),(1,1))'"]),
    typed("polygon", "STRING", &["'((0,0),(1,1),(1,0))'"]),
    typed("circle", "STRING", &["'<(0,0),1>'"]),
    typed("tsvector", "STRING", &["'''a b'':1 c'"]),
    typed("tsquery", "STRING", &["'a & !b'"]),
    typed("jsonpath", "STRING", &["'$.a[*] ? (@ > 1)'"]),
    typed("pg_lsn", "STRING", &["'16/B374D848'"]),
    typed("pg_snapshot", "STRING", &["'10:20:10,14'"]),
    typed("txid_snapshot", "STRING", &["'10:20:10'"]),
    typed("xid", "STRING", &["'7'"]),
    typed("xid8", "STRING", &["'18446744073709551615'"]),
    typed("cid", "STRING", &["'7'"]),
    typed("tid", "STRING", &["'(1,2)'"]),
    typed("int2vector", "STRING", &["'1 2 3'"]),
    typed("oidvector", "STRING", &["'1 2'"]),
    typed("regclass", "STRING", &["'pg_class'"]),
    typed("regtype", "STRING", &["'integer'"]),
    typed("regproc", "STRING", &["'now'"]),
    typed("regprocedure", "STRING", &["'now()'"]),
    typed("regoper", "STRING", &["'||/'"]),
    typed("regoperator", "STRING", &["'+(integer,integer)'"]),
    typed("regrole", "STRING", &["'postgres'"]),
    typed("regnamespace", "STRING", &["'public'"]),
    typed("regcollation", "STRING", &["'\"C\"'"]),
    typed("regconfig", "STRING", &["'simple'"]),
    typed("regdictionary", "STRING", &["'simple'"]),
    typed("refcursor", "STRING", &["'c'"]),
    typed("aclitem", "STRING", &["'postgres=r/postgres'"]),
    typed("int4range", "STRING", &["'[1,5)'", "'empty'", "'(,)'"]),
    typed("int8range", "STRING", &["'[1,9223372036854775807)'"]),
    typed("numrange", "STRING", &["'(1.5,2.50]'"]),
    typed("daterange", "STRING", &["'[2024-01-01,infinity)'"]),
    typed("tsrange", "STRING", &["'[2024-01-01 00:00,)'"]),
    typed("tstzrange", "STRING", &["'[2024-01-01 00:00+02,)'"]),
    typed("int4multirange", "STRING", &["'{[1,3),[5,7)}'", "'{}'"]),
    typed("int8multirange", "STRING", &["'{[1,3)}'"]),
    typed("nummultirange", "STRING", &["'{(1.5,2.5)}'"]),
    typed("datemultirange", "STRING", &["'{[2024-01-01,2024-02-01)}'"]),
    typed("tsmultirange", "STRING", &["'{[2024-01-01 00:00,)}'"]),
    typed("tstzmultirange", "STRING", &["'{[2024-01-01 00:00+00,)}'"]),
    // Extensions, and what users make.
    typed("citext", "STRING", &["'MiXed'"]),
    typed("hstore", "JSON", &["'a=>1, \"b c\"=>NULL, q=>\"\\\"x\\\\\"'", "''"]),
    typed("ltree", "STRING", &["'a.b.c'"]),
    typed("cube", "STRING", &["'(1,2),(3,4)'"]),
    typed("mood", "STRING", &["'sad'", "'o''k \"x\"'"]),
    typed("positive", "INTEGER", &["7"]),
    typed("short_text", "STRING", &["'ab'"]),
    typed("tags", "JSON", &["'{a,b}'"]),
    typed("pair", "JSON", &["'(1,\"a \"\"b\"\" \\\\ (c)\")'", "'(,)'"]),
    typed("numbers", "STRING", &["'[1.5,2.5)'"]),
    // Arrays.
    typed("integer[]", "JSON", &["'{}'", "'{1,NULL,-3}'", "'{{1,2},{3,4}}'", "'{{{1}}}'"]),
    typed("bigint[]", "JSON", &["'{9223372036854775807}'"]),
    typed("boolean[]", "JSON", &["'{t,f,NULL}'"]),
    typed("double precision[]", "JSON", &["'{0.1,1e300,NaN,-Infinity}'"]),
    typed("numeric(10,2)[]", "JSON", &["'{10.10,NULL}'"]),
    typed("numeric[]", "JSON", &["'{10.10,NaN}'"]),
    typed(
        "text[]",
        "JSON",
        &["'{}'", "'{\"\",NULL,\"NULL\",\"a\\\"b\\\\c\",\"{x}\",\" \",ü🦀}'", "ARRAY[E'tab\\there\\nand \\\\ back']"],
    ),
    typed("uuid[]", "JSON", &["'{00000000-0000-0000-0000-000000000000}'"]),
    typed("date[]", "JSON", &["'{2024-01-01,infinity}'"]),
    typed("time[]", "JSON", &["'{24:00:00}'"]),
    typed("bytea[]", "JSON", &["'{\"\\\\\\\\x00ff\"}'"]),
    typed("jsonb[]", "JSON", &["ARRAY['{\"a\": [1, null]}', '\"s\"']::jsonb[]"]),
    typed("inet[]", "JSON", &["'{10.0.0.1,::1}'"]),
    typed("box[]", "JSON", &["'{(1,1),(0,0);(2,2),(1,1)}'"]),
    typed("mood[]", "JSON", &["'{sad,\"o''k \\\"x\\\"\"}'"]),
    typed("positive[]", "JSON", &["'{1,2}'"]),
    typed("pair[]", "JSON", &["ARRAY[(1,'a')::pair, NULL, (NULL,'{\"')::pair]", "'{}'"]),
    typed("hstore[]", "JSON", &["ARRAY['a=>1'::hstore]"]),
    typed("int4range[]", "JSON", &["'{\"[1,5)\",empty}'"]),
];

const MADE: &str = "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION cube; \
    CREATE TYPE mood AS ENUM ('sad', 'o''k \"x\"'); CREATE DOMAIN positive AS int CHECK (VALUE > 0); \
    CREATE DOMAIN short_text AS varchar(3); CREATE DOMAIN tags AS text[]; CREATE TYPE pair AS (n int, t text); \
    CREATE TYPE numbers AS RANGE (subtype = numeric); CREATE TYPE held AS (j json)";

/// A table with a column of each type, and a row of each value; the first row is NULLs.
fn wide(name: &str, types: &[Typed]) -> String {
    let columns: Vec<String> = types.iter().enumerate().map(|(n, t)| format!("c{n} {}", t.name)).collect();
    let most = types.iter().map(|t| t.values.len()).max().unwrap();
    let rows: Vec<String> = (0..most)
        .map(|i| {
            let each =
                types.iter().map(|t| t.values.get(i).map_or("NULL".to_owned(), |v| format!("({v})::{}", t.name)));
            format!("({}, {})", i + 1, each.collect::<Vec<_>>().join(", "))
        })
        .collect();
    format!(
        "CREATE TABLE {name} (id int PRIMARY KEY, {}); INSERT INTO {name} (id) VALUES (0); INSERT INTO {name} VALUES {}",
        columns.join(", "),
        rows.join(", ")
    )
}

/// Through a load and through a merge alike. A few tables, for a wide row is slow in the emulator.
#[tokio::test(flavor = "multi_thread")]
async fn every_type_arrives_as_it_is() {
    let w = World::new().await;
    w.sql(MADE).await;
    let tables: Vec<(String, &[Typed])> = TYPES.chunks(40).enumerate().map(|(n, t)| (format!("wide_{n}"), t)).collect();
    let mut config = String::from("[defaults]\ndeletes = \"keys\"\n");
    for (name, types) in &tables {
        w.sql(&wide(name, types)).await;
        config.push_str(&format!("[[table]]\nsource = \"{name}\"\n"));
    }
    w.config(&config);
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    for (run, (name, types)) in ran.json()["runs"].as_array().unwrap().iter().zip(&tables) {
        let counts = &run["tables"][0];
        assert_eq!((counts["quarantined"].as_u64(), counts["nulled"].as_u64()), (Some(0), Some(0)), "{run}");
        let table = w.bigquery.get(&format!("/datasets/{}/tables/{name}", w.dataset)).await;
        let fields = table["schema"]["fields"].as_array().unwrap();
        for (field, t) in fields.iter().skip(1).zip(*types) {
            assert_eq!(field["type"], t.target, "{}", t.name);
        }
        w.assert_equal(name).await;
        w.sql(&format!("UPDATE {name} SET id = id + 100")).await;
    }
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    for (name, _) in &tables {
        w.assert_equal(name).await;
    }
}

/// The list above leaves none out.
#[tokio::test(flavor = "multi_thread")]
async fn no_built_in_type_is_left_out() {
    let w = World::new().await;
    // Pseudo-types and those of the server's own catalogs can't be a column's; arrays are made of the others.
    let sql = "SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace \
        AND typtype IN ('b', 'r', 'm') AND typoutput <> 'array_out'::regproc AND typname NOT IN \
        ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary', 'gtsvector')";
    let rows = w.pg.query(sql, &[]).await.unwrap();
    let plain = |name: &str| name.split('(').next().unwrap().to_owned();
    let mut tested: Vec<String> = TYPES.iter().map(|t| plain(t.name)).collect();
    for (short, long) in [
        ("time", "time without time zone"),
        ("timetz", "time with time zone"),
        ("timestamp", "timestamp without time zone"),
        ("timestamptz", "timestamp with time zone"),
        ("varchar", "character varying"),
        ("char", "character"),
        ("varbit", "bit varying"),
    ] {
        assert!(tested.contains(&short.to_owned()));
        tested.push(long.to_owned());
    }
    let missing: Vec<String> = rows.iter().map(|r| r.get(0)).filter(|n| !tested.contains(n)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Values that BigQuery holds and its emulator does not: doubles that are no numbers, wide BIGNUMERICs, JSON scalars.
#[tokio::test(flavor = "multi_thread")]
async fn staged_values_that_the_emulator_cannot_keep() {
    let w = World::new().await;
    let digits = format!("578960446186580977117854925043439539265.{}", "9".repeat(38));
    let cases: Vec<(&str, String, String)> = vec![
        ("double precision", "'NaN'".into(), "\"NaN\"".into()),
        ("double precision", "'Infinity'".into(), "\"Infinity\"".into()),
        ("real", "'-Infinity'".into(), "\"-Infinity\"".into()),
        ("double precision", "'-0'".into(), "-0.0".into()),
        // A scalar at the top of a document.
        ("json", "'\"s\"'".into(), "\"s\"".into()),
        ("jsonb", "'18446744073709551615'".into(), "18446744073709551615".into()),
        ("numeric", digits.clone(), format!("\"{digits}\"")),
        (
            "numeric",
            "-0.00000000000000000000000000000000000001".into(),
            "\"-0.00000000000000000000000000000000000001\"".into(),
        ),
        (
            "numeric(76,38)",
            "99999999999999999999999999999999999999.99999999999999999999999999999999999999".into(),
            "\"99999999999999999999999999999999999999.99999999999999999999999999999999999999\"".into(),
        ),
    ];
    staged(&w, "", &cases).await;
}

/// What each type can't hold, with the reason; the column becomes NULL and the value is kept.
#[tokio::test(flavor = "multi_thread")]
async fn every_value_that_cannot_be_held_is_kept_with_its_reason() {
    let w = World::new().await;
    w.sql(MADE).await;
    let cases = [
        ("date", "'infinity'", "infinity"),
        ("date", "'0044-03-15 BC'", "a year before 1"),
        ("date", "'10000-01-01'", "a year after 9999"),
        ("time", "'24:00:00'", "24:00:00"),
        ("timestamp", "'-infinity'", "infinity"),
        ("timestamp", "'10000-01-01 00:00:00'", "a year after 9999"),
        ("timestamptz", "'0001-01-01 00:00:00+00 BC'", "a year before 1"),
        ("numeric", "'NaN'", "NaN"),
        ("numeric", "'-Infinity'", "Infinity"),
        ("numeric(10,2)", "'NaN'", "NaN"),
        ("numeric", "1e39", "larger than BIGNUMERIC"),
        ("numeric", "1e-39", "more than 38 digits after the point"),
        ("json", "'null'", "a bare JSON null"),
        ("jsonb", "'null'", "a bare JSON null"),
        ("json", "'{\"a\": 1, \"\\u0061\": 2}'", "a key twice in one object"),
        ("json", "'\"\\ud800\"'", "half of a surrogate pair, which is no character"),
        ("jsonb", "'[0.1234567890123456789]'", "a number that neither INT64 nor FLOAT64 holds exactly"),
        ("jsonb", "(repeat('[', 501) || repeat(']', 501))", "nested deeper than 500"),
        ("integer[]", "'[0:1]={1,2}'", "array bounds that do not begin at 1"),
        ("numeric[]", "'{0.1234567890123456789}'", "a number that neither INT64 nor FLOAT64 holds exactly"),
        ("jsonb[]", "ARRAY['null'::jsonb]", "a bare JSON null"),
        ("pair[]", "'[2:2]={\"(1,a)\"}'", "array bounds that do not begin at 1"),
        ("held", "ROW('{\"a\": 1, \"a\": 2}'::json)", "a key twice in one object"),
    ];
    let columns: Vec<String> = cases.iter().enumerate().map(|(n, (t, ..))| format!("c{n} {t}")).collect();
    w.sql(&format!("CREATE TABLE odd (id int PRIMARY KEY, note text DEFAULT 'kept', {})", columns.join(", "))).await;
    for (n, (type_name, value, _)) in cases.iter().enumerate() {
        w.sql(&format!("INSERT INTO odd (id, c{n}) VALUES ({n}, ({value})::{type_name})")).await;
    }
    w.config("[[table]]\nsource = \"odd\"\n");
    let report = w.tick().await;
    let many = Some(cases.len() as u64);
    assert_eq!((report["tables"][0]["quarantined"].as_u64(), report["tables"][0]["nulled"].as_u64()), (many, many));
    let lines: Vec<Value> = w.staged("", "quarantine").await.iter().map(|l| serde_json::from_str(l).unwrap()).collect();
    for (n, (type_name, value, reason)) in cases.iter().enumerate() {
        let line =
            lines.iter().find(|l| l["column"] == format!("c{n}")).unwrap_or_else(|| panic!("{type_name} {value}"));
        assert_eq!(
            (line["reason"].as_str(), line["row"]["note"].as_str()),
            (Some(*reason), Some("kept")),
            "{type_name} {value}"
        );
        // The value reads back as what it was, but for the composite, which was read as JSON.
        if *type_name == "held" {
            continue;
        }
        let kept = line["value"].as_str().unwrap().replace('\'', "''");
        let row =
            w.pg.query_one(&format!("SELECT c{n}::text = '{kept}'::{type_name}::text FROM odd WHERE id = {n}"), &[])
                .await;
        assert!(row.unwrap().get::<_, bool>(0), "{type_name} {value}: {kept}");
    }
    let status = w.run(&["status", "--json"]).await.json();
    assert_eq!(status["feeds"][0]["quarantined"].as_u64(), many);
    let nulls = w.target("SELECT COUNT(*) FROM `{d}.odd` WHERE c0 IS NULL AND c12 IS NULL AND c18 IS NULL").await;
    assert_eq!(nulls[0][0].as_deref(), Some(cases.len().to_string().as_str()));
}

/// Inserts each value in a row of its own, and compares the staged JSON of its column.
async fn staged(w: &World, config: &str, cases: &[(&str, String, String)]) {
    let columns: Vec<String> = cases.iter().enumerate().map(|(n, (t, ..))| format!("c{n} {t}")).collect();
    w.sql(&format!("CREATE TABLE s (id int PRIMARY KEY, {})", columns.join(", "))).await;
    for (n, (_, value, _)) in cases.iter().enumerate() {
        w.sql(&format!("INSERT INTO s (id, c{n}) VALUES ({n}, {value})")).await;
    }
    w.config(&format!("[[table]]\nsource = \"s\"\n{config}"));
    w.run(&["run"]).await;
    let lines = w.staged("", "upserts").await;
    for (n, (type_name, value, expected)) in cases.iter().enumerate() {
        let line = lines.iter().find(|l| l.contains(&format!("\"id\":{n},"))).unwrap_or_else(|| panic!("{lines:#?}"));
        assert_eq!(*line, format!("{{\"id\":{n},\"c{n}\":{expected}}}"), "{type_name} {value}");
    }
}

/// REPEATED columns: what they hold, and what is refused; through a load, a merge and a comparison of all rows.
#[tokio::test(flavor = "multi_thread")]
async fn arrays_as_repeated_columns() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE r (id int PRIMARY KEY, i int[], t text[], d date[], v text); INSERT INTO r VALUES (1, '{1,2}', '{a,\"b \\\"c\\\"\"}', '{2024-01-01}', 'x'), \
         (2, '{}', NULL, NULL, 'x'), (3, '{1,NULL}', '{{a},{b}}', '{infinity}', 'x'), (4, '[0:0]={1}', '{\"\"}', '{}', 'x')",
    )
    .await;
    let config = "[[table]]\nsource = \"r\"\narrays = \"repeated\"\ndeletes = \"keys\"\n";
    w.config(config);
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["nulled"], 4, "{report}");
    // The emulator takes a REPEATED column that is left out for a NULL one; BigQuery knows none.
    let read = async || {
        let rows = w.target("SELECT CAST(id AS STRING), TO_JSON_STRING(i), TO_JSON_STRING(t), TO_JSON_STRING(d), v FROM `{d}.r` ORDER BY id").await;
        rows.into_iter()
            .map(|r| r.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join(" ").replace("null", "[]"))
            .collect::<Vec<_>>()
    };
    let expected =
        ["1 [1,2] [\"a\",\"b \\\"c\\\"\"] [\"2024-01-01\"] x", "2 [] [] [] x", "3 [] [] [] x", "4 [] [\"\"] [] x"];
    assert_eq!(read().await, expected);
    w.sql("UPDATE r SET i = '{7,8,9}', t = '{z}' WHERE id = 2; DELETE FROM r WHERE id = 4").await;
    w.tick().await;
    let expected = [expected[0], "2 [7,8,9] [\"z\"] [] x", expected[2]];
    assert_eq!(read().await, expected);
    w.config(&format!("{config}reconcile_every = \"1s\"\n"));
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    w.tick().await;
    assert_eq!(read().await, expected);
    // What BigQuery neither clusters nor partitions by.
    for (wish, said) in [
        ("cluster = [\"i\"]", "does not cluster by the column i"),
        ("cluster = [\"v\", \"v\"]", "or it is named twice"),
        ("partition = { column = \"v\" }", "does not partition the column v"),
    ] {
        w.config(&format!("{config}{wish}\n"));
        let ran = w.run(&["check"]).await;
        assert!(ran.code == 2 && ran.stdout.contains(said), "{}", ran.stdout);
    }
    w.config(config);
    let check = w.run(&["check", "--verbose"]).await;
    assert!(check.stdout.contains("ARRAY<INT64>") && check.stdout.contains("a NULL element"), "{}", check.stdout);
}

/// `columns.<name>.type`.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_forced_to_another_type() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE f (id int PRIMARY KEY, n numeric, m numeric, i int, at timestamp, j text, b bool, a int[]); INSERT INTO f VALUES \
         (1, 1.5, 1.5, 7, '2024-01-01 12:00:00', '{\"a\": [1]}', true, '{1,NULL}'), (2, 1e30, 1e-10, 8, 'infinity', 'not json', false, '[0:0]={1}')",
    )
    .await;
    let types = "n = \"NUMERIC\"\nm = \"NUMERIC\"\ni = \"BIGNUMERIC\"\nat = \"TIMESTAMP\"\nj = \"JSON\"\nb = \"STRING\"\na = \"STRING\"\n";
    let types = types.replace(" = ", ".type = ");
    w.config(&format!("[[table]]\nsource = \"f\"\n[table.columns]\n{types}"));
    let report = w.tick().await;
    assert_eq!(report["tables"][0]["nulled"], 4, "{report}");
    let rows = w
        .target(
            "SELECT CAST(n AS STRING), CAST(i AS STRING), CAST(UNIX_MICROS(at) AS STRING), TO_JSON_STRING(j), b, a, CAST(m AS STRING) FROM `{d}.f` ORDER BY id",
        )
        .await;
    let texts = |row: &[Option<String>]| {
        row.iter()
            .map(|v| v.clone().unwrap_or("NULL".into()))
            .map(|v| match v.contains('.') {
                true => v.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => v,
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(texts(&rows[0]), "1.5 7 1704110400000000 {\"a\":[1]} t {1,NULL} 1.5");
    assert_eq!(texts(&rows[1]).replace("null", "NULL"), "NULL 8 NULL NULL f [0:0]={1} NULL");
    w.config("[[table]]\nsource = \"f\"\n[table.columns]\nj.type = \"INT64\"\n");
    let ran = w.run(&["check"]).await;
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stdout.contains("the column j has the type text, whose values are no INT64"), "{}", ran.stdout);
}

/// The digest is the source's, the value never leaves it; another salt makes other digests of all rows.
#[tokio::test(flavor = "multi_thread")]
async fn hashed_columns() {
    use sha2::{Digest, Sha256};
    let w = World::new().await;
    w.sql("CREATE TABLE p (id int PRIMARY KEY, email text, n int); INSERT INTO p VALUES (1, 'MARKER@example.org', 7), (2, NULL, NULL)").await;
    let config = |salt: &str| {
        w.config("[[table]]\nsource = \"p\"\nhash = [\"email\", \"n\"]\n");
        let text = std::fs::read_to_string(w.config_path()).unwrap();
        std::fs::write(
            w.config_path(),
            text.replace("[storage]", &format!("hash_salt = \"{}\"\n[storage]", salt.replace('\\', "\\\\"))),
        )
        .unwrap();
    };
    let digest = |salt: &str, value: &str| {
        Sha256::digest(format!("{salt}{value}")).iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    for (salt, why) in [
        ("it's a \\ salt, long", "first load"),
        ("another salt that is long", "definition in config or source has changed"),
    ] {
        config(salt);
        let ran = w.run(&["run", "--json"]).await;
        assert!(ran.run()["whole"].as_str().is_some_and(|w| w.contains(why)), "{}", ran.stdout);
        let rows = w.target("SELECT email, n FROM `{d}.p` ORDER BY id").await;
        assert_eq!(rows[0], [Some(digest(salt, "MARKER@example.org")), Some(digest(salt, "7"))]);
        assert_eq!(rows[1], [None, None]);
        let said = format!("{}{}{:?}", ran.stdout, ran.stderr, w.staged("", "").await);
        assert!(!said.contains("MARKER") && !said.contains(salt), "{said}");
        for args in [["plan"], ["check"], ["run"]] {
            let child = w.command(&args).env("RUST_LOG", "trace").spawn().unwrap();
            let ran = w.finish(child).await;
            let said = format!("{}{}", ran.stdout, ran.stderr);
            // As it is, and as a statement or a debug form would have it.
            let part = salt.split('\\').next_back().unwrap();
            assert!(!said.contains(salt) && !said.contains(part) && !said.contains("MARKER"), "{said}");
        }
    }
    w.sql("UPDATE p SET email = 'other' WHERE id = 1").await;
    w.tick().await;
    let rows = w.target("SELECT email FROM `{d}.p` ORDER BY id").await;
    assert_eq!(rows[0][0], Some(digest("another salt that is long", "other")));
    w.config("[[table]]\nsource = \"p\"\nhash = [\"id\"]\n");
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    std::fs::write(w.config_path(), text.replace("[storage]", "hash_salt = \"0123456789abcdef\"\n[storage]")).unwrap();
    let ran = w.run(&["check"]).await;
    assert!(ran.code == 2 && ran.stdout.contains("is hashed, but the rows are found by it"), "{}", ran.stdout);
}

/// Tables that are more than one relation, and columns that are computed.
#[tokio::test(flavor = "multi_thread")]
async fn partitions_inheritance_and_generated_columns() {
    let w = World::new().await;
    w.sql(
        "CREATE TABLE parts (id int, day date, v text, g text GENERATED ALWAYS AS (v || '!') STORED, PRIMARY KEY (id, day)) PARTITION BY RANGE (day); \
         CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2024-02-01'); \
         CREATE TABLE parts_2 (v text, day date NOT NULL, id int NOT NULL, g text GENERATED ALWAYS AS (v || '!') STORED); \
         ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM ('2024-02-01') TO ('2024-03-01'); \
         INSERT INTO parts SELECT g, '2024-01-01'::date + g, 'v' || g FROM generate_series(1, 50) g; \
         CREATE TABLE base (id int PRIMARY KEY, v text, s bigint GENERATED ALWAYS AS IDENTITY); CREATE TABLE child (extra text) INHERITS (base); \
         INSERT INTO base VALUES (1, 'own'); INSERT INTO child (id, v, s, extra) VALUES (2, 'inherited', 5, 'not seen')",
    )
    .await;
    w.config("[[table]]\nsource = \"parts\"\n[[table]]\nsource = \"base\"\nkey = [\"id\"]\n");
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    for table in ["parts", "base"] {
        w.assert_equal(table).await;
    }
    w.sql("UPDATE parts SET v = 'changed' WHERE id % 7 = 0; UPDATE child SET v = 'again'").await;
    assert_eq!(w.run(&["run"]).await.code, 0);
    for table in ["parts", "base"] {
        w.assert_equal(table).await;
    }
}
