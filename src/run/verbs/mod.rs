//! The eight verbs of a run, a file each: lease, capture, encode, stage, seal, load, merge, commit.

pub(in crate::run) mod capture;
pub(in crate::run) mod commit;
pub(in crate::run) mod encode;
pub(in crate::run) mod lease;
pub(in crate::run) mod load;
pub(in crate::run) mod merge;
pub(in crate::run) mod seal;
pub(in crate::run) mod stage;
