//! `auth = "oidc"`: every token but a good one is refused before anything is read, and the keys are asked for no more than needed.
//! Google's keys cannot be had here; ours are published on a local JWKS endpoint.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::pubsub::Push;
use crate::support::tokens::{AUDIENCE, Jwks, Key, PUSH_ACCOUNT, SigningRelay, claims, hmac, unsigned};
use crate::support::{Served, World};

async fn oidc_world() -> World {
    let w = World::with_orders("").await;
    let text = std::fs::read_to_string(w.config_path()).unwrap();
    let auth = format!("auth = \"oidc\"\naudience = \"{AUDIENCE}\"\nservice_account = \"{PUSH_ACCOUNT}\"");
    std::fs::write(w.config_path(), text.replace("auth = \"none\"", &auth)).unwrap();
    w
}

async fn served_with(w: &World, jwks: &Jwks) -> Served {
    w.serve_with(&[("PLIMSOLL_OIDC_JWKS_URL", &jwks.url)]).await
}

async fn push(w: &World, served: &Served, token: &str) -> u16 {
    let body = r#"{"message":{"data":"","messageId":"1"}}"#;
    let request = w.http.post(format!("{}/pubsub", served.url)).header("content-type", "application/json").body(body);
    request.header("authorization", format!("Bearer {token}")).send().await.unwrap().status().as_u16()
}

fn with(changes: Value) -> Value {
    let mut all = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => all.as_object_mut().unwrap().remove(name),
            _ => all.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_token_but_a_good_one_is_refused() {
    let w = oidc_world().await;
    let (key, other) = (Key::new("one"), Key::new("one"));
    let jwks = Jwks::serve(&[&key]).await;
    let served = served_with(&w, &jwks).await;
    let now = claims()["iat"].as_u64().unwrap();
    let head = |alg: &str| json!({ "alg": alg, "typ": "JWT", "kid": "one" });
    let good = key.token(&claims());
    let (body, signature) = good.rsplit_once('.').unwrap();
    let swapped = unsigned(&head("RS256"), &with(json!({ "email": "eve@demo.iam.gserviceaccount.com" })));
    let forged = unsigned(&head("HS256"), &claims());
    let by_header = json!({ "alg": "RS256", "kid": "one", "jwk": { "kty": "RSA" }, "jku": "http://127.0.0.1:9/certs" });
    let table: Vec<(&str, String, u16)> = vec![
        ("expired", key.token(&with(json!({ "exp": now - 120, "iat": now - 3720 }))), 401),
        ("not valid yet", key.token(&with(json!({ "nbf": now + 120 }))), 401),
        ("without an end", key.token(&with(json!({ "exp": null }))), 401),
        ("wrong audience", key.token(&with(json!({ "aud": "https://plimsoll.test.evil.example" }))), 403),
        ("no audience", key.token(&with(json!({ "aud": null }))), 401),
        ("wrong issuer", key.token(&with(json!({ "iss": "https://accounts.google.com.evil.example" }))), 401),
        ("no issuer", key.token(&with(json!({ "iss": null }))), 401),
        ("wrong key, right name", other.token(&claims()), 401),
        ("somebody else's claims", format!("{swapped}.{signature}"), 401),
        ("no signature", format!("{body}."), 401),
        ("alg none", format!("{}.", unsigned(&json!({ "alg": "none", "kid": "one" }), &claims())), 401),
        ("alg None, signed", key.token_with(&head("None"), &claims()), 401),
        ("HS256 by the public key", format!("{forged}.{}", hmac(&key.public_pem(), &forged)), 401),
        ("another algorithm", key.token_with(&head("RS512"), &claims()), 401),
        ("no key named", key.token_with(&json!({ "alg": "RS256" }), &claims()), 401),
        (
            "an extension",
            key.token_with(&json!({ "alg": "RS256", "kid": "one", "crit": ["x"], "x": 1 }), &claims()),
            401,
        ),
        ("a key brought along", other.token_with(&by_header, &claims()), 401),
        ("another account", key.token(&with(json!({ "email": "eve@demo.iam.gserviceaccount.com" }))), 403),
        ("no account", key.token(&with(json!({ "email": null }))), 403),
        ("not verified", key.token(&with(json!({ "email_verified": false }))), 403),
        ("nothing said of it", key.token(&with(json!({ "email_verified": null }))), 403),
        ("verified, says a text", key.token(&with(json!({ "email_verified": "true" }))), 401),
        ("nothing", String::new(), 401),
        ("no token", "hunter2".to_owned(), 401),
        ("too long", format!("{good}{}", "x".repeat(20_000)), 401),
    ];
    for (what, token, expected) in &table {
        assert_eq!(push(&w, &served, token).await, *expected, "{what}");
    }
    for route in ["runs", "pubsub"] {
        assert_eq!(w.post(&format!("{}/{route}", served.url), "").await.0, 401, "no token at all");
    }
    assert_eq!(w.get(&format!("{}/status", served.url)).await.0, 401);
    let basic = w.http.post(format!("{}/runs", served.url)).basic_auth("a", Some(&good)).send().await.unwrap();
    assert_eq!(basic.status(), 401);
    assert!(basic.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    assert!(w.gcs.written().is_empty() && w.bq.log().is_empty(), "nobody has got in");
    assert_eq!(w.get(&format!("{}/healthz", served.url)).await.0, 200);
    let (code, ready) = w.get(&format!("{}/ready", served.url)).await;
    assert!(code == 503 && ready["reasons"].is_null(), "a probe has no token, and gets no reasons: {ready}");

    // Within a minute's skew, and by either name of the issuer.
    for changes in
        [json!({}), json!({ "exp": now - 30 }), json!({ "nbf": now + 30 }), json!({ "iss": "accounts.google.com" })]
    {
        assert_eq!(push(&w, &served, &key.token(&with(changes.clone()))).await, 204, "{changes}");
    }
    assert_eq!(jwks.fetches(), 1, "the keys are kept");
    let log = w.serve_log();
    assert!(!log.contains(body) && !log.contains("eyJ"), "no token is logged: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_do_not_make_a_storm() {
    let w = oidc_world().await;
    let (key, new) = (Key::new("one"), Key::new("two"));
    let jwks = Jwks::serve(&[&key]).await;
    let served = served_with(&w, &jwks).await;
    assert_eq!(push(&w, &served, &key.token(&claims())).await, 204);
    let stranger = Key::new("stranger").token(&claims());
    let all = (0..50).map(|_| push(&w, &served, &stranger));
    let statuses = futures_util::future::join_all(all).await;
    assert!(statuses.iter().all(|s| *s == 401), "{statuses:?}");
    assert_eq!(push(&w, &served, &key.token(&claims())).await, 204, "the good key is still known");
    assert!(jwks.fetches() <= 2, "{} fetches", jwks.fetches());
    // A new key is found, at the latest when the pause after the last look is over.
    jwks.publish(&[&key, &new]);
    let token = new.token(&claims());
    let found = async {
        while push(&w, &served, &token).await != 204 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("the new key is found");
    assert!(jwks.fetches() <= 4, "{} fetches", jwks.fetches());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_had_are_our_trouble() {
    let w = oidc_world().await;
    let key = Key::new("one");
    let jwks = Jwks::serve(&[&key]).await;
    jwks.fail(500);
    let served = served_with(&w, &jwks).await;
    let token = key.token(&claims());
    let all = futures_util::future::join_all((0..20).map(|_| push(&w, &served, &token))).await;
    assert!(all.iter().all(|s| *s == 503), "Pub/Sub is to come again: {all:?}");
    assert_eq!(jwks.fetches(), 1, "and again only after a pause");
    jwks.publish(&[&key]);
    let back = async {
        while push(&w, &served, &token).await != 204 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.expect("the keys are fetched");
}

/// A caller that hangs up while the keys are fetched does not take them from the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_hangs_up_takes_nothing_along() {
    let w = oidc_world().await;
    let key = Key::new("one");
    let jwks = Jwks::serve(&[&key]).await;
    jwks.slow(Duration::from_millis(400));
    let served = served_with(&w, &jwks).await;
    let stranger = Key::new("stranger").token(&claims());
    let hasty = push(&w, &served, &stranger);
    assert!(tokio::time::timeout(Duration::from_millis(100), hasty).await.is_err(), "it hangs up");
    assert_eq!(push(&w, &served, &key.token(&claims())).await, 204);
    assert_eq!(jwks.fetches(), 1, "by the fetch that was under way");
}

/// The whole way: Pub/Sub's emulator pushes, the relay signs as Pub/Sub does, and the service brings a first load and two ticks.
#[tokio::test(flavor = "multi_thread")]
async fn signed_pushes_bring_a_first_load_and_two_ticks() {
    let w = oidc_world().await;
    w.sql("INSERT INTO orders SELECT g, 'x', g FROM generate_series(1, 500) g").await;
    let key = Key::new("one");
    let jwks = Jwks::serve(&[&key]).await;
    let mut served = served_with(&w, &jwks).await;
    let relay = SigningRelay::before(format!("{}/pubsub", served.url), key).await;
    let Some(topic) = Push::start(w.stack, &w.name, &[&relay.url], 60).await else { return };
    let tick = async |n: usize| {
        topic.publish("{}").await;
        let answered = async {
            while relay.statuses().len() < n {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), answered).await.expect("the push is answered");
        assert_eq!(relay.statuses(), vec![204; n], "{}", w.serve_log());
        w.keep_statements().await;
        w.assert_equal("orders").await;
    };
    tick(1).await;
    w.sql("UPDATE orders SET note = 'y', updated_at = now() WHERE id % 7 = 0; INSERT INTO orders VALUES (501, 'z', 1)")
        .await;
    tick(2).await;
    w.sql("UPDATE orders SET note = 'w', updated_at = now() WHERE id = 3; INSERT INTO orders VALUES (502, 'z', 1)")
        .await;
    tick(3).await;
    assert_eq!(w.target("SELECT count(*) FROM {d}.orders").await, vec![vec![Some("502".to_owned())]]);
    assert_eq!(jwks.fetches(), 1);
    assert!(served.terminate().await.success());
}
