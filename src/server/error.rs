//! Why the server does not start.

use std::net::IpAddr;

use crate::model::Blame;

/// Set to `1` it lets everybody in who can reach the address.
pub(super) const ALLOW_OPEN: &str = "PLIMSOLL_ALLOW_UNAUTHENTICATED";

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: String, reason: String },

    #[error("{host} can be reached from elsewhere, and nobody would check who calls: {}", why(auth))]
    Open {
        host: IpAddr,
        /// As the config has it; `None` where it is not written.
        auth: Option<&'static str>,
    },
}

impl ServeError {
    pub fn blame(&self) -> Blame {
        match self {
            Self::Listen { .. } => Blame::World,
            Self::Open { .. } => Blame::Config,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Listen { .. } => "choose another port with PORT or --port".to_owned(),
            Self::Open { .. } => format!(
                "write [server] auth = \"oidc\" with audience and service_account, or listen with --host 127.0.0.1; {}=1 \
                 lets everybody in",
                ALLOW_OPEN
            ),
        }
    }
}

fn why(auth: &Option<&'static str>) -> String {
    match auth {
        None => "the config has no [server] auth".to_owned(),
        Some("cloud-run") => "auth = \"cloud-run\" counts on Cloud Run, and this is not Cloud Run".to_owned(),
        Some(name) => format!("auth = \"{name}\""),
    }
}
