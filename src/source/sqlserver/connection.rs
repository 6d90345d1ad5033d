//! One connection, and statements over it.
//!
//! Any error ends the connection. An error of the server may have rolled the transaction back, and the next statement would quietly run
//! outside of the snapshot. So whoever asks takes the driver's client out of its place, and puts it back when the answer was read to its end:
//! an error, a limit that has passed, a future that was dropped and a stream that was left half-read all close the socket.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, TryStreamExt};
use tiberius::{Client, QueryItem, QueryStream, ToSql};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard, mpsc};
use tokio::time::timeout;
use tokio_util::compat::Compat;
use tokio_util::sync::CancellationToken;

use super::error::SqlServerError;
use super::values;

/// The driver's client.
pub(super) type Driver = Client<Compat<TcpStream>>;

/// A connection that is open.
pub(super) struct Connection {
    driver: Mutex<Option<Driver>>,
    /// Whether it has ended.
    ended: AtomicBool,
    stop: CancellationToken,
    /// How long one statement may take.
    limit: Duration,
}

/// A statement, and what its parameters are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    /// With its comment.
    pub sql: String,
    /// A JSON array of keys, as `@keys`.
    pub keys: Option<String>,
    /// What hashed values are salted with, as `@salt`.
    pub salt: Option<&'a str>,
}

impl<'a> Statement<'a> {
    /// One without parameters.
    pub fn plain(sql: String) -> Self {
        Self { sql, keys: None, salt: None }
    }

    /// What is sent, and its parameters.
    fn parts(&self) -> (String, Vec<&str>) {
        let named = [("@keys nvarchar(max)", self.keys.as_deref()), ("@salt nvarchar(4000)", self.salt)];
        let given: Vec<(&str, &str)> = named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        if given.is_empty() {
            return (self.sql.clone(), Vec::new());
        }
        let names: Vec<String> = given.iter().zip(1..).map(|((name, _), n)| format!("{name} = @P{n}")).collect();
        let (comment, rest) = self.sql.split_once('\n').unwrap_or(("", &self.sql));
        let sql = format!("{comment}\nDECLARE {};\n{rest}", names.join(", "));
        (sql, given.into_iter().map(|(_, value)| value).collect())
    }
}

/// The rows of a short answer, as text.
pub(super) type TextRows = Vec<Vec<Option<String>>>;

impl Connection {
    pub fn new(driver: Driver, limit: Duration) -> Self {
        Self { driver: Mutex::new(Some(driver)), ended: AtomicBool::new(false), stop: CancellationToken::new(), limit }
    }

    /// Goes on with another login.
    pub async fn replace(&self, driver: Driver) {
        *self.driver.lock().await = Some(driver);
        self.ended.store(false, Ordering::Release);
    }

    pub fn is_closed(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// What stops a statement from outside: the connection ends with it.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Takes the driver's client; it is lost to others unless it is given back.
    fn take(&self, doing: &'static str) -> Result<Loan<'_>, SqlServerError> {
        // Whoever waited for an answer that is half-read by himself would wait for ever.
        let Ok(mut place) = self.driver.try_lock() else {
            return Err(SqlServerError::Unexpected { doing, what: "another answer is still being read".to_owned() });
        };
        match place.take() {
            Some(driver) => Ok(Loan { place, driver: Some(driver), ended: &self.ended }),
            None => Err(SqlServerError::Lost { doing, reason: "it was closed after an error".to_owned() }),
        }
    }

    /// Runs a statement and reads what it gives, within the limit.
    async fn ask<T>(
        &self,
        doing: &'static str,
        statement: &Statement<'_>,
        read: impl AsyncFnOnce(QueryStream<'_>) -> Result<T, tiberius::error::Error>,
    ) -> Result<T, SqlServerError> {
        let mut loan = self.take(doing)?;
        let work = async {
            let answer = read(start(loan.driver(), statement).await?).await?;
            Ok(answer)
        };
        let outcome = tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(SqlServerError::Cancelled { doing }),
            done = timeout(self.limit, work) => match done {
                Ok(done) => done.map_err(SqlServerError::wrap(doing)),
                Err(_) => Err(SqlServerError::TimedOut { doing, seconds: self.limit.as_secs() }),
            },
        };
        match &outcome {
            Ok(_) => loan.give_back(),
            Err(_) => loan.cancel().await,
        }
        outcome
    }

    /// Runs a statement that gives no rows.
    pub async fn execute(&self, doing: &'static str, statement: &Statement<'_>) -> Result<(), SqlServerError> {
        self.ask(doing, statement, async |mut answer| {
            while answer.try_next().await?.is_some() {}
            Ok(())
        })
        .await
    }

    /// Every row of a statement, as text. For short answers.
    pub async fn text_rows(&self, doing: &'static str, statement: &Statement<'_>) -> Result<TextRows, SqlServerError> {
        self.ask(doing, statement, async |mut answer| {
            let mut rows = Vec::new();
            while let Some(item) = answer.try_next().await? {
                if let QueryItem::Row(row) = item {
                    rows.push(row.cells().map(|(_, value)| values::text(value)).collect());
                }
            }
            Ok(rows)
        })
        .await
    }

    /// Streams the rows of a statement.
    pub async fn stream(&self, doing: &'static str, statement: Statement<'_>) -> Result<Rows<'_>, SqlServerError> {
        let loan = self.take(doing)?;
        let (sql, parameters) = statement.parts();
        let parameters: Vec<String> = parameters.into_iter().map(str::to_owned).collect();
        let (sender, receiver) = mpsc::channel(ROWS_AHEAD);
        let work = send_rows(loan, doing, sql, parameters, sender);
        let (stop, limit) = (self.stop.clone(), self.limit);
        let bounded = async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => Err(SqlServerError::Cancelled { doing }),
                done = timeout(limit, work) => done.unwrap_or(Err(SqlServerError::TimedOut { doing, seconds: limit.as_secs() })),
            }
        };
        Ok(Rows { work: Some(Box::pin(bounded)), receiver })
    }
}

/// Rows that may be read before they are asked for.
const ROWS_AHEAD: usize = 64;

/// How long the server may take to say that it has stopped.
const CANCELLING: Duration = Duration::from_secs(2);

/// The driver's client, taken out of its place.
struct Loan<'a> {
    place: MutexGuard<'a, Option<Driver>>,
    driver: Option<Driver>,
    ended: &'a AtomicBool,
}

impl Loan<'_> {
    fn driver(&mut self) -> &mut Driver {
        // It is taken out by those who end the loan alone, and they own it.
        #[allow(clippy::expect_used, reason = "a loan has its driver until it ends")]
        self.driver.as_mut().expect("a loan has its driver until it ends")
    }

    fn give_back(mut self) {
        *self.place = self.driver.take();
    }

    /// Asks the server to stop what it does, and closes the connection whether it has or not.
    async fn cancel(mut self) {
        if let Some(mut driver) = self.driver.take() {
            // Whether it was in time nobody needs to know: the socket closes right behind.
            let _ = timeout(CANCELLING, driver.cancel_query()).await;
        }
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        if self.place.is_none() {
            self.ended.store(true, Ordering::Release);
        }
    }
}

/// Sends a statement.
async fn start<'d>(
    driver: &'d mut Driver,
    statement: &Statement<'_>,
) -> Result<QueryStream<'d>, tiberius::error::Error> {
    let (sql, parameters) = statement.parts();
    start_parts(driver, sql, &parameters).await
}

async fn start_parts<'d>(
    driver: &'d mut Driver,
    sql: String,
    parameters: &[&str],
) -> Result<QueryStream<'d>, tiberius::error::Error> {
    if parameters.is_empty() {
        return driver.simple_query(sql).await;
    }
    let values: Vec<&dyn ToSql> = parameters.iter().map(|p| p as &dyn ToSql).collect();
    driver.query(sql, &values).await
}

/// Reads an answer to its end, row by row.
async fn send_rows(
    mut loan: Loan<'_>,
    doing: &'static str,
    sql: String,
    parameters: Vec<String>,
    sender: mpsc::Sender<tiberius::Row>,
) -> Result<(), SqlServerError> {
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    let mut answer = start_parts(loan.driver(), sql, &parameters).await.map_err(SqlServerError::wrap(doing))?;
    while let Some(item) = answer.try_next().await.map_err(SqlServerError::wrap(doing))? {
        if let QueryItem::Row(row) = item
            && sender.send(row).await.is_err()
        {
            // Nobody listens: the connection ends with the loan.
            return Ok(());
        }
    }
    drop(answer);
    loan.give_back();
    Ok(())
}

/// Reads an answer to its end.
type Work<'s> = Pin<Box<dyn Future<Output = Result<(), SqlServerError>> + Send + 's>>;

/// Rows of an answer. Only its end says that the server has sent them all: rows that came are no proof.
pub(super) struct Rows<'s> {
    work: Option<Work<'s>>,
    receiver: mpsc::Receiver<tiberius::Row>,
}

impl Stream for Rows<'_> {
    type Item = Result<tiberius::Row, SqlServerError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(Some(row)) = self.receiver.poll_recv(cx) {
            return Poll::Ready(Some(Ok(row)));
        }
        // Whoever reads is the one who works: it sends rows ahead until there is no room for more.
        if let Some(work) = &mut self.work {
            match work.as_mut().poll(cx) {
                Poll::Ready(Err(e)) => {
                    self.work = None;
                    return Poll::Ready(Some(Err(e)));
                }
                Poll::Ready(Ok(())) => self.work = None,
                Poll::Pending => {}
            }
        }
        // With the work the sender goes, so this ends.
        self.receiver.poll_recv(cx).map(|row| row.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_get_names_behind_the_comment() {
        let statement = |keys: Option<&str>, salt| Statement {
            sql: "/* c */\nSELECT 1".to_owned(),
            keys: keys.map(str::to_owned),
            salt,
        };
        assert_eq!(statement(None, None).parts(), ("/* c */\nSELECT 1".to_owned(), vec![]));
        assert_eq!(
            statement(None, Some("s")).parts(),
            ("/* c */\nDECLARE @salt nvarchar(4000) = @P1;\nSELECT 1".to_owned(), vec!["s"])
        );
        assert_eq!(
            statement(Some("[]"), Some("s")).parts(),
            (
                "/* c */\nDECLARE @keys nvarchar(max) = @P1, @salt nvarchar(4000) = @P2;\nSELECT 1".to_owned(),
                vec!["[]", "s"]
            )
        );
    }
}
