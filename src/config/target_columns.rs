//! What a `[[table]]` says of its target's columns.

use super::read::{Located, Section};
use crate::model::{DeleteStyle, Partition, PartitionBy, RESERVED_PREFIX, TargetType};

pub(super) fn read_delete(s: &Section<'_>) -> DeleteStyle {
    let names = (s.string("deleted_flag"), s.string("deleted_at"));
    let soft = s.choice("delete", &[("hard", false), ("soft", true)]).unwrap_or(false);
    if !soft {
        for name in [&names.0, &names.1].into_iter().flatten() {
            let problem = "deleted_flag and deleted_at need delete = \"soft\"".to_owned();
            s.fault(name.at, problem, "add it, or remove them");
        }
        return DeleteStyle::Hard;
    }
    for name in [&names.0, &names.1].into_iter().flatten() {
        if name.value.to_lowercase().starts_with(RESERVED_PREFIX) {
            let problem = format!("the column name `{}` belongs to Plimsoll", s.shown(name));
            s.fault(name.at, problem, "choose one that does not begin with _plimsoll_");
        }
    }
    DeleteStyle::Soft {
        flag: names.0.map_or("is_deleted".to_owned(), |n| n.value),
        at: names.1.map_or("deleted_at".to_owned(), |n| n.value),
    }
}

pub(super) fn read_partition(s: &Section<'_>) -> Option<Partition> {
    let p = s.nested("partition")?;
    let column = p.required_string("column", "partition = { column = \"created_at\", by = \"day\" }");
    let by = p.choice(
        "by",
        &[
            ("hour", PartitionBy::Hour),
            ("day", PartitionBy::Day),
            ("month", PartitionBy::Month),
            ("year", PartitionBy::Year),
        ],
    );
    let immutable = p.boolean("immutable").unwrap_or(false);
    p.refuse_unknown(&["column", "by", "immutable"]);
    Some(Partition { column: column?.value, by: by.unwrap_or(PartitionBy::Day), immutable })
}

pub(super) fn read_rename(s: &Section<'_>) -> Vec<(String, String)> {
    let Some(section) = s.nested("rename") else { return Vec::new() };
    let keys = section.own_keys();
    keys.into_iter().filter_map(|k| section.string(&k.value).map(|v| (k.value, v.value))).collect()
}

pub(super) fn read_forced_types(s: &Section<'_>) -> Vec<(String, TargetType)> {
    let Some(columns) = s.nested("columns") else { return Vec::new() };
    let mut forced = Vec::new();
    for Located { value: name, .. } in columns.own_keys() {
        let Some(column) = columns.nested(&name) else { continue };
        let types = TargetType::ALL.map(|t| (t.sql_name(), t));
        forced.extend(column.choice("type", &types).map(|target| (name, target)));
        column.refuse_unknown(&["type"]);
    }
    forced
}
