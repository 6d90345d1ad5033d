//! What the source's catalog says of relations: three statements, however many there are.

use std::collections::BTreeMap;

use super::error::SqlServerError;
use super::facts::Place;
use super::native_type::{Assembly, Secrecy, SqlServerType};
use super::plan::Plan;
use super::rights::filtering;
use super::session::Session;
use super::sql::object_id;
use crate::model::{Dialect, RelationName};
use crate::source::catalog::Catalog;
use crate::source::column::{NativeType, SourceColumn};
use crate::source::listing::ChangeTracking;
use crate::source::relation::{Relation, RelationKind, RowSecurity};

const DOING: &str = "reading the catalog";

/// The fields of a row, in their order.
struct Fields(std::vec::IntoIter<Option<String>>);

impl Fields {
    fn of(row: Vec<Option<String>>) -> Self {
        Self(row.into_iter())
    }

    fn maybe(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    fn text(&mut self) -> Result<String, SqlServerError> {
        self.maybe().ok_or_else(|| SqlServerError::unexpected(DOING))
    }

    fn number<N: std::str::FromStr>(&mut self) -> Result<N, SqlServerError> {
        self.text()?.parse().map_err(|_| SqlServerError::unexpected(DOING))
    }

    fn flag(&mut self) -> bool {
        self.maybe().as_deref() == Some("t")
    }
}

/// An index under way.
#[derive(Default)]
struct Index {
    primary: bool,
    unique: bool,
    /// It holds all rows, and can be used.
    whole: bool,
    columns: Vec<String>,
}

impl Session {
    /// Reads relations in the transaction. Those that are not there are not in the answer.
    pub async fn read_catalog(&self, names: &[RelationName]) -> Result<Catalog, SqlServerError> {
        Ok(self.read_tracked(names).await?.into_iter().map(|(name, relation, _)| (name, relation)).collect())
    }

    /// With each, whether its changes are tracked.
    pub(super) async fn read_tracked(
        &self,
        names: &[RelationName],
    ) -> Result<Vec<(RelationName, Relation, ChangeTracking)>, SqlServerError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        // A log may be published as well.
        let mut once: Vec<RelationName> = Vec::with_capacity(names.len());
        once.extend(names.iter().enumerate().filter(|(n, name)| !names[..*n].contains(name)).map(|(_, n)| n.clone()));
        let [relations, columns, of_indexes] = catalog_statements(&once, self.facts().place);
        let ask = async |sql: &str| {
            let rows = self.text_rows(DOING, sql).await?;
            Ok::<_, SqlServerError>(rows.into_iter().map(Fields::of))
        };
        let mut found: BTreeMap<u32, (RelationName, Relation, ChangeTracking)> = BTreeMap::new();
        for mut row in ask(&relations).await? {
            let (name, relation, tracking) = relation(&mut row, self.facts().place)?;
            found.insert(relation.id, (name, relation, tracking));
        }
        for mut row in ask(&columns).await? {
            if let Some((_, relation, _)) = found.get_mut(&row.number()?) {
                relation.columns.push(column(&mut row)?);
            }
        }
        let mut indexes: BTreeMap<(u32, i32), Index> = BTreeMap::new();
        for mut row in ask(&of_indexes).await? {
            let index = indexes.entry((row.number()?, row.number()?)).or_default();
            (index.primary, index.unique) = (row.flag(), row.flag());
            let (_clustered, filtered, disabled) = (row.flag(), row.flag(), row.flag());
            index.whole = !filtered && !disabled;
            let _position: i32 = row.number()?;
            index.columns.push(row.text()?);
        }
        for ((id, _), index) in indexes {
            if let Some((_, relation, _)) = found.get_mut(&id) {
                take_index(relation, index);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Reads one relation in the transaction.
    pub async fn read_relation(&self, name: &RelationName) -> Result<Relation, SqlServerError> {
        let mut catalog = self.read_catalog(std::slice::from_ref(name)).await?;
        match catalog.take(name) {
            Some(relation) => Ok(relation),
            None => Err(self.missing(name).await),
        }
    }
}

/// What is asked of relations, of their columns, of their indexes.
pub(super) fn catalog_statements(names: &[RelationName], place: Place) -> [String; 3] {
    // Who has any right on a table is shown that it is tracked; this answers only who may read its changes.
    let readable_from = match place {
        Place::Primary => "CASE WHEN c.object_id IS NOT NULL THEN CHANGE_TRACKING_MIN_VALID_VERSION(o.object_id) END",
        // The function may raise an error there.
        Place::Secondary => "CAST(NULL AS bigint)",
    };
    let relations = RELATIONS.replace("READABLE_FROM", readable_from);
    let plans = [
        (Plan::CatalogRelations { tables: names }, relations.as_str()),
        (Plan::CatalogColumns { tables: names }, COLUMNS),
        (Plan::CatalogIndexes { tables: names }, INDEXES),
    ];
    let wanted = named(names);
    let filtering = filtering("o.object_id");
    plans.map(|(plan, sql)| plan.statement(&sql.replace("FILTERING", &filtering).replace("WANTED", &wanted)))
}

/// A condition over the object `o`. By its number: a search by names looks at all objects, and waits for whoever alters any of them.
fn named(names: &[RelationName]) -> String {
    let ids: Vec<String> = names.iter().map(object_id).collect();
    format!("o.object_id IN ({})", ids.join(", "))
}

fn relation(row: &mut Fields, place: Place) -> Result<(RelationName, Relation, ChangeTracking), SqlServerError> {
    let name = RelationName { schema: row.text()?, name: row.text()? };
    let id = row.number()?;
    let kind = row.text()?;
    let _created = row.text()?;
    let rows = row.maybe().and_then(|n| n.parse().ok());
    let (comment, view) = (row.maybe(), row.maybe());
    let (memory, external, indexed) = (row.flag(), row.flag(), row.flag());
    let tracking = match (place, row.maybe(), row.maybe()) {
        (_, None, _) => ChangeTracking::Off,
        (Place::Secondary, Some(_), _) => ChangeTracking::OfPrimary,
        (Place::Primary, Some(_), Some(_)) => ChangeTracking::On,
        (Place::Primary, Some(_), None) => ChangeTracking::Unseen,
    };
    let row_security = if row.flag() { RowSecurity::HidesRows } else { RowSecurity::Off };
    let kind = match kind.trim() {
        "V" => RelationKind::View,
        _ if external => RelationKind::Foreign,
        _ if memory => RelationKind::InMemory,
        _ => RelationKind::Table,
    };
    let relation = Relation {
        dialect: Dialect::SqlServer,
        id,
        kind,
        rows: rows.filter(|_| kind != RelationKind::View || indexed),
        comment,
        columns: Vec::new(),
        primary_key: Vec::new(),
        unique: Vec::new(),
        leading: Vec::new(),
        ordered: Vec::new(),
        leaves: Vec::new(),
        view,
        file: None,
        materialized: false,
        row_security,
    };
    Ok((name, relation, tracking))
}

fn column(row: &mut Fields) -> Result<SourceColumn, SqlServerError> {
    let (name, number) = (row.text()?, row.number()?);
    let (type_name, alias, clr) = (row.text()?, row.maybe(), row.flag());
    let (max_length, precision, scale) = (row.number()?, row.number()?, row.number()?);
    let collation = row.maybe();
    let nullable = row.flag();
    let (_computed, _hidden, masked, encrypted) = (row.flag(), row.flag(), row.flag(), row.flag());
    let native = SqlServerType {
        name: type_name,
        max_length,
        precision,
        scale,
        collation,
        assembly: if clr { Assembly::Users } else { Assembly::Servers },
        secrecy: match (encrypted, masked) {
            (true, _) => Secrecy::Encrypted,
            (false, true) => Secrecy::Masked,
            (false, false) => Secrecy::Open,
        },
    };
    let declared = match native.name.as_str() {
        name @ ("timestamp" | "rowversion") => name.to_owned(),
        _ => native.declared(),
    };
    let type_name =
        alias.filter(|a| *a != native.name).map_or(declared.clone(), |alias| format!("{alias} ({declared})"));
    Ok(SourceColumn { name, number, type_name, not_null: !nullable, native: NativeType::SqlServer(native) })
}

fn take_index(relation: &mut Relation, index: Index) {
    if !index.whole {
        return;
    }
    if let Some(first) = index.columns.first().filter(|c| !relation.leading.contains(c)) {
        relation.leading.push(first.clone());
        relation.ordered.push(first.clone());
    }
    // A unique index takes a NULL for a value, so it has one row of it.
    let may_be_null = |name: &String| relation.column(name).is_none_or(|c| !c.not_null);
    if index.unique && !index.columns.iter().any(may_be_null) {
        relation.unique.push(index.columns.clone());
    }
    if index.primary {
        relation.primary_key = index.columns;
    }
}

/// What lies in the system's schemas is not there to be published.
const RELATIONS: &str = "\
SELECT s.name AS [schema], o.name, o.object_id, CAST(o.type AS nvarchar(2)) AS kind, CONVERT(nvarchar(33), o.create_date, 126) AS created, \
(SELECT SUM(p.rows) FROM sys.partitions AS p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) AS rows, \
CAST(e.value AS nvarchar(4000)) AS comment, \
CASE WHEN o.type = 'V' THEN CONVERT(nvarchar(64), HASHBYTES('SHA2_256', OBJECT_DEFINITION(o.object_id)), 2) END AS [view], \
CAST(COALESCE(t.is_memory_optimized, 0) AS bit) AS memory, CAST(COALESCE(t.is_external, 0) AS bit) AS [external], \
CAST(CASE WHEN o.type = 'V' AND EXISTS (SELECT 1 FROM sys.indexes AS i WHERE i.object_id = o.object_id AND i.index_id = 1) THEN 1 ELSE 0 END AS bit) AS indexed, \
c.begin_version AS ct_begin, READABLE_FROM AS ct_min_valid, \
CAST(CASE WHEN EXISTS (SELECT 1 FILTERING) THEN 1 ELSE 0 END AS bit) AS hides \
FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
LEFT JOIN sys.tables AS t ON t.object_id = o.object_id \
LEFT JOIN sys.change_tracking_tables AS c ON c.object_id = o.object_id \
LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = 0 AND e.name = N'MS_Description' \
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND WANTED ORDER BY o.object_id";

const COLUMNS: &str = "\
SELECT c.object_id, c.name, c.column_id AS number, \
CASE WHEN u.is_assembly_type = 1 THEN u.name ELSE COALESCE(y.name, u.name) END AS type, \
CASE WHEN u.is_user_defined = 1 THEN u.name END AS alias, CAST(CASE WHEN u.is_assembly_type = 1 AND u.is_user_defined = 1 THEN 1 ELSE 0 END AS bit) AS clr, \
CAST(c.max_length AS int) AS max_length, CAST(c.[precision] AS int) AS [precision], CAST(c.scale AS int) AS scale, c.collation_name AS collation, \
c.is_nullable AS nullable, c.is_computed AS computed, c.is_hidden AS hidden, c.is_masked AS masked, \
CAST(CASE WHEN c.encryption_type IS NULL THEN 0 ELSE 1 END AS bit) AS encrypted, c.is_column_set AS column_set, CAST(c.generated_always_type AS int) AS generated \
FROM sys.columns AS c JOIN sys.objects AS o ON o.object_id = c.object_id JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
JOIN sys.types AS u ON u.user_type_id = c.user_type_id LEFT JOIN sys.types AS y ON y.user_type_id = c.system_type_id \
WHERE o.type IN ('U', 'V') AND WANTED ORDER BY c.object_id, c.column_id";

const INDEXES: &str = "\
SELECT i.object_id, i.index_id, i.is_primary_key AS is_primary, i.is_unique AS is_unique, CAST(CASE WHEN i.type = 1 THEN 1 ELSE 0 END AS bit) AS is_clustered, \
i.has_filter AS filtered, i.is_disabled AS disabled, CAST(k.key_ordinal AS int) AS position, c.name AS [column], k.is_descending_key AS descending \
FROM sys.indexes AS i JOIN sys.objects AS o ON o.object_id = i.object_id JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.key_ordinal > 0 \
JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id \
WHERE i.type IN (1, 2) AND i.is_hypothetical = 0 AND o.type IN ('U', 'V') AND WANTED ORDER BY i.object_id, i.index_id, k.key_ordinal";

/// Reads a relation from rows as the catalog gives them, for tests of statements.
#[cfg(test)]
pub(in crate::source) fn relation_of(relation_row: &str, columns: &[&str], indexes: &[&str]) -> Relation {
    let fields = |text: &str| Fields::of(text.split('|').map(|t| (t != "-").then(|| t.to_owned())).collect());
    let (_, mut found, _) = relation(&mut fields(relation_row), Place::Primary).unwrap();
    for text in columns {
        found.columns.push(column(&mut fields(text)).unwrap());
    }
    for text in indexes {
        let (flags, names) = text.split_once(':').unwrap();
        let columns = names.split(',').map(str::to_owned).collect();
        let (primary, unique) = (flags.contains('p'), flags.contains('u'));
        take_index(&mut found, Index { primary, unique, whole: !flags.contains('f'), columns });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_is_read_from_its_rows() {
        let table = relation_of(
            "dbo|t|7|U |2026-01-01T00:00:00|12|a comment|-|f|f|f|-|-",
            &[
                "id|1|int|-|f|4|10|0|-|f|f|f|f|f",
                "code|2|char|-|f|8|0|0|Latin1_General_CI_AS|f|f|f|f|f",
                "name|3|nvarchar|sysname|f|256|0|0|Latin1_General_CI_AS|t|f|f|t|f",
                "rv|5|timestamp|-|f|8|0|0|-|f|f|f|f|f",
                "secret|6|varbinary|-|f|100|0|0|-|t|f|f|f|t",
            ],
            &["pu:id", "u:code", "uf:name", "u:name", ":rv"],
        );
        assert_eq!((table.id, table.rows, table.kind), (7, Some(12), RelationKind::Table));
        assert_eq!(table.primary_key, ["id"]);
        // Neither one that leaves rows out, nor one of a column that may be NULL.
        assert_eq!(table.unique, [vec!["id"], vec!["code"]]);
        assert_eq!(table.leading, ["id", "code", "name", "rv"]);
        let types: Vec<&str> = table.columns.iter().map(|c| c.type_name.as_str()).collect();
        assert_eq!(types, ["int", "char(8)", "sysname (nvarchar(128))", "timestamp", "varbinary(100)"]);
        let secrecy: Vec<Secrecy> = table.columns.iter().filter_map(|c| c.sqlserver()).map(|n| n.secrecy).collect();
        assert_eq!(secrecy, [Secrecy::Open, Secrecy::Open, Secrecy::Masked, Secrecy::Open, Secrecy::Encrypted]);
    }
}
