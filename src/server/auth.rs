//! Who may trigger a run.

use axum::http::{HeaderMap, StatusCode, header};
use google_cloud_auth::credentials::idtoken::verifier::{Builder, Verifier};

use crate::config::Auth;

/// Overrides where Google's public keys are fetched from.
const JWKS_URL: &str = "PLIMSOLL_OIDC_JWKS_URL";

/// Checks requests as the config says.
pub(super) enum Gate {
    Oidc(Box<Verifier>),
    /// Somebody in front of us has checked, or nobody needs to.
    Open,
}

impl Gate {
    pub fn of(auth: &Auth) -> Self {
        let Auth::Oidc { audience, service_account } = auth else { return Self::Open };
        let mut builder = Builder::new([audience.as_str()]);
        if let Some(email) = service_account {
            builder = builder.with_email(email);
        }
        if let Ok(url) = std::env::var(JWKS_URL) {
            builder = builder.with_jwks_url(url);
        }
        Self::Oidc(Box::new(builder.build()))
    }

    /// Lets a request through, or says with which status it is refused.
    pub async fn check(&self, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
        let Self::Oidc(verifier) = self else { return Ok(()) };
        let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let token = value.and_then(|v| v.strip_prefix("Bearer ").or_else(|| v.strip_prefix("bearer ")));
        let token = token.ok_or((StatusCode::UNAUTHORIZED, "a bearer token is needed"))?;
        match verifier.verify(token).await {
            Ok(_) => Ok(()),
            // Our trouble, not the caller's: it is to come again.
            Err(e) if e.is_load_cert() => {
                Err((StatusCode::SERVICE_UNAVAILABLE, "the keys that sign tokens cannot be fetched"))
            }
            Err(e) if e.is_decode() => Err((StatusCode::UNAUTHORIZED, "the token cannot be read")),
            Err(_) => Err((StatusCode::FORBIDDEN, "the token is not one for this service")),
        }
    }
}
