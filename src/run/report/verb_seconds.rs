//! How long each verb of a run took.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// Seconds by verb. Rows are encoded and staged while they are read, so those two are in `capture`; a run of several steps has all of
/// them added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct VerbSeconds {
    /// Reading the state, and whether somebody else holds it.
    pub lease: f64,
    pub capture: f64,
    pub seal: f64,
    pub load: f64,
    pub merge: f64,
    pub commit: f64,
}

/// Does some work, and adds the time that it takes.
pub(in crate::run) async fn timed<T>(seconds: &mut f64, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let outcome = work.await;
    *seconds += began.elapsed().as_secs_f64();
    outcome
}

impl Serialize for VerbSeconds {
    /// In thousandths, as all seconds of a report.
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { lease, capture, seal, load, merge, commit } = *self;
        let each = [
            ("lease", lease),
            ("capture", capture),
            ("seal", seal),
            ("load", load),
            ("merge", merge),
            ("commit", commit),
        ];
        to.collect_map(each.map(|(verb, seconds)| (verb, (seconds * 1000.0).round() / 1000.0)))
    }
}
