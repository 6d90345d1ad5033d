//! Keys as they are compared, beside what the server prints of them: `1.50` is compared as `1.5`.

use super::row::Row;
use super::server_text::ServerText;
use super::statements::no_row;
use crate::canonical::KeySpelling;
use crate::source::keys::Keys;
use crate::source::postgres::render_sql::expression::expression;
use crate::source::postgres::render_sql::keys;
use crate::source::postgres::{PostgresError, Session};
use crate::source::read::Table;

/// The keys that rows have, in both spellings; where `longer_than` is given, of rows whose values have more bytes together, as they are
/// printed.
pub fn key_spellings_statement(
    table: Table<'_>,
    among: Keys<'_>,
    longer_than: Option<usize>,
    server: ServerText,
) -> String {
    let row = Row::of(table, server);
    let canonical = row.key().iter().map(|c| format!("pg_catalog.concat({})", c.text));
    let plain = table.shape.key().iter().map(|c| format!("pg_catalog.concat({})", expression(table.relation, c)));
    let lengths = table.shape.columns.iter().map(|c| {
        let text = format!("pg_catalog.concat({})", expression(table.relation, c));
        format!("pg_catalog.octet_length({text})::pg_catalog.int8")
    });
    let is_long = longer_than.map(|bytes| format!("{} > {bytes}", lengths.collect::<Vec<_>>().join(" + ")));
    let select = canonical.chain(plain).fold(row.select(), |s, e| s.expression(Some(e)));
    select.filter(Some(keys::is_among(among))).filter(is_long).query()
}

impl Session {
    /// The keys that rows have, in both spellings.
    pub async fn key_spellings(
        &self,
        table: Table<'_>,
        among: Keys<'_>,
        longer_than: Option<usize>,
    ) -> Result<Vec<KeySpelling>, PostgresError> {
        const DOING: &str = "asking how keys are printed";
        let sql = key_spellings_statement(table, among, longer_than, self.server_text().await?);
        let (rows, key_len) = (self.text_rows(DOING, &sql).await?, table.shape.key_len);
        rows.into_iter().map(|row| KeySpelling::read(key_len, row).ok_or_else(|| no_row(DOING))).collect()
    }
}
