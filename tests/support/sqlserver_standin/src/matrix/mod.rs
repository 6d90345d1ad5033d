//! The database of `tests/support/sqlserver/matrix.sql`, a newspaper's subscription system, and traffic on it.

mod traffic;
mod values;
mod view;

use std::time::{SystemTime, UNIX_EPOCH};

pub use traffic::{Counted, Traffic};

use crate::ddl;
use crate::model::{Identity, Model};
use crate::typed::Value;

/// The tables whose rows are replaced by every run.
pub const REPLACED: [&str; 11] = [
    "dbo.tbl_country",
    "dbo.tbl_service",
    "dbo.tbl_product",
    "dbo.tbl_period",
    "dbo.cancellation_reason",
    "ffx.temp_winback_subscribers1",
    "dbo.rate_header",
    "dbo.tbl_RateStructure",
    "dbo.tbl_RateStructureItem",
    "dbo.tbl_RateItem",
    "dbo.TBL_LINKType",
];

/// The tables that are compared, and the view.
pub const COMPARED: [&str; 10] = [
    "dbo.tbl_person",
    "dbo.tbl_ContactNumber",
    "dbo.tbl_location",
    "dbo.subscriber",
    "dbo.subscription",
    "dbo.subord_cancel",
    "dbo.complaints",
    LINKS,
    SALES,
    "ffx.vw_RPT_SubsRateRounds",
];

/// The table whose rows leave its filter.
pub const LINKS: &str = "dbo.tbl_ObjectLink";
/// The filter: links that are open.
pub const OPEN_LINKS: &str = "ToDate IS NULL AND LinkObject IS NOT NULL";
/// The table without a key whose rows repeat.
pub const SALES: &str = "ffx.tbl_RPT_TM1retail";
/// Its window. No sale is made within weeks of its edge, so that a midnight in mid-test moves nothing.
pub const RECENT_SALES: &str = "Retail_SaleDate >= DATEADD(day, -720, CAST(GETDATE() AS date))";

/// The tables and the view, empty; snapshot isolation is on, change tracking off. Both filters are known.
pub fn model() -> Result<Model, ddl::DdlError> {
    let model = Model::new(Identity::of("subscriptions", 11));
    let text = include_str!("../../../sqlserver/matrix.sql");
    for table in ddl::tables(text)? {
        model.create_table(table);
    }
    model.create_view(view::rounds());
    for view in text.split("\nGO").filter(|part| part.trim_start().starts_with("CREATE VIEW")) {
        model.view_text(view.trim());
    }
    model.on_where(OPEN_LINKS, |row| row.get("ToDate").is_null() && !row.get("LinkObject").is_null());
    let edge = today() - 720;
    model.on_where(RECENT_SALES, move |row| matches!(row.get("Retail_SaleDate"), Value::Date(day) if *day >= edge));
    Ok(model)
}

/// Today in UTC, in days since 0001-01-01.
pub(crate) fn today() -> u32 {
    const DAY_1970: u64 = 719_162;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (DAY_1970 + since.as_secs() / 86_400) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_as_the_text_has_it() {
        let model = model().unwrap();
        let mut names = model.names();
        names.sort();
        let mut expected = [REPLACED.as_slice(), COMPARED.as_slice()].concat();
        expected.sort_unstable();
        assert_eq!(names, expected);
        let keyless = ["ffx.temp_winback_subscribers1", SALES, "ffx.vw_RPT_SubsRateRounds"];
        for name in names {
            let definition = model.definition(&name).unwrap();
            assert_eq!(definition.key().is_empty(), keyless.contains(&name.as_str()), "{name}");
        }
    }
}
