//! Tables whose changes a SQL Server tracks are one feed: one lease, one snapshot, one seal, and each its own place.

use serde_json::Value as Json;
use sqlserver_standin::model::{DatabaseTracking, Model, Switch};
use sqlserver_standin::typed::Value;

use super::sqlserver::{assert_quiet, model_of};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

const TABLES: [&str; 3] = ["alpha", "beta", "gamma"];

fn name(table: &str) -> String {
    format!("dbo.{table}")
}

fn model() -> Model {
    let ddl = TABLES.map(|t| format!("CREATE TABLE dbo.{t} (id int NOT NULL PRIMARY KEY, v nvarchar(20) NULL);"));
    let model = model_of(&ddl.concat());
    model.set_tracking(Some(DatabaseTracking { retention_minutes: 2880, auto_cleanup: Switch::On }));
    for table in TABLES {
        model.load(&name(table), (1..=5).map(|id| vec![id.into(), "a".into()])).unwrap();
        model.track(&name(table)).unwrap();
    }
    model
}

fn config(tables: &[(&str, &str)]) -> String {
    let each = tables.iter().map(|(table, rest)| format!("[[table]]\nsource = \"{table}\"\ncapture = \"ct\"\n{rest}"));
    each.collect()
}

fn all() -> String {
    config(&TABLES.map(|t| (t, "")))
}

async fn loaded(config: &str) -> World {
    loaded_in(World::on_sql_server(model()).await, config).await
}

/// The same for a journey that asks the stand-in.
async fn loaded_on_standin(config: &str) -> World {
    loaded_in(World::on_standin(model()).await, config).await
}

async fn loaded_in(w: World, config: &str) -> World {
    w.config(config);
    w.tick().await;
    w
}

async fn all_equal(w: &World) {
    for table in TABLES {
        Published::whole(&name(table)).assert_equal(w).await;
    }
}

fn write(w: &World, table: &str, id: i32, v: &str) {
    let mut writer = w.model().begin();
    assert_eq!(writer.update(&name(table), &[id.into()], &[("v", v.into())]).unwrap(), 1);
    writer.commit();
}

fn targets(report: &Json) -> Vec<&str> {
    let tables = report["tables"].as_array().unwrap();
    tables.iter().map(|t| t["target"].as_str().unwrap().rsplit('.').next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_brings_all_tables_and_touches_only_those_that_changed() {
    let w = loaded_on_standin(&all()).await;
    all_equal(&w).await;
    assert_quiet(&w).await;
    write(&w, "alpha", 1, "b");
    let mut writer = w.model().begin();
    writer.delete("dbo.gamma", &[5.into()]).unwrap();
    writer.insert("dbo.gamma", vec![6.into(), Value::Null]).unwrap();
    writer.commit();
    w.standin().log().clear();
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.json()["runs"].as_array().unwrap().len(), 1);
    assert_eq!(targets(&ran.run()), ["alpha", "gamma"]);
    all_equal(&w).await;
    // One look for all of them, and of a table without changes one statement.
    let plans = ["ct.tables", "ct.spool", "ct.fetch", "ct.close", "snapshot.begin"];
    assert_eq!(plans.map(|plan| w.standin().log().of_plan(plan).len()), [1, 3, 2, 2, 1]);
    w.standin().log().clear();
    assert_quiet(&w).await;
    assert_eq!((w.standin().log().of_plan("ct.tables").len(), w.standin().log().of_plan("ct.spool").len()), (1, 0));
    // An idle run asks each of these once, however many tables there are.
    let mut asked: Vec<String> = w.standin().log().statements().into_iter().map(|asked| asked.plan).collect();
    let session = ["session.settings", "session.facts", "moment", "snapshot.begin", "snapshot.end"];
    let catalog = ["catalog.relations", "catalog.columns", "catalog.indexes", "ct.tables"];
    let mut wanted = [&session[..], &catalog[..]].concat();
    asked.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(asked, wanted);
    let status = w.run(&["status", "--json"]).await.json();
    let feeds: Vec<&str> = status["feeds"].as_array().unwrap().iter().map(|f| f["feed"].as_str().unwrap()).collect();
    assert_eq!(feeds, ["change_tracking"; 3]);
    assert!(w.objects().await.iter().any(|object| object.ends_with("state/change_tracking.json")));
}

/// A table that is not due, or not asked for, stays where it is; nothing of it is lost when its turn comes.
#[tokio::test(flavor = "multi_thread")]
async fn each_table_has_its_own_place() {
    let w = loaded_on_standin(&config(&[("alpha", ""), ("beta", "every = \"1h\"\n"), ("gamma", "")])).await;
    TABLES.iter().for_each(|t| write(&w, t, 1, "b"));
    assert_eq!(targets(&w.tick().await), ["alpha", "gamma"]);
    write(&w, "alpha", 2, "c");
    write(&w, "beta", 2, "c");
    // What the last run alone has looked at is looked at once more.
    assert_eq!(targets(&w.tick().await), ["alpha", "gamma"]);
    assert_quiet(&w).await;
    let ran = w.run(&["run", "--table", "beta", "--json"]).await;
    assert!(targets(&ran.run()) == ["beta"] && ran.run()["whole"].is_null(), "{}", ran.stdout);
    all_equal(&w).await;
    write(&w, "beta", 3, "d");
    write(&w, "alpha", 3, "d");
    w.tick().await;
    write(&w, "alpha", 4, "d");
    w.tick().await;
    // What was kept for the one that waits is gone: it alone is read whole.
    w.model().sweep(w.model().current_version().unwrap() - 1);
    let ran = w.run(&["run", "--table", "beta", "--json"]).await;
    assert!(ran.run()["whole"].as_str().is_some_and(|why| why.contains("has removed changes")), "{}", ran.stdout);
    all_equal(&w).await;
    // A resync of one is no business of the others.
    write(&w, "alpha", 5, "e");
    let ran = w.run(&["resync", "--table", "gamma", "--json"]).await;
    assert_eq!((ran.run()["whole"].as_str(), targets(&ran.run())), (Some("gamma: requested"), vec!["gamma"]));
    assert!(w.tick().await["whole"].is_null());
    all_equal(&w).await;
    assert_quiet(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_come_and_go() {
    let w = loaded(&config(&[("alpha", "")])).await;
    write(&w, "alpha", 1, "b");
    w.config(&all());
    let report = w.tick().await;
    assert_eq!(report["whole"], "beta: first load; gamma: first load");
    assert_eq!(targets(&report).len(), 3, "alpha goes on: {report}");
    all_equal(&w).await;
    // One that was left out for a while has missed what happened.
    w.config(&config(&[("alpha", ""), ("gamma", "")]));
    write(&w, "beta", 1, "missed");
    write(&w, "alpha", 2, "c");
    assert_eq!(targets(&w.tick().await), ["alpha"]);
    w.config(&all());
    let report = w.tick().await;
    assert_eq!((report["whole"].as_str(), targets(&report)), (Some("beta: first load"), vec!["beta"]));
    all_equal(&w).await;
    // One that is captured in another way, and comes back.
    let [alpha, _, gamma] = TABLES;
    w.config(&format!("{}[[table]]\nsource = \"beta\"\ncapture = \"digest\"\n", config(&[(alpha, ""), (gamma, "")])));
    write(&w, "beta", 2, "by digest");
    w.tick().await;
    w.tick().await;
    all_equal(&w).await;
    w.config(&all());
    write(&w, "beta", 3, "by tracking");
    assert_eq!(w.tick().await["whole"], "beta: first load");
    all_equal(&w).await;
    assert_quiet(&w).await;
}

/// What is done to the source.
type Act = fn(&World);

/// Whatever is in the way of one table, the others go on; it comes back by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_fails_for_good_is_set_aside_and_comes_back() {
    let w = loaded_on_standin(&all()).await;
    let blocked: [(&str, Act, Act); 3] = [
        (
            "change tracking of dbo.beta is off",
            |w| w.model().untrack("dbo.beta").unwrap(),
            |w| {
                w.model().track("dbo.beta").unwrap();
            },
        ),
        (
            "change tracking of dbo.beta is off",
            |w| w.model().rights(|r| r.hide_tracking("dbo.beta")),
            |w| {
                w.model().rights(|r| r.show_tracking("dbo.beta"));
            },
        ),
        // A statement that fails ends the snapshot of all.
        (
            "denied",
            |w| w.model().rights(|r| r.deny_column("dbo.beta", "v")),
            |w| {
                w.model().rights(|r| r.allow_column("dbo.beta", "v"));
            },
        ),
    ];
    for (n, (wanted, block, mend)) in blocked.into_iter().enumerate() {
        let v = format!("blocked {n}");
        block(&w);
        TABLES.iter().for_each(|t| write(&w, t, 1, &v));
        let ran = w.run(&["run", "--json"]).await;
        assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
        let run = ran.run();
        assert_eq!(
            (targets(&run), run["aside"][0]["target"].as_str()),
            (vec!["alpha", "gamma"], Some("beta")),
            "{run:#}"
        );
        assert!(run["aside"][0]["message"].as_str().unwrap().contains(wanted), "{run:#}");
        Published::whole("dbo.alpha").assert_equal(&w).await;
        mend(&w);
        write(&w, "gamma", 2, &v);
        let back = w.run(&["run", "--json", "--table", "beta", "--table", "gamma"]).await.run();
        assert_eq!(back["whole"], "beta: the table had been set aside and can be read again", "{back:#}");
        all_equal(&w).await;
    }
    w.tick().await;
    assert_quiet(&w).await;
}

/// Off and on again before anything was committed, it begins at the version that it began at.
#[tokio::test(flavor = "multi_thread")]
async fn tracking_that_was_off_within_one_version() {
    let w = loaded(&config(&[("alpha", "")])).await;
    assert_eq!(w.model().current_version(), Some(0));
    w.model().untrack("dbo.alpha").unwrap();
    w.model().untrack("dbo.beta").unwrap();
    w.model().untrack("dbo.gamma").unwrap();
    write(&w, "alpha", 1, "told by nothing");
    w.model().track("dbo.alpha").unwrap();
    assert_eq!(w.model().current_version(), Some(0), "no commit was tracked");
    let report = w.tick().await;
    assert!(report["whole"].as_str().is_some_and(|why| why.contains("switched off and on")), "{report:#}");
    Published::whole("dbo.alpha").assert_equal(&w).await;
    assert_quiet(&w).await;
    // From then on an altered table is no reason to read it.
    write(&w, "alpha", 2, "b");
    w.tick().await;
    w.model().rebuild_index("dbo.alpha").unwrap();
    write(&w, "alpha", 3, "b");
    assert!(w.tick().await["whole"].is_null());
    Published::whole("dbo.alpha").assert_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feeds_name_is_its_own() {
    let w = World::on_sql_server(model()).await;
    w.config(&format!("{}[[table]]\nsource = \"beta\"\ntarget = \"change_tracking\"\n", config(&[("alpha", "")])));
    let ran = w.run(&["check"]).await;
    assert!(ran.code == 2 && ran.stderr.contains("the name of the feed of change tracking"), "{}", ran.stderr);
}
