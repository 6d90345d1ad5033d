//! Ticks for a `plimsoll serve`: through Pub/Sub, or by HTTP where its emulator is missing.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::pubsub::Push;
use super::stack::Stack;
use super::{Failed, say};

pub struct Ticks {
    push: Option<Push>,
    http: reqwest::Client,
    endpoint: String,
}

impl Ticks {
    /// Once the service at this address answers.
    pub async fn start(stack: &Stack, http: reqwest::Client, endpoint: &str) -> Result<Self, Failed> {
        wait_healthy(&http, endpoint).await?;
        let push = Push::start(stack, "ticks", &[&format!("{endpoint}/pubsub")], 60).await;
        match &push {
            Some(_) => say("plimsoll serve, with ticks through a Pub/Sub push subscription, while the source lives"),
            None => say("plimsoll serve, with ticks by HTTP, because the Pub/Sub emulator is missing"),
        }
        Ok(Self { push, http, endpoint: endpoint.to_owned() })
    }

    pub async fn tick(&self) -> Result<(), Failed> {
        match &self.push {
            Some(push) => push.publish("{}").await,
            None => drop(self.http.post(format!("{}/runs", self.endpoint)).send().await?),
        }
        Ok(())
    }

    /// Ticks until every feed has begun and ended a run after now: an earlier one may still be under way.
    pub async fn last(&self) -> Result<(), Failed> {
        // Whatever is under way may have taken its snapshot before the last write.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            while !self.is_idle().await? && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
            if self.is_idle().await? || Instant::now() >= deadline {
                break;
            }
        }
        let asked = time::OffsetDateTime::now_utc();
        self.tick().await?;
        while Instant::now() < deadline {
            let is_after = |f: &Value| {
                let text = f["last_success"].as_str().unwrap_or_default();
                let format = &time::format_description::well_known::Rfc3339;
                time::OffsetDateTime::parse(text, format).is_ok_and(|t| t > asked)
            };
            if self.feeds().await?.iter().all(is_after) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err("the last tick did not end within a minute".into())
    }

    async fn is_idle(&self) -> Result<bool, Failed> {
        Ok(self.feeds().await?.iter().all(|f| f["held_by"].is_null() && f["pending"].is_null()))
    }

    async fn feeds(&self) -> Result<Vec<Value>, Failed> {
        let status: Value = self.http.get(format!("{}/status", self.endpoint)).send().await?.json().await?;
        Ok(status["feeds"].as_array().cloned().unwrap_or_default())
    }
}

async fn wait_healthy(http: &reqwest::Client, endpoint: &str) -> Result<(), Failed> {
    for _ in 0..200 {
        if http.get(format!("{endpoint}/healthz")).send().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Err("plimsoll serve did not come up".into())
}
