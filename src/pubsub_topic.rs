//! Pub/Sub topics: the one that ticks come from, and that a tick sends on what another process is to do; and one for run reports.
//!
//! A message on the first says what the body of `POST /runs` says. It may be delivered twice, or come when everything is done: the lease
//! and the watermark make both harmless. A message on the second is one run's report, with attributes to filter by.

use std::time::Duration;

use google_cloud_auth::credentials::anonymous;
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_pubsub::client::{Publisher, TopicAdmin};
use google_cloud_pubsub::error::PublishError;
use google_cloud_pubsub::model::Message;
use serde::Serialize;

use crate::emulator;
use crate::model::Blame;
use crate::root_cause::root_cause;

/// The variable that holds an emulator's `http://host:port`.
pub const EMULATOR: &str = "PUBSUB_EMULATOR_HOST";

/// Longest wait for the service to take a message.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    #[error("the topic {topic} cannot be opened: {reason}")]
    Open { topic: String, reason: String },

    #[error("the topic {0} does not exist")]
    Missing(String),

    #[error("Pub/Sub does not accept {topic} as a topic: {reason}")]
    Refused { topic: String, reason: String },

    #[error("Pub/Sub does not answer: {reason}")]
    Unavailable { reason: String },

    #[error("the topic {topic} did not take a message: {reason}")]
    Publish { topic: String, reason: String },
}

impl TopicError {
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Publish { .. } | Self::Unavailable { .. } => true,
            Self::Open { .. } | Self::Missing(_) | Self::Refused { .. } => false,
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::Refused { .. } => Blame::Config,
            Self::Open { .. } | Self::Missing(_) | Self::Unavailable { .. } | Self::Publish { .. } => Blame::World,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing(topic) => {
                let (project, name) =
                    topic.trim_start_matches("projects/").split_once("/topics/").unwrap_or(("", topic));
                format!("make it with `gcloud pubsub topics create {name} --project={project}`, or correct [pubsub]")
            }
            Self::Refused { .. } => {
                "correct [pubsub]: a topic is written \"plimsoll\", or \"projects/my-project/topics/plimsoll\""
                    .to_owned()
            }
            Self::Unavailable { .. } => emulator::when_down(EMULATOR, "Pub/Sub", "pubsub.googleapis.com"),
            Self::Open { .. } => format!("correct [pubsub], or {}", crate::credentials::HINT),
            Self::Publish { topic, .. } => {
                format!(
                    "grant roles/pubsub.publisher on {topic} to the account that runs Plimsoll; no run depends on it"
                )
            }
        }
    }
}

/// The emulator's address. What `gcloud beta emulators pubsub env-init` prints has no scheme.
fn endpoint() -> Option<String> {
    let host = std::env::var(EMULATOR).ok().filter(|v| !v.is_empty())?;
    Some(if host.contains("://") { host } else { format!("http://{host}") })
}

/// A topic to publish to.
#[derive(Clone)]
pub struct Topic {
    name: String,
    publisher: Publisher,
}

impl Topic {
    /// `name` is the whole path, `projects/…/topics/…`.
    pub async fn open(name: &str) -> Result<Self, TopicError> {
        let unusable = |reason: String| TopicError::Open { topic: name.to_owned(), reason };
        let builder = Publisher::builder(name);
        let builder = match endpoint() {
            Some(host) => builder.with_endpoint(host).with_credentials(anonymous::Builder::new().build()),
            None => {
                crate::credentials::look().await.map_err(|e| unusable(e.to_string()))?;
                builder
            }
        };
        let publisher = builder.build().await.map_err(|e| unusable(e.to_string()))?;
        Ok(Self { name: name.to_owned(), publisher })
    }

    /// The whole path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the service answers and has the topic. An account that may publish need not have the right to look, so being refused
    /// counts as well.
    pub async fn probe(&self) -> Result<(), TopicError> {
        let unavailable = |reason: String| TopicError::Unavailable { reason };
        let builder = TopicAdmin::builder().with_retry_policy(NeverRetry);
        let builder = match endpoint() {
            Some(host) => builder.with_endpoint(host).with_credentials(anonymous::Builder::new().build()),
            None => builder,
        };
        let admin = builder.build().await.map_err(|e| unavailable(root_cause(&e)))?;
        match admin.get_topic().set_topic(&self.name).send().await {
            Ok(_) => Ok(()),
            Err(e) => match e.status().map(|s| s.code) {
                Some(Code::NotFound) => Err(TopicError::Missing(self.name.clone())),
                Some(Code::PermissionDenied) => Ok(()),
                Some(Code::InvalidArgument) => {
                    Err(TopicError::Refused { topic: self.name.clone(), reason: root_cause(&e) })
                }
                Some(Code::Unauthenticated) => {
                    Err(TopicError::Open { topic: self.name.clone(), reason: root_cause(&e) })
                }
                _ => Err(unavailable(root_cause(&e))),
            },
        }
    }

    /// Publishes a message, and waits until the service has it.
    pub async fn publish(&self, message: &impl Serialize) -> Result<(), TopicError> {
        self.publish_with(message, &[]).await
    }

    /// As [`Topic::publish`], with attributes that a subscription can filter by.
    pub async fn publish_with(&self, message: &impl Serialize, attributes: &[(&str, &str)]) -> Result<(), TopicError> {
        let failed = |e: serde_json::Error| TopicError::Publish { topic: self.name.clone(), reason: e.to_string() };
        let data = serde_json::to_vec(message).map_err(failed)?;
        let message = Message::new().set_data(data).set_attributes(attributes.iter().copied());
        let taken = self.publisher.publish(message);
        match tokio::time::timeout(PATIENCE, taken).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(e)) => Err(self.not_taken(&e)),
            Err(_) => Err(TopicError::Unavailable { reason: format!("no answer within {} s", PATIENCE.as_secs()) }),
        }
    }

    /// Why a message was not taken: what the service itself has refused is another thing than no answer.
    fn not_taken(&self, e: &PublishError) -> TopicError {
        let (topic, reason) = (self.name.clone(), e.to_string());
        let code = match e {
            PublishError::Rpc(e) => e.status().map(|s| s.code),
            _ => return TopicError::Publish { topic, reason },
        };
        refusal(topic, code, reason)
    }
}

/// What follows from the service's code; without one nobody has answered.
fn refusal(topic: String, code: Option<Code>, reason: String) -> TopicError {
    match code {
        None | Some(Code::Unavailable | Code::DeadlineExceeded) => TopicError::Unavailable { reason },
        Some(Code::NotFound) => TopicError::Missing(topic),
        Some(_) => TopicError::Publish { topic, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_asked_for_where_the_service_has_refused() {
        let hint = |code| refusal("projects/p/topics/t".to_owned(), code, "x".to_owned()).hint();
        assert!(hint(Some(Code::PermissionDenied)).contains("roles/pubsub.publisher"));
        assert!(hint(Some(Code::NotFound)).contains("gcloud pubsub topics create t"));
        for down in [None, Some(Code::Unavailable), Some(Code::DeadlineExceeded)] {
            assert!(!hint(down).contains("grant"), "{}", hint(down));
        }
    }
}
