//! A target as the statement that would make it, for people. A run makes the same table through the API.

use super::sql;
use super::target_plan::{APPENDED, LABEL, TargetPlan};
use crate::model::{ApplyBy, Column, ColumnMode, Partition, PartitionBy, TargetType};

impl TargetPlan {
    /// `CREATE TABLE …` in GoogleSQL.
    /// Source: <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_table_statement>
    pub fn create_statement(&self) -> String {
        self.statement("CREATE TABLE")
    }

    /// The statement that puts an empty table in the place of the one that is there. It takes its key and its options along.
    pub(super) fn recreate_statement(&self) -> String {
        self.statement("CREATE OR REPLACE TABLE")
    }

    fn statement(&self, create: &str) -> String {
        let mut lines: Vec<String> = self.all_columns().iter().map(column).collect();
        if self.primary_key().is_some() {
            lines.push(format!("PRIMARY KEY ({}) NOT ENFORCED", idents(&self.key)));
        }
        let mut sql = format!("{create} {}\n(\n  {}\n)\n", sql::table(&self.target), lines.join(",\n  "));
        if let Some(partition) = &self.partition {
            let of = self.columns.iter().find(|c| c.name == partition.column).map(|c| c.target_type);
            sql.push_str(&format!("PARTITION BY {}\n", partition_by(partition, of)));
        }
        if !self.cluster.is_empty() {
            sql.push_str(&format!("CLUSTER BY {}\n", idents(&self.cluster)));
        }
        let labels = [Some(LABEL), Some(APPENDED).filter(|_| self.apply == ApplyBy::Append)].into_iter().flatten();
        let labels: Vec<String> =
            labels.map(|(name, value)| format!("({}, {})", sql::string(name), sql::string(value))).collect();
        let staleness = self
            .max_staleness
            .map_or(String::new(), |age| format!(", max_staleness = INTERVAL {} SECOND", age.as_secs()));
        sql.push_str(&format!(
            "OPTIONS (description = {}, labels = [{}]{staleness});",
            sql::string(&self.description),
            labels.join(", ")
        ));
        sql
    }
}

fn idents(names: &[String]) -> String {
    names.iter().map(|n| sql::ident(n)).collect::<Vec<_>>().join(", ")
}

fn column(column: &Column) -> String {
    let (name, of) = (sql::ident(&column.name), column.target_type.sql_name());
    match column.mode {
        ColumnMode::Required => format!("{name} {of} NOT NULL"),
        ColumnMode::Nullable => format!("{name} {of}"),
        ColumnMode::Repeated => format!("{name} ARRAY<{of}>"),
    }
}

fn partition_by(partition: &Partition, of: Option<TargetType>) -> String {
    let (column, by) = (sql::ident(&partition.column), partition.by.api_name());
    match of {
        Some(TargetType::Date) if partition.by == PartitionBy::Day => column,
        Some(TargetType::Date) => format!("DATE_TRUNC({column}, {by})"),
        Some(TargetType::DateTime) => format!("DATETIME_TRUNC({column}, {by})"),
        _ => format!("TIMESTAMP_TRUNC({column}, {by})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeleteStyle, Metadata, TargetRef};
    use expect_test::expect_file;

    fn plan(columns: Vec<Column>, partition: Partition) -> TargetPlan {
        TargetPlan {
            target: TargetRef { project: "my-project".into(), dataset: "app".into(), table: "orders".into() },
            columns,
            key: vec!["id".into()],
            delete: DeleteStyle::Soft { flag: "is_deleted".into(), at: "deleted_at".into() },
            partition: Some(partition),
            cluster: vec!["id".into()],
            description: TargetPlan::description_of("public.o'rders"),
            metadata: Metadata::default(),
            apply: ApplyBy::Merge,
            max_staleness: None,
            filled_by: crate::model::ApplyBy::Merge,
            held: Vec::new(),
        }
    }

    fn column(name: &str, target_type: TargetType, mode: ColumnMode) -> Column {
        Column { name: name.to_owned(), target_type, mode }
    }

    /// The files are among those that Google's analyzer has to accept.
    #[test]
    fn the_statement_makes_what_the_api_makes() {
        let id = column("id", TargetType::Int64, ColumnMode::Required);
        let columns = vec![
            id.clone(),
            column("größe", TargetType::Numeric, ColumnMode::Nullable),
            column("tags", TargetType::String, ColumnMode::Repeated),
            column("at", TargetType::Timestamp, ColumnMode::Nullable),
        ];
        let by = |by| Partition { column: "at".into(), by, immutable: false };
        let made = plan(columns, by(PartitionBy::Hour)).create_statement();
        expect_file!["../../tests/golden/bigquery/create_table_by_hour.sql"].assert_eq(&made);
        for (name, target_type, unit) in [
            ("date_by_day", TargetType::Date, PartitionBy::Day),
            ("date_by_month", TargetType::Date, PartitionBy::Month),
            ("datetime_by_year", TargetType::DateTime, PartitionBy::Year),
        ] {
            let made =
                plan(vec![id.clone(), column("at", target_type, ColumnMode::Nullable)], by(unit)).create_statement();
            let file = format!("tests/golden/bigquery/create_table_{name}.sql");
            expect_test::expect_file![format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))].assert_eq(&made);
        }
    }
}
