//! Addresses: of our own pages, and of Google's.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::actions::Action;
use super::filter::Filter;
use crate::run::RunEntry;

/// What stands for itself in a part of a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// A table's page.
pub(super) fn table(target: &str) -> String {
    format!("/tables/{}", escaped(target))
}

/// The page that asks before an action.
pub(super) fn asks(target: &str, action: Action) -> String {
    format!("{}/{}", table(target), action.name())
}

/// A run's page.
pub(super) fn run(feed: &str, run: &str) -> String {
    format!("/feeds/{}/runs/{}", escaped(feed), escaped(run))
}

/// A run's page, with the tick that has its report.
pub(super) fn run_of_tick(entry: &RunEntry) -> String {
    let report = &entry.report;
    with_query(&run(report.feed.as_str(), report.run.as_str()), &[("tick", entry.tick.as_str())])
}

/// The list of tables, filtered.
pub(super) fn list(filter: &Filter, more: &[(&str, &str)]) -> String {
    with_query("/", &[filter.pairs().as_slice(), more].concat())
}

/// An address that may have a query already, with more in it.
pub(super) fn more(address: &str, pairs: &[(&str, &str)]) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let had: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(query.as_bytes()).collect();
    let had = had.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    with_query(path, &had.chain(pairs.iter().copied()).collect::<Vec<_>>())
}

/// An address with those of the pairs that say something.
pub(super) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let said = pairs.iter().filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A job's page in the console of BigQuery.
pub(super) fn bigquery_job(project: &str, location: &str, job: &str) -> String {
    let (project, location, job) = (escaped(project), escaped(location), escaped(job));
    format!("https://console.cloud.google.com/bigquery?project={project}&j=bq:{location}:{job}&page=queryresults")
}

/// The log's lines of one run: `telemetry` gives each the run's id as a label.
pub(super) fn run_log(project: &str, run: &str) -> String {
    let query = escaped(&format!("labels.run=\"{run}\""));
    format!("https://console.cloud.google.com/logs/query;query={query}?project={}", escaped(project))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(table("ö/a b?<"), "/tables/%C3%B6%2Fa%20b%3F%3C");
        assert_eq!(with_query("/", &[("q", "a&b"), ("state", "")]), "/?q=a%26b");
        assert_eq!(more("/?q=a%26b", &[("refresh", "off"), ("done", "")]), "/?q=a%26b&refresh=off");
        assert_eq!(more("/", &[("refresh", "off")]), "/?refresh=off");
        assert_eq!(
            bigquery_job("my-project", "EU", "plimsoll_a_1"),
            "https://console.cloud.google.com/bigquery?project=my-project&j=bq:EU:plimsoll_a_1&page=queryresults"
        );
    }
}
