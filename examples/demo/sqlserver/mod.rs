//! A newspaper's subscription system on SQL Server: tests/support/sqlserver/matrix.sql.

mod traffic;

use sqlserver_standin::matrix;
use sqlserver_standin::model::{DatabaseTracking, Model, Switch};
use sqlserver_standin::{RowForm, Settings, Standin};

use super::source::{Example, Source};
use super::stack::Stack;
use super::{Failed, say};
use traffic::Traffic;

/// Rows of each table that is compared, and of each that is replaced.
const LARGE: usize = 4000;
const SMALL: usize = 100;

pub struct SqlServer {
    server: Standin,
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
        say("a stand-in for SQL Server: PLIMSOLL_TEST_SQLSERVER_URL names no real one");
        say("a newspaper's subscription system of 40,000 rows");
        let model = matrix::model()?;
        let mut traffic = matrix::Traffic::new(&model, 1);
        traffic.fill(SMALL, LARGE)?;
        model.set_tracking(Some(DatabaseTracking { retention_minutes: 2880, auto_cleanup: Switch::On }));
        for table in ["dbo.tbl_person", "dbo.tbl_ContactNumber", "dbo.subscription"] {
            model.track(table)?;
        }
        // As a server sends rows: the other form is for tests.
        let settings = Settings { rows: RowForm::NullBits, ..Settings::default() };
        let server = Standin::start(settings, model.clone()).await?;
        Ok(Self { server, model, traffic: Some(traffic) })
    }

    fn url(&self) -> String {
        self.server.url()
    }

    fn config(&self) -> String {
        include_str!("plimsoll.toml").to_owned()
    }

    async fn traffic(&mut self) -> Result<Traffic, Failed> {
        let traffic = self.traffic.take().ok_or("the application works already")?;
        Ok(Traffic::start(&self.model, traffic))
    }

    fn by_hand(&self) -> String {
        "-- The stand-in answers Plimsoll's statements alone: no other client can look into it.".to_owned()
    }
}
