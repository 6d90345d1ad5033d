//! The ends of a log, and which numbers no entry has.

use super::DOING;
use super::since::rowversion_of;
use crate::model::{LogSpec, RelationName};
use crate::source::change_log::{EntryTable, LogEnds, Numbers};
use crate::source::cursor::CursorType;
use crate::source::sqlserver::native_type::Family;
use crate::source::sqlserver::plan::Plan;
use crate::source::sqlserver::sql::{ident, literal, qualified};
use crate::source::sqlserver::{Session, SqlServerError};

/// More gaps are not told apart.
pub(super) const MOST_GAPS: usize = 500;
/// Where nobody knows from where on numbers may be missing, so many of the newest entries are looked through.
const NEWEST: u64 = 100_000;

impl Session {
    /// A log that is emptied while it is read has started over: the next look at its ends tells. So nothing is locked.
    #[allow(clippy::unused_async, reason = "another kind of source asks its server")]
    pub async fn lock_entries(&self, _: &[&RelationName]) -> Result<(), SqlServerError> {
        Ok(())
    }

    /// Looks at the ends of a table of entries. `seen` is the number of the entry that was newest at the last look.
    pub async fn log_ends(
        &self,
        spec: &LogSpec,
        table: &EntryTable,
        seen: Option<&str>,
    ) -> Result<LogEnds, SqlServerError> {
        self.facts().refuse_torn()?;
        let Some(sql) = ends_statement(spec, table, seen) else { return Ok(LogEnds::default()) };
        let row = self.text_rows(DOING, &sql).await?.into_iter().next().unwrap_or_default();
        let field = |n: usize| row.get(n).cloned().flatten();
        Ok(LogEnds {
            newest: field(0),
            first: field(1).and_then(|t| t.parse().ok()),
            proof: field(2),
            seen_proof: field(3),
            drawn: field(4).and_then(|t| t.parse().ok()),
        })
    }

    /// The stretches of numbers that no entry has, the newest first: above a number, or among the newest entries.
    pub async fn log_gaps(&self, table: &EntryTable, among: Numbers) -> Result<Vec<[i64; 2]>, SqlServerError> {
        let Some(sql) = gaps_statement(table, among) else { return Ok(Vec::new()) };
        let rows = self.text_rows(DOING, &sql).await?;
        let gaps = rows.iter().map(|row| {
            let number = |n: usize| row.get(n)?.as_deref()?.parse::<i64>().ok();
            Some([number(0)?.checked_add(1)?, number(1)?.checked_sub(1)?])
        });
        let gaps: Option<Vec<[i64; 2]>> = gaps.collect();
        let mut gaps = gaps.ok_or_else(|| SqlServerError::unexpected(DOING))?;
        // What lies below the last one that is told apart counts as one gap: entries that stand in it come again.
        if let (true, Numbers::Above(number), Some(last)) = (gaps.len() > MOST_GAPS, among, gaps.last_mut()) {
            last[0] = number.saturating_add(1).min(last[1]);
        }
        Ok(gaps)
    }
}

/// `None` where nothing bounds the search: there is nothing to be known of the ends.
pub fn ends_statement(spec: &LogSpec, table: &EntryTable, seen: Option<&str>) -> Option<String> {
    let ids = table.ids.as_ref()?;
    let (log, column) = (qualified(&table.name), format!("t.{}", ident(&ids.name)));
    if ids.kind != CursorType::Integer {
        let native = table.relation.column(&ids.name)?.sqlserver()?;
        let newest = match native.family() {
            Family::DateTimeOffset => format!("SWITCHOFFSET(MAX({column}), '+00:00')"),
            _ => format!("MAX({column})"),
        };
        let none = "CAST(NULL AS nvarchar(64))";
        let sql = format!(
            "SELECT CONVERT(nvarchar(64), {newest}, 121) AS newest, {none} AS first, {none} AS proof, {none} AS seen_proof, {none} AS drawn FROM {log} AS t"
        );
        return Some(
            Plan::LogEnds { table: &table.name, id: None, time: Some(&ids.name), at: None, seen: None }.statement(&sql),
        );
    }
    let at = time_of(spec, table);
    let proof_of = proof_of(spec, table, at);
    // Of a log that never had an entry: the number before its first one.
    let drawn = format!(
        "(SELECT COALESCE(CAST(c.last_value AS bigint), CAST(c.seed_value AS bigint) - CAST(c.increment_value AS bigint)) FROM sys.identity_columns AS c WHERE c.object_id = OBJECT_ID({}) AND c.name = {})",
        literal(&log),
        literal(&ids.name)
    );
    // A number beyond those that were given out was put in by hand: it must not hide what is still to come.
    let drawn_ones = format!("FROM {log} AS t WHERE {column} <= COALESCE(d.drawn, 9223372036854775807)");
    let proof = |number: &str| format!("(SELECT TOP (1) {proof_of} FROM {log} AS t WHERE {column} = {number})");
    let number = seen.and_then(|seen| seen.parse::<i64>().ok());
    let seen_proof = number.map_or_else(|| "CAST(NULL AS nvarchar(64))".to_owned(), |n| proof(&n.to_string()));
    let sql = format!(
        "SELECT CAST(n.newest AS nvarchar(64)) AS newest, CAST(n.first AS nvarchar(64)) AS first, {} AS proof, {seen_proof} AS seen_proof, \
         CAST(d.drawn AS nvarchar(64)) AS drawn FROM (SELECT {drawn} AS drawn) AS d \
         CROSS APPLY (SELECT MAX({column}) AS newest, MIN({column}) AS first {drawn_ones}) AS n",
        proof("n.newest"),
    );
    Some(Plan::LogEnds { table: &table.name, id: Some(&ids.name), time: None, at, seen }.statement(&sql))
}

/// The column with an entry's time, if it is one.
fn time_of<'a>(spec: &'a LogSpec, table: &EntryTable) -> Option<&'a str> {
    let is_time = |name: &&String| {
        let native = table.relation.column(name).and_then(|c| c.sqlserver());
        native.is_some_and(|n| matches!(n.family(), Family::DateTime | Family::DateTimeOffset))
    };
    spec.at.as_ref().filter(is_time).map(String::as_str)
}

/// An expression over the entry `t` that tells it from another one with its number: its time, else its `rowversion`, else a hash of what it is
/// about.
fn proof_of(spec: &LogSpec, table: &EntryTable, at: Option<&str>) -> String {
    if let Some(at) = at {
        return format!("COALESCE(CONVERT(nvarchar(64), t.{}, 121), N'none')", ident(at));
    }
    if let Some(column) = rowversion_of(&table.relation) {
        return format!("CONVERT(nvarchar(64), CAST(t.{} AS binary(8)), 2)", ident(column));
    }
    let own = spec.keys().flat_map(|k| &k.columns).chain(&spec.action).map(String::as_str);
    let texts: Vec<String> =
        own.chain(spec.types.columns()).map(|c| format!("CAST(t.{} AS nvarchar(max)), N'|'", ident(c))).collect();
    format!("CONVERT(nvarchar(64), HASHBYTES('SHA2_256', CONCAT(N'', N'', {})), 2)", texts.join(", "))
}

/// The statement that looks for numbers without an entry; `None` where entries have no numbers.
pub fn gaps_statement(table: &EntryTable, among: Numbers) -> Option<String> {
    let ids = table.ids.as_ref().filter(|ids| ids.kind == CursorType::Integer)?;
    let (log, column) = (qualified(&table.name), format!("CAST(t.{} AS bigint)", ident(&ids.name)));
    let (rows, before, top) = match among {
        Numbers::Above(number) => (
            format!("{log} AS t WHERE t.{} > {number}", ident(&ids.name)),
            format!("LAG({column}, 1, CAST({number} AS bigint))"),
            MOST_GAPS + 1,
        ),
        Numbers::OfTheNewest => (
            format!("(SELECT TOP ({NEWEST}) t.{0} FROM {log} AS t ORDER BY t.{0} DESC) AS t", ident(&ids.name)),
            format!("LAG({column})"),
            MOST_GAPS,
        ),
    };
    let sql = format!(
        "SELECT TOP ({top}) x.[before], x.[number] FROM (SELECT {column} AS [number], {before} OVER (ORDER BY t.{}) AS [before] FROM {rows}) AS x \
         WHERE x.[before] < x.[number] - 1 ORDER BY x.[number] DESC OPTION (RECOMPILE)",
        ident(&ids.name)
    );
    let (above, newest) = match among {
        Numbers::Above(number) => (Some(number), None),
        Numbers::OfTheNewest => (None, Some(NEWEST)),
    };
    Some(Plan::LogGaps { table: &table.name, id: &ids.name, above, newest, top }.statement(&sql))
}
