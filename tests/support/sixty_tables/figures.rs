//! What each run did: told alike by states, reports and manifests, so that no page contradicts another.
//!
//! A tick comes every 15 minutes since five hours, and came every six hours before: each of those brought as much more. A moment is named by
//! how many minutes ago it was.

use serde_json::{Value, json};

use super::names::{AUDIT, CATALOG, Kind, LOADING, kind, target};

/// The last run of most tables.
pub const LAST: i64 = 4;
/// The failing ones fail since this tick; the one before it was the last that did anything.
pub(super) const FAILS_SINCE: i64 = LAST + 15 * 8;
/// The table was set aside by this tick.
pub(super) const ASIDE_SINCE: i64 = LAST + 15 * 6;
/// The load in stretches has one in each tick since then.
pub(super) const LOADS_SINCE: i64 = LAST + 15 * 19;
pub(super) const PART_ROWS: u64 = 750_000;
/// Its rows by the source's estimate.
pub(super) const LOAD_ABOUT: u64 = 41_200_000;
pub(super) const PAUSED_SINCE: i64 = 60 * 20;
/// Every second table was compared in this tick.
pub(super) const COMPARED: i64 = LAST + 360 * 5;
/// One was compared twice, and differed both times.
pub(super) const DIFFERS: [i64; 2] = [FAILS_SINCE, LAST + 360 * 8];

/// A number of a table's own, the same each time, below a limit.
pub(super) fn number(text: &str, salt: i64, limit: u64) -> u64 {
    let seed = text.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    // As splitmix64 does it: neighbours have nothing in common.
    let mut n = (seed ^ salt.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (n ^ (n >> 31)) % limit
}

/// Ticks that came every 15 minutes.
const OFTEN: i64 = 20;

/// All ticks, the newest first.
pub(super) fn ticks() -> impl Iterator<Item = i64> {
    (0..OFTEN).map(|n| LAST + 15 * n).chain((1..=26).map(|n| LAST + 360 * n))
}

/// How many of the runs of now had to do what one of that tick did.
fn worth(source: &str, minutes: i64) -> u64 {
    match minutes < LAST + 15 * OFTEN {
        true => 1,
        false if AUDIT.contains(&source) => 6,
        false => 24,
    }
}

/// Whether a tick had a run of the table.
pub(super) fn runs_in(source: &str, minutes: i64) -> bool {
    match kind(source) {
        Kind::Paused => minutes > PAUSED_SINCE,
        Kind::Loading => minutes <= LOADS_SINCE,
        Kind::SetAside => minutes > ASIDE_SINCE,
        _ => !AUDIT.contains(&source) || (minutes - LAST) % 60 == 0,
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    /// Before its seal.
    Failed,
}

/// How the run of a table in a tick ended.
pub(super) fn ended(source: &str, minutes: i64) -> Ended {
    if kind(source) == Kind::Failing && minutes <= FAILS_SINCE { Ended::Failed } else { Ended::Well }
}

/// The ticks that the state of a feed remembers, the newest first; a feed of several tables runs in all of them.
pub(super) fn remembered(tables: &[&str]) -> Vec<i64> {
    ticks().filter(|m| tables.iter().any(|t| runs_in(t, *m))).take(20).collect()
}

/// The last run that wrote a table.
pub(super) fn last_written(source: &str) -> i64 {
    ticks().find(|m| runs_in(source, *m) && ended(source, *m) == Ended::Well).unwrap()
}

/// Rows of the source, and of the target.
pub(super) fn rows(source: &str) -> u64 {
    match source {
        // As it complains.
        "sales.invoice_lines" => 1_981_200,
        // Most are small, and a few are large.
        _ => 1_000 + number(source, 3, 1_000).pow(3) / 83,
    }
}

/// What a run did to one table.
#[derive(Clone, Copy, Debug)]
pub struct Did {
    pub upserts: u64,
    pub deletes: u64,
    pub quarantined: u64,
    pub nulled: u64,
    pub staged_bytes: u64,
    pub parts: u32,
    pub bytes_billed: u64,
}

impl Did {
    /// As a state has it.
    pub(super) fn figures(self) -> Value {
        json!({ "upserts": self.upserts, "deletes": self.deletes, "quarantined": self.quarantined, "bytes_billed": self.bytes_billed })
    }

    /// Which values could not be held, as reports and states have it.
    pub(super) fn refusals(self) -> Value {
        match self.nulled {
            0 => json!([]),
            values => json!([{ "column": "amount", "reason": "NaN", "values": values }]),
        }
    }
}

/// What the run of a tick did to a table.
pub fn did(source: &str, minutes: i64) -> Did {
    let merged = |target_rows: u64| (target_rows * 24).max(20 << 20).next_multiple_of(1 << 20);
    if source == LOADING {
        // The first part is loaded, which is free.
        let parts_before = u64::try_from((LOADS_SINCE - minutes) / 15).unwrap();
        let bytes_billed = if parts_before == 0 { 0 } else { merged(parts_before * PART_ROWS) };
        return Did { upserts: PART_ROWS, staged_bytes: PART_ROWS * 61, parts: 4, bytes_billed, ..Did::NOTHING };
    }
    let worth = worth(source, minutes);
    let usual = (5 + number(source, 0, 900)) * worth;
    let upserts = usual / 2 + number(source, minutes, usual);
    // Its cursor finds no deletes.
    let deletes = if source == "sales.orders" { 0 } else { number(source, minutes + 1, upserts / 16 + 2) };
    let quarantined = if source == "sales.orders" && minutes == LAST { 3 } else { 0 };
    // Partitions that no changed row is in are not read.
    let bytes_billed = worth * if source == "sales.orders" { merged(0) } else { merged(rows(source)) };
    Did {
        upserts,
        deletes,
        quarantined,
        nulled: quarantined,
        staged_bytes: 400 + (upserts + deletes) * 118,
        parts: if deletes > 0 { 3 } else { 2 },
        bytes_billed,
    }
}

impl Did {
    pub(super) const NOTHING: Self =
        Self { upserts: 0, deletes: 0, quarantined: 0, nulled: 0, staged_bytes: 0, parts: 0, bytes_billed: 0 };
}

/// How long the run of a feed took in a tick, in all and by verb.
pub(super) fn verb_seconds(feed: &str, minutes: i64, ended: Ended) -> (f64, Value) {
    let tenths =
        |salt: i64, limit: u64| f64::from(u32::try_from(number(feed, minutes * 7 + salt, limit)).unwrap()) / 10.0;
    let (lease, capture, seal) = (0.1, 0.9 + tenths(1, 20), 0.1);
    let (load, merge, commit) = (1.2 + tenths(2, 12), 1.6 + tenths(3, 25), 0.2);
    let all = match ended {
        Ended::Failed => {
            json!({ "lease": lease, "capture": capture, "seal": 0.0, "load": 0.0, "merge": 0.0, "commit": 0.0 })
        }
        Ended::Well => {
            json!({ "lease": lease, "capture": capture, "seal": seal, "load": load, "merge": merge, "commit": commit })
        }
    };
    let after = if ended == Ended::Failed { 0.0 } else { seal + load + merge + commit };
    let sum = lease + capture + after;
    // Tenths do not add up to tenths.
    ((sum * 10.0).round() / 10.0, all)
}

/// The feed of a table.
pub(super) fn feed_of(source: &str) -> String {
    if CATALOG.contains(&source) { "changelog".to_owned() } else { target(source) }
}

/// What the last comparison of a table found, and in which tick; nothing where there was none.
pub(super) fn compared_in(source: &str) -> Option<i64> {
    match kind(source) {
        Kind::Differs => Some(DIFFERS[0]),
        Kind::Loading | Kind::SetAside | Kind::Paused => None,
        _ if source == "sales.orders" => None,
        _ => number(source, 5, 2).eq(&0).then_some(COMPARED),
    }
}
