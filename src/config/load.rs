//! Where the config's text comes from.

use std::path::PathBuf;

use super::environment::Environment;
use super::{Config, ConfigError};

/// Where the text is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    File(PathBuf),
    Object { bucket: String, name: String },
}

impl ConfigSource {
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Object { bucket, name } => format!("gs://{bucket}/{name}"),
        }
    }
}

/// The config named on the command line or by `PLIMSOLL_CONFIG`; else `plimsoll.toml` here.
pub fn locate(named: Option<&str>) -> ConfigSource {
    let name = named.unwrap_or("plimsoll.toml");
    match name.strip_prefix("gs://").map(|rest| rest.split_once('/').unwrap_or((rest, "plimsoll.toml"))) {
        Some((bucket, object)) => ConfigSource::Object { bucket: bucket.to_owned(), name: object.to_owned() },
        None => ConfigSource::File(PathBuf::from(name)),
    }
}

/// Reads a config from a file.
pub async fn fetch(path: &std::path::Path, env: &Environment) -> Result<Config, ConfigError> {
    let name = path.display().to_string();
    let text = match tokio::fs::read_to_string(path).await {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(ConfigError::Missing { name }),
        Err(e) => return Err(ConfigError::Unreadable { name, reason: e.to_string() }),
    };
    Config::parse(&name, &text, env)
}
