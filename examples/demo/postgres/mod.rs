//! A Django-shaped application on PostgreSQL, with its change log and the views it publishes.

mod traffic;

use tokio_postgres::NoTls;

use super::source::{Example, Source};
use super::stack::{Pg, Stack};
use super::{Failed, say};
use traffic::Traffic;

pub struct Postgres(Pg);

impl Source for Postgres {
    const EXAMPLE: Example = Example {
        config_path: "examples/demo/postgres/plimsoll.toml",
        checked: "pmr_project",
        seen: "smartapp.xyz_incident",
    };
    type Traffic = Traffic;

    async fn start(stack: &Stack) -> Result<Self, Failed> {
        say("a Django-shaped source of 120,000 rows, with its change log and the views it publishes");
        connect(&stack.pg).await?.batch_execute(include_str!("source.sql")).await?;
        Ok(Self(stack.pg.clone()))
    }

    fn url(&self) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/postgres", self.0.password, self.0.port)
    }

    fn config(&self) -> String {
        include_str!("plimsoll.toml").to_owned()
    }

    async fn traffic(&mut self) -> Result<Traffic, Failed> {
        Traffic::start(|| connect(&self.0), 4).await
    }

    fn by_hand(&self) -> String {
        format!("psql '{}'", self.url())
    }
}

async fn connect(pg: &Pg) -> Result<tokio_postgres::Client, Failed> {
    let config = format!("host={} port={} user=postgres dbname=postgres", pg.socket_dir, pg.port);
    let (client, connection) = tokio_postgres::connect(&config, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
