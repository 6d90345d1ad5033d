//! What is proposed, read by the config's own reader and laid over the table: it has to be right as it stands.

use super::capture::by_row;
use super::proposed::{Proposed, Setting, Written};
use super::render::one_table;
use super::toml_text::{key, text};
use crate::config::{Config, Environment};
use crate::encode::{EncodeError, Shape};
use crate::model::TableSpec;
use crate::source::{Relation, with_key_of};

/// The table's settings as the config's reader takes them; a reason for people where it does not.
pub fn spec_of(proposed: &Proposed) -> Result<TableSpec, String> {
    let env = Environment::from([("DATABASE_URL", "of no meaning here")]);
    let config = Config::parse("proposed", &one_table(proposed), &env).map_err(|e| e.to_string())?;
    config.tables.into_iter().next().ok_or_else(|| "no table".to_owned())
}

/// Adapts what is proposed until the table has a shape that BigQuery takes: columns whose names differ there by nothing are
/// renamed, and a key of a type that is none is left out.
pub fn checked(proposed: &mut Proposed, relation: &Relation) -> Result<TableSpec, String> {
    let mut renamed: Vec<(String, String)> = Vec::new();
    // Each round settles one column, and one more the key.
    for _ in 0..=relation.columns.len() {
        let spec = spec_of(proposed)?;
        match Shape::of(&spec, with_key_of(relation, &spec).as_ref()) {
            Ok(_) => return Ok(spec),
            Err(EncodeError::NameCollision { second, name, .. }) => {
                let is_free = |wanted: &String| {
                    let lower = wanted.to_lowercase();
                    relation.columns.iter().all(|c| c.name.to_lowercase() != lower)
                        && renamed.iter().all(|(_, to)| to.to_lowercase() != lower)
                };
                let Some(to) = (2..=relation.columns.len() + 2).map(|n| format!("{name}_{n}")).find(is_free) else {
                    return Err(format!("Two columns are called {name} in BigQuery: write rename for one of them."));
                };
                renamed.push((second, to));
                set_rename(proposed, &renamed);
            }
            Err(EncodeError::BadKeyType { column, source_type, .. }) => {
                let kept = ["exclude", "hash", "rename"];
                proposed.settings.retain(|e| kept.contains(&e.key));
                let why = format!(
                    "BigQuery takes no key of type {source_type} ({column}): rows are told apart by what they hold"
                );
                proposed.settings.splice(0..0, by_row(&why));
            }
            Err(EncodeError::NoColumns) if relation.columns.is_empty() => return Err("It has no columns.".to_owned()),
            Err(e) => return Err(format!("{e}: {}.", e.hint())),
        }
    }
    Err("its columns can't be given names that BigQuery takes: write rename.".to_owned())
}

fn set_rename(proposed: &mut Proposed, renamed: &[(String, String)]) {
    let each: Vec<String> = renamed.iter().map(|(from, to)| format!("{} = {}", key(from), text(to))).collect();
    let value = format!("{{ {} }}", each.join(", "));
    let why = "BigQuery compares names without case, and takes letters, digits and underscores".to_owned();
    proposed.settings.retain(|e| e.key != "rename");
    proposed.settings.push(Setting { key: "rename", value, why, written: Written::Live });
}
