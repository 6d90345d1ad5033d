//! The first look at each table, or at the next stretch of it.
//!
//! A table of more than `[run] chunk_rows` rows is compared a stretch of keys at a time, where its key can be cut: an index has it, and the
//! first of its columns are of types whose values have the same order on both sides. Each stretch is a comparison by itself.

use std::sync::Arc;

use time::OffsetDateTime;

use super::again::Complete;
use super::compared::{Compared, Ground};
use super::first_look::{About, FirstLook, first_look};
use super::judge::Judged;
use super::sides::Sides;
use crate::bigquery::Billed;
use crate::canonical::{ALL_KEYS, ComparedColumn, Digest};
use crate::capture::keyed::KeysAtHand;
use crate::capture::may_be_cut;
use crate::failpoint::{Effect, around};
use crate::model::{IgnoredDeletes, TableSpec, Verification};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::look_at_table::InSource;
use crate::run::report::VerifyReport;
use crate::source::{Catalog, ComparedRows, Moment, Session, Table, compared_columns};
use crate::state::{Found, Verifying};

/// A table that is to be compared.
#[derive(Clone, Debug)]
pub struct Asked {
    pub spec: TableSpec,
    pub asked: Verification,
    /// What the stretches before have shown.
    pub so_far: Option<Verifying>,
    /// What its queries are billed for, also where they fail.
    pub billed: Arc<Billed>,
}

impl Asked {
    pub fn new(spec: TableSpec, asked: Verification, so_far: Option<Verifying>) -> Self {
        Self { spec, asked, so_far, billed: Arc::default() }
    }
}

/// What was looked at, and by its target what could not be.
#[derive(Default)]
pub struct Looked {
    pub compared: Vec<Compared>,
    pub failed: Vec<(String, VerifyReport)>,
}

impl Context {
    /// Looks at each table in the snapshot that the session is in.
    pub(in crate::run) async fn look_at_all(
        &self,
        session: &Session,
        moment: &Moment,
        tables: Vec<Asked>,
    ) -> Result<Looked, RunError> {
        let names: Vec<_> = tables.iter().map(|t| t.spec.source.clone()).collect();
        let catalog = session.read_catalog(&names).await?;
        let mut looked = Looked::default();
        session.savepoint().await?;
        for asked in tables {
            let (spec, level) = (asked.spec.clone(), asked.asked.level);
            match around(Effect::FirstLook, self.look_at_one(session, moment, &catalog, asked)).await {
                Ok(one) => looked.compared.push(one),
                Err(e) if e.is_transient() => return Err(e),
                // One table's trouble is no other's.
                Err(e) => {
                    // Where the snapshot went with the statement, the others can't be looked at in it.
                    if session.back_to_savepoint().await.is_err() {
                        return Err(e);
                    }
                    let (source, target) = (spec.source.to_string(), self.bigquery.target(&spec.target).to_string());
                    let report = VerifyReport::not_compared(source, target, level, &e.to_string());
                    looked.failed.push((spec.target, report));
                }
            }
        }
        Ok(looked)
    }

    async fn look_at_one(
        &self,
        session: &Session,
        moment: &Moment,
        catalog: &Catalog,
        asked: Asked,
    ) -> Result<Compared, RunError> {
        let Asked { spec, asked, so_far, billed } = asked;
        let found = InSource::find(session, catalog, &spec, &KeysAtHand::Rows).await?;
        let table = found.table();
        let (columns, chunk_rows) = (compared_columns(table), self.config.run.chunk_rows);
        let about = session.estimate_size(&spec.source).await?;
        let basis = basis(session, table, &columns).await?;
        let so_far = so_far.filter(|v| v.basis == basis).unwrap_or_else(|| {
            let found = Found::default();
            Verifying { began: moment.taken_at, asked, basis, after: None, about, found, reported_bytes: 0 }
        });
        let within = match so_far.after.is_some() || (about > chunk_rows && may_be_cut(table)) {
            true => session.compared_stretch(table, so_far.after.clone(), chunk_rows).await?,
            false => ALL_KEYS.clone(),
        };
        let mut one = Compared {
            target: self.bigquery.target(&spec.target),
            columns,
            key_len: found.shape.key_len,
            taken_at: moment.taken_at,
            within,
            so_far,
            ground: Ground::Same,
            look: FirstLook::default(),
            judged: Judged::default(),
            is_all: Complete::Yes,
            judged_again: false,
            repaired: 0,
            removed: 0,
            billed,
            began: OffsetDateTime::now_utc(),
            spec: spec.clone(),
        };
        let rows = ComparedRows { table, within: &one.within };
        let extras = if one.ignores_deletes() { IgnoredDeletes::Counted } else { IgnoredDeletes::Differ };
        let about = About { extras, table: about, looked_at: if one.is_cut() { about.min(chunk_rows) } else { about } };
        let target = one.target();
        one.look = first_look(Sides { session, rows, bigquery: &self.bigquery, target: &target }, asked, about).await?;
        Ok(one)
    }
}

/// A digest of what is compared, and of whether and how it can be cut.
async fn basis(session: &Session, table: Table<'_>, columns: &[ComparedColumn]) -> Result<String, RunError> {
    let order = if may_be_cut(table) { session.key_order(table).await? } else { String::new() };
    let TableSpec { filter, delete, deletes, capture, .. } = table.spec;
    let key_len = table.shape.key_len;
    Ok(Digest::of(&format!("{order} {key_len} {columns:?} {filter:?} {delete:?} {deletes:?} {capture:?}")).hex())
}
