//! What clients asked and what they were sent, for tests to look at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::ServerError;
use crate::plans::comment::Comment;
use crate::wire::login::Login;
use crate::wire::packet::Sent;

/// A statement that was answered.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The number of its connection, from 1.
    pub connection: u64,
    /// Its plan's name.
    pub plan: String,
    /// Its plan's parameters, decoded once.
    pub parameters: Vec<(String, String)>,
    /// Its text, the comment before it.
    pub text: String,
    /// The rows that it was answered with.
    pub rows: u64,
    /// What was sent.
    pub sent: Sent,
    /// The error that it ended with.
    pub error: Option<u32>,
    /// Has its answer been sent whole?
    pub whole: bool,
}

/// A client that said who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The login's name; empty with a token.
    pub user: String,
    /// The program's name.
    pub application: String,
    /// The server's name as the client knows it.
    pub server: String,
    /// The database asked for.
    pub database: String,
    /// The packet size asked for.
    pub packet_size: u32,
    /// ApplicationIntent=ReadOnly.
    pub read_only: bool,
    /// By a token?
    pub by_token: bool,
}

#[derive(Default)]
struct Inner {
    statements: Vec<Statement>,
    entries: Vec<Entry>,
    refused: Vec<String>,
    open: usize,
    unexpected: Vec<String>,
}

/// What clients asked and what they were sent.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Inner>>);

impl Log {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All statements so far, in the order in which they were asked.
    pub fn statements(&self) -> Vec<Statement> {
        self.lock().statements.clone()
    }

    /// The statements of a plan.
    pub fn of_plan(&self, plan: &str) -> Vec<Statement> {
        self.lock().statements.iter().filter(|statement| statement.plan == plan).cloned().collect()
    }

    /// All logins so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// Forgets statements and logins. What the stand-in did not know it keeps.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.statements.clear();
        inner.entries.clear();
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.lock().open
    }

    /// What the stand-in was asked and does not know: a test that leaves some behind fails.
    pub fn refused(&self) -> Vec<String> {
        self.lock().refused.clone()
    }

    /// Takes what [`Log::refused`] holds: for a test that expects it.
    pub fn take_refused(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().refused)
    }

    /// How connections ended that did not end by the client's leave.
    pub fn endings(&self) -> Vec<String> {
        self.lock().unexpected.clone()
    }

    pub(crate) fn entered(&self, login: &Login) {
        self.lock().entries.push(Entry {
            user: login.user.clone(),
            application: login.application.clone(),
            server: login.server.clone(),
            database: login.database.clone(),
            packet_size: login.packet_size,
            read_only: login.read_only,
            by_token: login.token.is_some(),
        });
    }

    pub(crate) fn opened(&self) {
        self.lock().open += 1;
    }

    pub(crate) fn closed(&self, how: Option<String>) {
        let mut inner = self.lock();
        inner.open -= 1;
        inner.unexpected.extend(how);
    }

    pub(crate) fn refuse(&self, what: impl Into<String>) {
        self.lock().refused.push(what.into());
    }

    /// Writes a statement down as it is asked; its number is for [`Log::ended`].
    pub(crate) fn asked(&self, connection: u64, comment: &Comment, text: &str) -> usize {
        let mut inner = self.lock();
        inner.statements.push(Statement {
            connection,
            plan: comment.plan.clone(),
            parameters: comment.decoded(),
            text: text.to_owned(),
            rows: 0,
            sent: Sent::default(),
            error: None,
            whole: false,
        });
        inner.statements.len() - 1
    }

    pub(crate) fn ended(&self, number: usize, rows: u64, sent: Sent, error: Option<&ServerError>, whole: bool) {
        // A test may have cleared the log meanwhile.
        if let Some(statement) = self.lock().statements.get_mut(number) {
            statement.rows = rows;
            statement.sent = sent;
            statement.error = error.map(|error| error.number);
            statement.whole = whole;
        }
    }
}
