//! The comment that each plan's statement begins with.

use super::Plan;
use super::comment::Comment;

impl Plan<'_> {
    /// Its name, behind `plimsoll:`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SessionSettings => "session.settings",
            Self::SessionFacts => "session.facts",
            Self::Moment { .. } => "moment",
            Self::SnapshotBegin { .. } => "snapshot.begin",
            Self::SnapshotGuard => "snapshot.guard",
            Self::SnapshotEnd => "snapshot.end",
            Self::CatalogRelations { .. } => "catalog.relations",
            Self::CatalogColumns { .. } => "catalog.columns",
            Self::CatalogIndexes { .. } => "catalog.indexes",
            Self::CatalogNames => "catalog.names",
            Self::CatalogList { .. } => "catalog.list",
            Self::CatalogDependencies { .. } => "catalog.dependencies",
            Self::CatalogPolicies { .. } => "catalog.policies",
            Self::CatalogRights { .. } => "catalog.rights",
            Self::CatalogSize { .. } => "catalog.size",
            Self::CatalogUnmask => "catalog.unmask",
            Self::WhereTry { .. } => "where.try",
            Self::CursorBulk { .. } => "cursor.bulk",
            Self::RowsFilled { .. } => "rows.filled",
            Self::Rows(_) => "rows",
            Self::KeyStretch { .. } => "key.stretch",
            Self::KeyRepeated { .. } => "key.repeated",
            Self::HashSums(_) => "hash.sums",
            Self::HashSpool(_) => "hash.spool",
            Self::HashTry(_) => "hash.try",
            Self::HashFetch { .. } => "hash.fetch",
            Self::HashClose => "hash.close",
            Self::CtTables { .. } => "ct.tables",
            Self::CtSpool { .. } => "ct.spool",
            Self::CtFetch { .. } => "ct.fetch",
            Self::CtClose { .. } => "ct.close",
            Self::LogEnds { .. } => "log.ends",
            Self::LogGaps { .. } => "log.gaps",
            Self::LogTypes { .. } => "log.types",
            Self::LogTry { .. } => "log.try",
            Self::LogCounts(_) => "log.counts",
            Self::LogSpool { .. } => "log.spool",
            Self::LogFetch { .. } => "log.fetch",
            Self::LogClose { .. } => "log.close",
        }
    }

    /// The comment that stands before the statement.
    pub fn comment(&self) -> String {
        let mut out = Comment::of(self.name());
        match self {
            Self::SessionSettings
            | Self::SessionFacts
            | Self::SnapshotGuard
            | Self::SnapshotEnd
            | Self::CatalogNames
            | Self::CatalogUnmask
            | Self::HashClose => {}
            Self::Moment { transactions, tracking } => {
                out.flag("transactions", *transactions);
                out.flag("tracking", *tracking);
            }
            Self::SnapshotBegin { level } => out.value("level", level),
            Self::CatalogRelations { tables }
            | Self::CatalogColumns { tables }
            | Self::CatalogIndexes { tables }
            | Self::CtTables { tables } => out.tables("tables", tables),
            Self::CatalogList { table } => {
                if let Some(table) = table {
                    out.table(table);
                }
            }
            Self::CatalogDependencies { table } | Self::CatalogPolicies { table } | Self::CatalogSize { table } => {
                out.table(table);
            }
            Self::CatalogRights { table, columns } => {
                out.table(table);
                out.list("columns", columns.iter().map(String::as_str));
            }
            Self::WhereTry { table, filter } => {
                out.table(table);
                out.value("where", filter);
            }
            Self::CursorBulk { table, column, rows } => {
                out.table(table);
                out.value("column", column);
                out.value("rows", &rows.to_string());
            }
            Self::RowsFilled { table, columns, since, filter } => {
                out.table(table);
                out.list("columns", columns.iter().map(String::as_str));
                if let Some(since) = since {
                    out.value("since", since);
                }
                out.filter(*filter);
            }
            Self::Rows(plan) => plan.write(&mut out),
            Self::KeyStretch { table, key, columns, hashed, after, rows, filter } => {
                out.table(table);
                out.list("key", key.iter().map(String::as_str));
                out.encoded_list("columns", columns);
                if !hashed.is_empty() {
                    out.list("hashed", hashed.iter().map(String::as_str));
                }
                out.key_text("after", *after);
                out.value("rows", &rows.to_string());
                out.filter(*filter);
            }
            Self::KeyRepeated { table, key, filter } => {
                out.table(table);
                out.list("key", key.iter().map(String::as_str));
                out.filter(*filter);
            }
            Self::HashSums(plan) | Self::HashSpool(plan) | Self::HashTry(plan) => plan.write(&mut out),
            Self::HashFetch { columns, next, after, top } => {
                out.encoded_list("columns", columns);
                out.flag("next", *next);
                out.page(*after, *top);
            }
            Self::CtSpool { table, since, key, number } => {
                out.table(table);
                out.value("since", &since.to_string());
                out.list("key", key.iter().map(String::as_str));
                out.value("number", &number.to_string());
            }
            Self::CtFetch { number, columns, after, top } => {
                out.value("number", &number.to_string());
                out.encoded_list("columns", columns);
                out.page(*after, *top);
            }
            Self::CtClose { number } | Self::LogClose { number } => out.value("number", &number.to_string()),
            Self::LogEnds { table, id, time, at, seen } => {
                out.table(table);
                for (name, value) in [("id", id), ("time", time), ("at", at), ("seen", seen)] {
                    if let Some(value) = value {
                        out.value(name, value);
                    }
                }
            }
            Self::LogGaps { table, id, above, newest, top } => {
                out.table(table);
                out.value("id", id);
                if let Some(above) = above {
                    out.value("above", &above.to_string());
                }
                if let Some(newest) = newest {
                    out.value("newest", &newest.to_string());
                }
                out.value("top", &top.to_string());
            }
            Self::LogTypes { table } => out.table(table),
            Self::LogTry { table, columns } => {
                out.table(table);
                out.list("columns", columns.iter().copied());
            }
            Self::LogCounts(reading) => reading.write(&mut out),
            Self::LogSpool { reading, known, of, columns, groups, number } => {
                reading.write(&mut out);
                if let Some((column, above, up_to)) = known {
                    out.value("known", &format!("{column}:{above}..{up_to}"));
                }
                out.list("groups", groups.iter().map(String::as_str));
                out.tables("of", std::slice::from_ref(of));
                out.list("columns", columns.iter().copied());
                out.value("number", &number.to_string());
            }
            Self::LogFetch { number, columns, after, top } => {
                out.value("number", &number.to_string());
                out.encoded_list("columns", columns);
                out.page(*after, *top);
            }
        }
        out.end()
    }

    /// The statement with its comment before it.
    pub fn statement(&self, sql: &str) -> String {
        format!("{}\n{sql}", self.comment())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Form, RowOrder, RowsPlan, Which};
    use super::*;
    use crate::model::RelationName;

    #[test]
    fn no_value_closes_the_comment() {
        let table = RelationName { schema: "d.b*/o".to_owned(), name: "a b".to_owned() };
        let plan = Plan::WhereTry { table: &table, filter: "a = 'x' */ DROP TABLE t /*" };
        let comment = plan.comment();
        assert_eq!(
            comment,
            "/* plimsoll:where.try table=d%2Eb%2A%2Fo.a%20b where=a%20%3D%20%27x%27%20%2A%2F%20DROP%20TABLE%20t%20%2F%2A */"
        );
        assert_eq!((comment.matches("*/").count(), comment.matches("/*").count()), (1, 1));
    }

    #[test]
    fn a_list_tells_nothing_from_one_empty_item() {
        let key = |items: &[&str]| {
            let mut out = Comment::of("x");
            out.list("k", items.iter().copied());
            out.end()
        };
        assert_eq!(key(&[]), "/* plimsoll:x k= */");
        assert_eq!(key(&[""]), "/* plimsoll:x k=% */");
        assert_eq!(key(&["", "a,b"]), "/* plimsoll:x k=,a%2Cb */");
    }

    #[test]
    fn rows_say_what_they_depend_on() {
        let table = RelationName { schema: "dbo".to_owned(), name: "t".to_owned() };
        let plan = Plan::Rows(RowsPlan {
            table: &table,
            key: vec!["id"],
            columns: vec![("id", Form::Plain), ("price", Form::Decimal), ("", Form::Long)],
            hashed: Vec::new(),
            which: Which::Within { after: Some(vec!["5".to_owned()]), until: None },
            top: None,
            filter: None,
            order: RowOrder::Any,
        });
        assert_eq!(
            plan.statement("SELECT 1"),
            "/* plimsoll:rows table=dbo.t key=id columns=id:plain,price:decimal,:long rows=within after=5 */\nSELECT 1"
        );
    }
}
