//! `ffx.vw_RPT_SubsRateRounds`: subscriptions with their subscriber's id, their rate's name and the country it goes to. No column of it is unique.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{ColumnDef, Switch, TableDef, ViewDef, ViewReader};
use crate::typed::{ColumnType as T, Length, Value};

pub(super) fn rounds() -> ViewDef {
    let columns = vec![
        ColumnDef::new("Subs_id", T::Varchar(Length::Of(20))).not_null(),
        ColumnDef::new("rate_name", T::Varchar(Length::Of(80))),
        ColumnDef::new("Country_Code", T::Char(3)),
        ColumnDef::new("dist_type", T::Char(2)),
    ];
    let read = |table: &str, columns: &[&str]| -> Vec<(String, String)> {
        columns.iter().map(|column| (table.to_owned(), (*column).to_owned())).collect()
    };
    ViewDef {
        table: TableDef::new("ffx", "vw_RPT_SubsRateRounds", columns),
        reads: ["dbo.subscription", "dbo.subscriber", "dbo.rate_header", "dbo.tbl_location"]
            .map(str::to_owned)
            .to_vec(),
        columns_read: [
            read("dbo.subscription", &["subs_pointer", "rate_head_id", "dist_type"]),
            read("dbo.subscriber", &["subs_pointer", "subs_id", "subs_loc_pointer"]),
            read("dbo.rate_header", &["rate_head_id", "rate_name"]),
            read("dbo.tbl_location", &["loc_pointer", "Country_Code"]),
        ]
        .concat(),
        text_digest: "8C1F".to_owned(),
        indexed: Switch::Off,
        rows: Arc::new(rows),
    }
}

fn rows(reader: &ViewReader<'_>) -> Result<Vec<Vec<Value>>, crate::ServerError> {
    let by = |table: &str, key: &str, value: &str| {
        let mut found: HashMap<i64, Value> = HashMap::new();
        reader.each(table, |row| {
            if let Some(key) = row.get(key).as_int() {
                found.insert(key, row.get(value).clone());
            }
        })?;
        Ok::<_, crate::ServerError>(found)
    };
    let rates = by("dbo.rate_header", "rate_head_id", "rate_name")?;
    let countries = by("dbo.tbl_location", "loc_pointer", "Country_Code")?;
    let ids = by("dbo.subscriber", "subs_pointer", "subs_id")?;
    let locations = by("dbo.subscriber", "subs_pointer", "subs_loc_pointer")?;
    let at = |map: &HashMap<i64, Value>, key: &Value| {
        key.as_int().and_then(|key| map.get(&key)).cloned().unwrap_or(Value::Null)
    };
    let mut rows = Vec::new();
    reader.each("dbo.subscription", |row| {
        let subscriber = row.get("subs_pointer");
        let id = at(&ids, subscriber);
        // An inner join: a subscription without a subscriber is not in it.
        if !id.is_null() {
            let country = at(&countries, &at(&locations, subscriber));
            rows.push(vec![id, at(&rates, row.get("rate_head_id")), country, row.get("dist_type").clone()]);
        }
    })?;
    Ok(rows)
}
