//! Topics, push subscriptions and messages, by the crate the product uses.

use google_cloud_auth::credentials::anonymous;
use google_cloud_pubsub::client::{Publisher, SubscriptionAdmin, TopicAdmin};
use google_cloud_pubsub::model::{Message, PushConfig};

use super::Stack;

/// One topic that pushes every message to each of its endpoints.
pub struct Push {
    publisher: Publisher,
}

impl Push {
    /// `None` where the emulator is missing; says so.
    pub async fn start(stack: &Stack, name: &str, endpoints: &[&str], ack_deadline: i32) -> Option<Self> {
        let found = stack.pubsub();
        let Some(emulator) = found.pubsub else {
            println!("LEFT OUT {name}: {}", found.pubsub_missing.as_deref().unwrap_or("no reason given"));
            return None;
        };
        let credentials = || anonymous::Builder::new().build();
        let topic = format!("projects/demo/topics/{name}");
        let topics =
            TopicAdmin::builder().with_endpoint(&emulator.url).with_credentials(credentials()).build().await.unwrap();
        topics.create_topic().set_name(&topic).send().await.unwrap();
        for (n, endpoint) in endpoints.iter().enumerate() {
            subscribe(&emulator.url, &topic, &format!("{name}-{n}"), endpoint, ack_deadline).await;
        }
        let publisher = Publisher::builder(&topic)
            .with_endpoint(&emulator.url)
            .with_credentials(credentials())
            .build()
            .await
            .unwrap();
        Some(Self { publisher })
    }

    pub async fn publish(&self, data: &str) {
        self.publisher.publish(Message::new().set_data(data.as_bytes().to_vec())).await.unwrap();
    }
}

async fn subscribe(emulator: &str, topic: &str, name: &str, endpoint: &str, ack_deadline: i32) {
    let subscriptions = SubscriptionAdmin::builder()
        .with_endpoint(emulator)
        .with_credentials(anonymous::Builder::new().build())
        .build()
        .await
        .unwrap();
    subscriptions
        .create_subscription()
        .set_name(format!("projects/demo/subscriptions/{name}"))
        .set_topic(topic)
        .set_ack_deadline_seconds(ack_deadline)
        .set_push_config(PushConfig::new().set_push_endpoint(endpoint))
        .send()
        .await
        .unwrap();
}
