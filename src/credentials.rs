//! Whether Google's application default credentials can be found at all.
//!
//! Where nothing else is there the client libraries ask the metadata server of Google's machines, and elsewhere wait long for an answer
//! that never comes. So it is found out here first, within a second. The places, in their order:
//! <https://cloud.google.com/docs/authentication/application-default-credentials>

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::OnceCell;

/// What to type where there are none.
pub const HINT: &str = "log in with `gcloud auth application-default login`, or give the service an account; for emulators set \
                        STORAGE_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST and PUBSUB_EMULATOR_HOST to http://host:port";

/// The metadata server's fixed address: <https://cloud.google.com/compute/docs/metadata/querying-metadata>.
const METADATA: &str = "http://169.254.169.254/";
/// The header that both sides send; other clouds have a server at the same address.
const FLAVOR: &str = "metadata-flavor";
const PATIENCE: Duration = Duration::from_secs(1);
/// What the firmware of Google's machines calls itself.
const PRODUCT: &str = "/sys/class/dmi/id/product_name";

/// There are no credentials here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are no application default credentials on this machine")]
pub struct NoCredentials;

/// Fails where a client would find no credentials. Asked once a process.
pub async fn look() -> Result<(), NoCredentials> {
    static FOUND: OnceCell<Result<(), NoCredentials>> = OnceCell::const_new();
    *FOUND.get_or_init(|| async { if is_named() || is_google().await { Ok(()) } else { Err(NoCredentials) } }).await
}

fn is_named() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    // In a cluster of Kubernetes the metadata server may take seconds to answer a pod that has just started.
    let names = [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GCE_METADATA_HOST",
        "K_SERVICE",
        "CLOUD_RUN_JOB",
        "KUBERNETES_SERVICE_HOST",
    ];
    let known = names.into_iter().any(is_set);
    known || user_file().is_some_and(|path| path.exists())
}

/// Where `gcloud auth application-default login` writes, and the client library looks.
fn user_file() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    Some(PathBuf::from(home).join(".config/gcloud/application_default_credentials.json"))
}

/// Whether this is a machine of Google's, whose metadata server hands out tokens.
async fn is_google() -> bool {
    if std::fs::read_to_string(PRODUCT).is_ok_and(|name| name.trim_start().starts_with("Google")) {
        return true;
    }
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build() else { return false };
    let answer = client.get(METADATA).header(FLAVOR, "Google").send().await;
    answer.is_ok_and(|a| a.headers().get(FLAVOR).is_some_and(|v| v == "Google"))
}
