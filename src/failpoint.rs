//! Named points before and after every outside effect of a run, where a test makes it crash, fail or wait.
//!
//! Only with the feature `failpoints`; without it [`around`] is the work itself and nothing reads the environment. The
//! variable [`VARIABLE`] holds rules, separated by commas:
//!
//! ```text
//!   seal:after=crash      the process ends at once, without a word to anybody
//!   commit:before=error   the effect fails once; `error*3` three times, `error*` always
//!   upload:after@2=error  at the second time the point is reached
//!   load-wait:before=pause:500   milliseconds
//! ```
//!
//! `error` *after* an effect is an answer that was lost: the work is done, and we don't know.

use std::fmt;

/// The variable that holds the rules.
pub const VARIABLE: &str = "PLIMSOLL_FAILPOINT";

/// What a run does to the world outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Lease,
    Upload,
    Manifest,
    Seal,
    TableCreate,
    /// A target is created again, in the place of the old one.
    RecreateSubmit,
    RecreateWait,
    LoadSubmit,
    LoadWait,
    MergeSubmit,
    MergeWait,
    /// A request of rows gets on its way.
    AppendSend,
    /// Its answer is waited for.
    AppendAnswer,
    Commit,
    /// The watermark moves over a stretch without changes.
    Advance,
    StagingDrop,
    /// An object with row hashes.
    ListWrite,
    /// An object with row hashes that nothing names any more.
    ListRemove,
    /// The tick goes on with another stretch of a load in chunks or of a comparison, or a run with another slice; an error here means that its
    /// time is up.
    Stretch,
    /// A comparison looks at both sides for the first time.
    FirstLook,
    /// It looks at the target again, after the run between.
    SecondLook,
}

impl Effect {
    /// In the order of a run.
    pub const ALL: [Self; 21] = [
        Self::Lease,
        Self::TableCreate,
        Self::Upload,
        Self::ListWrite,
        Self::Manifest,
        Self::Seal,
        Self::RecreateSubmit,
        Self::RecreateWait,
        Self::LoadSubmit,
        Self::LoadWait,
        Self::MergeSubmit,
        Self::MergeWait,
        Self::AppendSend,
        Self::AppendAnswer,
        Self::Commit,
        Self::Advance,
        Self::StagingDrop,
        Self::ListRemove,
        Self::Stretch,
        Self::FirstLook,
        Self::SecondLook,
    ];

    /// As a rule writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lease => "lease",
            Self::Upload => "upload",
            Self::Manifest => "manifest",
            Self::Seal => "seal",
            Self::TableCreate => "table-create",
            Self::RecreateSubmit => "recreate-submit",
            Self::RecreateWait => "recreate-wait",
            Self::LoadSubmit => "load-submit",
            Self::LoadWait => "load-wait",
            Self::MergeSubmit => "merge-submit",
            Self::MergeWait => "merge-wait",
            Self::AppendSend => "append-send",
            Self::AppendAnswer => "append-answer",
            Self::Commit => "commit",
            Self::Advance => "advance",
            Self::StagingDrop => "staging-drop",
            Self::ListWrite => "list-write",
            Self::ListRemove => "list-remove",
            Self::Stretch => "stretch",
            Self::FirstLook => "first-look",
            Self::SecondLook => "second-look",
        }
    }
}

/// The error a rule asked for. Without the feature there is none.
#[derive(Clone, Copy, Debug)]
pub struct Injected {
    pub effect: Effect,
    /// Nobody outside makes one.
    _made: imp::Made,
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failpoint {}", self.effect.name())
    }
}

/// Does the work between the effect's two points.
pub async fn around<T, E: From<Injected>>(effect: Effect, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    imp::reach(effect, Side::Before).await?;
    let done = work.await?;
    imp::reach(effect, Side::After).await?;
    Ok(done)
}

/// Whether a point lets the work that would follow it begin.
pub async fn lets(effect: Effect) -> bool {
    imp::reach(effect, Side::Before).await.is_ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

#[cfg(not(feature = "failpoints"))]
mod imp {
    use super::{Effect, Injected, Side};

    pub(super) type Made = std::convert::Infallible;

    #[inline]
    #[allow(clippy::unused_async, reason = "its twin under the feature waits")]
    pub(super) async fn reach(_: Effect, _: Side) -> Result<(), Injected> {
        Ok(())
    }
}

#[cfg(feature = "failpoints")]
mod imp {
    use std::str::FromStr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::{Effect, Injected, Side, VARIABLE};

    pub(super) type Made = ();

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) enum Action {
        Crash,
        Error { times: usize },
        Pause(Duration),
    }

    #[derive(Debug)]
    pub(super) struct Rule {
        pub effect: Effect,
        pub side: Side,
        /// From this time on, counted from 1.
        pub from: usize,
        pub action: Action,
        reached: AtomicUsize,
    }

    impl FromStr for Rule {
        type Err = ();

        fn from_str(text: &str) -> Result<Self, ()> {
            let (point, action) = text.split_once('=').unwrap_or((text, "crash"));
            let (point, from) = match point.split_once('@') {
                Some((point, n)) => (point, n.parse().map_err(|_| ())?),
                None => (point, 1),
            };
            let (name, side) = point.split_once(':').ok_or(())?;
            let effect = Effect::ALL.into_iter().find(|e| e.name() == name).ok_or(())?;
            let side = match side {
                "before" => Side::Before,
                "after" => Side::After,
                _ => return Err(()),
            };
            let action = match action.split_once(['*', ':']) {
                None if action == "crash" => Action::Crash,
                None if action == "error" => Action::Error { times: 1 },
                Some(("error", "")) => Action::Error { times: usize::MAX },
                Some(("error", n)) => Action::Error { times: n.parse().map_err(|_| ())? },
                Some(("pause", ms)) => Action::Pause(Duration::from_millis(ms.parse().map_err(|_| ())?)),
                _ => return Err(()),
            };
            Ok(Self { effect, side, from, action, reached: AtomicUsize::new(0) })
        }
    }

    /// A rule that nobody understands would be a test that tests nothing.
    #[allow(clippy::panic, reason = "only in a build for tests")]
    fn rules() -> &'static [Rule] {
        static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
        RULES.get_or_init(|| {
            let text = std::env::var(VARIABLE).unwrap_or_default();
            let each = text.split(',').filter(|t| !t.is_empty());
            each.map(|t| t.parse().unwrap_or_else(|()| panic!("{VARIABLE}: `{t}` is no rule"))).collect()
        })
    }

    pub(super) async fn reach(effect: Effect, side: Side) -> Result<(), Injected> {
        for rule in rules().iter().filter(|r| r.effect == effect && r.side == side) {
            let time = rule.reached.fetch_add(1, Ordering::SeqCst) + 1;
            if time < rule.from {
                continue;
            }
            match rule.action {
                Action::Crash => std::process::abort(),
                Action::Error { times } if time - rule.from < times => return Err(Injected { effect, _made: () }),
                Action::Error { .. } => {}
                Action::Pause(time) => tokio::time::sleep(time).await,
            }
        }
        Ok(())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn rules_are_read_or_refused() {
            let rule: Rule = "load-wait:after@2=error*3".parse().unwrap();
            assert_eq!((rule.effect, rule.side, rule.from), (Effect::LoadWait, Side::After, 2));
            assert_eq!(rule.action, Action::Error { times: 3 });
            assert_eq!("seal:after".parse::<Rule>().unwrap().action, Action::Crash);
            assert_eq!("seal:after=pause:20".parse::<Rule>().unwrap().action, Action::Pause(Duration::from_millis(20)));
            for bad in ["seal", "seal:later", "sale:after", "seal:after=explode", "seal:after@x", "seal:after=error*x"]
            {
                assert!(bad.parse::<Rule>().is_err(), "{bad}");
            }
        }
    }
}
