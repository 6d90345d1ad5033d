//! Why the server does not start.

use crate::model::Blame;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: String, reason: String },

    #[error("auth = \"none\" would let anybody on {0} trigger runs")]
    Open(String),
}

impl ServeError {
    pub fn blame(&self) -> Blame {
        match self {
            Self::Listen { .. } => Blame::World,
            Self::Open(_) => Blame::Config,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Listen { .. } => "choose another port with PORT or --port".to_owned(),
            Self::Open(_) => format!(
                "use auth = \"oidc\" or \"cloud-run\", listen with --host 127.0.0.1, or set {}=1",
                super::serve::ALLOW_OPEN
            ),
        }
    }
}
