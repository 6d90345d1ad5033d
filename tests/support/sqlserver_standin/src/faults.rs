//! What goes wrong, as a test asks for it while the server runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::error::ServerError;

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Anything from the first byte of a connection on: places count from there.
    Connection,
    /// Instead of, or in, the answer to PRELOGIN.
    Prelogin,
    /// Before the TLS handshake.
    Tls,
    /// Instead of, or in, the answer to LOGIN7.
    Login,
    /// In the answer to a statement of this plan.
    Plan(String),
    /// In the answer to any statement.
    AnyPlan,
    /// In the answer to a begin, commit or rollback of the transaction manager.
    Transaction,
}

/// Where in the answer (or, for [`Moment::Connection`], of all that is sent).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before anything of it.
    Start,
    /// After so many bytes, headers of packets among them.
    Byte(u64),
    /// After so many packets.
    Packet(u64),
    /// After so many rows.
    Row(u64),
    /// After all rows, before the token that ends the answer.
    End,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The connection is closed.
    Cut,
    /// The connection is reset.
    Reset,
    /// Nothing more comes, and nothing more is read, until [`Faults::release`].
    Stall,
    /// Nothing more comes, but a cancellation is answered: the statement is a slow one.
    Busy,
    /// The statement fails; the transaction is rolled back.
    Error(ServerError),
    /// An ERROR token, then the connection is closed: what KILL does.
    Kill(ServerError),
    /// A token that does not exist.
    Garbage,
    /// The answer says that it had so many more rows than it had. Taken at [`Place::End`] wherever it is put.
    WrongCount(i64),
    /// The client is told to go elsewhere. At [`Moment::Login`] alone.
    Route {
        /// The other server's name.
        host: String,
        /// Its port.
        port: u16,
    },
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Once.
    Once,
    /// Each time.
    Always,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When.
    pub on: Moment,
    /// So many such moments pass before.
    pub skip: u32,
    /// Where.
    pub at: Place,
    /// What.
    pub then: Action,
    /// How often.
    pub times: Times,
}

impl Fault {
    /// Once, the next time.
    pub fn once(on: Moment, at: Place, then: Action) -> Self {
        Self { on, skip: 0, at, then, times: Times::Once }
    }

    /// Each time.
    pub fn always(on: Moment, at: Place, then: Action) -> Self {
        Self { on, skip: 0, at, then, times: Times::Always }
    }

    /// Lets so many such moments pass.
    #[must_use]
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }
}

/// The faults of a server.
#[derive(Clone)]
pub struct Faults {
    armed: Arc<Mutex<Vec<Fault>>>,
    released: watch::Sender<u64>,
    /// How many stalls have begun.
    stalls: watch::Sender<u64>,
    ended: Arc<AtomicU64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            armed: Arc::default(),
            released: watch::Sender::new(0),
            stalls: watch::Sender::new(0),
            ended: Arc::default(),
        }
    }
}

impl Faults {
    /// Arms a fault.
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Disarms all of them.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many are armed: 0 when all that were to strike once have struck.
    pub fn armed(&self) -> usize {
        self.lock().len()
    }

    /// How many connections a fault has ended, since the server started.
    pub fn ended(&self) -> u64 {
        self.ended.load(Ordering::Acquire)
    }

    /// A fault ends a connection.
    pub(crate) fn end(&self) {
        self.ended.fetch_add(1, Ordering::Release);
    }

    /// Waits until so many stalls have begun, [`Action::Stall`] and [`Action::Busy`] alike, since the server started.
    pub async fn stalled(&self, times: u64) {
        // The sender is ours: it can't be gone.
        let _ = self.stalls.subscribe().wait_for(|begun| *begun >= times).await;
    }

    /// Lets go on what is stalled now.
    pub fn release(&self) {
        self.released.send_modify(|times| *times += 1);
    }

    /// A stall begins; it ends with a change of this.
    pub(crate) fn released(&self) -> watch::Receiver<u64> {
        let mut released = self.released.subscribe();
        released.mark_unchanged();
        self.stalls.send_modify(|begun| *begun += 1);
        released
    }

    /// The fault that strikes now, if one does.
    pub(crate) fn take(&self, now: &Moment) -> Option<Fault> {
        let is_statement = matches!(now, Moment::Plan(_));
        let mut armed = self.lock();
        let mut struck = None;
        let mut at = 0;
        while at < armed.len() {
            let fault = &mut armed[at];
            if fault.on == *now || (is_statement && fault.on == Moment::AnyPlan) {
                if fault.skip > 0 {
                    fault.skip -= 1;
                } else if struck.is_none() {
                    struck = Some(fault.clone());
                    if fault.times == Times::Once {
                        armed.remove(at);
                        continue;
                    }
                }
            }
            at += 1;
        }
        struck
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_lets_others_pass_and_strikes_once() {
        let faults = Faults::default();
        faults.add(Fault::once(Moment::Plan("rows".into()), Place::Start, Action::Cut).after(1));
        let now = Moment::Plan("rows".into());
        assert_eq!(faults.take(&Moment::Login), None);
        assert_eq!(faults.take(&now), None);
        assert!(faults.take(&now).is_some());
        assert_eq!((faults.take(&now), faults.armed()), (None, 0));
    }
}
