//! Who may trigger a run.
//!
//! Under `auth = "oidc"` a caller shows a token that Google has signed. Anybody with an account at Google can have one signed for
//! any audience, so the audience alone says nothing: the token has to name one of the accounts that the config lists.
//!
//! ```text
//! Authorization: Bearer <header>.<claims>.<signature>
//!                          │        │         └ RS256, by the key the header names (keys.rs) ─┐
//!                          │        ├ exp, nbf (a minute of skew), iss = Google ──────────────┼▶ 401
//!                          └ alg is RS256, whatever the token says ───────────────────────────┘
//!                                   └ aud, email, email_verified ─────────────────────────────▶ 403
//! ```

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use super::keys::{KeysError, SigningKeys};
use crate::config::Auth;
use crate::server::listen_address::Checks;

/// Overrides where Google's public keys are fetched from.
const JWKS_URL: &str = "PLIMSOLL_OIDC_JWKS_URL";
/// Where Google publishes the keys that sign ID tokens: `jwks_uri` of its discovery document,
/// <https://accounts.google.com/.well-known/openid-configuration>.
const GOOGLES_KEYS: &str = "https://www.googleapis.com/oauth2/v3/certs";
/// Both are in use: <https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken>.
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];
/// How far two clocks may be apart, in seconds.
const SKEW: u64 = 60;
/// A token of Google's is about a kilobyte.
const LONGEST_TOKEN: usize = 8 * 1024;

/// Why a request is refused: a status, and what is wrong.
pub(super) type Refused = (StatusCode, &'static str);

/// Checks requests as the config says.
pub(super) enum Gate {
    Oidc(Box<Oidc>),
    /// Nobody checks, but only this machine can call. A page elsewhere could make a browser on it do so, under a name that it has
    /// resolved to loopback: what is called has to be called by a name of loopback.
    Loopback,
    /// Somebody in front of us has checked.
    Open,
}

/// What a token has to say.
pub(super) struct Oidc {
    keys: SigningKeys,
    validation: Validation,
    accounts: Vec<String>,
}

#[derive(Deserialize)]
struct Claims {
    email: Option<String>,
    email_verified: Option<bool>,
}

impl Gate {
    pub fn of(auth: &Auth, checks: Checks) -> Self {
        let Auth::Oidc { audience, accounts } = auth else {
            return if checks == Checks::Loopback { Self::Loopback } else { Self::Open };
        };
        let url = std::env::var(JWKS_URL).ok().filter(|v| !v.is_empty());
        // Not what the token's header names: whoever writes the token writes that.
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&ISSUERS);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        validation.leeway = SKEW;
        let keys = SigningKeys::at(url.unwrap_or_else(|| GOOGLES_KEYS.to_owned()));
        Self::Oidc(Box::new(Oidc { keys, validation, accounts: accounts.clone() }))
    }

    /// What a refused caller has to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Loopback => "call 127.0.0.1 or localhost",
            Self::Oidc(_) | Self::Open => "send a token signed by Google for [server] audience and service_account",
        }
    }

    /// Lets a request through, or says why not.
    pub async fn check(&self, headers: &HeaderMap) -> Result<(), Refused> {
        match self {
            Self::Open => Ok(()),
            Self::Loopback if is_loopback(headers) => Ok(()),
            Self::Loopback => Err((StatusCode::FORBIDDEN, "the Host header names another machine")),
            Self::Oidc(oidc) => oidc.check(headers).await,
        }
    }
}

impl Oidc {
    async fn check(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.split_once(' '));
        let token = value.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let token = token.ok_or((StatusCode::UNAUTHORIZED, "a bearer token is needed"))?;
        let unreadable = (StatusCode::UNAUTHORIZED, "the token cannot be read");
        if token.len() > LONGEST_TOKEN {
            return Err(unreadable);
        }
        let head = jsonwebtoken::decode_header(token).map_err(|_| unreadable)?;
        if head.alg != Algorithm::RS256 {
            return Err((StatusCode::UNAUTHORIZED, "the token is not signed by RS256"));
        }
        if names_extensions(token) {
            return Err((StatusCode::UNAUTHORIZED, "the token's header has extensions that have to be understood"));
        }
        let kid = head.kid.ok_or(unreadable)?;
        let key = self.keys.get(&kid).await.map_err(|e| match e {
            KeysError::Unknown => (StatusCode::UNAUTHORIZED, "no key of Google's has signed the token"),
            // Our trouble, not the caller's: it is to come again.
            KeysError::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "the keys that sign tokens cannot be fetched; see the log")
            }
        })?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation).map_err(|e| why(e.kind()))?.claims;
        let account = claims.email.filter(|_| claims.email_verified == Some(true));
        match account {
            Some(account) if self.accounts.contains(&account) => Ok(()),
            _ => Err((StatusCode::FORBIDDEN, "the token is of an account that is not in [server] service_account")),
        }
    }
}

/// Whether the header has a `crit`: what it names has to be understood (RFC 7515, 4.1.11), and we understand none.
fn names_extensions(token: &str) -> bool {
    let head = token.split('.').next().unwrap_or_default();
    let head = URL_SAFE_NO_PAD.decode(head).unwrap_or_default();
    let head: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&head).unwrap_or_default();
    head.contains_key("crit")
}

fn why(kind: &ErrorKind) -> Refused {
    let unauthorized = |text| (StatusCode::UNAUTHORIZED, text);
    match kind {
        ErrorKind::InvalidAudience => {
            (StatusCode::FORBIDDEN, "the token is for another audience than [server] audience")
        }
        ErrorKind::InvalidIssuer => unauthorized("the token is not issued by Google"),
        ErrorKind::ExpiredSignature => unauthorized("the token has expired"),
        ErrorKind::ImmatureSignature => unauthorized("the token is not valid yet"),
        ErrorKind::InvalidSignature => unauthorized("the token's signature is wrong"),
        ErrorKind::MissingRequiredClaim(_) => unauthorized("the token lacks a claim: exp, iss or aud"),
        _ => unauthorized("the token cannot be read"),
    }
}

fn is_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let authority = host.parse::<axum::http::uri::Authority>();
    let Ok(name) = authority.as_ref().map(|a| a.host().trim_start_matches('[').trim_end_matches(']')) else {
        return false;
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_loopback_are_loopback() {
        let is = |host: &str| is_loopback(&HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]));
        for host in ["localhost", "LocalHost:8080", "127.0.0.1:1", "127.1.2.3", "[::1]:8080", "[::1]"] {
            assert!(is(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example", "", "[::2]"] {
            assert!(!is(host), "{host}");
        }
        assert!(!is_loopback(&HeaderMap::new()));
    }
}
