//! What stands before the tables: where things are, and how to read the rest.

use crate::model::Dialect;
use crate::propose::proposed::Proposal;
use crate::propose::toml_text::remarks;

/// Who says where bucket and dataset are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// The reader, by hand.
    ByHand,
    /// The Terraform module, by variables of the container.
    Terraform,
}

pub fn head(proposal: &Proposal, places: Places) -> String {
    let mut out = String::new();
    let from = format!(
        "Plimsoll: what to keep equal to what. Written from {}; docs/CONFIG.md describes every key.",
        proposal.label
    );
    match places {
        Places::ByHand => {
            remarks(&from, &mut out);
            out.push_str(BY_HAND);
        }
        Places::Terraform => {
            out.push_str("# ${…} comes from the environment; the Terraform module sets all of these.\n");
            remarks(&from, &mut out);
            out.push_str(TERRAFORM);
        }
    }
    out.push_str("\n# What the tables below say:\n");
    out.push_str(match proposal.dialect {
        Dialect::Postgres => BY_TRANSACTION,
        Dialect::SqlServer => BY_TRACKING,
    });
    out.push_str(HOW_TO_READ);
    out
}

const BY_HAND: &str = r#"
[source]
# The connection string, from the environment: a secret never stands in this file.
url = "${DATABASE_URL}"
# What hashed values are salted with: needed as soon as a table has `hash`. `openssl rand -hex 32` makes one. Keep it: with
# another salt every value gets another digest.
# hash_salt = "${HASH_SALT}"

[storage]
# Staged files and the watermarks. A lifecycle rule may remove files under batches/ after some days, and those under reports/ when nobody looks back so far.
url = "gs://my-bucket/plimsoll"

[bigquery]
project = "my-project"
dataset = "app"
# Staging tables live here for the length of a run.
# staging_dataset = "app_staging"
# location = "EU"
"#;

const TERRAFORM: &str = r#"
[source]
url = "${DATABASE_URL}"
# `hash` needs `hash_salt` here, and in main.tf hash_salt = { secret = "plimsoll-hash-salt" }: see terraform/README.md.

[storage]
url = "gs://${PLIMSOLL_BUCKET}/${PLIMSOLL_PREFIX}"

[bigquery]
project = "${GOOGLE_CLOUD_PROJECT}"
dataset = "${PLIMSOLL_DATASET}"
staging_dataset = "${PLIMSOLL_STAGING_DATASET}"
location = "${PLIMSOLL_LOCATION}"

[pubsub]
topic = "${PLIMSOLL_TOPIC}"

[server]
auth = "cloud-run"
"#;

const BY_TRANSACTION: &str = r#"# capture = "xmin"    finds inserts and updates by transaction, however they were written. Each tick scans the table in the
#                     source; only changed rows leave it.
# cursor = "…"        reads the rows at the end of an index instead. It misses a write that does not set the column.
# deletes = "keys"    finds deleted rows: each tick reads all keys of the source. BigQuery is asked only where they changed;
#                     then the MERGE reads the target. deletes_every = "1h" does it less often; without `deletes`, deleted
#                     rows stay in BigQuery.
"#;

const BY_TRACKING: &str = r#"# capture = "ct"      asks SQL Server's change tracking which rows were written, deleted ones too, and reads those by key.
# capture = "full"    replaces the target as a whole each tick: loads cost nothing, and small tables are quickly read.
"#;

const HOW_TO_READ: &str = r#"# capture = "digest"  has the source hash all rows each tick, and compares them with those of the last tick: it finds whatever has
#                     changed; only changed rows leave the source. key = "row" is for rows that nothing else tells apart.
# exclude = […]       columns that are never read. Secrets are excluded by their names: look through the list.
# hash = […]          columns of which only a salted digest leaves the source; equal values have equal digests, so they can
#                     still be joined and counted. Personal data is proposed as a comment: whether to hash is your decision.
"#;
