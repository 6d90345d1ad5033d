//! The states of their feeds.

use serde_json::{Value, json};

use super::SixtyTables;
use super::figures::{
    ASIDE_SINCE, DIFFERS, Did, Ended, LAST, LOAD_ABOUT, LOADS_SINCE, PART_ROWS, PAUSED_SINCE, compared_in, did, ended,
    feed_of, last_written, number, remembered, rows, runs_in, verb_seconds,
};
use super::names::{Kind, REASON, WHO, complaint, kind, target};

impl SixtyTables {
    /// The state of a feed of these tables.
    pub(super) fn state(&self, feed: &str, tables: &[&str]) -> Value {
        let well = tables.iter().filter(|t| kind(t) != Kind::SetAside);
        let taken_at = match kind(tables[0]) {
            // Until all of it is loaded, the watermark is that of the first part.
            Kind::Loading => LOADS_SINCE,
            _ => well.clone().map(|t| last_written(t)).min().unwrap(),
        };
        let mut document = json!({
            "version": 2, "feed": feed, "stamp": "fixture/1", "lease": null, "pending": null, "sealed": 30, "last": null,
            "watermark": {
                "snapshot": if feed == "sales_orders" { "7251:7260:7251,7256" } else { "7260:7260:" },
                "identity": { "system": "7712601952627451604", "timeline": 1, "database": 16384 },
                "taken_at": self.text(self.ago(taken_at)), "tables": {},
            },
            "recent": self.recent(feed, tables), "tables": {}, "paused": {}, "aside": {},
        });
        for source in tables {
            let (target, kind) = (target(source), kind(source));
            if kind == Kind::SetAside {
                let (reason, hint) = complaint(source);
                document["aside"][&target] = json!({ "source": source, "since": self.text(self.ago(ASIDE_SINCE)),
                    "last_success": self.text(self.ago(last_written(source))), "reason": reason, "hint": hint, "failures": 4 });
                continue;
            }
            document["watermark"]["tables"][&target] = self.mark(source, kind);
            document["tables"][&target] = self.note(source, kind);
            if kind == Kind::Paused {
                document["paused"][&target] =
                    json!({ "since": self.text(self.ago(PAUSED_SINCE)), "reason": REASON, "by": WHO });
            }
        }
        document
    }

    fn mark(&self, source: &str, kind: Kind) -> Value {
        let columns: Vec<Value> = ["id", "name", "amount", "created_at", "updated_at"]
            .iter()
            .zip(["bigint", "text", "numeric(12,2)", "timestamp with time zone", "timestamp with time zone"])
            .enumerate()
            .map(|(n, (name, of))| json!({ "name": name, "number": n + 1, "type": of }))
            .collect();
        let mut mark = json!({
            "relation": { "oid": 16385 + number(source, 1, 9973), "columns": columns, "definition": "84452eb989f1be133364fe6da0152fcd",
                "held": ["id", "name", "amount", "created_at", "updated_at"], "retired": if source == "sales.orders" { json!(["old_status"]) } else { json!([]) } },
            "quarantined": did(source, LAST).quarantined,
            "refusals": did(source, LAST).refusals(),
        });
        if kind == Kind::Loading {
            let stretches = remembered(&[source]).len();
            mark["loading"] = json!({ "after": ["15000000"], "rows": PART_ROWS * u64::try_from(stretches).unwrap(), "left_out": 0, "before": "none",
                "order": "o", "stretches": stretches, "about": LOAD_ABOUT });
        } else {
            mark["whole_at"] = self.text(self.ago(60 * 24 * 9));
            mark["left_out"] = 0.into();
            for counted in ["rows", "source_rows"] {
                mark[counted] = rows(source).into();
            }
        }
        mark
    }

    fn note(&self, source: &str, kind: Kind) -> Value {
        let last = last_written(source);
        let mut note = json!({ "last": self.past(&feed_of(source), last, did(source, last)) });
        if kind == Kind::Loading {
            // Those of all its runs.
            let all: u64 = remembered(&[source]).iter().map(|m| did(source, *m).bytes_billed).sum();
            note["last"]["upserts"] = (PART_ROWS * u64::try_from(remembered(&[source]).len()).unwrap()).into();
            note["last"]["bytes_billed"] = all.into();
        } else {
            note["checked"] = self.text(self.ago(last));
        }
        if let Some(minutes) = compared_in(source) {
            note["verified"] = json!({ "at": self.text(self.ago(minutes)), "level": "values", "rows": rows(source) });
            if kind == Kind::Differs {
                note["verified"]["differs"] =
                    json!({ "since": self.text(self.ago(DIFFERS[1])), "missing": 12, "extra": 3, "different": 41 });
            }
        }
        note
    }

    fn past(&self, feed: &str, minutes: i64, did: Did) -> Value {
        let (seconds, _) = verb_seconds(feed, minutes, Ended::Well);
        let mut past = did.figures();
        past["run"] = self.run_id(feed, minutes).as_str().into();
        past["finished"] = self.text(self.ago(minutes) + time::Duration::seconds_f64(seconds));
        past["seconds"] = seconds.into();
        past
    }

    fn recent(&self, feed: &str, tables: &[&str]) -> Vec<Value> {
        let run = |minutes: i64| {
            let of: Vec<(&str, Did)> =
                tables.iter().filter(|t| runs_in(t, minutes)).map(|t| (*t, did(t, minutes))).collect();
            let sum = |of_one: fn(&Did) -> u64| of.iter().map(|(_, did)| of_one(did)).sum();
            let all = Did {
                upserts: sum(|d| d.upserts),
                deletes: sum(|d| d.deletes),
                quarantined: sum(|d| d.quarantined),
                bytes_billed: sum(|d| d.bytes_billed),
                ..Did::NOTHING
            };
            if ended(tables[0], minutes) == Ended::Failed {
                let (seconds, _) = verb_seconds(feed, minutes, Ended::Failed);
                let (message, hint) = complaint(tables[0]);
                let mut past = self.past(feed, minutes, Did::NOTHING);
                past["finished"] = self.text(self.ago(minutes) + time::Duration::seconds_f64(seconds));
                past["seconds"] = seconds.into();
                past["error"] = json!({ "message": message, "hint": hint });
                past["tables"] = json!({ target(tables[0]): Did::NOTHING.figures() });
                return past;
            }
            let mut past = self.past(feed, minutes, all);
            let each: serde_json::Map<String, Value> = of.iter().map(|(t, did)| (target(t), did.figures())).collect();
            past["tables"] = each.into();
            past
        };
        remembered(tables).into_iter().rev().map(run).collect()
    }
}
