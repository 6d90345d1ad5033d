//! `[run]`: how long a run may take, and how much it does at once.

use std::time::Duration;

use super::read::{Located, Section};

#[derive(Clone, Debug)]
pub struct RunConfig {
    pub budget: Duration,
    /// A holder that was silent for this long is taken over.
    pub lease: Duration,
    /// How often a run without changes notes in the state that it has looked. No write is made more often.
    pub heartbeat: Duration,
    /// How many feeds run at once, each with a connection to the source.
    pub parallelism: usize,
    /// A table with more rows is loaded a stretch of so many keys at a time.
    pub chunk_rows: u64,
    /// Whether a push for all tables becomes one message for each feed.
    pub fan_out: FanOut,
}

/// Where the feeds of a push run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanOut {
    /// All in the process that got it.
    Off,
    /// Each in the process that gets its message.
    On,
}

/// How often a quiet feed's state is written, where the config does not say.
const HEARTBEAT: Duration = Duration::from_secs(300);

/// Longest time that Pub/Sub waits for a push to be answered:
/// <https://cloud.google.com/pubsub/docs/subscription-properties#ack_deadline>.
const LONGEST_ACK_DEADLINE: Duration = Duration::from_secs(600);

pub(super) fn read(s: &Section<'_>, max_age: Duration) -> RunConfig {
    let at_least_a_second = |key: &str| {
        let given = s.duration(key)?;
        if given.value < Duration::from_secs(1) {
            s.fault(given.at, format!("`{key}` is shorter than a second"), "leave it out for the default");
        }
        Some(given)
    };
    let or = |given: Option<Located<Duration>>, default: u64| given.map_or(Duration::from_secs(default), |d| d.value);
    let budget = at_least_a_second("budget");
    if let Some(written) = budget.as_ref().filter(|d| d.value >= LONGEST_ACK_DEADLINE) {
        let problem = format!(
            "budget: {} is too long: Pub/Sub waits 10 min for an answer at most, then delivers the message again",
            humantime::format_duration(written.value)
        );
        s.fault(written.at, problem, "budget = \"8m\"; what is not done in that time goes on with the next tick");
    }
    let budget = or(budget, 480);
    let lease = or(at_least_a_second("lease"), 600);
    let heartbeat = read_heartbeat(s, at_least_a_second("heartbeat"), max_age);
    let parallelism = s.integer("parallelism", 1..=64).unwrap_or(4);
    let chunk_rows = s.integer("chunk_rows", 1..=i64::MAX).and_then(|n| u64::try_from(n).ok()).unwrap_or(5_000_000);
    let fan_out = match s.boolean("fan_out") {
        Some(true) => FanOut::On,
        _ => FanOut::Off,
    };
    s.refuse_unknown(&["budget", "lease", "heartbeat", "parallelism", "chunk_rows", "fan_out"]);
    let parallelism = usize::try_from(parallelism).unwrap_or(4);
    RunConfig { budget, lease, heartbeat, parallelism, chunk_rows, fan_out }
}

/// By the state alone a quiet table looks as old as the last heartbeat. Beyond half of `max_age` it would be called late, in every
/// process but the one that runs it.
fn read_heartbeat(s: &Section<'_>, given: Option<Located<Duration>>, max_age: Duration) -> Duration {
    let longest = max_age / 2;
    match given {
        Some(d) if d.value > longest => {
            let longest = humantime::format_duration(longest);
            let problem =
                "`heartbeat` is longer than half of [server] max_age: quiet tables would look late".to_owned();
            s.fault(d.at, problem, &format!("heartbeat = \"{longest}\" at most, or a longer max_age"));
            d.value
        }
        Some(d) => d.value,
        None => HEARTBEAT.min(longest),
    }
}
