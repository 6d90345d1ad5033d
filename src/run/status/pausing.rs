//! Lets tables rest, and go on.

use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use crate::model::TableSpec;
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::feeds::Feed;
use crate::state::{Newborn, Notes, PauseReason, Paused, PausedBy, annotate};

/// What is to become of a table's runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pause {
    Rest(Rest),
    GoOn,
}

/// A pause that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Nothing where none is given.
    pub reason: Option<PauseReason>,
    /// Who asks, as far as it is known.
    pub by: Option<PausedBy>,
}

/// Whether a note is another one now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changed {
    Yes,
    No,
}

/// Notes that a table rests, or goes on. One that rests already does so since then, by whoever began it, if for another reason from now on.
fn set(notes: &mut Notes, target: &str, pause: &Pause, now: OffsetDateTime) -> Changed {
    let changed = match (pause, notes.paused.get_mut(target)) {
        (Pause::GoOn, _) => notes.paused.remove(target).is_some(),
        (Pause::Rest(Rest { reason: None, .. }), Some(_)) => false,
        (Pause::Rest(Rest { reason, .. }), Some(paused)) => {
            std::mem::replace(&mut paused.reason, reason.clone()) != *reason
        }
        (Pause::Rest(Rest { reason, by }), None) => {
            let paused = Paused { since: now, reason: reason.clone(), by: by.clone() };
            notes.paused.insert(target.to_owned(), paused).is_none()
        }
    };
    if changed { Changed::Yes } else { Changed::No }
}

impl Context {
    /// Lets tables rest, or go on; returns the targets of those that did not already, or rested for another reason.
    pub async fn set_pause(&self, tables: &[&TableSpec], pause: &Pause) -> Result<Vec<String>, RunError> {
        let now = OffsetDateTime::now_utc();
        let _doing = self.board.doing();
        let mut all_changed = Vec::new();
        for feed in Feed::of(tables) {
            let targets: Vec<&String> = feed.tables.iter().map(|t| &t.target).collect();
            // Called once more where another write was quicker.
            let changed = Mutex::new(Vec::new());
            let change = |notes: &mut Notes| {
                let concerned = targets.iter().filter(|target| set(notes, target, pause, now) == Changed::Yes);
                *changed.lock().unwrap_or_else(PoisonError::into_inner) = concerned.map(|t| (*t).clone()).collect();
            };
            let newborn = match pause {
                Pause::Rest(_) => Newborn::Create,
                Pause::GoOn => Newborn::LeaveAlone,
            };
            annotate(&self.store, &feed.id, &self.new_holder(), newborn, change).await?;
            all_changed.extend(changed.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        Ok(all_changed)
    }
}
