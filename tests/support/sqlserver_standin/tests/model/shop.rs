//! A small database and a client that asks it by plans.

use sqlserver_standin::model::{ColumnDef, DatabaseTracking, Identity, IndexDef, IndexKind, Model, Switch, TableDef};
use sqlserver_standin::typed::{Collation, ColumnType as T, Length, Value};
use sqlserver_standin::{Settings, Standin};
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

pub const ITEMS: &str = "dbo.items";

pub fn model() -> Model {
    let model = Model::new(Identity::of("shop", 7));
    model.create_table(
        TableDef::new(
            "dbo",
            "items",
            vec![
                ColumnDef::new("id", T::Int).not_null(),
                ColumnDef::new("name", T::Varchar(Length::Of(20))),
                ColumnDef::new("price", T::Money),
                ColumnDef::new("version", T::RowVersion).not_null(),
            ],
        )
        .primary_key(&["id"])
        .index(IndexDef::new(IndexKind::Unique, &["name"])),
    );
    model.create_table(
        TableDef::new(
            "dbo",
            "codes",
            vec![
                ColumnDef::new("code", T::Varchar(Length::Of(10))).not_null().collate(Collation::SQL_LATIN1_CI_AS),
                ColumnDef::new("n", T::Int),
            ],
        )
        .primary_key(&["code"]),
    );
    model.create_table(TableDef::new(
        "dbo",
        "heap",
        vec![ColumnDef::new("a", T::Int), ColumnDef::new("b", T::NVarchar(Length::Max))],
    ));
    model
}

pub fn item(id: i64, name: &str) -> Vec<Value> {
    vec![id.into(), name.into(), Value::Money(12_500), Value::Null]
}

pub fn tracked() -> Model {
    let model = model();
    model.set_tracking(Some(DatabaseTracking { retention_minutes: 2880, auto_cleanup: Switch::On }));
    for table in [ITEMS, "dbo.codes"] {
        model.track(table).unwrap();
    }
    model
}

pub async fn serve(model: &Model) -> Standin {
    Standin::start(Settings::default(), model.clone()).await.unwrap()
}

pub struct Asked(pub Client<Compat<TcpStream>>);

pub type Cells = Vec<Vec<String>>;

pub async fn ask(server: &Standin) -> Asked {
    let account = Settings::default().account;
    let mut config = Config::new();
    config.host("127.0.0.1");
    config.port(server.address().port());
    config.authentication(AuthMethod::sql_server(&account.user, &account.password));
    config.encryption(EncryptionLevel::NotSupported);
    let socket = TcpStream::connect(config.get_addr()).await.unwrap();
    Asked(Client::connect(config, socket.compat_write()).await.unwrap())
}

impl Asked {
    /// The rows of a plan's answer as text: NULL, numbers, texts.
    pub async fn rows(&mut self, plan: &str) -> Cells {
        self.try_rows(plan).await.unwrap()
    }

    pub async fn try_rows(&mut self, plan: &str) -> tiberius::Result<Cells> {
        let results = self.0.simple_query(format!("/* plimsoll:{plan} */")).await?.into_first_result().await?;
        Ok(cells(results))
    }

    /// The number of the error that a plan ends with.
    pub async fn error(&mut self, plan: &str) -> u32 {
        match self.try_rows(plan).await.unwrap_err() {
            tiberius::error::Error::Server(token) => token.code(),
            other => panic!("{other}"),
        }
    }

    pub async fn with_keys(&mut self, plan: &str, keys: &str) -> Cells {
        let results = self.0.query(format!("/* plimsoll:{plan} */"), &[&keys]).await.unwrap();
        cells(results.into_first_result().await.unwrap())
    }

    pub async fn begin(&mut self, level: &str) {
        self.rows("moment").await;
        self.rows(&format!("snapshot.begin level={level}")).await;
    }
}

fn cells(rows: Vec<tiberius::Row>) -> Cells {
    rows.into_iter().map(|row| row.into_iter().map(|cell| said(&cell)).collect()).collect()
}

/// Bytes of an even length are taken for UTF-16 texts.
fn said(cell: &ColumnData<'_>) -> String {
    match cell {
        ColumnData::Bit(Some(bit)) => bit.to_string(),
        ColumnData::U8(Some(n)) => n.to_string(),
        ColumnData::I16(Some(n)) => n.to_string(),
        ColumnData::I32(Some(n)) => n.to_string(),
        ColumnData::I64(Some(n)) => n.to_string(),
        ColumnData::Numeric(Some(n)) => n.to_string(),
        ColumnData::String(Some(text)) => text.to_string(),
        ColumnData::Binary(Some(bytes)) if bytes.len() == 8 && bytes[0] == 0 => {
            u64::from_be_bytes(bytes.as_ref().try_into().unwrap()).to_string()
        }
        ColumnData::Binary(Some(bytes)) => {
            let units: Vec<u16> = bytes.chunks(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        other => {
            let said = format!("{other:?}");
            if said.ends_with("(None)") { "NULL".to_owned() } else { said }
        }
    }
}

/// The first column.
pub fn first(rows: &Cells) -> Vec<&str> {
    rows.iter().map(|row| row[0].as_str()).collect()
}

pub const ALL: &str = "rows table=dbo.items key=id columns=id:plain,name:text rows=all";
