//! `plimsoll init`: the config it writes is right as it stands, keeps the promise, and says why.

use expect_test::expect;
use plimsoll::config::{Config, Environment};

use crate::support::{Database, World};

/// Names that need care, keys that are none, tables that others keep for themselves.
const ODD: &str = r#"
CREATE SCHEMA app; CREATE SCHEMA "My ""Odd"" Schema"; CREATE SCHEMA hdb_catalog;
CREATE TABLE app.orders (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ON app.orders (updated_at);
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at = now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TABLE orders (id bigint PRIMARY KEY, note text, updated_at timestamptz NOT NULL); CREATE INDEX ON orders (updated_at);
CREATE TRIGGER half BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TABLE large (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL); CREATE INDEX ON large (updated_at); CREATE TABLE heavy (id bigint PRIMARY KEY);
UPDATE pg_class SET reltuples = 5000000 WHERE relname IN ('large', 'heavy');
CREATE TABLE conditional (id int PRIMARY KEY, status text, updated_at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ON conditional (updated_at);
CREATE FUNCTION touch_if() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' OR NEW.status <> OLD.status THEN NEW.updated_at = now(); END IF; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON conditional FOR EACH ROW EXECUTE FUNCTION touch_if();
CREATE TABLE remarked (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ON remarked (updated_at);
CREATE FUNCTION touch_not() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN -- once it was
 /* NEW.updated_at = now(); */ RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON remarked FOR EACH ROW EXECUTE FUNCTION touch_not();
CREATE TABLE overruled (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ON overruled (updated_at);
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON overruled FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER b BEFORE UPDATE ON overruled FOR EACH ROW EXECUTE FUNCTION touch_not();
CREATE TABLE unindexed (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL);
CREATE TABLE nokey (a int, b text); CREATE TABLE uniq (a int NOT NULL, b text, token text NOT NULL UNIQUE, c int NOT NULL, UNIQUE (a, c)); CREATE TABLE jsonkey (a jsonb PRIMARY KEY, b text);
CREATE TABLE "Odd ""Name"".x" ("Id" int PRIMARY KEY, "a b" text, "a_b" text, "A-B" text);
CREATE TABLE "${HOME}" (id int PRIMARY KEY, "${PASSWORD}" text); CREATE TABLE "line
break" (id int PRIMARY KEY); CREATE TABLE "größe🦀" (id int PRIMARY KEY); CREATE TABLE "Orders" (id int PRIMARY KEY);
CREATE TABLE sixty_three_characters_are_the_longest_name_that_postgresql_keeps (id int PRIMARY KEY);
CREATE TABLE "My ""Odd"" Schema"."a.b" (id int PRIMARY KEY); CREATE TABLE nocolumns ();
CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child () INHERITS (parent); CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY);
CREATE TABLE users (id int PRIMARY KEY, email text, password text, api_key text, birth_date date, token_count int);
CREATE TABLE bykey (email text PRIMARY KEY);
CREATE TABLE django_session (session_key text PRIMARY KEY, session_data text); CREATE TABLE hdb_catalog.meta (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id, note FROM orders; CREATE MATERIALIZED VIEW mv AS SELECT * FROM v;
CREATE TABLE guarded (id int PRIMARY KEY); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE TABLE partly (id int PRIMARY KEY, v text, hidden text); CREATE TABLE shut (id int PRIMARY KEY);
CREATE ROLE reader LOGIN PASSWORD 'secret-of-reader'; CREATE ROLE nobody LOGIN PASSWORD 'x';
GRANT USAGE ON SCHEMA app, "My ""Odd"" Schema" TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA public, app, "My ""Odd"" Schema" TO reader;
REVOKE ALL ON partly, shut FROM reader; GRANT SELECT (id, v) ON partly TO reader;
"#;

fn parse(text: &str) -> Config {
    let env = Environment::from([("DATABASE_URL", "postgres://h/d")]);
    Config::parse("plimsoll.toml", text, &env).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// The part of the file about one table: from its heading to the next empty line.
fn about<'t>(text: &'t str, heading: &str) -> &'t str {
    let start = text.find(&format!("\n# {heading}")).unwrap_or_else(|| panic!("{heading} is not in\n{text}")) + 1;
    let rest = &text[start..];
    &rest[..rest.find("\n\n").map_or(rest.len(), |n| n + 1)]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_choice_stands_in_the_file_with_its_reason() {
    let db = Database::new(ODD).await;
    let reader = db.url_of("reader", "secret-of-reader");
    let ran = db.run_with(&["init"], &[("DATABASE_URL", &reader)]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let text = db.read("plimsoll.toml");
    assert!(!text.contains("secret-of-reader") && !text.contains("parts_1") && !text.contains("child"), "{text}");
    let config = parse(&text);
    assert!(
        ran.stdout.starts_with(&format!("wrote plimsoll.toml with {} tables\n6 more stand there", config.tables.len())),
        "{}",
        ran.stdout
    );
    // What the names become in the config is what they are in the database.
    for name in ["My \"Odd\" Schema.a.b", "public.${HOME}", "public.line\nbreak", "public.Odd \"Name\".x"] {
        assert!(config.tables.iter().any(|t| t.source.to_string() == name), "{name}: {text}");
    }
    for heading in [
        "app.orders:",
        "public.orders:",
        "public.unindexed:",
        "public.nokey:",
        "public.uniq:",
        "public.jsonkey:",
        "public.\"$ {HOME}\":",
        "public.\"Odd \"\"Name\"\".x\":",
        "public.users:",
        "public.bykey:",
        "public.parent,",
        "public.parts,",
        "public.partly:",
    ] {
        about(&text, heading);
    }
    let shown: Vec<&str> = [
        "app.orders:",
        "public.orders:",
        "public.large,",
        "public.heavy,",
        "public.unindexed:",
        "public.users:",
        "public.nokey:",
        "public.uniq:",
        "public.jsonkey:",
        "public.\"Odd",
        "public.\"$",
        "public.bykey:",
        "public.parent,",
        "public.partly:",
    ]
    .iter()
    .map(|heading| about(&text, heading))
    .collect();
    // A trigger that may not set the column, or not to the last value, makes no cursor.
    for name in ["conditional", "remarked", "overruled"] {
        let about = about(&text, &format!("public.{name}: all changes"));
        assert!(about.contains("\ncapture = \"xmin\"") && about.contains("\ndeletes = \"keys\""), "{about}");
    }
    expect![[r##"
        # app.orders: changes that set updated_at, and deletes
        [[table]]
        source = "app.orders"
        target = "app_orders"
        cursor = "updated_at"  # it has an index, and the trigger touch sets it on every insert and update
        deletes = "keys"

        # public.orders: all changes
        [[table]]
        source = "public.orders"
        capture = "xmin"  # also finds writes that do not set updated_at, such as updates in bulk
        # cursor = "updated_at"  # in place of capture, when the table is large and every write sets it: it has an index
        deletes = "keys"

        # public.large, about 5000000 rows: changes that set updated_at, deletes every 1h, all others every 7d
        [[table]]
        source = "public.large"
        # it has an index; a write that does not set it, such as an update in bulk, waits for reconcile_every
        cursor = "updated_at"
        reconcile_every = "7d"  # reads the whole table and compares it with the target, so that nothing is missed for longer
        deletes = "keys"
        deletes_every = "1h"  # each time reads all keys of the source

        # public.heavy, about 5000000 rows: deletes every 1h
        [[table]]
        source = "public.heavy"
        capture = "xmin"
        deletes = "keys"
        deletes_every = "1h"  # each time reads all keys of the source

        # public.unindexed: all changes
        [[table]]
        source = "public.unindexed"
        capture = "xmin"  # no index begins with updated_at, so a cursor would scan the table too, and find less
        deletes = "keys"

        # public.users: all changes
        [[table]]
        source = "public.users"
        capture = "xmin"
        deletes = "keys"
        exclude = ["password", "api_key"]  # named like secrets, so never read
        # hash = ["email", "birth_date"]  # named like personal data

        # public.nokey: all changes
        [[table]]
        source = "public.nokey"
        # no primary key, and no unique index over columns that are NOT NULL: rows are told apart by what they hold
        capture = "digest"
        key = "row"

        # public.uniq: all changes
        [[table]]
        source = "public.uniq"
        key = ["a", "c"]  # no primary key; a unique index is on this
        capture = "xmin"
        deletes = "keys"
        exclude = ["token"]  # named like secrets, so never read

        # public.jsonkey: all changes
        [[table]]
        source = "public.jsonkey"
        capture = "digest"  # BigQuery takes no key of type jsonb (a): rows are told apart by what they hold
        key = "row"

        # public."Odd ""Name"".x": all changes
        [[table]]
        source = "public.\"Odd \"\"Name\"\".x\""
        target = "Odd__Name__x"
        capture = "xmin"
        deletes = "keys"
        # BigQuery compares names without case, and takes letters, digits and underscores
        rename = { "a_b" = "a_b_2", "A-B" = "A_B_3" }

        # public."$ {HOME}": all changes
        [[table]]
        source = "public.\"\u0024\u0024{HOME}\""
        target = "__HOME_"
        capture = "xmin"
        deletes = "keys"
        exclude = ["\u0024\u0024{PASSWORD}"]  # named like secrets, so never read

        # public.bykey: all changes
        # The key email is named like personal data. A key can't be hashed or excluded: name other columns with key, or leave
        # the table out.
        [[table]]
        source = "public.bykey"
        capture = "xmin"
        deletes = "keys"

        # public.parent, with the tables that inherit from it (keys have to differ among all of them): all changes
        [[table]]
        source = "public.parent"
        capture = "xmin"
        deletes = "keys"

        # public.partly: all changes
        # The role may read these columns alone: id, v. With GRANT SELECT ON "public"."partly" TO "reader" only changed rows
        # would be read.
        [[table]]
        source = "public.partly"
        capture = "digest"  # the role may not read which transaction wrote a row (xmin): all rows are compared by hash
        exclude = ["hidden"]  # the role may not read them
    "##]].assert_eq(&shown.join("\n"));
    let commented: Vec<&str> = [
        "public.django_session",
        "public.guarded",
        "public.mv",
        "public.nocolumns",
        "public.scratch",
        "public.v,",
        "Not listed",
    ]
    .iter()
    .map(|heading| about(&text, heading))
    .collect();
    expect![[r##"
        # public.django_session
        # Not data of the application: Django's sessions.
        # The key session_key is named like a secret, and a key can't be hashed or excluded: name other columns with key.
        # [[table]]
        # source = "public.django_session"
        # capture = "xmin"
        # deletes = "keys"

        # public.guarded
        # Row-level security would hide rows from the role, and a hidden row looks deleted. To read them all: ALTER ROLE
        # "reader" BYPASSRLS
        # [[table]]
        # source = "public.guarded"
        # capture = "xmin"
        # deletes = "keys"

        # public.mv, materialized view
        # A materialized view: the catalog does not name its key, and its rows do not say which transaction wrote them. As it
        # stands here, all of it is compared each tick. REFRESH writes all of its rows again.
        # [[table]]
        # source = "public.mv"
        # capture = "digest"
        # key = "row"

        # public.nocolumns
        # It has no columns.
        # [[table]]
        # source = "public.nocolumns"
        # # no primary key, and no unique index over columns that are NOT NULL: rows are told apart by what they hold
        # capture = "digest"
        # key = "row"

        # public.scratch
        # An unlogged table: a crash of the server empties it, and a standby can't read it.
        # [[table]]
        # source = "public.scratch"
        # capture = "xmin"
        # deletes = "keys"

        # public.v, view
        # A view: the catalog does not name its key, and its rows do not say which transaction wrote them. As it stands here,
        # all of it is compared each tick.
        # [[table]]
        # source = "public.v"
        # capture = "digest"
        # key = "row"

        # Not listed: public.shut. The role reader may not read them. To let it:
        #   GRANT SELECT ON "public"."shut" TO "reader";
    "##]].assert_eq(&commented.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_listed_and_nothing_else() {
    let db = Database::new(ODD).await;
    let listed = async |args: &[&str]| {
        let ran = db.run(&[&["init", "--output", "-"], args].concat()).await;
        assert_eq!(ran.code, 0, "{args:?} {}", ran.stderr);
        let tables = parse(&ran.stdout).tables;
        tables.iter().map(|t| t.source.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&["--schema", "app"]).await, ["app.orders"]);
    assert_eq!(listed(&["--table", "orders"]).await, ["app.orders", "public.orders"]);
    assert_eq!(listed(&["--table", "public.or*", "--table", "a.b"]).await, ["My \"Odd\" Schema.a.b", "public.orders"]);
    assert_eq!(listed(&["--table", "*.o??ers", "--exclude", "public.*"]).await, ["app.orders"]);
    // What a framework keeps for itself is somebody's wish when it is named.
    assert_eq!(listed(&["--table", "django_session"]).await, ["public.django_session"]);
    assert_eq!(listed(&["--table", "v", "--table", "public.mv"]).await, ["public.mv", "public.v"]);
    assert_eq!(listed(&["--schema", "hdb_catalog"]).await, ["hdb_catalog.meta"]);
    let refused = async |args: &[&str], code: i32, wanted: &[&str]| {
        let ran = db.run(&[&["init", "--output", "-"], args].concat()).await;
        let told = wanted.iter().all(|w| ran.stderr.contains(w));
        assert!(ran.code == code && told && ran.stdout.is_empty(), "{args:?} {} {}", ran.code, ran.stderr);
    };
    refused(
        &["--table", "public.order"],
        2,
        &["--table public.order matches no table or view", "did you mean --table public.orders?"],
    )
    .await;
    refused(&["--schema", "App"], 2, &["did you mean --schema app?"]).await;
    refused(&["--exclude", "invoices"], 2, &["--exclude invoices matches no table"]).await;
    refused(&["--schema", "app", "--exclude", "*"], 2, &["leave no table"]).await;
    // Who asks for JSON gets JSON.
    let ran = db.run(&["init", "--output", "-", "--table", "app.orders", "--json"]).await;
    let json = ran.json();
    assert_eq!((ran.code, &json["tables"], &json["commented_out"]), (0, &1.into(), &0.into()), "{json}");
    assert_eq!(parse(json["text"].as_str().unwrap()).tables.len(), 1);
    // The place of the file is looked at first.
    db.write("plimsoll.toml", "mine");
    let ran = db.run(&["init"]).await;
    assert!(
        ran.code == 2 && ran.stderr.contains("the file exists") && db.read("plimsoll.toml") == "mine",
        "{}",
        ran.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_nothing_is_told_what_to_type() {
    let db = Database::new(ODD).await;
    let nobody = db.url_of("nobody", "x");
    let ran = db.run_with(&["init"], &[("DATABASE_URL", &nobody)]).await;
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("the role nobody may not read any of the"), "{}", ran.stderr);
    let hint = ran.stderr.lines().find_map(|l| l.strip_prefix("hint: as the tables' owner: ")).expect("a hint");
    // What it says helps.
    db.pg.batch_execute(hint).await.unwrap();
    let ran = db.run_with(&["init"], &[("DATABASE_URL", &nobody)]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);

    db.pg.batch_execute("CREATE DATABASE empty").await.unwrap();
    let empty = db.url().replace("/postgres", "/empty").replacen("/empty:", "/postgres:", 1);
    let ran = db.run_with(&["init", "--force"], &[("DATABASE_URL", &empty)]).await;
    assert!(ran.code == 1 && ran.stderr.contains("the database empty has no tables"), "{}", ran.stderr);
    let ran = db.run_with(&["init", "--force"], &[]).await;
    assert!(
        ran.code == 2 && ran.stderr.contains("no database is named") && ran.stderr.contains("export DATABASE_URL="),
        "{}",
        ran.stderr
    );
    // A password in an argument is no secret; it is not repeated.
    let ran = db.run_with(&["init", "--force", &nobody], &[]).await;
    assert!(
        ran.code == 0
            && ran.stderr.contains("warning: the URL in the argument has a password in it")
            && !ran.stderr.contains(":x@"),
        "{}",
        ran.stderr
    );
}

/// The module's own names, and no variable beside those that it sets.
#[tokio::test(flavor = "multi_thread")]
async fn a_config_for_terraform_has_the_names_of_the_module() {
    let db = Database::new(ODD).await;
    let ran = db.run(&["init", "--terraform"]).await;
    assert!(
        ran.code == 0 && ran.stdout.contains("terraform/examples/minimal/plimsoll.toml"),
        "{} {}",
        ran.stdout,
        ran.stderr
    );
    let text = db.read("plimsoll.toml");
    let set = [
        ("DATABASE_URL", "postgres://h/d"),
        ("PLIMSOLL_BUCKET", "b"),
        ("PLIMSOLL_PREFIX", "p"),
        ("GOOGLE_CLOUD_PROJECT", "my-project"),
        ("PLIMSOLL_DATASET", "d"),
        ("PLIMSOLL_STAGING_DATASET", "s"),
        ("PLIMSOLL_LOCATION", "EU"),
        ("PLIMSOLL_TOPIC", "ticks"),
    ];
    let named: Vec<&str> =
        text.split("${").skip(1).filter_map(|rest| rest.split('}').next()).filter(|n| *n != "…").collect();
    for (name, _) in &set {
        assert!(named.contains(name), "{name}");
    }
    assert!(named.iter().all(|n| set.iter().any(|(name, _)| name == n)), "{named:?}");
    let env = Environment::from(set);
    let config = Config::parse("plimsoll.toml", &text, &env).unwrap();
    assert_eq!((config.storage.bucket.as_str(), config.bigquery.staging_dataset.as_str()), ("b", "s"));
    assert!(config.tables.iter().any(|t| t.source.name == "${HOME}"));
}

/// What triggers log, in the shape of supa_audit; one table is not covered by them.
const LOGGED: &str = "
CREATE SCHEMA audit; CREATE TYPE audit.operation AS ENUM ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE');
CREATE TABLE audit.record_version (id bigserial PRIMARY KEY, op audit.operation NOT NULL, ts timestamptz NOT NULL DEFAULT now(), table_oid oid NOT NULL,
    table_schema name NOT NULL, table_name name NOT NULL, record jsonb, old_record jsonb);
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit.record_version (op, table_oid, table_schema, table_name, record, old_record) VALUES (TG_OP::audit.operation, TG_RELID,
        TG_TABLE_SCHEMA, TG_TABLE_NAME, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END, CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END);
    RETURN NULL; END $$;
CREATE FUNCTION audit.note_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit.record_version (op, table_oid, table_schema, table_name) VALUES ('TRUNCATE', TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME);
    RETURN NULL; END $$;
CREATE TABLE audited (id int PRIMARY KEY, v text); CREATE TABLE changelog (id int PRIMARY KEY);
CREATE TABLE rows_only (id int PRIMARY KEY); CREATE TABLE many_rows (id int PRIMARY KEY); CREATE TABLE partial (id int PRIMARY KEY, w text);
UPDATE pg_class SET reltuples = 5000000 WHERE relname = 'many_rows';
CREATE TRIGGER audit_i_u_d AFTER INSERT OR UPDATE OR DELETE ON audited FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit_t AFTER TRUNCATE ON audited FOR EACH STATEMENT EXECUTE FUNCTION audit.note_truncate();
CREATE TRIGGER audit_i_u_d AFTER INSERT OR UPDATE OR DELETE ON rows_only FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit_i_u_d AFTER INSERT OR UPDATE OR DELETE ON many_rows FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE TRIGGER audit_i_u_d AFTER INSERT OR UPDATE OR DELETE ON partial FOR EACH ROW EXECUTE FUNCTION audit.note('true', '{w}');
CREATE TRIGGER audit_t AFTER TRUNCATE ON partial FOR EACH STATEMENT EXECUTE FUNCTION audit.note_truncate();
CREATE TRIGGER inserts AFTER INSERT ON changelog FOR EACH ROW EXECUTE FUNCTION audit.note();";

/// What is written for a role with few rights passes `check` once bucket and project are filled in, and the first tick loads
/// it; changes and deletes follow.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_works_as_it_stands() {
    let w = World::new().await;
    w.sql(ODD).await;
    w.sql(LOGGED).await;
    w.sql("GRANT USAGE ON SCHEMA audit TO reader; GRANT SELECT ON audited, changelog, rows_only, many_rows, partial, audit.record_version TO reader; INSERT INTO partly VALUES (1, 'a', 'x')").await;
    let reader = w.source_url().replace(&format!("postgres:{}@", w.own.pg.password), "reader:secret-of-reader@");
    let run = async |args: &[&str]| w.finish(w.command(args).env("DATABASE_URL", &reader).spawn().unwrap()).await;
    let ran = run(&["init", "--output", "new.toml"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let path = w.dir.path().join("new.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(about(&text, "public.audited:").contains("capture = \"changelog\""), "{text}");
    // A log that misses some write is followed only where a pass over all rows finds it in the end.
    assert!(about(&text, "public.rows_only:").contains("capture = \"xmin\"\ndeletes = \"keys\""), "{text}");
    assert!(about(&text, "public.partial:").contains("capture = \"xmin\"\ndeletes = \"keys\""), "{text}");
    let many = about(&text, "public.many_rows,");
    assert!(many.contains("capture = \"changelog\"") && many.contains("\nreconcile_every = \"7d\""), "{many}");
    assert!(about(&text, "public.changelog:").contains("target = \"public_changelog\"\ncapture = \"xmin\""), "{text}");
    let filled = text.replace("gs://my-bucket/plimsoll", &format!("gs://{}/p", w.bucket)).replace("my-project", "demo");
    std::fs::write(&path, filled.replace("dataset = \"app\"", &format!("dataset = \"{}\"", w.dataset))).unwrap();
    let ran = run(&["--config", "new.toml", "check"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    // A few of them, deletes included.
    w.sql("INSERT INTO audited VALUES (1, 'a'), (2, 'b'); INSERT INTO unindexed VALUES (1, now()), (2, now()); INSERT INTO jsonkey VALUES ('{}', 'a')").await;
    let tables = ["audited", "unindexed", "jsonkey", "partly"].map(|t| ["--table", t]).concat();
    for change in [
        "",
        "DELETE FROM audited WHERE id = 1; DELETE FROM unindexed WHERE id = 1; UPDATE audited SET v = 'c'; TRUNCATE jsonkey, partly",
        "TRUNCATE audited; INSERT INTO audited VALUES (3, 'd')",
    ] {
        w.sql(change).await;
        let ran = run(&[&["--config", "new.toml", "run"], tables.as_slice()].concat()).await;
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        w.assert_equal("audited").await;
        w.assert_equal("unindexed").await;
        for table in ["jsonkey", "partly"] {
            let rows = w.target(&format!("SELECT count(*) FROM `{{d}}.{table}`")).await;
            assert_eq!(rows[0][0].as_deref(), Some(if change.is_empty() { "1" } else { "0" }), "{table}");
        }
    }
}

/// A log that an application writes is known by its name and columns (`audits` is what two libraries call theirs), and offered
/// for views.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_the_application_writes_is_offered() {
    let db = Database::new(
        "CREATE TABLE django_content_type (id int PRIMARY KEY, app_label text, model text); CREATE TABLE orders (id int PRIMARY KEY);
         CREATE VIEW shown AS SELECT id AS order_id FROM orders;
         CREATE TABLE models_logging_change (id bigserial PRIMARY KEY, date_created timestamptz, object_id text, action text, changed_data jsonb, content_type_id int)",
    )
    .await;
    let text = db.run(&["init", "--output", "-"]).await.stdout;
    assert!(text.contains("# [changelog]\n# preset = \"django-models-logging\"\n"), "{text}");
    assert!(about(&text, "public.models_logging_change\n").contains("The change log itself"), "{text}");
    let shown = about(&text, "public.shown, view").replace("\n# ", " ");
    assert!(shown.contains("such as log_types = [\"app_label.model\"]"), "{text}");
    assert!(about(&text, "public.orders: all changes").contains("deletes = \"keys\""), "{text}");
    assert_eq!(parse(&text).tables.len(), 1);
    let audits = "DROP TABLE models_logging_change; CREATE SCHEMA log; \
                  CREATE TABLE log.audits (id bigserial PRIMARY KEY, event text, auditable_type text, auditable_id bigint)";
    db.pg.batch_execute(audits).await.unwrap();
    let text = db.run(&["init", "--output", "-"]).await.stdout;
    assert!(text.contains("# preset = \"laravel-auditing\"\n# table = \"log.audits\"\n"), "{text}");
    db.pg.batch_execute("DROP SCHEMA log CASCADE; CREATE TABLE app_historicalorder (history_id serial PRIMARY KEY, id int, history_date timestamptz, history_type text)").await.unwrap();
    let text = db.run(&["init", "--output", "-"]).await.stdout;
    assert!(text.contains("# preset = \"django-simple-history\"\n"), "{text}");
}

/// A key can't be left out nor hashed: nobody has asked for a secret in BigQuery.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_a_secret_is_not_published_unasked() {
    let db =
        Database::new("CREATE TABLE tokens (token text PRIMARY KEY, n int); CREATE TABLE orders (id int PRIMARY KEY)")
            .await;
    let ran = db.run(&["init"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let text = db.read("plimsoll.toml");
    let lines = |wanted: &str| text.lines().filter(|l| l.contains(wanted)).collect::<Vec<_>>();
    assert_eq!(lines("\"public.orders\""), ["source = \"public.orders\""], "{text}");
    assert_eq!(lines("\"public.tokens\""), ["# source = \"public.tokens\""], "{text}");
    assert!(text.contains("The key token is named like a secret"), "{text}");
}

/// The role may not read the key, which is a secret: that is why rows are told apart by what they hold.
#[tokio::test(flavor = "multi_thread")]
async fn init_proposes_a_table_whose_secret_key_is_closed() {
    let db = Database::new(
        "CREATE TABLE session (token text PRIMARY KEY, person int, began timestamptz); \
         CREATE TABLE visit (token text, closed int, began timestamptz, PRIMARY KEY (token, closed)); CREATE ROLE reader LOGIN PASSWORD 'secret-of-reader'; \
         GRANT SELECT (person, began) ON session TO reader; GRANT SELECT (token, began) ON visit TO reader",
    )
    .await;
    let reader = db.url_of("reader", "secret-of-reader");
    let ran = db.run_with(&["init"], &[("DATABASE_URL", &reader)]).await;
    let text = db.read("plimsoll.toml");
    assert_eq!(text.matches("\nkey = \"row\"").count(), 2, "{}\n{text}", ran.stdout);
    // No key, so what is a secret can stay in the source.
    assert!(text.contains("\nexclude = [\"token\", \"closed\"]"), "{text}");
}
