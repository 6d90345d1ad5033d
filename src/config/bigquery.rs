//! `[bigquery]`: the datasets that are written.

use std::time::Duration;

use super::read::Section;

#[derive(Clone, Debug)]
pub struct BigQueryConfig {
    pub project: String,
    pub dataset: String,
    pub staging_dataset: String,
    pub location: Option<String>,
    /// A job that takes longer is cancelled.
    pub job_timeout: Duration,
    /// Where rows are sent one by one, as `https://host`; the service's own address where it is absent.
    pub write_endpoint: Option<String>,
}

/// `None` only where a fault was noted.
pub(super) fn read(s: &Section<'_>) -> Option<BigQueryConfig> {
    let project = s.required_string("project", "project = \"my-project\"");
    let dataset = s.required_string("dataset", "dataset = \"app\"");
    let staging = s.string("staging_dataset");
    let location = s.string("location");
    let job_timeout = s.duration("job_timeout").map_or(Duration::from_secs(3600), |d| d.value);
    let write_endpoint = s.string("write_endpoint");
    s.refuse_unknown(&["project", "dataset", "staging_dataset", "location", "job_timeout", "write_endpoint"]);
    let is_url = |text: &str| reqwest::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    if let Some(given) = write_endpoint.as_ref().filter(|e| !is_url(&e.value)) {
        let problem = format!("`{}` is no address of the Storage Write API", s.shown(given));
        s.fault(given.at, problem, "write_endpoint = \"https://bigquerystorage.europe-west3.rep.googleapis.com\"");
    }
    for name in [&dataset, &staging].into_iter().flatten() {
        if name.value.is_empty() || !name.value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let problem = format!("`{}` is not a dataset name", s.shown(name));
            s.fault(name.at, problem, "letters, digits and underscores only");
        }
    }
    let dataset = dataset?.value;
    let staging = staging.map_or_else(|| format!("{dataset}_staging"), |d| d.value);
    Some(BigQueryConfig {
        project: project?.value,
        dataset,
        staging_dataset: staging,
        location: location.map(|l| l.value),
        job_timeout,
        write_endpoint: write_endpoint.map(|e| e.value),
    })
}
