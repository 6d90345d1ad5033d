//! What a change log in SQL Server can't speak for is read whole, a table that fails holds up no other, and the commands say what the log may miss.

use super::sqlserver::{assert_quiet, model_of};
use super::sqlserver_changelog::{
    ITEM, LOG, commit, config, delete, insert, loaded, loaded_on_standin, log, model, plain, update,
};
use crate::support::World;
use crate::support::sqlserver_rows::Published;

/// The tick reads the table whole, for this reason.
async fn assert_whole(w: &World, why: &str) {
    let ran = w.run(&["run", "--json", "--allow-deletes"]).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let report = ran.run();
    assert!(report["whole"].as_str().is_some_and(|text| text.contains(why)), "{report:#}");
    Published::whole(ITEM).assert_equal(w).await;
    assert_quiet(w).await;
}

fn prune(w: &World, through: i64) {
    commit(w, |t| {
        t.delete_where(LOG, |row| row.get("id").as_int().is_some_and(|id| id <= through)).unwrap();
    });
}

/// The log's owner removes old entries: read ones may go, unread ones are missed.
#[tokio::test(flavor = "multi_thread")]
async fn entries_are_removed() {
    let w = plain().await;
    commit(&w, |t| (1..=10).for_each(|id| update(t, id, "second")));
    w.tick().await;
    prune(&w, 9);
    assert_quiet(&w).await;
    commit(&w, |t| update(t, 11, "second"));
    assert!(w.tick().await["whole"].is_null());
    // All that was read goes, and the next number is there.
    prune(&w, 11);
    commit(&w, |t| update(t, 12, "third"));
    assert!(w.tick().await["whole"].is_null());
    Published::whole(ITEM).assert_equal(&w).await;
    // What was not read goes with it.
    commit(&w, |t| {
        update(t, 13, "told by nothing");
        delete(t, 14);
        update(t, 15, "told");
    });
    prune(&w, 14);
    assert_whole(&w, "pruned").await;
}

/// A number that is still to come, and what was newest, are gone before they were read.
#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_log_proves_nothing_where_a_number_was_missing() {
    let w = plain().await;
    let mut late = w.model().begin();
    update(&mut late, 1, "late");
    commit(&w, |t| update(t, 2, "second"));
    w.tick().await;
    late.commit();
    prune(&w, 2);
    assert_whole(&w, "pruned").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_truncated() {
    let w = plain().await;
    commit(&w, |t| (1..=3).for_each(|id| update(t, id, "second")));
    w.tick().await;
    // The numbers begin anew, and come as far again.
    commit(&w, |t| update(t, 4, "told by nothing"));
    w.model().truncate(LOG).unwrap();
    commit(&w, |t| (5..=9).for_each(|id| update(t, id, "third")));
    assert_whole(&w, "pruned").await;
    commit(&w, |t| update(t, 10, "third"));
    assert!(w.tick().await["whole"].is_null());
    Published::whole(ITEM).assert_equal(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_made_again() {
    let w = plain().await;
    commit(&w, |t| update(t, 1, "second"));
    w.tick().await;
    let definition = w.model().definition(LOG).unwrap();
    w.model().drop_table(LOG).unwrap();
    commit(&w, |t| {
        t.update(ITEM, &[2.into()], &[("name", "told by nothing".into())]).unwrap();
    });
    w.model().create_table((*definition).clone());
    commit(&w, |t| update(t, 3, "second"));
    assert_whole(&w, "dropped and made again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_restored() {
    let w = loaded_on_standin(super::sqlserver_changelog::ENTRIES, "").await;
    commit(&w, |t| update(t, 1, "second"));
    w.tick().await;
    let backup = w.model().backup();
    commit(&w, |t| update(t, 2, "of the lost history"));
    w.tick().await;
    w.model().restore(&backup);
    commit(&w, |t| update(t, 3, "of the new history"));
    assert_whole(&w, "restored").await;
}

/// An entry that names no row, and one that says that all are gone.
#[tokio::test(flavor = "multi_thread")]
async fn entries_that_name_no_row() {
    let w = World::on_sql_server(model(super::sqlserver_changelog::ENTRIES)).await;
    w.config(&config("truncated = \"T\"\n", ""));
    w.tick().await;
    for (item, op) in [(sqlserver_standin::typed::Value::Null, "U"), ("0".into(), "T")] {
        commit(&w, |t| {
            t.delete_where(ITEM, |row| row.get("id").as_int().is_some_and(|id| id % 7 == 0 || op == "T")).unwrap();
            let entry =
                [("what", "item".into()), ("item", item), ("op", op.into()), ("at", super::sqlserver_changelog::now())];
            t.insert_some(LOG, &entry).unwrap();
        });
        let ran = w.run(&["run", "--json", "--allow-deletes"]).await;
        assert!(ran.run()["whole"].as_str().is_some_and(|why| why.contains("without saying")), "{}", ran.stdout);
        Published::whole(ITEM).assert_equal(&w).await;
        assert_quiet(&w).await;
    }
}

/// A run dies at each of its points: the next one brings what the log has named, and each change once.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_dies_at_each_point() {
    let w = plain().await;
    w.config_with("lease = \"1s\"", &config("", ""));
    for (n, point) in ["upload", "seal", "load-submit", "merge-submit", "commit"].into_iter().enumerate() {
        for when in ["before", "after"] {
            let id = i32::try_from(n).unwrap() * 4 + i32::from(when == "after") + 1;
            commit(&w, |t| {
                update(t, id, point);
                insert(t, 1000 + id, point);
                delete(t, 30 + id);
            });
            let mut late = w.model().begin();
            insert(&mut late, 2000 + id, "late");
            commit(&w, |t| update(t, id + 2, when));
            let rule = format!("{point}:{when}=crash");
            let mut command = w.command(&["run", "--json"]);
            let ended =
                command.env(plimsoll::failpoint::VARIABLE, &rule).spawn().unwrap().wait_with_output().await.unwrap();
            assert_ne!(ended.status.code(), Some(0), "{rule} did not strike");
            late.commit();
            // The lease of the one that died ends.
            tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
            w.tick().await;
            w.tick().await;
            Published::whole(ITEM).assert_equal(&w).await;
        }
    }
    assert_quiet(&w).await;
}

/// Of two tables of one log, the login loses the right to one: the statement that fails ends the snapshot, and the other table goes on all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_fails_holds_up_no_other() {
    let ddl = "CREATE TABLE dbo.other (id int NOT NULL PRIMARY KEY, name nvarchar(40) NULL);";
    let model = model_of(&format!("{ddl}{}{}", super::sqlserver_changelog::ITEMS, super::sqlserver_changelog::ENTRIES));
    let row = |id: i32| vec![id.into(), "first".into()];
    model.load("dbo.other", (1..=5).map(row)).unwrap();
    model.load(ITEM, (1..=5).map(|id| [row(id), vec![sqlserver_standin::typed::Value::Null]].concat())).unwrap();
    let w = World::on_standin(model).await;
    w.config(&format!(
        "{}[[table]]\nsource = \"other\"\ncapture = \"changelog\"\nlog_types = [\"other\"]\n",
        config("", "")
    ));
    w.tick().await;
    w.model().rights(|rights| rights.deny_column("dbo.other", "name"));
    let change = |name: &str| {
        commit(&w, |t| {
            update(t, 1, name);
            t.update("dbo.other", &[1.into()], &[("name", name.into())]).unwrap();
            log(t, "other", "1", "U");
        });
    };
    change("second");
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    let aside = &ran.run()["aside"][0];
    assert!(aside["target"] == "other" && aside["message"].as_str().unwrap().contains("denied"), "{}", ran.stdout);
    Published::whole(ITEM).assert_equal(&w).await;
    change("third");
    let ran = w.run(&["run", "--json"]).await;
    assert_eq!(ran.run()["aside"][0]["target"], "other", "{}", ran.stdout);
    Published::whole(ITEM).assert_equal(&w).await;
    w.model().rights(|rights| rights.allow_column("dbo.other", "name"));
    let report = w.run(&["run", "--json", "--table", "dbo.other"]).await.run();
    assert!(report["whole"].as_str().is_some_and(|why| why.contains("set aside")), "{report:#}");
    Published::whole("dbo.other").assert_equal(&w).await;
    assert_quiet(&w).await;
}

async fn said(w: &World, args: &[&str]) -> String {
    let ran = w.run(args).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    ran.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_say_what_the_log_may_miss() {
    use super::sqlserver_changelog::{ENTRIES, UNNUMBERED, VERSIONED};
    let w = loaded_on_standin(ENTRIES, "").await;
    let check = said(&w, &["check", "--verbose"]).await;
    assert!(check.contains("new entries of dbo.log are told by id") && !check.contains("VIEW SERVER"), "{check}");
    commit(&w, |t| update(t, 1, "second"));
    let plan = said(&w, &["plan"]).await;
    for part in ["plimsoll:log.counts", "plimsoll:log.spool", "since=unread", "rows=among", "MERGE"] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    w.model().rights(|rights| rights.hide_transactions());
    let check = said(&w, &["check", "--verbose"]).await;
    assert!(check.contains("over 1h after it was written and over 10000 numbers behind the newest"), "{check}");
    let w = loaded(VERSIONED, "", "").await;
    let check = said(&w, &["check", "--verbose"]).await;
    assert!(check.contains("none is missed, however late it commits"), "{check}");
    let w = loaded(UNNUMBERED, "lag = \"10m\"\n", "").await;
    let check = said(&w, &["check", "--verbose"]).await;
    assert!(check.contains("one that commits later than lag is missed"), "{check}");
    w.config(&config("", ""));
    let ran = w.run(&["check"]).await;
    assert!(ran.stdout.contains("ADD [version] rowversion"), "{}", ran.stdout);
    // Rights to the log.
    let w = World::on_standin(model(ENTRIES)).await;
    w.config(&config("", ""));
    w.model().rights(|rights| rights.deny("dbo.log"));
    let ran = w.run(&["check"]).await;
    assert!(ran.code == 1 && ran.stdout.contains("GRANT SELECT ON [dbo].[log]"), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_done_is_refused_by_name() {
    let w = World::on_sql_server(model(super::sqlserver_changelog::ENTRIES)).await;
    for (log, table, wanted) in [
        ("key_format = \"json\"\n", "", "a packed key"),
        ("", "changed_columns = \"skip-unpublished\"\n", "skip-unpublished"),
        ("preset = \"supa_audit\"\n", "", "`supa_audit` is a log of PostgreSQL"),
    ] {
        w.config(&config(log, table));
        let ran = w.run(&["check"]).await;
        assert!(ran.code == 2 && ran.stderr.contains(wanted), "{}\n{}", ran.stdout, ran.stderr);
    }
    for (table, wanted) in [("nothing", "does not exist"), ("item", "has no column at")] {
        w.config(&config("", "").replace("table = \"log\"", &format!("table = \"{table}\"")));
        let ran = w.run(&["check"]).await;
        assert!(ran.code != 0 && ran.stdout.contains(wanted), "{}\n{}", ran.stdout, ran.stderr);
    }
}
