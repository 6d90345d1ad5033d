//! A run that repairs what a comparison has found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::verify::{is_to_be_repaired, told_of};
use crate::capture::keyed::GivenKeys;
use crate::model::{CaptureKind, Difference, TableSpec};
use crate::run::delete_guard::is_too_many;
use crate::run::error::RunError;
use crate::run::feed::Run;
use crate::run::order::{Guard, Mode};
use crate::run::verify::{Again, Compared, Complete, LookAgain};
use crate::state::Verifying;

impl Run<'_> {
    /// Reads again what differs, by its keys where those are known, and compares that once more.
    pub(super) async fn repair(&mut self, compared: &mut [Compared]) -> Result<(), RunError> {
        // A repair that fails, as where the delete guard stops it, is not tried again by each tick: what was found stands, and the comparison
        // goes on behind it.
        let mut told = told_of(compared.iter().filter(|c| c.is_cut()));
        // Where it fails, the report of this run tells what was billed so far.
        told.verifying.values_mut().for_each(|v| *v = v.take().map(Verifying::reported));
        if let Some(state) = self.state.as_mut().filter(|_| !told.verifying.is_empty()) {
            state.conclude(&told).await?;
        }
        let before: BTreeMap<String, (u64, u64)> =
            compared.iter().map(|c| (c.spec.target.clone(), (c.judged.rows(), c.judged.extra))).collect();
        // A stretch has few rows that would go where all of them together have very many.
        if self.order.guard == Guard::On {
            compared.iter().filter(|c| is_to_be_repaired(c) && !c.ignores_deletes()).try_for_each(guard)?;
        }
        let (mut given, mut by_key, mut whole) = (GivenKeys::default(), Vec::new(), Vec::new());
        let mut again = BTreeMap::new();
        for c in compared.iter().filter(|c| is_to_be_repaired(c)) {
            let leaves_extra = c.ignores_deletes();
            let keys = c.judged.keys.iter().filter(|(_, d)| !leaves_extra || *d != Difference::Extra);
            let keys: Vec<Vec<String>> = keys.map(|(key, _)| key.clone()).collect();
            let is_by_key = matches!(c.look.again, Some(Again::Keys { .. })) && c.is_all == Complete::Yes;
            match is_by_key && c.spec.capture != CaptureKind::Full {
                true => {
                    given = given.with(&c.spec.target, keys);
                    by_key.push(c.spec.clone());
                }
                // Read whole, it would lose the rows that the config lets be.
                false if leaves_extra => continue,
                false => whole.push(c.spec.clone()),
            }
            let nothing = || LookAgain { what: Again::Counts(c.within.clone()), columns: c.columns.clone() };
            again.insert(c.spec.target.clone(), c.look_again().unwrap_or_else(nothing));
        }
        if !by_key.is_empty() {
            self.again = of_these(&again, &by_key);
            self.keys = Some(Arc::new(given));
            let done = self.run_and_judge(by_key, compared).await;
            self.keys = None;
            done?;
        }
        if !whole.is_empty() {
            self.again = of_these(&again, &whole);
            self.order.mode = Mode::Reconcile;
            let read: Vec<String> = whole.iter().map(|t| t.target.clone()).collect();
            let done = self.run_and_judge(whole, compared).await;
            self.order.mode = Mode::Now;
            done?;
            // All rows were read, so what was not looked at again is as the source has it.
            let is_mended = |c: &&mut Compared| read.contains(&c.spec.target) && c.judged_again && c.differing() == 0;
            compared.iter_mut().filter(is_mended).for_each(|c| c.is_all = Complete::Yes);
        }
        for c in compared {
            let (then, extra) = before.get(&c.spec.target).copied().unwrap_or_default();
            c.repaired = then.saturating_sub(c.judged.rows());
            c.removed = extra.saturating_sub(c.judged.extra);
        }
        Ok(())
    }
}

/// Fails where a comparison, with its stretches before, would delete more of the target than the config allows.
fn guard(c: &Compared) -> Result<(), RunError> {
    let deletes = c.so_far.found.removed + c.judged.extra;
    let before = c.so_far.about.max(c.so_far.found.target_rows + c.look.target_rows);
    match c.is_cut() && is_too_many(deletes, c.spec.max_delete_fraction, before) {
        true => Err(RunError::TooManyDeletes {
            target: c.spec.target.clone(),
            mode: Mode::Now,
            deletes,
            before,
            fraction: c.spec.max_delete_fraction,
        }),
        false => Ok(()),
    }
}

fn of_these(again: &BTreeMap<String, LookAgain>, tables: &[TableSpec]) -> BTreeMap<String, LookAgain> {
    let of = |t: &TableSpec| Some((t.target.clone(), again.get(&t.target)?.clone()));
    tables.iter().filter_map(of).collect()
}
