//! Whether the outside services answer: all at the same time, and none is waited for longer than [`PATIENCE`].

use std::time::Duration;

use serde::Serialize;

use crate::emulator;
use crate::pubsub_topic::{Topic, TopicError};
use crate::run::context::Context;
use crate::run::error::RunError;
use crate::run::report::Failure;
use crate::source::{Session, SourceError};
use crate::{bigquery, storage};

/// The longest wait for one of them.
const PATIENCE: Duration = Duration::from_secs(8);
/// A longer `connect_timeout` was written on purpose, for a server that has to wake up.
const USUAL_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Which service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    Storage,
    BigQuery,
    PubSub,
}

impl Service {
    pub fn name(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::BigQuery => "bigquery",
            Self::PubSub => "pubsub",
        }
    }
}

/// A service, looked at.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceCheck {
    pub service: Service,
    /// The bucket, dataset or topic.
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    pub error: Option<Failure>,
}

impl Context {
    /// Whether storage, BigQuery and the topics answer, and have what the config names.
    pub async fn check_services(&self) -> Vec<ServiceCheck> {
        let topics = self.topic.iter().chain(&self.reports).map(check_topic);
        let (storage, bigquery, topics) =
            tokio::join!(self.check_storage(), self.check_bigquery(), futures_util::future::join_all(topics));
        [storage, bigquery].into_iter().chain(topics).collect()
    }

    async fn check_storage(&self) -> ServiceCheck {
        let name = format!("gs://{}", self.store.bucket());
        let store = self.store.in_a_hurry();
        let error = match tokio::time::timeout(PATIENCE, store.probe()).await {
            Ok(Ok(())) => None,
            Ok(Err(e)) if !e.is_transient() => Some(Failure::from(&RunError::from(e))),
            Ok(Err(e)) => Some(down(e.to_string(), (storage::EMULATOR, "Cloud Storage", "storage.googleapis.com"))),
            Err(_) => Some(silent((storage::EMULATOR, "Cloud Storage", "storage.googleapis.com"))),
        };
        ServiceCheck { service: Service::Storage, name, notes: Vec::new(), error }
    }

    async fn check_bigquery(&self) -> ServiceCheck {
        let name = format!("{}.{}", self.bigquery.project(), self.bigquery.datasets()[0]);
        let service = (bigquery::EMULATOR, "BigQuery", "bigquery.googleapis.com");
        let bigquery = self.bigquery.in_a_hurry();
        let mut notes = Vec::new();
        let error = match tokio::time::timeout(PATIENCE, bigquery.check_datasets()).await {
            Ok(Ok(missing)) => {
                notes.extend(missing.iter().map(ToString::to_string));
                None
            }
            Ok(Err(e)) if !e.is_transient() => Some(Failure::from(&RunError::from(e))),
            Ok(Err(e)) => Some(down(e.to_string(), service)),
            Err(_) => Some(silent(service)),
        };
        ServiceCheck { service: Service::BigQuery, name, notes, error }
    }

    /// A session with the source, or why there is none, in the time that a person waits.
    pub async fn open_source(&self) -> Result<Session, RunError> {
        let limit = self.source.connect_timeout();
        let most = if limit <= USUAL_CONNECT_TIMEOUT { PATIENCE } else { limit * 2 };
        match tokio::time::timeout(most, self.source.open()).await {
            Ok(opened) => Ok(opened?),
            Err(_) => {
                let reason = format!("no answer within {} s", most.as_secs());
                Err(SourceError::unreachable(self.source.label(), reason).into())
            }
        }
    }
}

async fn check_topic(topic: &Topic) -> ServiceCheck {
    let error = match tokio::time::timeout(PATIENCE, topic.probe()).await {
        Ok(answer) => answer.err(),
        Err(_) => Some(TopicError::Unavailable { reason: format!("no answer within {} s", PATIENCE.as_secs()) }),
    };
    let error = error.map(|e| Failure::from(&RunError::from(e)));
    ServiceCheck { service: Service::PubSub, name: topic.name().to_owned(), notes: Vec::new(), error }
}

/// The variable of its emulator, its name, and its host.
type Known = (&'static str, &'static str, &'static str);

fn down(message: String, (variable, what, host): Known) -> Failure {
    Failure { message, hint: emulator::when_down(variable, what, host), blame: crate::model::Blame::World }
}

fn silent(service: Known) -> Failure {
    down(format!("{} does not answer: nothing within {} s", service.1, PATIENCE.as_secs()), service)
}
