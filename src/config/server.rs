//! `[server]`: who may call, what the status page is for, and when a table is late.

use std::time::Duration;

use super::read::Section;

/// How old a table's last success may be, where the config does not say.
pub(super) const MAX_AGE: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub auth: Auth,
    pub console: Console,
    /// `readyz` fails when a table's last success is older.
    pub max_age: Duration,
}

/// What the status page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// To look.
    ReadOnly,
    /// To run, pause and resume tables, too.
    Operate,
}

/// Who checks that a request may trigger a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// We do: a token signed by Google for this audience and one of these accounts.
    Oidc { audience: String, accounts: Vec<String> },
    /// Cloud Run's own IAM, in front of us.
    CloudRun,
    /// Nobody: loopback only.
    None,
    /// The config does not say: on Cloud Run its IAM, elsewhere nobody.
    NotWritten,
}

impl Auth {
    /// As the config has it; nothing where it is not written.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Oidc { .. } => Some("oidc"),
            Self::CloudRun => Some("cloud-run"),
            Self::None => Some("none"),
            Self::NotWritten => None,
        }
    }
}

pub(super) fn read(s: &Section<'_>) -> Option<ServerConfig> {
    let auth = s.string("auth");
    let audience = s.string("audience");
    let accounts = s.one_or_more("service_account");
    let max_age = s.duration("max_age").map_or(MAX_AGE, |d| d.value);
    let console = s.choice("console", &[("read-only", Console::ReadOnly), ("operate", Console::Operate)]);
    let console = console.unwrap_or(Console::ReadOnly);
    s.refuse_unknown(&["auth", "audience", "service_account", "console", "max_age"]);
    let auth = match auth.as_ref().map(|a| a.value.as_str()) {
        None if audience.is_none() => Auth::NotWritten,
        None | Some("oidc") => {
            let Some(audience) = audience else {
                let at = auth.map_or(s.at(), |a| a.at);
                s.fault(
                    at,
                    "auth = \"oidc\" needs an audience".to_owned(),
                    "audience = \"https://plimsoll.example.com/pubsub\"",
                );
                return None;
            };
            // Anybody's token can have any audience; whose it is has to be said.
            let Some(accounts) = accounts else {
                let remedy = "service_account = \"push@my-project.iam.gserviceaccount.com\"";
                s.fault(audience.at, "auth = \"oidc\" needs a service_account".to_owned(), remedy);
                return None;
            };
            Auth::Oidc { audience: audience.value, accounts: accounts.value }
        }
        Some("cloud-run") => Auth::CloudRun,
        Some("none") => Auth::None,
        Some(_) => {
            if let Some(auth) = &auth {
                let problem = format!("auth: `{}` is not known", s.shown(auth));
                s.fault(auth.at, problem, "one of \"oidc\", \"cloud-run\", \"none\"");
            }
            return None;
        }
    };
    Some(ServerConfig { auth, console, max_age })
}
