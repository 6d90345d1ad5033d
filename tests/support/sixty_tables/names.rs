//! The sixty tables by name, how each of them does, and what those complain of that fail.

/// The tables that have something to say of themselves, by source.
pub const FAILING: [&str; 3] = ["public.customers", "sales.invoice_lines", "sales.payments"];
pub const SET_ASIDE: &str = "catalog.product_attribute_translation";
pub const DIFFERING: &str = "sales.order_items";
pub const LOADING: &str = "inventory.stock_movements_2019_2026";
pub const PAUSED: &str = "public.sessions";
/// A name that no list has room for.
pub const LONG: &str = "inventory.replenishment_forecast_by_region_and_supplier_and_month_v2";
/// The reason of the pause, and who has made it.
pub const WHO: &str = "mara";
pub const REASON: &str = "index rebuild until Friday, ask the web team";

const PUBLIC: [&str; 14] = [
    "public.accounts",
    "public.addresses",
    "public.api_keys",
    "public.customers",
    "public.devices",
    "public.email_events",
    "public.feature_flags",
    "public.notes",
    "public.notifications",
    "public.organisations",
    "public.sessions",
    "public.subscriptions",
    "public.tags",
    "public.users",
];
const SALES: [&str; 14] = [
    "sales.carts",
    "sales.coupons",
    "sales.credit_notes",
    "sales.currencies",
    "sales.exchange_rates",
    "sales.invoice_lines",
    "sales.invoices",
    "sales.order_items",
    "sales.orders",
    "sales.payments",
    "sales.price_lists",
    "sales.refunds",
    "sales.returns",
    "sales.tax_rates",
];
const INVENTORY: [&str; 10] = [
    "inventory.bins",
    "inventory.deliveries",
    LONG,
    "inventory.parcels",
    "inventory.stock_counts",
    "inventory.stock_levels",
    LOADING,
    "inventory.suppliers",
    "inventory.transfers",
    "inventory.warehouses",
];
/// What the change log tells of: one feed.
pub(super) const CATALOG: [&str; 14] = [
    "catalog.attribute",
    "catalog.brand",
    "catalog.category",
    "catalog.category_translation",
    "catalog.image",
    "catalog.product",
    "catalog.product_attribute",
    SET_ASIDE,
    "catalog.product_bundle",
    "catalog.product_category",
    "catalog.product_price",
    "catalog.product_translation",
    "catalog.review",
    "catalog.variant",
];
pub(super) const AUDIT: [&str; 8] = [
    "audit.access_log",
    "audit.consents",
    "audit.deletions",
    "audit.exports",
    "audit.imports",
    "audit.jobs",
    "audit.logins",
    "audit.settings",
];

/// How a table does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Well,
    Failing,
    SetAside,
    Differs,
    Loading,
    Paused,
}

pub(super) fn kind(source: &str) -> Kind {
    match source {
        _ if FAILING.contains(&source) => Kind::Failing,
        SET_ASIDE => Kind::SetAside,
        DIFFERING => Kind::Differs,
        LOADING => Kind::Loading,
        PAUSED => Kind::Paused,
        _ => Kind::Well,
    }
}

/// All of them.
pub fn sources() -> Vec<&'static str> {
    [&PUBLIC[..], &SALES, &INVENTORY, &CATALOG, &AUDIT].concat()
}

/// A source's target.
pub fn target(source: &str) -> String {
    source.replace('.', "_").trim_start_matches("public_").to_owned()
}

/// What the product says of it, word by word.
pub(super) fn complaint(source: &str) -> (&'static str, &'static str) {
    match source {
        "public.customers" => (
            "the target shop.app.customers has the column vat_id as INT64, the source's is STRING",
            "`plimsoll resync --table customers` makes the target again (under delete = \"soft\" drop it by hand: its flagged rows go with it); \
             or rename or exclude the column",
        ),
        "sales.payments" => (
            "BigQuery refuses to read shop.app.sales_payments: Access Denied: Table shop:app.sales_payments: Permission bigquery.tables.get denied",
            "grant roles/bigquery.dataEditor on the dataset app to plimsoll@shop.iam.gserviceaccount.com",
        ),
        SET_ASIDE => (
            "PostgreSQL: permission denied for table product_attribute_translation (SQLSTATE 42501) while reading rows",
            "GRANT SELECT ON \"catalog\".\"product_attribute_translation\" TO \"reader\"",
        ),
        _ => (
            "the run would delete 812,344 of the 1,981,200 rows of sales_invoice_lines: more than max_delete_fraction = 0.3 allows",
            "look at the source; if the rows are meant to go, `plimsoll run --allow-deletes --table sales_invoice_lines` lets one run pass, or raise \
             the table's max_delete_fraction",
        ),
    }
}
