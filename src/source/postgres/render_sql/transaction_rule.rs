//! The transaction rule: a row belongs to the next run iff its transaction may not have been finished at the watermark.
//!
//! With *W* the watermark's snapshot and *x* the 64-bit id of the transaction that wrote the row version:
//!
//! > `x >= xmin(W)`
//!
//! Nothing is skipped by commit order: whatever was not finished at *W* has an id of at least `xmin(W)`. A row that was
//! visible in *W* although an older transaction was open is sent once more ([`resent`]), which is harmless.
//! `pg_visible_in_snapshot` would be exact for top-level transactions but is wrong for subtransactions, whose ids a
//! snapshot does not list: every savepoint's rows would be lost.
//!
//! A row stores only 32 bits of *x*. `age(xmin)` is `now - x` in 32 bits, with *now* the server's next id, fixed for the
//! transaction; masked to 32 bits it is the distance to the latest such *x* that does not lie in the future. So the rule
//! becomes a comparison of distances, with no text conversion a row:
//!
//! > `(age(xmin) & 0xffffffff) <= (age(xmin(W)) & 0xffffffff)`
//!
//! valid while fewer than 2^32 transactions lie between *W* and now, which `decide` makes sure of by a wide margin. Rows
//! frozen ages ago keep their old 32 bits; once in four billion transactions such a row is sent again, never lost.
//! `age` is parallel restricted, so no worker with another *now* ever evaluates it.

use crate::batch::Snapshot;

/// The 32 bits of a transaction id that a row stores, as a literal.
fn xid(id: u64) -> String {
    // Ids 0 to 2 are never given out; a snapshot's end may name the place where they would stand.
    format!("'{}'::xid", (id & 0xffff_ffff).max(3))
}

fn distance(expression: &str) -> String {
    format!("(pg_catalog.age({expression})::int8 & 4294967295)")
}

/// A boolean over the row alias `t`: written by a transaction that may not have been finished at the watermark.
pub fn changed_since(watermark: &Snapshot) -> String {
    // A scalar subquery is evaluated once, not for every row.
    format!("{} <= (SELECT {})", distance("t.xmin"), distance(&xid(watermark.xmin)))
}

/// A boolean over the row alias `t`: visible at the watermark already, as far as a snapshot tells. Rows of subtransactions
/// that were open then count as visible, so this serves for counting only.
pub fn resent(watermark: &Snapshot) -> String {
    let finished = format!("{} > (SELECT {})", distance("t.xmin"), distance(&xid(watermark.xmax)));
    let open: Vec<String> = watermark.open.iter().map(|id| ((id & 0xffff_ffff).max(3)).to_string()).collect();
    format!("({finished} AND t.xmin <> ALL ('{{{}}}'::xid[]))", open.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_bits_of_an_id_are_compared() {
        let snapshot: Snapshot = "4294968021:4294968024:4294968021,4294968022".parse().unwrap();
        assert!(changed_since(&snapshot).contains("'725'::xid"));
        assert!(resent(&snapshot).contains("'{725,726}'::xid[]"));
        assert_eq!(xid(1 << 32), "'3'::xid");
    }
}
