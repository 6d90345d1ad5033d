//! What goes wrong, as a test asks for it while the server runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tonic::Code;

use crate::answer::{BadRow, Refusal};

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// An error in the answer. Nothing is stored.
    Refuse(Refusal),
    /// Errors of rows in the answer. Nothing is stored.
    BadRows(Vec<BadRow>),
    /// The call ends with a status. Nothing is stored.
    End(Refusal),
    /// The call ends with OK, without an answer. Nothing is stored.
    EndQuietly,
    /// The connection is closed. Nothing is stored.
    CloseBefore,
    /// The rows are stored, then the connection is closed: the answer is lost.
    CloseAfter,
    /// The rows are stored, then the call ends with a status in the place of the answer.
    EndAfter(Refusal),
    /// The rows are stored; the answer comes so much later, and those after it wait for it.
    Delay(Duration),
    /// The rows are stored; the answer, and with it all after it, comes with [`Faults::release`].
    Withhold,
    /// The rows are stored and answered; the call's next message is read so much later.
    ReadSlowly(Duration),
    /// The rows are stored and answered; GOAWAY is sent: the connection takes no new call, and is closed so much later.
    GoAway(Duration),
    /// A connection that has just been opened is reset. To have it refused: [`Faults::refuse_connections`]. For [`When::Connection`] alone.
    Reset,
}

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// With the request of this index in the ledger.
    Index(usize),
    /// With any request.
    Request,
    /// With any request for this table (`project.dataset.table`).
    Table(String),
    /// When a connection is opened.
    Connection,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// So often.
    Limited(u32),
    /// Each time.
    Always,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When.
    pub when: When,
    /// So many such moments pass before.
    pub skip: u32,
    /// How often.
    pub times: Times,
    /// What.
    pub then: Action,
}

impl Fault {
    /// Once, the next time.
    pub fn once(when: When, then: Action) -> Self {
        Self { when, skip: 0, times: Times::Limited(1), then }
    }

    /// Each time.
    pub fn always(when: When, then: Action) -> Self {
        Self { when, skip: 0, times: Times::Always, then }
    }

    /// Lets so many such moments pass.
    #[must_use]
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// So many times.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Times::Limited(times), ..self }
    }
}

/// A status as the service gives it when it is overloaded, restarts or has lost its way.
pub fn transient(code: Code) -> Refusal {
    Refusal::new(code, "The service is not available just now.")
}

/// Does the server listen?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// It does.
    Open,
    /// Whoever wants to connect is refused. Connections that are there go on.
    Shut,
}

/// The faults of a server. Clones are the same faults.
#[derive(Clone)]
pub struct Faults {
    armed: Arc<Mutex<Vec<Fault>>>,
    /// As a test wants it.
    door_wanted: watch::Sender<Door>,
    /// As it is.
    door: watch::Sender<Door>,
    released: watch::Sender<u64>,
    withheld: watch::Sender<u64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            armed: Arc::default(),
            door_wanted: watch::Sender::new(Door::Open),
            door: watch::Sender::new(Door::Open),
            released: watch::Sender::new(0),
            withheld: watch::Sender::new(0),
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

    /// How many are armed: 0 when all that were to strike some times have struck.
    pub fn armed(&self) -> usize {
        self.lock().len()
    }

    /// Refuses connections from now on. Those that are there go on.
    pub async fn refuse_connections(&self) {
        self.turn(Door::Shut).await;
    }

    /// Takes connections again, at the same address.
    pub async fn take_connections(&self) {
        self.turn(Door::Open).await;
    }

    async fn turn(&self, wanted: Door) {
        self.door_wanted.send_replace(wanted);
        // The sender is ours: it can't be gone.
        let _ = self.door.subscribe().wait_for(|door| *door == wanted).await;
    }

    /// How a test wants the door, for the listener.
    pub(crate) fn door_wanted(&self) -> watch::Receiver<Door> {
        self.door_wanted.subscribe()
    }

    /// The listener has done so.
    pub(crate) fn door_is(&self, door: Door) {
        self.door.send_replace(door);
    }

    /// Waits until so many answers have been withheld since the server started.
    pub async fn withheld(&self, times: u64) {
        // The sender is ours: it can't be gone.
        let _ = self.withheld.subscribe().wait_for(|begun| *begun >= times).await;
    }

    /// Lets all answers go that are withheld now.
    pub fn release(&self) {
        self.released.send_modify(|times| *times += 1);
    }

    /// An answer is withheld; it goes with a change of this.
    pub(crate) fn withhold(&self) -> watch::Receiver<u64> {
        let mut released = self.released.subscribe();
        released.mark_unchanged();
        self.withheld.send_modify(|begun| *begun += 1);
        released
    }

    /// What strikes with this request.
    pub(crate) fn with_request(&self, index: usize, table: &str) -> Option<Action> {
        self.take(|when| match when {
            When::Index(at) => *at == index,
            When::Request => true,
            When::Table(name) => name == table,
            When::Connection => false,
        })
    }

    /// What strikes with a new connection.
    pub(crate) fn with_connection(&self) -> Option<Action> {
        self.take(|when| *when == When::Connection)
    }

    fn take(&self, is_now: impl Fn(&When) -> bool) -> Option<Action> {
        let mut armed = self.lock();
        let mut struck = None;
        for fault in armed.iter_mut().filter(|fault| is_now(&fault.when)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if struck.is_none() {
                struck = Some(fault.then.clone());
                if let Times::Limited(left) = &mut fault.times {
                    *left = left.saturating_sub(1);
                }
            }
        }
        armed.retain(|fault| fault.times != Times::Limited(0));
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_lets_others_pass_and_strikes_so_often() {
        let faults = Faults::default();
        faults.add(Fault::once(When::Table("p.d.t".into()), Action::CloseAfter).after(1).times(2));
        assert_eq!(faults.with_connection(), None);
        let strikes: Vec<bool> = (0..5).map(|index| faults.with_request(index, "p.d.t").is_some()).collect();
        assert_eq!((strikes, faults.armed()), (vec![false, true, true, false, false], 0));
    }

    #[test]
    fn an_index_is_one_request() {
        let faults = Faults::default();
        faults.add(Fault::once(When::Index(3), Action::CloseBefore));
        assert_eq!(faults.with_request(2, "p.d.t"), None);
        assert_eq!(faults.with_request(3, "p.d.t"), Some(Action::CloseBefore));
    }
}
