//! What a source is to the demo.

use std::fmt::Display;

use super::Failed;
use super::stack::Stack;

/// What of a demo is fixed.
pub struct Example {
    /// Where its config is in the repository.
    pub config_path: &'static str,
    /// The table that `check` is shown with.
    pub checked: &'static str,
    /// A table of its targets, to look at: `dataset.table`.
    pub seen: &'static str,
}

/// A database with data, and an application that can be set to work on it. Its end takes away what it has made.
pub trait Source: Sized {
    const EXAMPLE: Example;
    type Traffic: Traffic;

    async fn start(stack: &Stack) -> Result<Self, Failed>;

    /// The connection string for `plimsoll`.
    fn url(&self) -> String;

    /// The config for what this source can do.
    fn config(&self) -> String;

    /// Sets the application to work; once.
    async fn traffic(&mut self) -> Result<Self::Traffic, Failed>;

    /// A command that opens the source for a person, or a remark in its place.
    fn by_hand(&self) -> String;
}

/// An application at work.
pub trait Traffic {
    /// What it has done so far, as a person reads it.
    fn done(&self) -> impl Display;

    /// Lets every transaction end; what was done in all.
    async fn stop(self) -> Result<String, Failed>;
}
