//! A token of Microsoft Entra for the identity that Google's machines have: workload identity federation.
//!
//! ```text
//!   metadata server ── who we are, signed by Google ──▶ login.microsoftonline.com ── token for databases ──▶ login
//! ```
//!
//! The application in Entra has a federated credential for Google's account; `AZURE_TENANT_ID` and `AZURE_CLIENT_ID` say which application, as for
//! Microsoft's own libraries. The token matters at the login alone. Only tried against stubs.
//! Sources: <https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust-gcp>,
//! <https://cloud.google.com/compute/docs/instances/verifying-instance-identity>.

use std::time::Duration;

use serde::Deserialize;

use super::error::{SqlServerError, TokenFault};

const METADATA: &str = "metadata.google.internal";
const AUTHORITY: &str = "https://login.microsoftonline.com";
/// Whom Google's word is meant for.
const AUDIENCE: &str = "api://AzureADTokenExchange";
const SCOPE: &str = "https://database.windows.net/.default";
const PATIENCE: Duration = Duration::from_secs(10);
/// A token has a few kilobytes.
const LONGEST: usize = 64 * 1024;

/// Where tokens come from.
#[derive(Clone, Debug)]
pub(super) struct Entra {
    /// Scheme and host.
    metadata: String,
    authority: String,
    tenant: String,
    client: String,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    /// Such as `invalid_client`; a description goes with it, which is not read: it has ids in it.
    error: Option<String>,
}

fn fault(reason: impl Into<String>, kind: TokenFault) -> SqlServerError {
    SqlServerError::NoToken { reason: reason.into(), kind }
}

impl Entra {
    /// As the environment says.
    pub fn of_the_environment() -> Result<Self, SqlServerError> {
        let named = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let needed = |name: &str| named(name).ok_or_else(|| fault(format!("{name} is not set"), TokenFault::Definite));
        Ok(Self {
            metadata: format!("http://{}", named("GCE_METADATA_HOST").unwrap_or_else(|| METADATA.to_owned())),
            authority: named("AZURE_AUTHORITY_HOST")
                .unwrap_or_else(|| AUTHORITY.to_owned())
                .trim_end_matches('/')
                .to_owned(),
            tenant: needed("AZURE_TENANT_ID")?,
            client: needed("AZURE_CLIENT_ID")?,
        })
    }

    /// A token for one login.
    pub async fn token(&self) -> Result<String, SqlServerError> {
        let unusable = |e: reqwest::Error| fault(e.without_url().to_string(), TokenFault::Definite);
        let http = reqwest::Client::builder().timeout(PATIENCE).build().map_err(unusable)?;
        let word = self.word_of_google(&http).await?;
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client)
            .append_pair("scope", SCOPE)
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &word)
            .finish();
        let request = http
            .post(format!("{}/{}/oauth2/v2.0/token", self.authority, self.tenant))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let (status, text) = answer(request, "Microsoft Entra").await?;
        let said: Answer = serde_json::from_str(&text).unwrap_or(Answer { access_token: None, error: None });
        match said.access_token {
            Some(token) if status.is_success() => Ok(token),
            _ => {
                let why =
                    said.error.filter(|e| e.chars().all(|c| c.is_ascii_lowercase() || c == '_')).unwrap_or_default();
                Err(fault(format!("Microsoft Entra answers {status} {why}").trim_end().to_owned(), kind_of(status)))
            }
        }
    }

    /// Who we are, signed by Google.
    async fn word_of_google(&self, http: &reqwest::Client) -> Result<String, SqlServerError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("audience", AUDIENCE)
            .append_pair("format", "full")
            .finish();
        let url = format!("{}/computeMetadata/v1/instance/service-accounts/default/identity?{query}", self.metadata);
        let (status, text) =
            answer(http.get(url).header("Metadata-Flavor", "Google"), "Google's metadata server").await?;
        if status.is_success() && text.split('.').count() == 3 {
            return Ok(text.trim().to_owned());
        }
        Err(fault(format!("Google's metadata server answers {status} in place of an identity"), kind_of(status)))
    }
}

fn kind_of(status: reqwest::StatusCode) -> TokenFault {
    if status.is_server_error() || status.as_u16() == 429 { TokenFault::Transient } else { TokenFault::Definite }
}

/// Sends it, and reads what comes, up to a bound.
async fn answer(request: reqwest::RequestBuilder, whom: &str) -> Result<(reqwest::StatusCode, String), SqlServerError> {
    let lost = |e: reqwest::Error| fault(format!("{whom} does not answer: {}", e.without_url()), TokenFault::Transient);
    let mut response = request.send().await.map_err(lost)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(lost)? {
        if body.len() + part.len() > LONGEST {
            return Err(fault(format!("{whom} answers what is no token"), TokenFault::Definite));
        }
        body.extend_from_slice(&part);
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::{get, post};

    use super::*;

    /// Stands in for both; `entra` answers the request for a token.
    async fn stub(entra: (StatusCode, &'static str)) -> (Entra, tokio::task::JoinHandle<()>) {
        let identity = get(|headers: axum::http::HeaderMap, uri: axum::http::Uri| async move {
            let query = uri.query().unwrap_or_default().to_owned();
            match headers.get("metadata-flavor") {
                Some(v) if v == "Google" && query.contains("audience=api%3A%2F%2FAzureADTokenExchange") => {
                    (StatusCode::OK, "a.b.c")
                }
                _ => (StatusCode::FORBIDDEN, ""),
            }
        });
        let token = post(move |body: String| async move {
            let is_whole = body.contains("client_assertion=a.b.c")
                && body.contains("client_id=app")
                && body.contains("database.windows.net");
            if is_whole { entra } else { (StatusCode::BAD_REQUEST, "{\"error\":\"invalid_request\"}") }
        });
        let app = Router::new()
            .route("/computeMetadata/v1/instance/service-accounts/default/identity", identity)
            .route("/tenant/oauth2/v2.0/token", token);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let entra =
            Entra { metadata: place.clone(), authority: place, tenant: "tenant".to_owned(), client: "app".to_owned() };
        (entra, server)
    }

    #[tokio::test]
    async fn googles_word_becomes_a_token() {
        let (entra, server) = stub((StatusCode::OK, "{\"access_token\":\"secret\",\"expires_in\":3600}")).await;
        assert_eq!(entra.token().await.unwrap(), "secret");
        server.abort();
    }

    #[tokio::test]
    async fn why_there_is_none_is_told_without_what_was_sent() {
        for (status, body, wanted, is_transient) in [
            (
                StatusCode::UNAUTHORIZED,
                "{\"error\":\"invalid_client\",\"error_description\":\"a.b.c\"}",
                "401 Unauthorized invalid_client",
                false,
            ),
            (StatusCode::SERVICE_UNAVAILABLE, "busy", "503 Service Unavailable", true),
            (StatusCode::OK, "{}", "200 OK", false),
        ] {
            let (entra, server) = stub((status, body)).await;
            let e = entra.token().await.unwrap_err();
            assert!(e.to_string().ends_with(wanted) && !e.to_string().contains("a.b.c"), "{e}");
            assert_eq!(e.is_transient(), is_transient);
            server.abort();
        }
        let nobody = Entra {
            metadata: "http://127.0.0.1:1".to_owned(),
            authority: "http://127.0.0.1:1".to_owned(),
            tenant: "t".to_owned(),
            client: "c".to_owned(),
        };
        assert!(nobody.token().await.unwrap_err().is_transient());
    }
}
