//! One token for both clients: `google-cloud-auth` finds it, an adapter hands it to `gcp-bigquery-client`.

use gcp_bigquery_client::auth::Authenticator;
use gcp_bigquery_client::error::BQError;
use google_cloud_auth::credentials::{AccessTokenCredentials, Builder};

use super::error::BigQueryError;

const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// Where tokens come from.
#[derive(Clone, Debug)]
pub(super) enum AccessToken {
    /// Application default credentials; cached and renewed by the library.
    Google(AccessTokenCredentials),
    /// An emulator asks for none.
    Emulator,
}

impl AccessToken {
    pub async fn google() -> Result<Self, BigQueryError> {
        crate::credentials::look().await.map_err(|e| BigQueryError::credentials(e.to_string()))?;
        let built = Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
        built.map(Self::Google).map_err(|e| BigQueryError::credentials(e.to_string()))
    }

    pub async fn get(&self) -> Result<String, BigQueryError> {
        match self {
            Self::Google(credentials) => {
                let token = credentials.access_token().await;
                token.map(|t| t.token).map_err(|e| match e.is_transient() {
                    true => BigQueryError::unavailable("get", "a token", e.to_string()),
                    false => BigQueryError::credentials(e.to_string()),
                })
            }
            Self::Emulator => Ok("emulator".to_owned()),
        }
    }
}

#[async_trait::async_trait]
impl Authenticator for AccessToken {
    async fn access_token(&self) -> Result<String, BQError> {
        self.get().await.map_err(|_| BQError::NoToken)
    }
}
