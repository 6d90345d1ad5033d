//! The reports of their ticks, and what a few runs have sealed.

use serde_json::{Value, json};

use super::SixtyTables;
use super::figures::{
    ASIDE_SINCE, COMPARED, DIFFERS, Ended, compared_in, did, ended, feed_of, last_written, rows, runs_in, ticks,
    verb_seconds,
};
use super::names::{CATALOG, Kind, SET_ASIDE, complaint, kind, sources, target};

impl SixtyTables {
    /// What was sealed by the last runs of a few tables.
    pub(super) async fn put_manifests(&self) {
        for source in ["sales.orders", "public.customers", "sales.order_items"] {
            let (feed, minutes) = (target(source), last_written(source));
            let run = self.run_id(&feed, minutes);
            let day = self.ago(minutes).date().to_string().replace('-', "/");
            let folder = format!("batches/{feed}/{day}/{run}/");
            let column = |name: &str, of: &str, mode: &str| json!({ "name": name, "type": of, "mode": mode });
            let target_ref =
                |dataset: &str, table: String| json!({ "project": "shop", "dataset": dataset, "table": table });
            let did = did(source, minutes);
            let counts = json!({ "upserts": did.upserts, "deletes": did.deletes, "keys": 0, "resent": 0, "fleeting": 0, "added": 0,
                "quarantined": did.quarantined, "nulled": did.nulled, "left_out": 0, "skipped": 0, "unreadable": 0, "staged_bytes": did.staged_bytes });
            let manifest = json!({
                "version": 2, "run": run.as_str(), "feed": feed, "started": self.text(self.ago(minutes)), "folder": folder,
                "tables": [{
                    "source": source, "target": target_ref("app", feed.clone()),
                    "apply": { "how": "merge", "staging": target_ref("app_staging", format!("{feed}__{run}")),
                        "absent": "keep", "repeats": "never", "update": "all" },
                    "columns": [column("id", "INT64", "REQUIRED"), column("name", "STRING", "NULLABLE"), column("amount", "NUMERIC", "NULLABLE"),
                        column("created_at", "TIMESTAMP", "NULLABLE"), column("updated_at", "TIMESTAMP", "NULLABLE")],
                    "key": ["id"], "delete": "hard", "partition": null, "cluster": ["id"], "compression": "gzip",
                    "parts": { "upserts": 2, "deletes": did.parts - 2, "keys": 0, "scopes": 0 }, "counts": counts, "bounds": null,
                }],
                "next": self.state(&feed, &[source])["watermark"],
            });
            self.put(&format!("{folder}manifest.json"), &manifest).await;
        }
    }

    /// The report of each tick, a run of each feed in it.
    pub(super) async fn put_reports(&self) {
        let all = sources();
        let alone: Vec<&str> = all.iter().copied().filter(|s| !CATALOG.contains(s)).collect();
        for minutes in ticks() {
            let feeds = alone.chunks(1).chain([CATALOG.as_slice()]);
            let runs: Vec<Value> = feeds.filter_map(|tables| self.run_of(tables, minutes)).collect();
            let tick = self.run_id("tick", minutes);
            let day = self.ago(minutes).date().to_string().replace('-', "/");
            let seconds = runs.iter().map(|r| r["seconds"].as_f64().unwrap()).sum::<f64>() / 4.0;
            let is_well = runs.iter().all(|r| r["state"] == "done" && r["aside"].is_null());
            let report = json!({ "ok": is_well, "kind": "tick", "started": self.text(self.ago(minutes)), "seconds": seconds, "runs": runs });
            self.put(&format!("reports/{day}/{tick}.json"), &report).await;
        }
    }

    /// The run of a feed in a tick; nothing where none of its tables was due.
    fn run_of(&self, tables: &[&str], minutes: i64) -> Option<Value> {
        let due: Vec<&str> = tables.iter().copied().filter(|t| runs_in(t, minutes)).collect();
        let first = *due.first()?;
        let (feed, ended) = (feed_of(first), ended(first, minutes));
        let is_failed = ended == Ended::Failed;
        let (seconds, verb_seconds) = verb_seconds(&feed, minutes, ended);
        // What the run found was as old at its end as it was long.
        let age = match kind(first) {
            // None before all of it is loaded.
            Kind::Loading => None,
            _ if is_failed => Some((last_written(first) - minutes) * 60),
            _ => Some(seconds.round() as i64),
        };
        let mut run = json!({ "run": self.run_id(&feed, minutes).as_str(), "feed": feed,
            "source": if tables.len() > 1 { feed.as_str() } else { first }, "state": if is_failed { "failed" } else { "done" }, "replayed": false,
            "started": self.text(self.ago(minutes)), "seconds": seconds, "age_seconds": age, "verb_seconds": verb_seconds, "tables": [] });
        let mut writes = 2;
        if is_failed {
            let (message, hint) = complaint(first);
            run["error"] = json!({ "message": message, "hint": hint });
        } else {
            let table = |source: &&str| {
                let did = did(source, minutes);
                let billed = Some(did.bytes_billed).filter(|n| *n > 0);
                let mut table = json!({ "source": source, "target": format!("shop.app.{}", target(source)), "upserts": did.upserts, "deletes": did.deletes,
                    "quarantined": did.quarantined, "nulled": did.nulled, "staged_bytes": did.staged_bytes, "parts": did.parts, "bytes_billed": billed,
                    "rows_inserted": did.upserts / 3, "rows_updated": did.upserts - did.upserts / 3, "rows_deleted": did.deletes });
                if did.quarantined > 0 {
                    table["refusals"] = did.refusals();
                }
                table
            };
            run["tables"] = due.iter().map(table).collect();
            writes += 2 + due.iter().map(|t| did(t, minutes).parts).sum::<u32>();
            let verified: Vec<Value> = due.iter().filter_map(|t| verified(t, minutes)).collect();
            if !verified.is_empty() {
                run["verified"] = verified.into();
            }
        }
        run["storage_writes"] = writes.into();
        if tables.contains(&SET_ASIDE) && minutes <= ASIDE_SINCE {
            let (message, hint) = complaint(SET_ASIDE);
            run["aside"] = json!([{ "source": SET_ASIDE, "target": target(SET_ASIDE), "since": self.text(self.ago(ASIDE_SINCE)),
                "message": message, "hint": hint }]);
        }
        Some(run)
    }
}

/// What a comparison found, in the tick that had one.
fn verified(source: &str, minutes: i64) -> Option<Value> {
    let differs = kind(source) == Kind::Differs && DIFFERS.contains(&minutes);
    let is_compared = minutes == COMPARED && compared_in(source) == Some(COMPARED);
    if !(differs || is_compared) {
        return None;
    }
    let (rows, columns) = (rows(source), if differs { json!({ "amount": 41, "name": 2 }) } else { json!({}) });
    let (missing, extra, different) = if differs { (12, 3, 41) } else { (0, 0, 0) };
    Some(json!({ "source": source, "target": format!("shop.app.{}", target(source)), "level": "values",
        "state": if differs { "differs" } else { "equal" }, "source_rows": rows, "target_rows": rows - missing + extra, "missing": missing, "extra": extra,
        "different": different, "deletes_ignored": 0, "nulled": 0, "columns": columns, "repaired": 0, "bytes_billed": rows * 96, "seconds": 8.1 }))
}
