//! The shared emulators: those that `make test` has started, or a set of our own.

#![allow(dead_code, reason = "the suite and the demo each use a part")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
pub struct Stack {
    /// Empty where it was not asked for.
    #[serde(default)]
    pub pg: Pg,
    /// Gives and takes clusters of a test's own.
    pub control: String,
    pub gcs: Service,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Pg {
    pub port: u16,
    pub password: String,
    pub socket_dir: String,
    pub ca: String,
}

/// A PostgreSQL cluster of a test's own, ended with it: transaction ids, and so snapshots, are the whole cluster's.
pub struct OwnPg {
    pub pg: Pg,
    control: String,
}

impl OwnPg {
    pub fn start(stack: &Stack) -> Self {
        let answer = request(&stack.control, "POST", "/postgres");
        Self { pg: serde_json::from_str(&answer).expect("an address"), control: stack.control.clone() }
    }
}

impl OwnPg {
    /// A hot standby of this cluster.
    pub fn standby(&self) -> Self {
        let answer = request(&self.control, "POST", &format!("/standby/{}", self.pg.port));
        Self { pg: serde_json::from_str(&answer).expect("an address"), control: self.control.clone() }
    }
}

impl Drop for OwnPg {
    fn drop(&mut self) {
        request(&self.control, "DELETE", &format!("/postgres/{}", self.pg.port));
    }
}

/// One blocking request: it has to work in a `drop`, where no runtime may be waited for.
pub fn request(service: &str, method: &str, path: &str) -> String {
    try_request(service, method, path).expect("the stack is up")
}

/// The same for where nobody can be told: while a test ends that has failed.
pub fn try_request(service: &str, method: &str, path: &str) -> std::io::Result<String> {
    use std::io::{Read, Write};
    let host = service.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host)?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

#[derive(Clone, Debug, Deserialize)]
pub struct Service {
    pub url: String,
}

/// The Pub/Sub emulator, or why it is missing.
#[derive(Clone, Debug, Deserialize)]
pub struct PubSub {
    pub pubsub: Option<Service>,
    pub pubsub_missing: Option<String>,
}

/// A stack of our own: it ends when its standard input closes, which happens with our process at the latest.
pub struct Owned {
    pub stack: Stack,
    child: Child,
}

impl Owned {
    /// Ends every process of the stack and waits for that.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Stack {
    /// An emulator of BigQuery. Its first request may start it.
    pub fn bigquery(&self) -> Service {
        serde_json::from_str(&request(&self.control, "POST", "/bigquery")).expect("an address")
    }

    /// The Pub/Sub emulator. The first call may start it.
    pub fn pubsub(&self) -> PubSub {
        serde_json::from_str(&request(&self.control, "POST", "/pubsub")).expect("an address, or why not")
    }

    /// The stack of this process.
    pub fn shared() -> &'static Stack {
        static SHARED: OnceLock<Stack> = OnceLock::new();
        static OWNED: OnceLock<Owned> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("PLIMSOLL_STACK") {
            Ok(json) => serde_json::from_str(&json).expect("PLIMSOLL_STACK is what stack.py printed"),
            Err(_) => OWNED.get_or_init(|| Self::start("pg,gcs")).stack.clone(),
        })
    }

    /// Starts a stack of our own, of these parts; the others start when they are asked for.
    pub fn start(parts: &str) -> Owned {
        let venv = std::env::var("PLIMSOLL_VENV").expect("PLIMSOLL_VENV is not set: run the tests with `make test`");
        let mut child = Command::new("python3")
            .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/stack.py"), "--venv", &venv, "--only", parts])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("the stack answers");
        let json: serde_json::Value = serde_json::from_str(&line).expect("the stack prints JSON");
        for key in ["missing", "error"] {
            if let Some(why) = json[key].as_str() {
                panic!("the emulators did not start: {why}");
            }
        }
        Owned { stack: serde_json::from_value(json).expect("the stack's addresses"), child }
    }
}
