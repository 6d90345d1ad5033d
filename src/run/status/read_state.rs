//! A feed's state as it was read, or why it was not.

use crate::state::{Complaint, StateDocument};

/// A feed's state, read once for all its tables.
pub(super) struct ReadState {
    pub document: StateDocument,
    /// Why it could not be read.
    pub unread: Option<Unread>,
}

/// Why a state could not be read.
#[derive(Clone, Debug)]
pub(super) struct Unread {
    pub complaint: Complaint,
    pub whose: UnreadFor,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnreadFor {
    /// The bucket does not give it.
    TheBucket,
    /// It is there, and makes no sense.
    ItsContent,
}
