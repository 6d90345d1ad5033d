//! What a tick is asked for: the body of `POST /runs`, of a message, and the options of a command.

use serde::{Deserialize, Serialize};

use super::order::{Guard, Mode, Order};
use super::report::TickKind;
use crate::model::{
    CompareDocuments, Dialect, IgnoredDeletes, RelationName, Repair, TableSpec, Verification, VerifyLevel, nearest,
    nearest_relations, one_of,
};

/// Which tables a tick is for; also the body of `POST /runs` and of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    /// By source or target name; empty for every due table.
    pub tables: Vec<String>,
    /// Read whole tables.
    pub full: bool,
    /// Of these tables, only those whose time has come.
    pub due: bool,
    /// Let this run delete as much as it finds gone.
    pub allow_deletes: bool,
    /// As `full`, and targets may be replaced; only for tables that are named.
    pub resync: bool,
    /// Compare the tables with their source afterwards.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub verify: bool,
    /// And read again what differs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repair: bool,
    /// How much of the rows is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<VerifyLevel>,
    /// How much of documents is compared: `"all"`, or of how many rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<CompareDocuments>,
    /// Rows that only the target has differ, even where the config lets deletes be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
}

/// A request named a table that the config does not have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no table `{name}` is configured")]
pub struct UnknownTable {
    pub name: String,
    /// The tables there are, by their names in the source.
    pub known: Vec<String>,
    /// And in BigQuery.
    pub targets: Vec<String>,
}

/// The text is not the JSON of a [`Request`].
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a request such as {{\"tables\": [\"public.orders\"], \"full\": false}}")]
pub struct NotARequest;

impl UnknownTable {
    /// What to do next.
    pub fn hint(&self) -> String {
        let known: Vec<RelationName> = self.known.iter().filter_map(|k| RelationName::parse(k)).collect();
        let near = nearest_relations(&self.name, &known);
        if near.is_empty() {
            return match nearest(&self.name, self.targets.iter().map(String::as_str)) {
                Some(target) => format!("did you mean `{target}`?"),
                None => format!("one of {}", self.known.join(", ")),
            };
        }
        let names: Vec<String> = near.iter().map(|n| format!("`{}`", n.quoted())).collect();
        format!("did you mean {}?", one_of(&names))
    }
}

impl Request {
    /// Reads a request's JSON object; nothing at all is a request for every due table.
    pub fn from_json(text: &[u8]) -> Result<Self, NotARequest> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        // Through an object, for a list of values would be taken for one too.
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(text).map_err(|_| NotARequest)?;
        let request: Self = serde_json::from_value(object.into()).map_err(|_| NotARequest)?;
        if request.resync && request.tables.is_empty() { Err(NotARequest) } else { Ok(request) }
    }

    /// The tables asked for, in the config's order.
    pub fn select<'a>(&self, tables: &'a [TableSpec]) -> Result<Vec<&'a TableSpec>, UnknownTable> {
        let is_named = |spec: &TableSpec, name: &str| {
            // A target's name is one table's alone. A source's, without its schema, may be that of several.
            if tables.iter().any(|t| t.target == name) {
                return spec.target == name;
            }
            spec.source.to_string() == name
                || Dialect::ALL.iter().any(|d| RelationName::parse_in(*d, name).as_ref() == Some(&spec.source))
        };
        for name in &self.tables {
            // What we sent on to ourselves may be gone from the config by now.
            if !self.due && !tables.iter().any(|t| is_named(t, name)) {
                let known = tables.iter().map(|t| t.source.quoted()).collect();
                let targets = tables.iter().map(|t| t.target.clone()).collect();
                return Err(UnknownTable { name: name.clone(), known, targets });
            }
        }
        let all = self.tables.is_empty();
        Ok(tables.iter().filter(|t| all || self.tables.iter().any(|n| is_named(t, n))).collect())
    }

    /// Whether somebody has asked for just this, so that it may not be dropped where a feed is busy. A plain tick may: the next one
    /// finds the same changes.
    pub fn is_asked_for(&self) -> bool {
        self.full
            || self.resync
            || self.allow_deletes
            || self.verify
            || self.repair
            || (!self.tables.is_empty() && !self.due)
    }

    /// What the tick is called that serves it.
    pub(super) fn kind(&self) -> TickKind {
        match self {
            Self { resync: true, .. } => TickKind::Resync,
            Self { full: true, .. } => TickKind::Full,
            Self { repair: true, .. } => TickKind::Repair,
            Self { verify: true, .. } => TickKind::Verify,
            _ => TickKind::Tick,
        }
    }

    pub(super) fn order(&self) -> Order {
        let guard = if self.allow_deletes { Guard::Off } else { Guard::On };
        Order { mode: self.mode(), guard, verify: self.verification() }
    }

    fn verification(&self) -> Option<Verification> {
        (self.verify || self.repair).then(|| Verification {
            // Only keys tell what to read again.
            level: match self.level.unwrap_or_default() {
                VerifyLevel::Counts if self.repair => VerifyLevel::Keys,
                level => level,
            },
            repair: if self.repair { Repair::Yes } else { Repair::No },
            ignored_deletes: if self.strict { IgnoredDeletes::Differ } else { IgnoredDeletes::Counted },
            documents: self.documents.unwrap_or_default(),
        })
    }

    fn mode(&self) -> Mode {
        match (self.resync, self.full) {
            (true, _) => Mode::Resync,
            (false, true) => Mode::Full,
            // What is compared has to be up to date.
            (false, false) if self.verification().is_some() => Mode::Now,
            (false, false) if self.tables.is_empty() || self.due => Mode::IfDue,
            (false, false) => Mode::Now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plain_spec;

    #[test]
    fn a_targets_name_is_one_tables_alone() {
        let named = |schema: &str, target: &str| TableSpec {
            source: RelationName { schema: schema.to_owned(), name: "orders".to_owned() },
            target: target.to_owned(),
            ..plain_spec()
        };
        let tables = [named("public", "orders_live"), named("archive", "orders")];
        for (asked, found) in [("orders", "orders"), ("public.orders", "orders_live"), ("orders_live", "orders_live")] {
            let request = Request { tables: vec![asked.to_owned()], ..Request::default() };
            let targets: Vec<&str> = request.select(&tables).unwrap().iter().map(|t| t.target.as_str()).collect();
            assert_eq!(targets, [found], "{asked}");
        }
    }

    #[test]
    fn a_body_may_be_empty_and_may_not_hold_what_nobody_reads() {
        for nothing in ["", " \n", "{}"] {
            assert_eq!(Request::from_json(nothing.as_bytes()), Ok(Request::default()));
        }
        for bad in [r#"{"table":["x"]}"#, r#"{"resync":true}"#, "[]", "null", "[[\"x\"],true]", "{"] {
            assert_eq!(Request::from_json(bad.as_bytes()), Err(NotARequest), "{bad}");
        }
    }
}
