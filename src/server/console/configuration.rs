//! A table's configuration as it is resolved, in words.

use std::time::Duration;

use crate::model::figures::period;
use crate::model::{
    Arrays, CaptureKind, ChangedColumns, DeleteStyle, Deletes, Finds, FoundDeletes, Lag, Metadata, TableKey, TableSpec,
};

/// Each key of the config that says something of the table, with what it says.
pub(super) fn resolved(spec: &TableSpec) -> Vec<(&'static str, String)> {
    let every = |time: Option<Duration>| time.map(period);
    let list = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
    let renamed = spec.rename.iter().map(|(from, to)| format!("{from} → {to}")).collect::<Vec<_>>();
    let forced = spec.forced.iter().map(|(column, target)| format!("{column}: {target}")).collect::<Vec<_>>();
    let lag = spec.lag.map(|lag| match lag {
        Lag::Time(time) => period(time),
        Lag::Steps(steps) => steps.to_string(),
    });
    let log_types = spec.log_types.iter().map(|t| t.name.clone()).collect::<Vec<_>>();
    let said = [
        ("source", Some(spec.source.quoted())),
        ("target", Some(format!("{}.{}", spec.home, spec.target))),
        ("key", Some(key(&spec.key))),
        ("capture", Some(spec.capture.name().to_owned())),
        ("cursor", spec.cursor.clone()),
        ("lag", lag),
        ("log_types", list(&log_types)),
        (
            "changed_columns",
            (spec.changed_columns == ChangedColumns::SkipUnpublished)
                .then(|| "an update of columns that are not published is skipped".to_owned()),
        ),
        ("where", spec.filter.clone()),
        ("deletes", deletes(spec)),
        ("deletes_every", every(spec.deletes_every)),
        ("reconcile_every", every(spec.reconcile_every)),
        ("verify_every", every(spec.verify_every)),
        ("every", Some(every(spec.every).unwrap_or_else(|| "each tick of the schedule".to_owned()))),
        ("delete", Some(delete(&spec.delete))),
        ("max_delete_fraction", Some(spec.max_delete_fraction.to_string())),
        ("on_unrepresentable", Some(spec.on_unrepresentable.name().to_owned())),
        ("exclude", list(&spec.exclude)),
        ("hash", list(&spec.hash)),
        ("rename", list(&renamed)),
        ("columns", list(&forced)),
        ("arrays", (spec.arrays == Arrays::Repeated).then(|| "repeated".to_owned())),
        (
            "partition",
            spec.partition.as_ref().map(|p| {
                let immutable = if p.immutable { ", never changes in a row" } else { "" };
                format!("by {} of {}{immutable}", p.by.word(), p.column)
            }),
        ),
        ("cluster", spec.cluster.as_deref().and_then(list)),
        ("metadata", (spec.metadata == Metadata::Columns).then(|| "the target has Plimsoll's own columns".to_owned())),
    ];
    said.into_iter().filter_map(|(key, said)| Some((key, said?))).collect()
}

fn key(key: &TableKey) -> String {
    match key {
        TableKey::Primary => "the primary key".to_owned(),
        TableKey::Columns(columns) if columns.is_empty() => "none".to_owned(),
        TableKey::Columns(columns) => columns.join(", "),
        TableKey::Row => "the whole row".to_owned(),
    }
}

fn deletes(spec: &TableSpec) -> Option<String> {
    let is_asked = matches!(spec.capture, CaptureKind::Cursor | CaptureKind::Xmin);
    is_asked.then(|| match spec.deletes {
        Deletes::Ignore => "ignore".to_owned(),
        Deletes::Keys => "keys".to_owned(),
    })
}

fn delete(style: &DeleteStyle) -> String {
    match style {
        DeleteStyle::Hard => "hard".to_owned(),
        DeleteStyle::Soft { flag, at } => format!("soft: {flag} is set, and {at} says when"),
    }
}

/// What the capture can't see; nothing where it sees every change.
pub(super) fn blind_spot(spec: &TableSpec) -> Option<String> {
    let until = |every: Option<Duration>| every.map_or("never".to_owned(), |every| format!("every {}", period(every)));
    match spec.finds() {
        Finds::AllChanges => None,
        Finds::DeletesEvery(every) => {
            Some(format!("Rows that are deleted in the source are found every {}.", period(every)))
        }
        Finds::InsertsAndUpdates => Some("Rows that are deleted in the source stay in the target.".to_owned()),
        Finds::Cursor { column, deletes, others } => {
            let gone = match deletes {
                FoundDeletes::EachRun => String::new(),
                FoundDeletes::Every(every) => format!(" Rows that are deleted are found every {}.", period(every)),
                FoundDeletes::Never if others.is_none() => " Rows that are deleted stay in the target.".to_owned(),
                FoundDeletes::Never => String::new(),
            };
            Some(format!("Changes that do not set {column} are found {}.{gone}", until(others)))
        }
        Finds::Log { others } => Some(format!("Changes that the log does not have are found {}.", until(others))),
    }
}
