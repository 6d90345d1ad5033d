//! The statements that compare a table's rows with those of another database.

use super::key_stretch::is_within;
use super::row::{Row, text};
use super::server_text::ServerText;
use crate::canonical::{BucketDigits, Buckets, ColumnDigests, KeyDigest, Level, Sums};
use crate::source::keys::Keys;
use crate::source::postgres::render_sql::keys;
use crate::source::postgres::{PostgresError, Session};
use crate::source::read::{ComparedRows, Table};

/// Sums of digests for each bucket, in one scan: what [`Sums::read`] reads.
pub fn sums_statement(rows: ComparedRows<'_>, level: Level, digits: BucketDigits, server: ServerText) -> String {
    let row = Row::of(rows.table, server);
    let select = row
        .select()
        .filter(is_within(rows.table, rows.within))
        .expression(Some(format!("{} AS k", server.bits(&text(row.identity())))));
    let (select, more) = match level {
        Level::Keys => (select, String::new()),
        Level::Values => (
            select
                .expression(Some(format!("{} AS v", server.bits(&text(row.all())))))
                .expression(Some(format!("{} AS nulled", row.nulled()))),
            format!(", {}, pg_catalog.sum(r.nulled)", lanes("r.v").map(|l| format!("pg_catalog.sum({l})")).join(", ")),
        ),
    };
    let keys = lanes("r.k").map(|l| format!("pg_catalog.sum({l})")).join(", ");
    // OFFSET keeps the server from computing a digest again wherever it is named.
    format!(
        "SELECT {}, pg_catalog.count(*), {keys}{more} FROM ({} OFFSET 0) AS r GROUP BY 1",
        bucket("r.k", digits),
        select.query()
    )
}

/// The keys of some buckets' rows, with the lanes of the row's digest: what [`KeyDigest::read`] reads.
pub fn key_digests_statement(
    rows: ComparedRows<'_>,
    level: Level,
    digits: BucketDigits,
    buckets: &[u32],
    server: ServerText,
) -> String {
    let row = Row::of(rows.table, server);
    let digest = server.bits(&text(row.identity()));
    let list: Vec<String> = buckets.iter().map(u32::to_string).collect();
    let is_one = format!("{} = ANY ('{{{}}}'::pg_catalog.int4[])", bucket(&digest, digits), list.join(","));
    let keys = row
        .key()
        .iter()
        .enumerate()
        .map(|(n, c)| (format!("pg_catalog.concat({}) AS k{n}", c.text), format!("r.k{n}")));
    let (inner, mut outer): (Vec<String>, Vec<String>) = keys.unzip();
    let select = row.select().filter(is_within(rows.table, rows.within)).filter(Some(is_one));
    let mut select = inner.into_iter().fold(select, |s, k| s.expression(Some(k)));
    // A table without a key has nothing else to list.
    if level == Level::Values || outer.is_empty() {
        select = select.expression(Some(format!("{} AS v", server.bits(&text(row.all())))));
        outer.extend(lanes("r.v"));
    }
    format!("SELECT {} FROM ({} OFFSET 0) AS r", outer.join(", "), select.query())
}

/// The digests of each column of the rows that have one of the keys: what [`ColumnDigests::read`] reads.
pub fn column_digests_statement(table: Table<'_>, among: Keys<'_>, server: ServerText) -> String {
    let row = Row::of(table, server);
    let keys = row.key().iter().map(|c| format!("pg_catalog.concat({})", c.text));
    let columns = row.others().iter().map(|c| {
        let digest = server.md5(&text(std::slice::from_ref(c)));
        format!("CASE WHEN {} IS DISTINCT FROM NULL THEN {digest} END", c.text)
    });
    let select = keys.chain(columns).fold(row.select(), |s, e| s.expression(Some(e)));
    select.filter(Some(keys::is_among(among))).query()
}

/// The piece of one column, over the row `t`: for tests, which look at what is digested.
pub fn canonical_piece(table: Table<'_>, column: usize, server: ServerText) -> Option<String> {
    Some(text(std::slice::from_ref(Row::of(table, server).all().get(column)?)))
}

/// Both numbers of 56 bits at the beginning of a digest.
fn lanes(bits: &str) -> [String; 2] {
    [format!("{bits}::bit(56)::pg_catalog.int8"), format!("({bits} << 56)::bit(56)::pg_catalog.int8")]
}

pub(super) fn bucket(bits: &str, digits: BucketDigits) -> String {
    match digits.get() {
        0 => "0".to_owned(),
        digits => format!("{bits}::bit({})::pg_catalog.int4", 4 * digits),
    }
}

impl Session {
    /// Adds up the digests of a table's rows, bucket by bucket.
    pub async fn bucket_sums(
        &self,
        rows: ComparedRows<'_>,
        level: Level,
        digits: BucketDigits,
    ) -> Result<Buckets, PostgresError> {
        const DOING: &str = "adding up the digests of rows";
        let sums = self.text_rows(DOING, &sums_statement(rows, level, digits, self.server_text().await?)).await?;
        sums.iter().map(|row| Sums::read(row).ok_or_else(|| no_row(DOING))).collect()
    }

    /// Lists the rows of some buckets by their keys.
    pub async fn key_digests(
        &self,
        rows: ComparedRows<'_>,
        level: Level,
        digits: BucketDigits,
        buckets: &[u32],
    ) -> Result<Vec<KeyDigest>, PostgresError> {
        const DOING: &str = "listing keys and digests of rows";
        let sql = key_digests_statement(rows, level, digits, buckets, self.server_text().await?);
        let (listed, key_len) = (self.text_rows(DOING, &sql).await?, rows.table.shape.key_len);
        listed.into_iter().map(|row| KeyDigest::read(key_len, row).ok_or_else(|| no_row(DOING))).collect()
    }

    /// Digests each column of the rows that have one of the keys.
    pub async fn column_digests(&self, table: Table<'_>, keys: Keys<'_>) -> Result<Vec<ColumnDigests>, PostgresError> {
        const DOING: &str = "taking the digests of columns";
        let sql = column_digests_statement(table, keys, self.server_text().await?);
        let (rows, key_len) = (self.text_rows(DOING, &sql).await?, table.shape.key_len);
        rows.into_iter().map(|row| ColumnDigests::read(key_len, row).ok_or_else(|| no_row(DOING))).collect()
    }

    pub(super) async fn server_text(&self) -> Result<ServerText, PostgresError> {
        let row = self.text_row("asking for the server's encoding", "SHOW server_encoding").await?;
        Ok(ServerText::of(row.first().and_then(|f| f.as_deref()).unwrap_or_default()))
    }
}

pub(super) fn no_row(doing: &'static str) -> PostgresError {
    PostgresError::Unexpected { doing, what: "a row of another form".to_owned() }
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::super::key_stretch::stretch_end_statement;
    use super::*;
    use crate::canonical::KeyStretch;
    use crate::encode::Shape;
    use crate::model::{Arrays, TableSpec, TargetType, plain_spec};
    use crate::source::column::SourceColumn;
    use crate::source::keys::{NamedKey, Origin, Spelling};
    use crate::source::postgres::relation_of;
    use crate::source::relation::Relation;

    const KINDS: [(&str, u32, &str); 16] = [
        ("b", 16, "boolean"),
        ("f8", 701, "double precision"),
        ("f4", 700, "real"),
        ("n", 1700, "numeric"),
        ("forced", 1700, "numeric"),
        ("t", 25, "text"),
        ("padded", 1042, "character"),
        ("u", 2950, "uuid"),
        ("address", 869, "inet"),
        ("d", 1082, "date"),
        ("tm", 1083, "time without time zone"),
        ("utc", 1114, "timestamp without time zone"),
        ("doc", 3802, "jsonb"),
        ("written", 114, "json"),
        ("claimed", 25, "text"),
        ("email", 25, "text"),
    ];

    fn relation() -> Relation {
        let column = |number: usize, name: &str, oid: u32, base: &str| {
            serde_json::json!({ "name": name, "number": number, "type_name": base, "base_oid": oid, "base_name": base, "typmod": -1,
                "not_null": false })
        };
        let mut columns = vec![column(1, "id", 20, "bigint"), column(2, "at", 1184, "timestamp with time zone")];
        columns.extend(KINDS.iter().enumerate().map(|(n, (name, oid, base))| column(n + 3, name, *oid, base)));
        let mut list = column(99, "list", 1016, "bigint[]");
        list["element"] =
            serde_json::json!({ "base_oid": 20, "typmod": -1, "base_name": "bigint", "kind": "b", "delimiter": "," });
        columns.push(list);
        let json = serde_json::json!({ "oid": 16400, "kind": "r", "rows": 100, "comment": null, "view": null, "primary_key": ["id", "at"],
            "unique": [["id", "at"]], "leading": ["id"], "leaves": [], "columns": columns });
        relation_of(&json.to_string()).unwrap()
    }

    fn spec() -> TableSpec {
        let forced = [("forced", TargetType::Numeric), ("utc", TargetType::Timestamp), ("claimed", TargetType::Json)];
        TableSpec {
            filter: Some("t <> 'draft' OR b".to_owned()),
            hash: vec!["email".to_owned()],
            forced: forced.map(|(name, t)| (name.to_owned(), t)).to_vec(),
            arrays: Arrays::Repeated,
            ..plain_spec()
        }
    }

    #[test]
    fn the_statements_of_a_comparison() {
        let (spec, relation) = (spec(), relation());
        let shape = Shape::of(&spec, &relation).unwrap();
        let table = Table { spec: &spec, relation: &relation, shape: &shape };
        let key: Vec<SourceColumn> = relation.columns[..2].to_vec();
        let list =
            [NamedKey { values: vec!["7".to_owned(), "2026-01-01 00:00:00+00".to_owned()], origin: Origin::Before }];
        let keys = Keys { columns: &key, spelling: &[Spelling::IsOne; 2], list: &list };
        let (utf8, digits, all) = (ServerText::Utf8, BucketDigits::new(3), ComparedRows::all(table));
        let end = |id: &str, at: &str| Some(vec![id.to_owned(), at.to_owned()]);
        let stretch =
            KeyStretch { after: end("-7", "2026-01-01 00:00:00+00"), until: end("7", "2026-01-01 00:00:00.5+00") };
        let some = ComparedRows { table, within: &stretch };
        let named = [
            ("sums", sums_statement(all, Level::Values, digits, utf8)),
            ("sums of keys", sums_statement(all, Level::Keys, BucketDigits::new(0), utf8)),
            ("keys of buckets", key_digests_statement(all, Level::Values, digits, &[0, 4095], utf8)),
            ("keys alone", key_digests_statement(all, Level::Keys, digits, &[7], ServerText::Other)),
            ("keys of a stretch", key_digests_statement(some, Level::Keys, digits, &[7], utf8)),
            ("end of a stretch", stretch_end_statement(table, stretch.after.as_ref(), 5000, utf8)),
            ("columns of keys", column_digests_statement(table, keys, utf8)),
        ];
        let text: Vec<String> = named.iter().map(|(name, sql)| format!("-- {name}\n{sql}\n")).collect();
        expect_file!["../../../../../tests/golden/postgres/compare.sql"].assert_eq(&text.join("\n"));
    }

    /// More pieces than a function takes arguments.
    #[test]
    fn a_row_of_many_columns_is_put_together_in_parts() {
        let cell = || super::super::cell::Cell::closed("t.c".to_owned(), None);
        let cells: Vec<_> = (0..200).map(|_| cell()).collect();
        let sql = text(&cells);
        assert_eq!(sql.matches("t.c").count(), 200);
        assert!(sql.split("concat(").all(|call| call.matches(',').count() < 100));
    }
}
