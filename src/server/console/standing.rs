//! How a table does, as the pages tell it: since when, why, and what fixes it.

use time::OffsetDateTime;

use super::actions::Action;
use super::filter::state_of;
use super::hints;
use crate::model::figures::{age, counted, moment, period};
use crate::model::{RunId, TableSpec};
use crate::run::{FeedStatus, Known, LoadingStatus, Standing, TableLook};

/// What a table's line begins with; one look has to be enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    Wrong,
    /// Its runs are well, and not all of its rows are in BigQuery as they are.
    Look,
    Waiting,
    Well,
}

impl Sign {
    pub fn class(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Look | Self::Waiting => "waiting",
            Self::Wrong => "wrong",
        }
    }

    /// For those who do not see the colour.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Well => "✓",
            Self::Look => "!",
            Self::Waiting => "…",
            Self::Wrong => "✗",
        }
    }
}

/// What a list and a page say of a table before all else.
#[derive(Clone, Debug)]
pub(super) struct TableStanding {
    pub sign: Sign,
    pub word: &'static str,
    pub since: Option<OffsetDateTime>,
    /// Who has made it so, where that is a person's doing and known.
    pub by: Option<String>,
    /// Why it is so; what is well has none.
    pub why: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// The button, and the command, that fixes it.
    pub fix: Option<Action>,
}

impl TableStanding {
    /// Since when it stands so, and by whom: `since 2026-11-27 12:05:39 UTC, 3 h, by the console`.
    pub fn since_text(&self) -> Option<String> {
        let at = self.since?;
        let long = age((OffsetDateTime::now_utc() - at).whole_seconds());
        let by = self.by.as_ref().map_or(String::new(), |by| format!(", by {by}"));
        Some(format!("since {}, {long}{by}", moment(at)))
    }

    pub fn of(look: &TableLook) -> Self {
        let word = state_of(look);
        let Some(known) = &look.known else {
            let (why, hint) = (look.unread.as_ref().map(|c| c.message.clone()), None);
            return Self { sign: Sign::Waiting, word, since: None, by: None, why, hint, fix: None };
        };
        let table = &known.status;
        let standing = Standing::of(table);
        let sign = match standing {
            _ if table.is_trouble() => Sign::Wrong,
            Standing::Pending | Standing::Loading | Standing::Paused | Standing::Running => Sign::Waiting,
            _ if not_as_they_are(known).is_some() => Sign::Look,
            _ => Sign::Well,
        };
        let (why, hint) = match sign {
            Sign::Look => (not_as_they_are(known), Some(put_right(&look.spec))),
            _ => reasons(&look.spec, table, standing),
        };
        let fix = fix(&look.spec, standing, table);
        let by = table.paused_by.as_ref().filter(|_| standing == Standing::Paused).map(|by| by.as_str().to_owned());
        Self { sign, word, since: since(table, standing), by, why, hint, fix }
    }
}

/// What of the rows BigQuery could not be given as it is.
fn not_as_they_are(known: &Known) -> Option<String> {
    let quarantined = Some(known.status.quarantined).filter(|n| *n > 0);
    let quarantined =
        quarantined.map(|n| format!("{} a value that BigQuery can't hold", counted(n, "row has", "rows have")));
    let left_out = known
        .left_out()
        .map(|n| format!("{} not in BigQuery at all, for the key can't be held", counted(n, "row is", "rows are")));
    let all: Vec<String> = quarantined.into_iter().chain(left_out).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn put_right(spec: &TableSpec) -> String {
    let again = Action::Full.command(spec);
    format!(
        "what is known of them stands below. Put the values right in the source, and the next run brings them; `{again}` counts \
         those that are left"
    )
}

fn since(table: &FeedStatus, standing: Standing) -> Option<OffsetDateTime> {
    let began = |run: &Option<String>| RunId::parse(run.as_deref()?)?.started();
    match standing {
        Standing::Pending => began(&table.pending),
        Standing::Running => began(&table.held_by),
        _ => table.since(),
    }
}

/// Why a table stands as it does, and what to do.
fn reasons(spec: &TableSpec, table: &FeedStatus, standing: Standing) -> (Option<String>, Option<String>) {
    match standing {
        Standing::SetAside | Standing::Failing => {
            table.complaint().map(|c| (c.message.clone(), c.hint.clone())).unzip()
        }
        Standing::Differs => {
            let verified =
                table.verified.as_ref().map(|v| format!("last compared ({}) {}", v.level.name(), moment(v.at)));
            let found = table.differs().map(|d| format!("rows differ: {}", d.text()));
            let hint = format!(
                "BigQuery lacks the missing rows, and the source lacks the extra ones: `{}` corrects these rows, and reads no others",
                Action::Repair.command(spec)
            );
            (Some(found.into_iter().chain(verified).collect::<Vec<_>>().join("; ")), Some(hint))
        }
        Standing::Late => {
            let limit = period(table.age_limit);
            let old = table.age_seconds.map_or(String::new(), age);
            (Some(format!("what BigQuery has is {old} old, and may be {limit}")), None)
        }
        Standing::NeverLoaded => (Some("no run has loaded it yet".to_owned()), None),
        Standing::Pending => (
            Some(
                "a run has read its rows, and they are not in BigQuery yet: the next run brings them there".to_owned(),
            ),
            None,
        ),
        Standing::Loading => (table.load.as_ref().map(LoadingStatus::text), None),
        Standing::Running => {
            let until = table.held_until.map(|t| format!("if its process is gone, it is free again at {}", moment(t)));
            (Some("a run is at work on it".to_owned()), until)
        }
        Standing::Paused => (table.paused_reason.as_ref().map(|r| r.as_str().to_owned()), None),
        Standing::UpToDate => (None, None),
    }
}

/// The button that fixes it. A table that somebody has to put right first has none but the one that its hint names.
fn fix(spec: &TableSpec, standing: Standing, table: &FeedStatus) -> Option<Action> {
    // No run reads it, whatever else is wrong.
    if table.paused_since.is_some() {
        return Some(Action::Resume);
    }
    let named = || table.complaint().and_then(|c| hints::action(&c.hint, spec));
    match standing {
        Standing::SetAside => named(),
        Standing::Failing => named().or(Some(Action::Run)),
        Standing::Late | Standing::NeverLoaded => Some(Action::Run),
        Standing::Differs => Some(Action::Repair),
        Standing::Pending if table.is_trouble() => Some(Action::Run),
        Standing::Pending | Standing::Loading | Standing::Running | Standing::Paused | Standing::UpToDate => None,
    }
}

/// The first sentence of a text, and not too much of it.
pub(super) fn first_sentence(text: &str) -> String {
    const MOST: usize = 180;
    let line = text.lines().next().unwrap_or_default();
    let sentence = line.split_once(". ").map_or(line, |(first, _)| first);
    if sentence.chars().count() <= MOST {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(MOST).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(whole_words, _)| whole_words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_short() {
        assert_eq!(first_sentence("a table is gone. Make it again.\nx"), "a table is gone");
        assert_eq!(first_sentence("one\ntwo"), "one");
        assert_eq!(first_sentence(""), "");
        let long = first_sentence(&"word ".repeat(99));
        assert!(long.ends_with("word…") && long.chars().count() < 190, "{long}");
        assert!(first_sentence(&"x".repeat(999)).chars().count() < 190);
    }
}
