//! What to do about a message of BigQuery's: by what it says, for one reason ("invalid", "invalidQuery") stands for many things.
//!
//! Sources: <https://cloud.google.com/bigquery/docs/error-messages>, <https://cloud.google.com/bigquery/docs/troubleshoot-queries>,
//! <https://cloud.google.com/bigquery/docs/troubleshoot-quotas>

/// A job that failed for good.
#[derive(Clone, Copy)]
pub(super) struct Failed<'a> {
    pub job: &'a str,
    /// The table as `--table` takes it.
    pub table: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
}

impl Failed<'_> {
    pub fn hint(self) -> String {
        let Self { job, table, reason, message } = self;
        let resync = format!("`plimsoll resync --table {table}`");
        let says = |part: &str| message.to_lowercase().contains(part);
        if says("at most one source row") {
            return format!("the key is not unique in the source: name columns as key that are unique, then {resync}");
        }
        if let Some(hint) = of_message(message) {
            return hint;
        }
        if reason == "billingNotEnabled" || says("free tier") {
            return "enable billing for the project: without it BigQuery takes no MERGE".to_owned();
        }
        if says("vpc service controls") {
            return "the project's perimeter refuses it: add the service and both datasets' project to the perimeter's ingress rules".to_owned();
        }
        if reason == "accessDenied" || says("access denied") || says("permission denied") {
            return rights(message);
        }
        // A lifecycle rule of the bucket has removed what was sealed too long ago.
        if reason == "notFound" && (says("gs://") || says("bigstore")) {
            return format!(
                "the batch's files are gone from the bucket, so it can't be loaded any more: {resync} loads the table again"
            );
        }
        if reason == "resourcesExceeded" || reason == "responseTooLarge" || says("resources exceeded") {
            return format!(
                "the batch is too large for one statement: let {resync} load the table again, and run more often or lower [run] chunk_rows"
            );
        }
        if reason == "timeout" || says("job timed out") {
            return format!("see `bq show -j {job}`; the next tick makes another attempt");
        }
        if says("no such field")
            || says("unrecognized name")
            || says("does not match table")
            || says("missing required")
        {
            return format!(
                "the target's columns were changed after the batch was read: {resync} loads the table again"
            );
        }
        format!("see `bq show -j {job}`; if the batch can't be loaded as it is, {resync} loads the table again")
    }
}

/// What a message asks for, whatever failed with it: another load would fail in the same way.
pub(super) fn of_message(message: &str) -> Option<String> {
    let lower = message.to_lowercase();
    let says = |part: &str| lower.contains(part);
    Some(if says("streaming buffer") {
        "something streams rows into the target, and those can't be changed for up to 90 minutes: let nothing else write to it; a \
         later tick merges this batch"
            .to_owned()
    } else if says("upsert streams") {
        "something writes to the target by change data capture, and such a table takes no MERGE: write another target for it in the config"
            .to_owned()
    } else if says("partition elimination") {
        let table = between(message, "over table '", "'")
            .map_or("the target".to_owned(), |t| format!("`{}`", t.replace(':', ".")));
        format!(
            "ALTER TABLE {table} SET OPTIONS (require_partition_filter = false), or declare the column immutable: `plimsoll check` says \
             which is possible"
        )
    } else if says("too many partitions") || says("number of partitions") {
        "write by = \"month\" (or \"year\") in the table's partition, and drop the target: the next tick makes it with larger \
         partitions"
            .to_owned()
    } else if says("partition modifications") {
        "the day's limit on writes to partitions is used up: wait, run less often with every = \"1h\", or write by = \"month\" in the \
         table's partition and drop the target"
            .to_owned()
    } else if says("partitioning specification") || says("partitioning spec") {
        "an existing table's partitions can't be changed: drop the target, and the next tick makes it as the config says".to_owned()
    } else if says("different locations") || says("was not found in location") {
        "the bucket and both datasets have to be in one location: compare [bigquery] location with what `gcloud storage buckets \
         describe` and `bq show` say"
            .to_owned()
    } else {
        return None;
    })
}

/// The role that is missing, and on what.
pub(super) fn rights(message: &str) -> String {
    let account = "to the account that runs Plimsoll";
    if message.contains("gs://") || message.contains("storage.objects") {
        let bucket =
            between(message, "gs://", "/").map_or("the bucket of [storage]".to_owned(), |b| format!("gs://{b}"));
        return format!("grant roles/storage.objectUser on {bucket} {account}");
    }
    if message.contains("bigquery.jobs.create") {
        return format!("grant roles/bigquery.jobUser on the project {account}");
    }
    if message.contains("bigquery.datasets.create") {
        return format!("grant roles/bigquery.user on the project {account}, or make both datasets by hand");
    }
    // `Access Denied: Table p:d.t: …`, `Access Denied: Dataset p:d: …`
    let dataset = between(message, "Table ", " ").or(between(message, "Dataset ", " ")).and_then(|name| {
        let (_, rest) = name.split_once(':')?;
        rest.split(['.', ':']).next().filter(|d| !d.is_empty()).map(str::to_owned)
    });
    match dataset {
        Some(dataset) => format!("grant roles/bigquery.dataEditor on the dataset {dataset} {account}"),
        None => format!(
            "grant roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on both datasets {account}"
        ),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    rest.find(after).map(|end| &rest[..end]).filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(reason: &str, message: &str) -> String {
        Failed { job: "plimsoll_x_1", table: "public.orders", reason, message }.hint()
    }

    /// Messages as the service's users have posted them, and what has to be in the hint.
    #[test]
    fn a_hint_is_about_what_the_message_says() {
        for (reason, message, wanted) in [
            (
                "invalidQuery",
                "UPDATE or DELETE statement over table p.d.t would affect rows in the streaming buffer, which is not supported",
                "90 minutes",
            ),
            (
                "invalid",
                "DELETE/UPDATE/MERGE DMLs are currently not supported over tables that had UPSERT streams.",
                "another target",
            ),
            (
                "invalidQuery",
                "Too many partitions produced by query, allowed 4000, query produces at least 4001 partitions",
                "by = \"month\"",
            ),
            (
                "invalidQuery",
                "Cannot query over table 'p.d.t' without a filter over column(s) 'day' that can be used for partition elimination",
                "ALTER TABLE `p.d.t` SET OPTIONS",
            ),
            ("invalid", "Cannot read and write in different locations: source: US, destination: EU", "location"),
            ("notFound", "Not found: Dataset p:d was not found in location EU", "location"),
            (
                "accessDenied",
                "Access Denied: Table p:d.t: User does not have bigquery.tables.updateData permission for table p:d.t.",
                "roles/bigquery.dataEditor on the dataset d ",
            ),
            (
                "accessDenied",
                "Access Denied: Dataset p:d: Permission bigquery.tables.create denied on dataset p:d",
                "roles/bigquery.dataEditor on the dataset d ",
            ),
            (
                "accessDenied",
                "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p.",
                "roles/bigquery.jobUser",
            ),
            (
                "accessDenied",
                "Access Denied: File gs://my-bucket/p/x.ndjson.gz: Access Denied",
                "roles/storage.objectUser on gs://my-bucket ",
            ),
            (
                "accessDenied",
                "Access Denied: BigQuery BigQuery: Permission denied while globbing file pattern. Caller does not have storage.objects.get access",
                "roles/storage.objectUser on the bucket",
            ),
            (
                "notFound",
                "Not found: URI gs://b/p/batches/x/upserts-00000.ndjson.gz",
                "`plimsoll resync --table public.orders`",
            ),
            (
                "resourcesExceeded",
                "Resources exceeded during query execution: the query could not be executed in the allotted memory.",
                "chunk_rows",
            ),
            (
                "invalidQuery",
                "UPDATE/MERGE must match at most one source row for each target row",
                "`plimsoll resync --table public.orders`",
            ),
            ("invalidQuery", "Unrecognized name: amount at [3:5]", "columns were changed"),
            (
                "billingNotEnabled",
                "Billing has not been enabled for this project. DML queries are not allowed in the free tier.",
                "enable billing",
            ),
            ("accessDenied", "VPC Service Controls: Request is prohibited by organization's policy.", "perimeter"),
            (
                "invalid",
                "Error while reading data, error message: JSON table encountered too many errors, giving up. Rows: 1; errors: 1.",
                "bq show -j plimsoll_x_1",
            ),
        ] {
            let hint = hint(reason, message);
            assert!(hint.contains(wanted) && !hint.contains("--table …"), "{message}\n{hint}");
        }
    }

    #[test]
    fn loading_afresh_is_not_offered_where_it_would_fail_likewise() {
        for message in [
            "would affect rows in the streaming buffer",
            "Too many partitions produced by query",
            "Access Denied: Table p:d.t: no",
        ] {
            assert!(!hint("invalidQuery", message).contains("resync"), "{message}");
        }
    }
}
