//! Servers and clients for the tests of this folder.

use std::time::Duration;

use sqlserver_standin::model::{Identity, Model};
use sqlserver_standin::{Settings, Standin};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

pub type Connected = Client<Compat<TcpStream>>;

pub async fn server(settings: Settings) -> Standin {
    Standin::start(settings, Model::new(Identity::of("shop", 7))).await.unwrap()
}

pub async fn plain() -> Standin {
    server(Settings::default()).await
}

pub fn config(server: &Standin) -> Config {
    let account = Settings::default().account;
    let mut config = Config::new();
    config.host("127.0.0.1");
    config.port(server.address().port());
    config.database("shop");
    config.authentication(AuthMethod::sql_server(&account.user, &account.password));
    config.encryption(EncryptionLevel::NotSupported);
    config.command_timeout(None);
    config.handshake_timeout(Some(Duration::from_secs(30)));
    config
}

pub async fn connect(config: Config) -> tiberius::Result<Connected> {
    let socket = TcpStream::connect(config.get_addr()).await.unwrap();
    socket.set_nodelay(true).unwrap();
    Client::connect(config, socket.compat_write()).await
}

pub async fn client(server: &Standin) -> Connected {
    connect(config(server)).await.unwrap()
}

/// The number of the server's error.
pub fn code(error: &tiberius::error::Error) -> u32 {
    match error {
        tiberius::error::Error::Server(token) => token.code(),
        other => panic!("no error of the server's: {other}"),
    }
}
