//! A newspaper's subscription system on SQL Server: tests/support/sqlserver/matrix.sql.

#[path = "../../../tests/support/sqlserver_real/mod.rs"]
mod sqlserver_real;
mod traffic;

use sqlserver_standin::matrix;
use sqlserver_standin::model::{DatabaseTracking, Model, Switch};
use sqlserver_standin::{RowForm, Settings, Standin};

use super::source::{Example, Source};
use super::stack::Stack;
use super::{Failed, say};
use sqlserver_real::{Ability, Address, Database, VARIABLE};
use traffic::Traffic;

/// Rows of each table that is replaced.
const SMALL: usize = 100;

enum Server {
    StandIn(Standin),
    /// A database of the demo's own.
    Real(Box<Database>),
}

pub struct SqlServer {
    server: Server,
    model: Model,
    /// Until it works.
    traffic: Option<matrix::Traffic>,
}

impl Source for SqlServer {
    const EXAMPLE: Example = Example {
        config_path: "examples/demo/sqlserver/plimsoll.toml",
        checked: "dbo.subscriber",
        seen: "subscriptions.subscriber",
    };
    type Traffic = Traffic;

    async fn start(_: &Stack) -> Result<Self, Failed> {
        let Some(address) = Address::from_environment() else {
            say(&format!("a stand-in for SQL Server: {VARIABLE} names no real one"));
            let (model, traffic) = filled(2500)?;
            // As a server sends rows: the other form is for tests.
            let settings = Settings { rows: RowForm::NullBits, ..Settings::default() };
            let server = Server::StandIn(Standin::start(settings, model.clone()).await?);
            return Ok(Self { server, model, traffic: Some(traffic) });
        };
        let name = format!("plimsoll_demo_{}", std::process::id());
        say(&format!("the SQL Server at {}: a database {name}, which is dropped at the end", address.host()));
        let mut database = Database::create(address, &name);
        // Each row is a value in a statement.
        let (model, traffic) = filled(1000)?;
        database.follow(&model);
        Ok(Self { server: Server::Real(Box::new(database)), model, traffic: Some(traffic) })
    }

    fn url(&self) -> String {
        match &self.server {
            Server::StandIn(standin) => standin.url(),
            Server::Real(database) => database.address().url(),
        }
    }

    fn config(&self) -> String {
        let mut text = include_str!("plimsoll.toml").to_owned();
        let Server::Real(database) = &self.server else { return text };
        for (ability, capture) in [
            (Ability::ChangeTracking, "capture = \"ct\""),
            (Ability::RowVersion, "cursor = \"timestamp\"\ndeletes = \"keys\""),
        ] {
            if !database.has(ability) {
                say(&format!("this server has no {}: \"digest\" in its place", ability.name()));
                text = text.replace(capture, "capture = \"digest\"");
            }
        }
        text
    }

    async fn traffic(&mut self) -> Result<Traffic, Failed> {
        let traffic = self.traffic.take().ok_or("the application works already")?;
        Ok(Traffic::start(&self.model, traffic))
    }

    fn by_hand(&self) -> String {
        match &self.server {
            Server::StandIn(_) => "# The stand-in answers plimsoll alone: no other client can look into it.".to_owned(),
            Server::Real(database) => format!("# The database {} of your server", database.name()),
        }
    }
}

/// The data, with so many rows in each table that is compared.
fn filled(rows: usize) -> Result<(Model, matrix::Traffic), Failed> {
    say(&format!("a newspaper's subscription system, about {rows} rows in each of ten tables"));
    let model = matrix::model()?;
    let mut traffic = matrix::Traffic::new(&model, 1);
    traffic.fill(SMALL, rows)?;
    model.set_tracking(Some(DatabaseTracking { retention_minutes: 2880, auto_cleanup: Switch::On }));
    for table in ["dbo.tbl_person", "dbo.tbl_ContactNumber", "dbo.subscription"] {
        model.track(table)?;
    }
    Ok((model, traffic))
}
