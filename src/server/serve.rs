//! Listening, and ending well.
//!
//! On SIGTERM (Cloud Run gives ten seconds) nothing new is accepted and runs may finish; what is not done after
//! [`GRACE`] stops where it is. Every point of a run is a safe one to stop at: before the seal nothing is decided, after
//! it the next tick goes on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tracing::{info, warn};

use super::app::App;
use super::auth::Gate;
use super::connections;
use super::error::ServeError;
use super::routes::router;
use crate::run::Context;
use crate::server::listen_address::{Checks, Door, Platform, Unchecked, how_to_open, link};

/// How long runs may go on after the signal; giving back their leases takes the rest of the ten seconds.
const GRACE: Duration = Duration::from_secs(5);
/// Longest wait for requests to be answered after the runs were told to stop.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// Where not given: every address if somebody checks callers, else loopback. `door.rs` has the table.
    pub host: Option<IpAddr>,
    pub port: u16,
}

/// Serves until a signal.
pub async fn serve(context: Arc<Context>, listen: Listen) -> Result<(), ServeError> {
    let auth = context.config.server.auth.clone();
    let door = Door::choose(&auth, listen.host, Platform::of_process(), Unchecked::of_process())?;
    let address = SocketAddr::new(door.host, listen.port);
    let cannot = |e: std::io::Error| ServeError::Listen { address: address.to_string(), reason: e.to_string() };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    let app = Arc::new(App { context: context.clone(), gate: Gate::of(&auth, door.checks) });
    info!(address = %bound, "listening: {}", link(bound));
    match door.checks {
        Checks::Loopback => info!("{}", how_to_open(&auth)),
        Checks::Nobody => warn!("nobody checks who calls: everybody who reaches {bound} can start runs"),
        Checks::Token | Checks::Front => {}
    }

    let asked = Arc::new(tokio::sync::Notify::new());
    let signal = {
        let asked = asked.clone();
        async move {
            stop_signal().await;
            info!("stopping: no new requests");
            asked.notify_one();
        }
    };
    let server = connections::answer(listener, router(app), signal);
    // A run may go on after its caller has hung up, so it is the runs that are waited for, not only the answers.
    let runs = async {
        asked.notified().await;
        if tokio::time::timeout(GRACE, context.idle()).await.is_err() {
            context.stop.cancel();
            let _ = tokio::time::timeout(LAST_WORDS, context.idle()).await;
        }
    };
    let answers = async {
        runs.await;
        // For the answers themselves; a caller that does not read its own is not waited for.
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let (server, answers) = (std::pin::pin!(server), std::pin::pin!(answers));
    match futures_util::future::select(server, answers).await {
        futures_util::future::Either::Left(((), answers)) => answers.await,
        futures_util::future::Either::Right(((), _)) => {}
    }
    Ok(())
}

/// Ctrl-C, SIGTERM, or a terminal that was closed.
pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    // Without a handler the signal ends the process by itself. What was ignored from the start, as under nohup, stays so.
    let received = async |kind: SignalKind| match if is_ignored(kind) { None } else { signal(kind).ok() } {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    };
    tokio::select! {
        () = received(SignalKind::interrupt()) => {}
        () = received(SignalKind::terminate()) => {}
        () = received(SignalKind::hangup()) => {}
    }
}

/// Whether the process was started with the signal ignored. Source: proc(5), `SigIgn` of /proc/self/status.
fn is_ignored(kind: tokio::signal::unix::SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()).unwrap_or(0);
    let bit = u32::try_from(kind.as_raw_value()).ok().and_then(|number| number.checked_sub(1));
    bit.is_some_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
}
