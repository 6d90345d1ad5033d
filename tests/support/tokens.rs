//! ID tokens as Google signs them, by keys of our own behind a local JWKS endpoint, and a relay that puts one on each push, as
//! Pub/Sub does and its emulator does not. Signed by openssl, so that no library checks its own work.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const AUDIENCE: &str = "https://plimsoll.test";
pub const PUSH_ACCOUNT: &str = "push@demo.iam.gserviceaccount.com";

/// An RSA key with a name.
pub struct Key {
    pub kid: String,
    dir: tempfile::TempDir,
}

fn openssl(args: &[&str], input: &[u8], dir: &std::path::Path) -> Vec<u8> {
    use std::io::Write;
    let mut command = Command::new("openssl");
    command.args(args).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

impl Key {
    pub fn new(kid: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        openssl(&["genrsa", "-out", "key.pem", "2048"], b"", dir.path());
        Self { kid: kid.to_owned(), dir }
    }

    fn sign(&self, signed: &str) -> Vec<u8> {
        openssl(&["dgst", "-sha256", "-sign", "key.pem", "-binary"], signed.as_bytes(), self.dir.path())
    }

    pub fn public_pem(&self) -> Vec<u8> {
        openssl(&["rsa", "-in", "key.pem", "-pubout"], b"", self.dir.path())
    }

    fn jwk(&self) -> Value {
        let text = String::from_utf8(openssl(&["rsa", "-in", "key.pem", "-modulus", "-noout"], b"", self.dir.path()));
        let text = text.unwrap();
        let digits = text.trim().strip_prefix("Modulus=").unwrap();
        let bytes: Vec<u8> =
            (0..digits.len()).step_by(2).map(|n| u8::from_str_radix(&digits[n..n + 2], 16).unwrap()).collect();
        let n = URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "e": "AQAB", "n": n })
    }

    /// A token by this key.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid }), claims)
    }

    /// A token with this header, signed by this key whatever the header says.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.sign(&signed);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Header and claims, as they are signed.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// HMAC by a secret, as somebody would do it who takes a public key for one.
pub fn hmac(secret: &[u8], signed: &str) -> String {
    let hex: String = secret.iter().map(|b| format!("{b:02x}")).collect();
    let dir = std::env::temp_dir();
    let args = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", &format!("hexkey:{hex}"), "-binary"];
    URL_SAFE_NO_PAD.encode(openssl(&args, signed.as_bytes(), &dir))
}

/// What a good token says.
pub fn claims() -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    json!({
        "iss": "https://accounts.google.com", "aud": AUDIENCE, "azp": "1234567890", "sub": "1234567890",
        "email": PUSH_ACCOUNT, "email_verified": true, "iat": now, "exp": now + 3600,
    })
}

/// What the endpoint answers.
#[derive(Clone)]
struct Published {
    keys: Arc<Mutex<Result<Vec<Value>, u16>>>,
    fetches: Arc<AtomicUsize>,
    pause: Arc<Mutex<std::time::Duration>>,
}

/// A JWKS endpoint on loopback; ends with the test's runtime.
pub struct Jwks {
    pub url: String,
    published: Published,
}

impl Jwks {
    pub async fn serve(keys: &[&Key]) -> Self {
        let published = Published {
            keys: Arc::new(Mutex::new(Ok(keys.iter().map(|k| k.jwk()).collect()))),
            fetches: Arc::default(),
            pause: Arc::default(),
        };
        let answer = async |State(p): State<Published>| {
            p.fetches.fetch_add(1, Ordering::SeqCst);
            let pause = *p.pause.lock().unwrap();
            tokio::time::sleep(pause).await;
            let control = "public, max-age=3600";
            match &*p.keys.lock().unwrap() {
                Ok(keys) => (StatusCode::OK, [("cache-control", control)], json!({ "keys": keys }).to_string()),
                Err(status) => {
                    (StatusCode::from_u16(*status).unwrap(), [("cache-control", control)], "<html>no".to_owned())
                }
            }
        };
        let app = axum::Router::new().route("/certs", get(answer)).with_state(published.clone());
        Self { url: format!("{}/certs", listen(app).await), published }
    }

    pub fn publish(&self, keys: &[&Key]) {
        *self.published.keys.lock().unwrap() = Ok(keys.iter().map(|k| k.jwk()).collect());
    }

    pub fn slow(&self, pause: std::time::Duration) {
        *self.published.pause.lock().unwrap() = pause;
    }

    pub fn fail(&self, status: u16) {
        *self.published.keys.lock().unwrap() = Err(status);
    }

    pub fn fetches(&self) -> usize {
        self.published.fetches.load(Ordering::SeqCst)
    }
}

async fn listen(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// Passes pushes on with a token that is made for each, and keeps the statuses that came back.
pub struct SigningRelay {
    pub url: String,
    statuses: Arc<Mutex<Vec<u16>>>,
}

impl SigningRelay {
    pub async fn before(target: String, key: Key) -> Self {
        let statuses = Arc::new(Mutex::new(Vec::new()));
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().unwrap();
        let (key, kept) = (Arc::new(key), statuses.clone());
        let pass = move |headers: HeaderMap, body: Bytes| {
            let (key, kept, http, target) = (key.clone(), kept.clone(), http.clone(), target.clone());
            async move {
                let token = key.token(&claims());
                let kind = headers.get("content-type").cloned().unwrap_or("application/json".parse().unwrap());
                let sent = http.post(&target).header("content-type", kind).bearer_auth(token).body(body).send().await;
                let status = sent.map_or(502, |a| a.status().as_u16());
                kept.lock().unwrap().push(status);
                StatusCode::from_u16(status).unwrap()
            }
        };
        Self { url: listen(axum::Router::new().route("/", any(pass))).await, statuses }
    }

    pub fn statuses(&self) -> Vec<u16> {
        self.statuses.lock().unwrap().clone()
    }
}
