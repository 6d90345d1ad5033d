//! What of a table is hashed, and whether hashes of an earlier run can still be made.

use sha2::{Digest, Sha256};

use crate::batch::{DigestMark, HashedAs, HashedColumn};
use crate::capture::keyed::key_source::KeyColumns;
use crate::encode::ShapeColumn;
use crate::model::TableKey;
use crate::source::{Table, hashed_text};

/// Raised when a hash or a list is made in another way.
const VERSION: u32 = 1;

/// A table whose rows are compared by hash.
#[derive(Clone, Debug)]
pub struct DigestClaim {
    pub(in crate::capture::keyed) of: KeyColumns,
    /// What is hashed now.
    pub(super) hashed: HashedAs,
}

impl DigestClaim {
    pub fn new(table: Table<'_>) -> Self {
        let columns = table.hashed_columns().iter().map(|c| HashedColumn { name: c.source.clone(), number: c.number });
        let hashed = HashedAs { fingerprint: fingerprint(table, table.hashed_columns()), columns: columns.collect() };
        Self { of: KeyColumns::of_key(table.relation, table.shape), hashed }
    }

    /// Whether one row may be read for two keys: its key is equal to another that is spelled otherwise.
    pub(in crate::capture::keyed) fn may_repeat(&self) -> bool {
        self.of.columns.iter().any(|c| !c.has_one_spelling())
    }
}

/// Hashes of the same fingerprint can be compared.
fn fingerprint(table: Table<'_>, columns: &[ShapeColumn]) -> String {
    let salt = if columns.iter().any(ShapeColumn::is_hashed) { table.spec.salt.as_str() } else { "" };
    let text = format!("{VERSION}\n{}\n{salt}{}", hashed_text(table, columns), wished_types(table, columns));
    Sha256::digest(text.as_bytes())[..16].iter().map(|b| format!("{b:02x}")).collect()
}

/// The types that the config gives columns of the target. Under another one, values are in the target that were not, in rows that did not change.
fn wished_types(table: Table<'_>, columns: &[ShapeColumn]) -> String {
    let is_wished =
        |c: &&ShapeColumn| c.mapping.is_repeated() || table.spec.forced.iter().any(|(column, _)| *column == c.source);
    let wished = columns.iter().filter(is_wished);
    wished.map(|c| format!("\nas {:?} {:?} {:?}", c.source, c.target.target_type, c.target.mode)).collect()
}

/// The columns that were hashed then, if all of them are still there and hashed alike.
pub(super) fn columns_of(table: Table<'_>, then: &HashedAs) -> Option<Vec<ShapeColumn>> {
    let column = |wanted: &HashedColumn| {
        let found = table.hashed_columns().iter().find(|c| c.source == wanted.name && c.number == wanted.number);
        found.cloned()
    };
    let columns: Vec<ShapeColumn> = then.columns.iter().map(column).collect::<Option<_>>()?;
    // The hash is the key: over other columns, each row has another one.
    let is_key = table.spec.key == TableKey::Row && columns.len() != table.hashed_columns().len();
    (!is_key && fingerprint(table, &columns) == then.fingerprint).then_some(columns)
}

/// The columns that have come since.
pub(super) fn new_columns(table: Table<'_>, then: &HashedAs) -> Vec<ShapeColumn> {
    let is_known = |c: &&ShapeColumn| then.columns.iter().any(|t| t.name == c.source && t.number == c.number);
    table.hashed_columns().iter().filter(|c| !is_known(c)).cloned().collect()
}

/// Whether everything that lists were made of can be hashed again.
pub(super) fn can_be_compared(table: Table<'_>, mark: &DigestMark) -> bool {
    let of_slices = mark.slices.iter().map(|s| mark.hashed.get(s.hashed));
    of_slices.into_iter().all(|then| then.is_some_and(|then| columns_of(table, then).is_some()))
}
