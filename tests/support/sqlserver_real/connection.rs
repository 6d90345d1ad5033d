//! A connection that works on a thread of its own, so that it can be asked where nothing may be awaited: by the model, and in a `drop`.

use std::sync::mpsc;
use std::thread;

use tiberius::{Client, Config};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use super::address::Address;

/// The rows of an answer, each column as text.
pub type Rows = Vec<Vec<Option<String>>>;

struct Request {
    sql: String,
    answer: mpsc::Sender<Result<Rows, String>>,
}

/// Closed when dropped; the server then rolls back what is open.
pub struct Connection {
    /// `None` once it is to end.
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Connection {
    pub fn open(address: &Address) -> Result<Self, String> {
        Self::with(address.config())
    }

    /// With packets of this size, in bytes.
    pub fn open_with_packets(address: &Address, size: u32) -> Result<Self, String> {
        let mut config = address.config();
        config.packet_size(size);
        Self::with(config)
    }

    fn with(config: Config) -> Result<Self, String> {
        let (requests, received) = mpsc::channel::<Request>();
        let (opened, is_open) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut client = match connect(config).await {
                    Ok(client) => client,
                    Err(error) => return drop(opened.send(Err(error.to_string()))),
                };
                drop(opened.send(Ok(())));
                // Nothing else is to be done on this thread.
                while let Ok(Request { sql, answer }) = received.recv() {
                    drop(answer.send(rows(&mut client, sql).await.map_err(|error| error.to_string())));
                }
            });
        });
        is_open.recv().map_err(|error| error.to_string())??;
        let connection = Self { requests: Some(requests), thread: Some(thread) };
        connection.batch("SET NOCOUNT ON; SET XACT_ABORT ON; SET LOCK_TIMEOUT 20000; SET DATEFORMAT ymd")?;
        Ok(connection)
    }

    /// The rows of a batch's last result. Every column that is selected has to be text.
    pub fn batch(&self, sql: &str) -> Result<Rows, String> {
        let (answer, answered) = mpsc::channel();
        let requests = self.requests.as_ref().ok_or("the connection is closed")?;
        requests.send(Request { sql: sql.to_owned(), answer }).map_err(|error| error.to_string())?;
        answered.recv().map_err(|error| error.to_string())?
    }

    /// As [`Connection::batch`], for what has to succeed.
    pub fn rows(&self, sql: &str) -> Rows {
        self.batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The one value of a batch.
    pub fn value(&self, sql: &str) -> Option<String> {
        self.rows(sql).pop().and_then(|mut row| row.pop()).flatten()
    }
}

impl Drop for Connection {
    /// The socket is closed after this: its database may be dropped.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn connect(config: Config) -> tiberius::Result<Client<Compat<TcpStream>>> {
    let socket = TcpStream::connect(config.get_addr()).await?;
    socket.set_nodelay(true)?;
    Client::connect(config, socket.compat_write()).await
}

async fn rows(client: &mut Client<Compat<TcpStream>>, sql: String) -> tiberius::Result<Rows> {
    let results = client.simple_query(sql).await?.into_results().await?;
    let last = results.into_iter().next_back().unwrap_or_default();
    let texts = |row: tiberius::Row| {
        (0..row.len()).map(|at| row.try_get::<&str, _>(at).map(|text| text.map(str::to_owned))).collect()
    };
    last.into_iter().map(texts).collect()
}
