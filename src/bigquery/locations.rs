//! Where the datasets are, and whether they let their tables expire. Asked once a process.
//!
//! A job runs in one place: it finds no dataset that is elsewhere, and does not read in one place and write in another.
//! Source: <https://cloud.google.com/bigquery/docs/locations#specify_locations>

use std::fmt;

use reqwest::Method;

use super::client::{Answer, BigQuery, Body, encode};
use super::error::{BigQueryError, ProjectFault, SaidBy};
use crate::bigquery::known_datasets::Dataset;
use crate::model::nearest;

/// A dataset that is not there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingDataset {
    Targets {
        /// With the project.
        name: String,
        /// One that is there, and may be what was meant.
        near: Option<String>,
    },
    /// Its name is seldom typed, and it is missing until a run has to merge: no other one is meant.
    Staging { name: String },
}

impl fmt::Display for MissingDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Targets { name, near } => {
                write!(f, "the dataset {name} does not exist: the first run makes it")?;
                near.iter().try_for_each(|near| write!(f, "; did you mean `{near}`?"))
            }
            Self::Staging { name } => {
                write!(f, "the dataset {name} does not exist: the first run that needs it makes it")
            }
        }
    }
}

impl BigQuery {
    /// A dataset, asked for unless it is known; `None` where it is not there.
    pub(super) async fn dataset(&self, name: &str) -> Result<Option<Dataset>, BigQueryError> {
        if let Some(known) = self.known.get(name) {
            return Ok(Some(known));
        }
        let what = self.dataset_label(name);
        let path = format!("/datasets/{}", encode(name));
        match self.request(Method::GET, &path, &[], Body::None, "read", &what).await? {
            Answer::Done(json) => Ok(Some(self.known.note(name, &json))),
            Answer::Absent | Answer::Exists => Ok(None),
        }
    }

    pub(super) fn dataset_label(&self, name: &str) -> String {
        format!("dataset {}.{name}", self.project())
    }

    /// Where jobs run: as configured, or where the dataset is. A job can't be found again without it outside US and EU.
    pub(super) async fn location(&self) -> Result<Option<String>, BigQueryError> {
        if let Some(location) = self.wanted_location() {
            return Ok(Some(location.to_owned()));
        }
        let [targets, _] = self.datasets();
        match self.dataset(targets).await? {
            Some(dataset) => Ok(dataset.location),
            None => Err(BigQueryError::not_found(self.dataset_label(targets))),
        }
    }

    /// Fails where no job could reach these of the datasets. One that is missing is made in the right place.
    pub(super) async fn agree_on_location(&self, concerned: &[&str]) -> Result<(), BigQueryError> {
        let [targets, _] = self.datasets();
        let (wanted, said_by) = match self.wanted_location() {
            Some(location) => (location.to_owned(), SaidBy::Config),
            // It is where it is.
            None if concerned == [targets] => return Ok(()),
            None => match self.dataset(targets).await?.and_then(|d| d.location) {
                Some(location) => (location, SaidBy::Dataset(format!("{}.{targets}", self.project()))),
                None => return Ok(()),
            },
        };
        for name in concerned {
            let found = self.dataset(name).await?.and_then(|d| d.location);
            if let Some(found) = found.filter(|l| !l.eq_ignore_ascii_case(&wanted)) {
                let dataset = format!("{}.{name}", self.project());
                return Err(ProjectFault::Elsewhere { dataset, found, wanted, said_by }.into());
            }
        }
        Ok(())
    }

    /// Whether the datasets can be reached, by `check`; returns those that are missing, which the first run makes.
    pub async fn check_datasets(&self) -> Result<Vec<MissingDataset>, BigQueryError> {
        self.agree_on_location(&self.datasets()).await?;
        let mut missing = Vec::new();
        let [targets, staging] = self.datasets();
        let label = |name: &str| format!("{}.{name}", self.project());
        if self.dataset(targets).await?.is_none() {
            let near = self.nearest_dataset(targets).await;
            missing.push(MissingDataset::Targets { name: label(targets), near });
        }
        if staging != targets && self.dataset(staging).await?.is_none() {
            missing.push(MissingDataset::Staging { name: label(staging) });
        }
        Ok(missing)
    }

    /// A dataset that is there and has almost this name. Who may not list datasets gets none.
    async fn nearest_dataset(&self, name: &str) -> Option<String> {
        let what = format!("datasets of {}", self.project());
        let query = [("maxResults", "1000")];
        let answer = self.request(Method::GET, "/datasets", &query, Body::None, "list", &what).await.ok()?;
        let Answer::Done(json) = answer else { return None };
        let all = json["datasets"].as_array()?.iter();
        let names: Vec<&str> = all.filter_map(|d| d["datasetReference"]["datasetId"].as_str()).collect();
        // The targets' dataset and the staging one have names close to each other by design.
        let others = names.into_iter().filter(|n| !self.datasets().contains(n));
        nearest(name, others).map(str::to_owned)
    }
}
