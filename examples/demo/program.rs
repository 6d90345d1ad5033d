//! `plimsoll`, as a person would call it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::Failed;
use super::stack::{PubSub, Service, Stack};

/// The program and what it needs to know of the stack.
pub struct Plimsoll {
    pub bigquery: Service,
    pub pubsub: PubSub,
    pub storage: Service,
    /// The address of what stands in for the Storage Write API.
    pub write_api: String,
    url: String,
    dir: tempfile::TempDir,
}

impl Plimsoll {
    pub fn new(stack: &Stack, url: String, write_api: String) -> Result<Self, Failed> {
        Ok(Self {
            bigquery: stack.bigquery(),
            pubsub: stack.pubsub(),
            storage: stack.gcs.clone(),
            write_api,
            url,
            dir: tempfile::tempdir()?,
        })
    }

    /// The folder of the program. It and the demo are built by one cargo call, side by side.
    pub fn folder() -> Result<PathBuf, Failed> {
        let own = std::env::current_exe()?;
        Ok(own.parent().and_then(|p| p.parent()).ok_or("no folder")?.to_owned())
    }

    /// Where it runs, with its config and the log of `serve`.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The connection string of its source.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn write_config(&self, text: &str) -> Result<(), Failed> {
        Ok(std::fs::write(self.dir().join("plimsoll.toml"), text)?)
    }

    pub fn command(&self, args: &[&str]) -> Result<Command, Failed> {
        let mut command = Command::new(Self::folder()?.join("plimsoll"));
        command
            .args(args)
            .current_dir(self.dir())
            .env_remove("PLIMSOLL_CONFIG")
            .env("DATABASE_URL", &self.url)
            .env("STORAGE_EMULATOR_HOST", &self.storage.url)
            .env("BIGQUERY_EMULATOR_HOST", &self.bigquery.url)
            .env("BIGQUERY_WRITE_EMULATOR_HOST", &self.write_api)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }

    pub async fn run(&self, args: &[&str]) -> Result<(), Failed> {
        // Off a terminal every run would be logged as JSON, between the lines meant for people.
        let status = self.command(args)?.env("RUST_LOG", "plimsoll=warn").status().await?;
        if status.success() { Ok(()) } else { Err(format!("plimsoll {} ended with {status}", args.join(" ")).into()) }
    }

    pub fn serve(&self, port: u16) -> Result<Child, Failed> {
        let log = std::fs::File::create(self.dir().join("serve.log"))?;
        Ok(self.command(&["serve", "--port", &port.to_string()])?.stdout(Stdio::null()).stderr(log).spawn()?)
    }
}
