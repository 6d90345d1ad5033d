//! Worlds whose source is a SQL Server: a real one, or the stand-in.

use std::sync::Arc;

use sqlserver_standin::model::{Change, Mirror, Model};
use sqlserver_standin::{Settings, Standin};

use super::World;
use super::left_out::{asked, left_out};
use super::sqlserver_real::{Ability, Address, Connection, Database, VARIABLE};

/// The source in PostgreSQL's place.
pub enum SqlServer {
    Standin(Box<Standin>, Journey),
    /// A database on a real server, which is what the model is.
    Real(Model, Box<Database>),
}

/// Whether a journey can be made to a real server as well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Journey {
    /// So it asks nothing that only a stand-in does, here neither: or nobody would notice before a real server is there.
    ToAny,
    ToStandin,
}

/// What a journey must not do to the model, if a real server is to do the same.
struct NothingBeyond;

impl Mirror for NothingBeyond {
    fn repeat(&self, change: Change<'_>) {
        if let Change::Beyond(what) = change {
            panic!("no real server does this for a test: {what}; make the world by World::on_standin");
        }
    }
}

impl SqlServer {
    pub fn url(&self) -> String {
        match self {
            Self::Standin(standin, _) => standin.url(),
            Self::Real(_, database) => database.address().url(),
        }
    }

    /// What a stand-in was asked and did not know.
    pub fn refused(&self) -> Vec<String> {
        match self {
            Self::Standin(standin, _) => standin.log().refused(),
            Self::Real(..) => Vec::new(),
        }
    }
}

impl World {
    /// A world whose source is a SQL Server with these data: a real one where [`VARIABLE`] names it, else the stand-in.
    pub async fn on_sql_server(model: Model) -> Self {
        Self::on_sql_server_that_has(&[], model).await
    }

    /// As [`World::on_sql_server`], for a journey that needs these of the server. It stays on the stand-in, and is named, where they are missing.
    pub async fn on_sql_server_that_has(abilities: &[Ability], model: Model) -> Self {
        let mut world = Self::without_postgres().await;
        let Some(server) = Address::from_environment() else {
            left_out(&format!("no real SQL Server ({VARIABLE}); ran on the stand-in"));
            let journey = if model.is_beyond().is_some() { Journey::ToStandin } else { Journey::ToAny };
            if journey == Journey::ToAny {
                model.mirror_to(Arc::new(NothingBeyond));
            }
            world.sql_server = Some(standin(Settings::default(), model, journey).await);
            return world;
        };
        if let Some(what) = model.is_beyond() {
            left_out(&format!("the journey has {what}; ran on the stand-in"));
            world.sql_server = Some(standin(Settings::default(), model, Journey::ToStandin).await);
            return world;
        }
        let host = server.host();
        let mut database = Database::create(server, &format!("plimsoll_test_{}", world.name));
        if let Some(missing) = abilities.iter().find(|ability| !database.has(**ability)) {
            left_out(&format!("{host} has no {}; ran on the stand-in", missing.name()));
            world.sql_server = Some(standin(Settings::default(), model, Journey::ToStandin).await);
            return world;
        }
        asked(&host);
        database.follow(&model);
        world.sql_server = Some(SqlServer::Real(model, Box::new(database)));
        world
    }

    /// A world for what no client can do to a real server: faults of the wire, another clock, another history, other rights.
    pub async fn on_standin(model: Model) -> Self {
        Self::on_sql_server_with(Settings::default(), model).await
    }

    /// As [`World::on_standin`], set up in another way.
    pub async fn on_sql_server_with(settings: Settings, model: Model) -> Self {
        if Address::from_environment().is_some() {
            left_out("a real server can't be made to do this; ran on the stand-in");
        }
        let mut world = Self::without_postgres().await;
        world.sql_server = Some(standin(settings, model, Journey::ToStandin).await);
        world
    }

    /// The stand-in that is the source.
    pub fn standin(&self) -> &Standin {
        match &self.sql_server {
            Some(SqlServer::Standin(standin, Journey::ToStandin)) => standin,
            Some(SqlServer::Standin(_, Journey::ToAny) | SqlServer::Real(..)) => {
                panic!("a journey that asks the stand-in makes its world by World::on_standin")
            }
            None => panic!("a world on SQL Server"),
        }
    }

    /// The source's data: what is written here is written to the source.
    pub fn model(&self) -> &Model {
        match &self.sql_server {
            Some(SqlServer::Standin(standin, _)) => standin.model(),
            Some(SqlServer::Real(model, _)) => model,
            None => panic!("a world on SQL Server"),
        }
    }

    /// A connection to the real server, where the source is one.
    pub fn real_server(&self) -> Option<&Connection> {
        match &self.sql_server {
            Some(SqlServer::Real(_, database)) => Some(database.connection()),
            _ => None,
        }
    }
}

async fn standin(settings: Settings, model: Model, journey: Journey) -> SqlServer {
    SqlServer::Standin(Box::new(Standin::start(settings, model).await.unwrap()), journey)
}
