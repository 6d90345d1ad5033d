//! A topic whose messages are kept, for what Plimsoll publishes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use base64::Engine;
use serde_json::Value;

use super::Stack;
use super::pubsub::Push;

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub attributes: Value,
    pub data: Value,
}

/// A topic whose messages are kept.
pub struct Inbox {
    pub topic: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Inbox {
    /// `None` where the emulator is missing; says so.
    pub async fn open(stack: &Stack, name: &str) -> Option<Self> {
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        let keep = async move |body: Bytes| {
            let push: Value = serde_json::from_slice(&body).unwrap();
            let data = base64::engine::general_purpose::STANDARD.decode(push["message"]["data"].as_str().unwrap());
            let data = serde_json::from_slice(&data.unwrap()).unwrap();
            kept.lock().unwrap().push(Received { attributes: push["message"]["attributes"].clone(), data });
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let app = axum::Router::new().route("/", axum::routing::post(keep));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Push::start(stack, name, &[&url], 10).await?;
        Some(Self { topic: format!("projects/demo/topics/{name}"), received })
    }

    /// The first messages, as soon as so many have come.
    pub async fn take(&self, count: usize) -> Vec<Received> {
        for _ in 0..300 {
            let received = self.received.lock().unwrap().clone();
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{count} messages do not come: {:?}", self.received.lock().unwrap());
    }
}
