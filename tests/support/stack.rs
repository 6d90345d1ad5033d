//! The shared emulators: those that `make test` has started, or a set of our own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
pub struct Stack {
    pub pg: Pg,
    pub gcs: Service,
    pub bq: Service,
    pub pubsub: Option<PubSub>,
    pub pubsub_missing: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Pg {
    pub port: u16,
    pub password: String,
    pub socket_dir: String,
    pub ca: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Service {
    pub url: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PubSub {
    pub host: String,
    pub url: String,
}

/// A stack of our own: it ends when its standard input closes, which happens with our process at the latest.
struct Owned {
    stack: Stack,
    _child: Child,
}

impl Stack {
    /// The stack of this process.
    pub fn shared() -> &'static Stack {
        static SHARED: OnceLock<Owned> = OnceLock::new();
        &SHARED.get_or_init(Self::start).stack
    }

    fn start() -> Owned {
        let venv = std::env::var("PLIMSOLL_VENV").expect("PLIMSOLL_VENV is not set: run the tests with `make test`");
        let mut child = Command::new("python3")
            .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/stack.py"), "--venv", &venv])
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
        Owned { stack: serde_json::from_value(json).expect("the stack's addresses"), _child: child }
    }
}
