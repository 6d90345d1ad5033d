//! A PostgreSQL of a test's own and the binary, with nothing of Google's: what needs no bucket must not be given one.

use std::process::Stdio;

use tokio::process::Command;
use tokio_postgres::NoTls;

use super::stack::OwnPg;
use super::{Ran, Stack};

pub struct Database {
    pub own: OwnPg,
    pub pg: tokio_postgres::Client,
    /// Where the binary runs.
    pub dir: tempfile::TempDir,
}

impl Database {
    pub async fn new(sql: &str) -> Self {
        let own = OwnPg::start(Stack::shared());
        let place = format!("host={} port={} user=postgres dbname=postgres", own.pg.socket_dir, own.pg.port);
        let (pg, connection) = tokio_postgres::connect(&place, NoTls).await.unwrap();
        tokio::spawn(connection);
        pg.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        Self { own, pg, dir: tempfile::tempdir().unwrap() }
    }

    pub fn url(&self) -> String {
        self.url_of("postgres", &self.own.pg.password)
    }

    pub fn url_of(&self, role: &str, password: &str) -> String {
        format!("postgres://{role}:{password}@127.0.0.1:{}/postgres", self.own.pg.port)
    }

    /// Runs the binary with `DATABASE_URL`.
    pub async fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[("DATABASE_URL", &self.url())]).await
    }

    /// Runs the binary with these variables. Addresses of Google's services that lead nowhere are among them.
    pub async fn run_with(&self, args: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(args).current_dir(self.dir.path()).env_remove("PLIMSOLL_CONFIG").env_remove("DATABASE_URL");
        for service in ["STORAGE", "BIGQUERY", "PUBSUB"] {
            command.env(format!("{service}_EMULATOR_HOST"), "http://127.0.0.1:1");
        }
        command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.kill_on_drop(true).spawn().unwrap();
        let output = tokio::time::timeout(std::time::Duration::from_secs(60), child.wait_with_output());
        let output = output.await.expect("the command ends in time").unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Where the commands run.
    pub fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap()
    }
}
