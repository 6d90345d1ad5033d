//! Callers that mean harm, or are broken: each gets its 4xx, and the service goes on.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::World;
use crate::support::sizes::peak_mib;

/// Sends raw bytes, and what comes back until the other side ends or the time is up.
async fn raw(url: &str, parts: &[&[u8]], pause: Duration) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    for part in parts {
        if stream.write_all(part).await.is_err() {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_no_one_should_send() {
    let w = World::with_orders("").await;
    let served = w.serve().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for route in ["runs", "pubsub"] {
        let url = format!("{}/{route}", served.url);
        for (kind, body, expected) in [
            ("text/plain", "{}", 415),
            ("application/x-www-form-urlencoded", "a=b", 415),
            ("multipart/form-data; boundary=x", "--x--", 415),
            ("application/json", "{\"tables\": 5}", 400),
            ("application/json", "{\"tables\": [\"public.orders\"], \"drop\": true}", 400),
            ("application/json", "\u{feff}{}", 400),
            ("application/json; charset=utf-8", "{\"message\":{\"data\":\"////\"}}", 400),
        ] {
            let answer = http.post(&url).header("content-type", kind).body(body).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), expected, "{route} {kind} {body}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(http.post(&url).body(deep).send().await.unwrap().status(), 400);
        // Runs that are over have a page there.
        let to_look = if route == "runs" { 200 } else { 405 };
        assert_eq!(http.get(&url).send().await.unwrap().status(), to_look, "{route}");
    }
    // Longer than it may be: announced, and in chunks without a word about it.
    let announced = b"POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999\r\n\r\n{";
    assert!(raw(&served.url, &[announced], Duration::ZERO).await.starts_with("HTTP/1.1 413"));
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let head: &[u8] = b"POST /pubsub HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    let parts: Vec<&[u8]> = std::iter::once(head).chain(std::iter::repeat_n(chunk.as_bytes(), 8)).collect();
    assert!(raw(&served.url, &parts, Duration::ZERO).await.starts_with("HTTP/1.1 413"));
    // Never finished.
    let began = Instant::now();
    let slow: &[u8] = b"POST /pubsub HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20\r\n\r\n{";
    assert!(raw(&served.url, &[slow], Duration::ZERO).await.starts_with("HTTP/1.1 408"));
    assert!(began.elapsed() < Duration::from_secs(14));
    // No HTTP at all.
    raw(&served.url, &[b"\x16\x03\x01\x00\xa5\x01"], Duration::ZERO).await;
    assert!(w.bq.log().is_empty() && w.gcs.written().is_empty(), "nothing was run");
    assert_eq!(w.get(&format!("{}/healthz", served.url)).await.0, 200);
}

/// A refusal leaves the connection usable, or says that it ends: a caller that keeps connections must not lose its next
/// request to one.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_does_not_spoil_the_connection() {
    let w = World::with_orders("").await;
    let served = w.serve().await;
    let after = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    for (kind, length) in [("application/json", 300 * 1024), ("text/plain", 10_000), ("text/plain", 900 * 1024)] {
        let head = format!(
            "POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
        );
        let whole = format!("{head}{}{after}", "x".repeat(length));
        let answers = raw(&served.url, &[whole.as_bytes()], Duration::ZERO).await;
        assert_eq!(answers.matches("HTTP/1.1 4").count(), 1, "{answers}");
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
    }
    let (head, body) =
        ("POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2000000\r\n\r\n", "x".repeat(2_000_000));
    let answers = raw(&served.url, &[head.as_bytes(), body.as_bytes(), after.as_bytes()], Duration::ZERO).await;
    assert!(answers.starts_with("HTTP/1.1 413") && answers.contains("connection: close"), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
}

/// A thousand pushes at once: one works, the others find it at work, and memory stays what it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pushes_at_once() {
    let w = World::with_orders("").await;
    w.sql("INSERT INTO orders VALUES (1, 'x', 1)").await;
    let served = w.serve().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/pubsub", served.url);
    let body = "{\"message\":{\"data\":\"\",\"messageId\":\"1\"}}";
    let each = (0..1000).map(|_| {
        let request = http.post(&url).header("content-type", "application/json").body(body).send();
        async { request.await.unwrap().status().as_u16() }
    });
    let answers = futures_util::future::join_all(each).await;
    assert!(answers.iter().all(|s| *s == 204), "{:?}", answers.iter().find(|s| **s != 204));
    let loads: std::collections::BTreeSet<String> = w.bq.jobs().into_iter().filter(|j| j.contains("_load_")).collect();
    assert_eq!(loads.len(), 1, "{loads:?}");
    let peak = peak_mib(served.child.id().unwrap());
    assert!(peak < 150, "{peak} MiB");
    w.keep_statements().await;
    w.assert_equal("orders").await;
}

/// Connections that say nothing, heads that never end and bodies that trickle: they are closed, and take their share of memory only.
#[tokio::test(flavor = "multi_thread")]
async fn callers_that_hold_on() {
    let w = World::with_orders("").await;
    let served = w.serve().await;
    let address = served.url.trim_start_matches("http://").to_owned();
    let mut held = Vec::new();
    for n in 0..900 {
        let Ok(mut stream) = TcpStream::connect(&address).await else { break };
        let head: &[u8] = match n % 3 {
            0 => b"",
            1 => b"GET /healthz HTTP/1.1\r\nHo",
            _ => b"POST /runs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 262000\r\n\r\n",
        };
        let _ = stream.write_all(head).await;
        if n % 3 == 2 {
            let _ = stream.try_write(&[b' '; 200_000]);
        }
        held.push(stream);
    }
    // Within the time that a head and a body may take, plus some.
    let began = Instant::now();
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().unwrap();
    assert_eq!(http.get(format!("{}/healthz", served.url)).send().await.unwrap().status(), 200);
    assert!(began.elapsed() < Duration::from_secs(35), "{:?}", began.elapsed());
    let peak = peak_mib(served.child.id().unwrap());
    assert!(peak < 128, "{peak} MiB");
    let long = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    assert!(raw(&served.url, &[long.as_bytes()], Duration::ZERO).await.starts_with("HTTP/1.1 431"));
    let cut: &[u8] = b"POST /runs HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    assert!(raw(&served.url, &[cut], Duration::ZERO).await.starts_with("HTTP/1.1 400"));
    drop(held);
    assert!(w.bq.log().is_empty(), "nothing was run");
}
