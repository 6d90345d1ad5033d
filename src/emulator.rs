//! The variables that name an emulator in place of a service of Google's.

/// The variable that holds the `http://host:port` of an emulator of Cloud Storage.
pub const STORAGE: &str = "STORAGE_EMULATOR_HOST";
/// The variable that holds the `http://host:port` of an emulator of BigQuery.
pub const BIGQUERY: &str = "BIGQUERY_EMULATOR_HOST";

/// The variable that holds the `http://host:port` of what stands in for BigQuery's Storage Write API.
pub const BIGQUERY_WRITE: &str = "BIGQUERY_WRITE_EMULATOR_HOST";

/// A variable whose value is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    #[error("{variable} is `{value}`, without http:// in front")]
    NoScheme { variable: &'static str, value: String },

    #[error("{variable} is `{value}`, which names no host")]
    NoHost { variable: &'static str, value: String },
}

impl NotAnAddress {
    /// What to type.
    pub fn hint(&self) -> String {
        let (variable, address) = match self {
            // Another scheme goes.
            Self::NoScheme { variable, value } => {
                (variable, value.rsplit_once("://").map_or(value.as_str(), |(_, a)| a))
            }
            Self::NoHost { variable, .. } => (variable, "host:port"),
        };
        format!("export {variable}=http://{address}, or unset it to use the service itself")
    }
}

/// The `http://host:port` that the variable holds; `None` where it is not set or empty.
pub fn address(variable: &'static str) -> Result<Option<String>, NotAnAddress> {
    read(variable, std::env::var(variable).ok())
}

fn read(variable: &'static str, value: Option<String>) -> Result<Option<String>, NotAnAddress> {
    let Some(value) = value.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()) else { return Ok(None) };
    let Some(address) = value.strip_prefix("http://").or_else(|| value.strip_prefix("https://")) else {
        return Err(NotAnAddress::NoScheme { variable, value });
    };
    if address.trim_end_matches('/').is_empty() || address.starts_with([':', '/']) {
        return Err(NotAnAddress::NoHost { variable, value });
    }
    Ok(Some(value.trim_end_matches('/').to_owned()))
}

/// What to do where the service, or its emulator, does not answer: `what` is its name, `host` its own address.
pub fn when_down(variable: &'static str, what: &str, host: &str) -> String {
    match std::env::var(variable).ok().filter(|v| !v.is_empty()) {
        Some(emulator) => {
            format!("start the emulator that {variable} names ({emulator}), or unset {variable} to use {what} itself")
        }
        None => format!("check that this machine reaches https://{host} (network, proxy, firewall)"),
    }
}

/// What to do where a request of a run was not answered: what is down for a moment is asked again by the next tick, but an emulator
/// that is not there has to be started.
pub fn when_unavailable(variable: &'static str, what: &str) -> String {
    match std::env::var(variable).ok().filter(|v| !v.is_empty()) {
        Some(_) => when_down(variable, what, ""),
        None => "the next tick tries again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme() {
        let read = |value: &str| read("STORAGE_EMULATOR_HOST", Some(value.to_owned()));
        assert_eq!(read("http://127.0.0.1:4443/"), Ok(Some("http://127.0.0.1:4443".to_owned())));
        assert_eq!(read(" "), Ok(None));
        let error = read("127.0.0.1:4443").unwrap_err();
        assert_eq!(error.to_string(), "STORAGE_EMULATOR_HOST is `127.0.0.1:4443`, without http:// in front");
        assert_eq!(
            error.hint(),
            "export STORAGE_EMULATOR_HOST=http://127.0.0.1:4443, or unset it to use the service itself"
        );
        assert!(read("ftp://x").unwrap_err().hint().starts_with("export STORAGE_EMULATOR_HOST=http://x, "));
    }

    #[test]
    fn an_address_has_a_host() {
        for value in ["http://", "https:///", "http://:4443", "http:///b"] {
            let error = read("BIGQUERY_EMULATOR_HOST", Some(value.to_owned())).unwrap_err();
            assert_eq!(error.to_string(), format!("BIGQUERY_EMULATOR_HOST is `{value}`, which names no host"));
            assert_eq!(
                error.hint(),
                "export BIGQUERY_EMULATOR_HOST=http://host:port, or unset it to use the service itself"
            );
        }
    }
}
