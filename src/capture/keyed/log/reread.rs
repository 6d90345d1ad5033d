//! Reading the rows that a chunk of keys names, in the snapshot the log was read in.

use crate::capture::filter::filter;
use crate::capture::keyed::log::claim::{Claim, Reach, Spelling};
use crate::capture::keyed::log::key_sql::compared_as;
use crate::capture::keyed::log::keys::{Chunk, Origin};
use crate::capture::plan::Pass;
use crate::capture::select::Select;
use crate::encode::{Flag, RowKind, Shape, ShapeColumn};
use crate::model::{Op, TableSpec};
use crate::source::{SourceColumn, ident, qualified};

/// The statements for one claim of a table.
#[derive(Clone, Copy, Debug)]
pub struct Reread<'a> {
    pub spec: &'a TableSpec,
    pub shape: &'a Shape,
    pub claim: &'a Claim,
}

impl<'a> Reread<'a> {
    /// The rows that are there.
    pub fn present(&self, chunk: &Chunk) -> Pass {
        let query = Select::from(&self.spec.source)
            .columns(&self.shape.columns)
            .filter(filter(self.spec))
            .filter(Some(self.is_among(chunk)))
            .query();
        Pass { kind: RowKind::Change(Op::Upsert), query, flag: Flag::Absent }
    }

    /// The keys without a row, or for a claim that reaches further, the values whose rows were all read.
    pub fn gone(&self, chunk: &Chunk) -> Pass {
        match self.claim.reach {
            Reach::Key => self.absent(chunk),
            Reach::Scope => {
                let column = &self.claim.columns[0];
                let value = as_published(0, column);
                let query = format!("SELECT {value} AS {} FROM {}", ident(&column.name), self.unnest(chunk));
                Pass { kind: RowKind::Change(Op::Scope), query, flag: Flag::Absent }
            }
        }
    }

    /// The column whose values the claim names, where that is not the key.
    pub fn scope(&self) -> Option<&'a ShapeColumn> {
        match self.claim.reach {
            Reach::Key => None,
            Reach::Scope => self.claim.columns.first().and_then(|c| self.shape.column(&c.name)),
        }
    }

    fn absent(&self, chunk: &Chunk) -> Pass {
        let columns = &self.claim.columns;
        let place_of = |name: &str| columns.iter().position(|c| c.name == name).unwrap_or(0);
        let fields = self.shape.key().iter().map(|c| {
            let i = place_of(&c.source);
            format!("{} AS {}", as_published(i, &columns[i]), ident(&c.source))
        });
        let same = columns.iter().zip(&self.claim.spelling).enumerate().map(|(i, (c, spelling))| {
            let (column, key) = (ident(&c.name), as_published(i, c));
            match spelling {
                Spelling::IsOne => format!("t.{column} = k.k{i}"),
                Spelling::Counts => {
                    format!("t.{column} = k.k{i} AND t.{column}::text = {key}::text COLLATE \"C\"")
                }
            }
        });
        // The constant list goes along, for views that take no condition from outside but a constant one.
        let first = Some(self.first_is_among(chunk));
        let conditions = same.chain(filter(self.spec)).chain(first).collect::<Vec<_>>().join(" AND ");
        let query = format!(
            "SELECT k.added, {} FROM {} WHERE NOT EXISTS (SELECT 1 FROM {} AS t WHERE {conditions})",
            fields.collect::<Vec<_>>().join(", "),
            self.unnest_with_added(chunk),
            qualified(&self.spec.source),
        );
        Pass { kind: RowKind::Change(Op::Delete), query, flag: Flag::Leading }
    }

    /// A condition over the row `t`: its key is one of the chunk's.
    fn is_among(&self, chunk: &Chunk) -> String {
        let first = self.first_is_among(chunk);
        if self.claim.columns.len() == 1 {
            return first;
        }
        let names: Vec<String> = self.claim.columns.iter().map(|c| format!("t.{}", ident(&c.name))).collect();
        format!("{first} AND ({}) IN (SELECT * FROM {})", names.join(", "), self.unnest(chunk))
    }

    fn first_is_among(&self, chunk: &Chunk) -> String {
        let column = &self.claim.columns[0];
        format!("t.{} = ANY ({})", ident(&column.name), array(chunk, 0, column))
    }

    fn unnest(&self, chunk: &Chunk) -> String {
        let (arrays, names) = self.arrays(chunk);
        format!("unnest({}) AS k({})", arrays.join(", "), names.join(", "))
    }

    /// With it, whether the log says that the row was added since the last look.
    fn unnest_with_added(&self, chunk: &Chunk) -> String {
        let (mut arrays, mut names) = self.arrays(chunk);
        let flags: Vec<&str> = chunk.keys.iter().map(|k| if k.origin == Origin::Added { "t" } else { "f" }).collect();
        arrays.push(format!("'{{{}}}'::boolean[]", flags.join(",")));
        names.push("added".to_owned());
        format!("unnest({}) AS k({})", arrays.join(", "), names.join(", "))
    }

    fn arrays(&self, chunk: &Chunk) -> (Vec<String>, Vec<String>) {
        let columns = self.claim.columns.iter().enumerate();
        columns.map(|(i, c)| (array(chunk, i, c), format!("k{i}"))).unzip()
    }
}

/// A key's value as the table prints it: one of `char(n)` is padded, one of `numeric(10,2)` has two digits after the point.
fn as_published(i: usize, column: &SourceColumn) -> String {
    match column.typmod {
        -1 => format!("k.k{i}"),
        _ => format!("k.k{i}::{}", column.base_type),
    }
}

/// The chunk's values of one column as an array literal.
fn array(chunk: &Chunk, i: usize, column: &SourceColumn) -> String {
    let mut text = String::from("'{");
    for (n, value) in chunk.keys.iter().filter_map(|k| k.values.get(i)).enumerate() {
        text.push_str(if n == 0 { "\"" } else { ",\"" });
        for c in value.chars() {
            match c {
                '"' | '\\' => text.extend(['\\', c]),
                // The literal's own quote.
                '\'' => text.push_str("''"),
                _ => text.push(c),
            }
        }
        text.push('"');
    }
    text.push_str("}'::");
    text.push_str(compared_as(column));
    text.push_str("[]");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::keyed::log::keys::NamedKey;

    #[test]
    fn an_array_literal_cannot_be_left() {
        let column = SourceColumn {
            name: "k".to_owned(),
            number: 1,
            type_name: "text".to_owned(),
            base_oid: 25,
            typmod: -1,
            base_name: "text".to_owned(),
            base_type: "text".to_owned(),
            not_null: true,
            ..SourceColumn::default()
        };
        let keys = ["a\"b", "c\\d", "it's", "{x,NULL}", "ü"]
            .map(|k| NamedKey { values: vec![k.to_owned()], origin: Origin::Before })
            .to_vec();
        assert_eq!(
            array(&Chunk { keys }, 0, &column),
            "'{\"a\\\"b\",\"c\\\\d\",\"it''s\",\"{x,NULL}\",\"ü\"}'::text[]"
        );
    }
}
