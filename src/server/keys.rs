//! The public keys that sign tokens, fetched when they are needed and kept for as long as their server says.
//!
//! Whoever calls chooses the key's name, so an unknown name must not make us ask for the keys each time: it does so once in
//! [`PAUSE`], and callers that come meanwhile wait for that one answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};
use serde::Deserialize;
use tracing::warn;

/// Longest wait for the keys.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two fetches that an unknown key, or a failure, has caused.
const PAUSE: Duration = Duration::from_secs(10);
/// How long keys are kept if their server does not say; and at least and at most.
const USUAL_AGE: Duration = Duration::from_secs(3600);
const LEAST_AGE: Duration = Duration::from_secs(60);
const MOST_AGE: Duration = Duration::from_secs(24 * 3600);
/// How long keys that have grown too old are still used if newer ones cannot be had: a push must not fail for it.
const OVERTIME: Duration = Duration::from_secs(3600);
/// Two or three keys are a few kilobytes.
const LARGEST: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeysError {
    /// There are keys, and none has this name.
    Unknown,
    /// There are none to be had.
    Unavailable,
}

/// A set of keys at a URL. Cheap to share.
#[derive(Clone)]
pub(super) struct SigningKeys {
    url: String,
    http: reqwest::Client,
    kept: Arc<Mutex<Kept>>,
    /// Held while they are fetched.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Kept {
    keys: Vec<(String, DecodingKey)>,
    good_until: Option<Instant>,
    asked: Option<Instant>,
}

impl SigningKeys {
    pub fn at(url: String) -> Self {
        Self { url, http: reqwest::Client::new(), kept: Arc::default(), turn: Arc::default() }
    }

    /// The key of this name.
    pub async fn get(&self, kid: &str) -> Result<DecodingKey, KeysError> {
        if let Some(key) = self.good(kid) {
            return Ok(key);
        }
        // A caller that hangs up must not take the fetch with it: others wait for it, and it counts as asked.
        let (own, wanted) = (self.clone(), kid.to_owned());
        let fetching = tokio::spawn(async move {
            let _turn = own.turn.lock().await;
            if own.good(&wanted).is_none() {
                own.ask().await;
            }
        });
        // It does not panic, and if it did there would be no keys.
        let _ = fetching.await;
        let kept = self.lock();
        match kept.good_until.filter(|t| Instant::now() < *t + OVERTIME) {
            Some(_) => kept.find(kid).ok_or(KeysError::Unknown),
            None => Err(KeysError::Unavailable),
        }
    }

    fn good(&self, kid: &str) -> Option<DecodingKey> {
        let kept = self.lock();
        kept.find(kid).filter(|_| kept.good_until.is_some_and(|t| Instant::now() < t))
    }

    /// The keys are whole after any single step, so a panic elsewhere does not spoil them.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches the keys, unless that was done a moment ago.
    async fn ask(&self) {
        if self.lock().asked.is_some_and(|t| t.elapsed() < PAUSE) {
            return;
        }
        let outcome = self.fetch().await;
        let mut kept = self.lock();
        kept.asked = Some(Instant::now());
        match outcome {
            Ok((keys, age)) => (kept.keys, kept.good_until) = (keys, Some(Instant::now() + age)),
            Err(reason) => warn!(reason, "the keys that sign tokens cannot be fetched"),
        }
    }

    async fn fetch(&self) -> Result<(Vec<(String, DecodingKey)>, Duration), String> {
        let told = |e: reqwest::Error| e.without_url().to_string();
        let mut answer = self.http.get(&self.url).timeout(PATIENCE).send().await.map_err(told)?;
        if !answer.status().is_success() {
            return Err(format!("status {}", answer.status().as_u16()));
        }
        let age = age(answer.headers());
        let mut content = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(told)? {
            if content.len() + piece.len() > LARGEST {
                return Err("the answer is too long".to_owned());
            }
            content.extend_from_slice(&piece);
        }
        let set: Set = serde_json::from_slice(&content).map_err(|_| "the answer is no set of keys".to_owned())?;
        // A key of a kind we can't read does not make the others useless.
        Ok((set.keys.into_iter().filter_map(signing_key).collect(), age))
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// A key and its name, if it is one that signs tokens by RS256.
fn signing_key(value: serde_json::Value) -> Option<(String, DecodingKey)> {
    let key: Jwk = serde_json::from_value(value).ok()?;
    let is_for_signatures = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let is_for_rs256 = matches!(key.common.key_algorithm, None | Some(KeyAlgorithm::RS256));
    let decoding = DecodingKey::from_jwk(&key).ok().filter(|_| is_for_signatures && is_for_rs256)?;
    Some((key.common.key_id?, decoding))
}

impl Kept {
    fn find(&self, kid: &str) -> Option<DecodingKey> {
        self.keys.iter().find(|(name, _)| name == kid).map(|(_, key)| key.clone())
    }
}

/// How long an answer may be kept: its `max-age`, less what it has spent in caches.
fn age(headers: &HeaderMap) -> Duration {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let directives = text(CACHE_CONTROL).split(',').map(str::trim);
    let max_age = directives.filter_map(|d| d.strip_prefix("max-age=")).find_map(|s| s.parse().ok());
    let spent = text(AGE).trim().parse().unwrap_or(0);
    let left = max_age.map_or(USUAL_AGE, |seconds: u64| Duration::from_secs(seconds.saturating_sub(spent)));
    left.clamp(LEAST_AGE, MOST_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_for_as_long_as_their_server_says() {
        let of = |control: &str, spent: &str| {
            let pairs = [(CACHE_CONTROL, control), (AGE, spent)];
            age(&HeaderMap::from_iter(pairs.map(|(k, v)| (k, v.parse().unwrap())))).as_secs()
        };
        assert_eq!(of("public, max-age=20000, must-revalidate", "500"), 19_500);
        assert_eq!(of("max-age=120", "x"), 120);
        assert_eq!((of("no-store", ""), of("max-age=0", "0"), of("max-age=9999999999", "0")), (3600, 60, 86_400));
        assert_eq!(of("max-age=100", "99999"), 60);
    }

    #[test]
    fn only_keys_that_sign_by_rs256_count() {
        let key = |more: &str| {
            let text = format!(r#"{{"kty":"RSA","n":"AQAB","e":"AQAB"{more}}}"#);
            signing_key(serde_json::from_str(&text).unwrap()).is_some()
        };
        assert!(key(r#","kid":"a","use":"sig","alg":"RS256""#) && key(r#","kid":"a""#));
        for more in [r#","kid":"a","use":"enc""#, r#","kid":"a","alg":"RS512""#, r#","kid":7"#, ""] {
            assert!(!key(more), "{more}");
        }
        assert!(signing_key(serde_json::Value::Null).is_none());
    }
}
