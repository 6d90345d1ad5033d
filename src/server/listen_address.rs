//! Where `serve` listens, and who checks callers there. Closed, unless somebody is known to check.
//!
//! | `[server] auth` | on Cloud Run | elsewhere |
//! | --- | --- | --- |
//! | not written | every address: IAM in front checks | loopback |
//! | `"oidc"` | every address: we check | every address: we check |
//! | `"cloud-run"` | every address: IAM in front checks | loopback, for nothing in front checks |
//! | `"none"` | loopback | loopback |
//!
//! `--host` chooses another address. Where nobody would check, that has to be loopback or [`ALLOW_OPEN`] has to be set.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::config::Auth;
use crate::server::error::{ALLOW_OPEN, ServeError};

/// Cloud Run sets it: <https://cloud.google.com/run/docs/container-contract#services-env-vars>.
const ON_CLOUD_RUN: &str = "K_SERVICE";

/// What the process runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    CloudRun,
    Elsewhere,
}

/// Whether the environment lets callers in that nobody checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unchecked {
    Refused,
    Allowed,
}

/// Who checks the callers of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checks {
    /// We do: a token.
    Token,
    /// Somebody in front of us.
    Front,
    /// Nobody, but only this machine can call.
    Loopback,
    /// Nobody, as the environment allows.
    Nobody,
}

/// An address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Door {
    pub host: IpAddr,
    pub checks: Checks,
}

impl Platform {
    pub fn of_process() -> Self {
        if std::env::var_os(ON_CLOUD_RUN).is_some() { Self::CloudRun } else { Self::Elsewhere }
    }
}

impl Unchecked {
    pub fn of_process() -> Self {
        if std::env::var(ALLOW_OPEN).is_ok_and(|v| v == "1") { Self::Allowed } else { Self::Refused }
    }
}

impl Door {
    /// Where to listen. `wanted` is what `--host` says.
    ///
    /// # Errors
    ///
    /// [`ServeError::Open`] where the wanted address can be reached from elsewhere and nobody would check.
    pub fn choose(
        auth: &Auth,
        wanted: Option<IpAddr>,
        platform: Platform,
        unchecked: Unchecked,
    ) -> Result<Self, ServeError> {
        let every = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let checked = match (auth, platform) {
            (Auth::Oidc { .. }, _) => Some(Checks::Token),
            (Auth::NotWritten | Auth::CloudRun, Platform::CloudRun) => Some(Checks::Front),
            (Auth::NotWritten | Auth::CloudRun, Platform::Elsewhere) | (Auth::None, _) => None,
        };
        if let Some(checks) = checked {
            return Ok(Self { host: wanted.unwrap_or(every), checks });
        }
        let host = wanted.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        match (host.is_loopback(), unchecked) {
            (true, _) => Ok(Self { host, checks: Checks::Loopback }),
            (false, Unchecked::Allowed) => Ok(Self { host, checks: Checks::Nobody }),
            (false, Unchecked::Refused) => Err(ServeError::Open { host, auth: auth.name() }),
        }
    }
}

/// The page's address, as a terminal makes a link of it.
pub(super) fn link(bound: SocketAddr) -> String {
    match bound.ip() {
        ip if ip.is_unspecified() => format!("http://localhost:{}/", bound.port()),
        _ => format!("http://{bound}/"),
    }
}

/// Why only this machine can call, and what to write so that others can.
pub(super) fn how_to_open(auth: &Auth) -> String {
    let open = "write [server] auth = \"oidc\" with audience and service_account to let callers in who show a token";
    match auth {
        Auth::NotWritten => format!("only this machine can call, for the config has no [server] auth: {open}"),
        Auth::CloudRun => format!(
            "only this machine can call: auth = \"cloud-run\" counts on Cloud Run's IAM, and this is not Cloud Run: {open}"
        ),
        Auth::None | Auth::Oidc { .. } => "only this machine can call".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Listens there, or is refused.
    fn told(auth: &Auth, wanted: Option<&str>, platform: Platform, unchecked: Unchecked) -> String {
        match Door::choose(auth, wanted.map(|h| h.parse().unwrap()), platform, unchecked) {
            Ok(door) => format!("{} {:?}", door.host, door.checks),
            Err(e) => format!("refused: {e}; {}", e.hint()),
        }
    }

    #[test]
    fn only_a_checked_address_can_be_reached_from_elsewhere() {
        let oidc = Auth::Oidc { audience: "a".to_owned(), accounts: vec!["x@y".to_owned()] };
        let auths =
            [("not written", Auth::NotWritten), ("oidc", oidc), ("cloud-run", Auth::CloudRun), ("none", Auth::None)];
        let mut out = String::new();
        for (name, auth) in &auths {
            for platform in [Platform::CloudRun, Platform::Elsewhere] {
                for wanted in [None, Some("127.0.0.1"), Some("::1"), Some("0.0.0.0")] {
                    let each = [Unchecked::Refused, Unchecked::Allowed].map(|u| told(auth, wanted, platform, u));
                    let first =
                        each[0].split(':').next().filter(|_| each[0].starts_with("refused")).unwrap_or(&each[0]);
                    let answer =
                        if each[0] == each[1] { each[0].clone() } else { format!("{first}; allowed: {}", each[1]) };
                    out.push_str(&format!("{name}, {platform:?}, {}: {answer}\n", wanted.unwrap_or("no host")));
                }
            }
        }
        expect_test::expect![[r#"
            not written, CloudRun, no host: 0.0.0.0 Front
            not written, CloudRun, 127.0.0.1: 127.0.0.1 Front
            not written, CloudRun, ::1: ::1 Front
            not written, CloudRun, 0.0.0.0: 0.0.0.0 Front
            not written, Elsewhere, no host: 127.0.0.1 Loopback
            not written, Elsewhere, 127.0.0.1: 127.0.0.1 Loopback
            not written, Elsewhere, ::1: ::1 Loopback
            not written, Elsewhere, 0.0.0.0: refused; allowed: 0.0.0.0 Nobody
            oidc, CloudRun, no host: 0.0.0.0 Token
            oidc, CloudRun, 127.0.0.1: 127.0.0.1 Token
            oidc, CloudRun, ::1: ::1 Token
            oidc, CloudRun, 0.0.0.0: 0.0.0.0 Token
            oidc, Elsewhere, no host: 0.0.0.0 Token
            oidc, Elsewhere, 127.0.0.1: 127.0.0.1 Token
            oidc, Elsewhere, ::1: ::1 Token
            oidc, Elsewhere, 0.0.0.0: 0.0.0.0 Token
            cloud-run, CloudRun, no host: 0.0.0.0 Front
            cloud-run, CloudRun, 127.0.0.1: 127.0.0.1 Front
            cloud-run, CloudRun, ::1: ::1 Front
            cloud-run, CloudRun, 0.0.0.0: 0.0.0.0 Front
            cloud-run, Elsewhere, no host: 127.0.0.1 Loopback
            cloud-run, Elsewhere, 127.0.0.1: 127.0.0.1 Loopback
            cloud-run, Elsewhere, ::1: ::1 Loopback
            cloud-run, Elsewhere, 0.0.0.0: refused; allowed: 0.0.0.0 Nobody
            none, CloudRun, no host: 127.0.0.1 Loopback
            none, CloudRun, 127.0.0.1: 127.0.0.1 Loopback
            none, CloudRun, ::1: ::1 Loopback
            none, CloudRun, 0.0.0.0: refused; allowed: 0.0.0.0 Nobody
            none, Elsewhere, no host: 127.0.0.1 Loopback
            none, Elsewhere, 127.0.0.1: 127.0.0.1 Loopback
            none, Elsewhere, ::1: ::1 Loopback
            none, Elsewhere, 0.0.0.0: refused; allowed: 0.0.0.0 Nobody
        "#]]
        .assert_eq(&out);
    }

    #[test]
    fn a_refusal_says_what_to_write() {
        for (auth, said) in [
            (
                Auth::NotWritten,
                "0.0.0.0 can be reached from elsewhere, and nobody would check who calls: the config has no [server] auth",
            ),
            (
                Auth::CloudRun,
                "0.0.0.0 can be reached from elsewhere, and nobody would check who calls: auth = \"cloud-run\" counts on Cloud Run, and this is not Cloud Run",
            ),
            (Auth::None, "0.0.0.0 can be reached from elsewhere, and nobody would check who calls: auth = \"none\""),
        ] {
            let told = told(&auth, Some("0.0.0.0"), Platform::Elsewhere, Unchecked::Refused);
            assert!(told.contains(said), "{told}");
            let hint = "write [server] auth = \"oidc\" with audience and service_account, or listen with --host 127.0.0.1; \
                        PLIMSOLL_ALLOW_UNAUTHENTICATED=1 lets everybody in";
            assert!(told.ends_with(hint), "{told}");
        }
    }

    #[test]
    fn an_address_can_be_clicked() {
        for (bound, wanted) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("[::1]:80", "http://[::1]:80/"),
            ("0.0.0.0:8080", "http://localhost:8080/"),
            ("[::]:8080", "http://localhost:8080/"),
        ] {
            assert_eq!(link(bound.parse().unwrap()), wanted);
        }
    }
}
