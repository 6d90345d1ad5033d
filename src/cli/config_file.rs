//! The config, from a file or an object.

use std::time::{Duration, Instant};

use super::error::CliError;
use crate::config::{self, Config, ConfigError, ConfigSource, Environment};
use crate::storage::Store;

/// Reads the config, and warns of what in it is right but unwise.
pub(super) async fn read_config(named: Option<&str>) -> Result<Config, CliError> {
    let source = config::locate(named);
    let config = fetch_config(&source).await?;
    for warning in &config.warnings {
        tracing::warn!("{}:{}: {}; {}", source.name(), warning.line, warning.problem, warning.remedy);
    }
    Ok(config)
}

async fn fetch_config(source: &ConfigSource) -> Result<Config, CliError> {
    let env = Environment::of_process();
    let began = Instant::now();
    // Cloud Run sets this name. A service that is made together with its rights may start before those are known everywhere.
    let patience = env.get("K_SERVICE").map_or(Duration::ZERO, |_| Duration::from_secs(120));
    match source {
        ConfigSource::File(path) => Ok(config::fetch(path, &env).await?),
        ConfigSource::Object { bucket, name } => {
            let store = Store::open(bucket, "").await?;
            let content = loop {
                let refused = match store.get(name).await {
                    Ok(Some((content, _))) => break content,
                    Ok(None) => match store.probe().await {
                        Ok(()) => CliError::from(ConfigError::Missing { name: source.name() }),
                        Err(e) => e.into(),
                    },
                    Err(e) => e.into(),
                };
                if began.elapsed() > patience {
                    return Err(refused);
                }
                tokio::time::sleep(Duration::from_secs(3)).await;
            };
            let unreadable = |_| ConfigError::Unreadable { name: source.name(), reason: "not UTF-8".to_owned() };
            let text = std::str::from_utf8(&content).map_err(unreadable)?;
            Ok(Config::parse(&source.name(), text, &env)?)
        }
    }
}
