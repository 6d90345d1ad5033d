//! Which tables are listed: all, or those that `--schema`, `--table` and `--exclude` let through.

use super::error::ProposeError;
use super::frameworks::tool_of_schema;
use super::toml_text::relation_name;
use crate::model::{Dialect, RelationName, nearest_relations};
use crate::source::{Candidate, Closed, Listing};

/// What the command line asks for. A pattern is a name, or has `*` for any characters and `?` for one; one for tables that
/// has a dot is of schema and table. Upper and lower case count.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    pub schemas: Vec<String>,
    pub tables: Vec<String>,
    pub exclude: Vec<String>,
}

/// Whether somebody has asked for a table by its very name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Named,
    Listed,
}

/// A table that is listed.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    pub candidate: &'a Candidate,
    pub wish: Wish,
}

/// What is listed, and what is said of the rest.
#[derive(Debug)]
pub struct Selected<'a> {
    pub candidates: Vec<Chosen<'a>>,
    pub remarks: Vec<String>,
    /// How many of them are tables that the role may not read.
    pub unread: usize,
}

/// Applies the filters. Each of them has to match something, or it is a typing error.
pub fn select<'a>(listing: &'a Listing, filters: &Filters) -> Result<Selected<'a>, ProposeError> {
    let dialect = listing.dialect;
    let all: Vec<&RelationName> =
        listing.candidates.iter().map(|c| &c.name).chain(listing.closed.iter().map(|c| &c.name)).collect();
    if all.is_empty() {
        return Err(ProposeError::Empty { database: listing.database.clone() });
    }
    refuse_unmatched(dialect, &all, filters)?;
    let passes = |name: &RelationName| {
        (filters.schemas.is_empty() || filters.schemas.iter().any(|p| is_like(&name.schema, p)))
            && (filters.tables.is_empty() || filters.tables.iter().any(|p| is_table(dialect, name, p)))
            && !filters.exclude.iter().any(|p| is_table(dialect, name, p))
    };
    // A tool's own schema may have thousands of tables.
    let by_default = filters.schemas.is_empty() && filters.tables.is_empty();
    let is_tools = |name: &RelationName| by_default && tool_of_schema(&name.schema).is_some();
    let mut candidates = Vec::new();
    for candidate in listing.candidates.iter().filter(|c| passes(&c.name) && !is_tools(&c.name)) {
        let is_named = filters.tables.iter().any(|p| !is_pattern(p) && is_table(dialect, &candidate.name, p));
        candidates.push(Chosen { candidate, wish: if is_named { Wish::Named } else { Wish::Listed } });
    }
    let closed: Vec<&Closed> = listing.closed.iter().filter(|c| passes(&c.name) && !is_tools(&c.name)).collect();
    if candidates.is_empty() {
        return Err(match closed.len() {
            0 => ProposeError::AllExcluded,
            count => ProposeError::NoRights {
                dialect: listing.dialect,
                role: listing.role.clone(),
                database: listing.database.clone(),
                count,
                statements: listing.grants(&closed),
            },
        });
    }
    let mut remarks = listing.remarks.clone();
    remarks.extend(tools(listing.candidates.iter().map(|c| &c.name).filter(|n| passes(n) && is_tools(n))));
    if !closed.is_empty() {
        remarks.push(format!(
            "Not listed: {}. The {} {} may not read them. To let it:",
            names(&closed),
            listing.dialect.who_asks(),
            listing.role
        ));
        remarks.extend(listing.grants(&closed).iter().map(|g| format!("  {g};")));
    }
    Ok(Selected { candidates, remarks, unread: closed.len() })
}

fn refuse_unmatched(dialect: Dialect, all: &[&RelationName], filters: &Filters) -> Result<(), ProposeError> {
    let no_match = |option, pattern: &String, near: Vec<String>| {
        let pattern = pattern.clone();
        ProposeError::NoMatch { option, pattern, near }
    };
    if let Some(pattern) = filters.schemas.iter().find(|p| !all.iter().any(|n| is_like(&n.schema, p))) {
        let near = closest(pattern, all.iter().map(|n| n.schema.clone()));
        return Err(no_match("--schema", pattern, near.into_iter().collect()));
    }
    for (option, patterns) in [("--table", &filters.tables), ("--exclude", &filters.exclude)] {
        if let Some(pattern) = patterns.iter().find(|p| !all.iter().any(|n| is_table(dialect, n, p))) {
            return Err(no_match(option, pattern, near(pattern, all.iter().copied())));
        }
    }
    Ok(())
}

/// The names that somebody may have meant, as the config writes them.
pub fn near<'a>(typed: &str, names: impl Iterator<Item = &'a RelationName>) -> Vec<String> {
    nearest_relations(typed, names).into_iter().map(relation_name).collect()
}

fn closest(typed: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let lower = typed.to_lowercase();
    let found = names.min_by_key(|n| strsim::levenshtein(&n.to_lowercase(), &lower))?;
    (strsim::levenshtein(&found.to_lowercase(), &lower) <= 3).then_some(found)
}

fn names(closed: &[&Closed]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = closed.iter().take(SHOWN).map(|c| relation_name(&c.name)).collect();
    let more = closed.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn tools<'a>(names: impl Iterator<Item = &'a RelationName>) -> Vec<String> {
    let names: Vec<&RelationName> = names.collect();
    let of_schema = names.chunk_by(|a, b| a.schema == b.schema).filter_map(|part| {
        let schema = &part.first()?.schema;
        let tool = tool_of_schema(schema)?;
        let count = part.len();
        Some(format!("Not listed: the schema {schema}, which {tool} keeps for itself (tables and views: {count}). --schema '{schema}' lists it."))
    });
    of_schema.collect()
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn is_table(dialect: Dialect, name: &RelationName, pattern: &str) -> bool {
    // A name may have a dot, a star or a space of its own.
    RelationName::parse_in(dialect, pattern).as_ref() == Some(name)
        || name.name == pattern
        || is_like(&name.to_string(), pattern)
        || (!pattern.contains('.') && is_like(&name.name, pattern))
}

/// Whether a text fits a pattern: `*` stands for any characters, `?` for one.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut t, mut p) = (0, 0);
    // Where the last star stands, and how far of the text it has taken.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => (t, p) = (t + 1, p + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (t, p) = (taken + 1, at + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_name() {
        for (text, pattern) in [
            ("orders", "orders"),
            ("orders", "ord*"),
            ("orders", "*e?s"),
            ("orders", "*"),
            ("", "*"),
            ("a*b", "a*b"),
            ("aab", "*ab"),
        ] {
            assert!(is_like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("orders", "order"), ("orders", "rders"), ("Orders", "orders"), ("", "?"), ("ab", "*a")]
        {
            assert!(!is_like(text, pattern), "{text} {pattern}");
        }
    }

    #[test]
    fn the_name_that_was_meant_is_found() {
        let name = |schema: &str, name: &str| RelationName { schema: schema.to_owned(), name: name.to_owned() };
        let names = [name("public", "orders"), name("app", "Customers"), name("public", "a.b")];
        let near = |typed| near(typed, names.iter());
        assert_eq!(near("public.order"), ["public.orders"]);
        assert_eq!(near("Orders"), ["public.orders"]);
        assert_eq!(near("customers"), ["app.Customers"]);
        assert_eq!(near("public.customers"), ["app.Customers"]);
        assert_eq!(near("public.A.b"), ["public.\"a.b\""]);
        assert!(near("invoices").is_empty());
    }

    #[test]
    fn a_table_is_named_in_several_ways() {
        let odd = RelationName { schema: "my app".to_owned(), name: "a.b".to_owned() };
        for pattern in ["\"my app\".\"a.b\"", "my app.a.b", "a.b", "my app.*", "*"] {
            assert!(is_table(Dialect::Postgres, &odd, pattern), "{pattern}");
        }
        assert!(!is_table(Dialect::Postgres, &odd, "b"));
        let plain = RelationName { schema: "app".to_owned(), name: "orders".to_owned() };
        for pattern in ["app.orders", "orders", "ord*", "app.*", "*.orders"] {
            assert!(is_table(Dialect::Postgres, &plain, pattern), "{pattern}");
        }
    }
}
