//! What a person can paste while everything stays up.

use super::Failed;
use super::program::Plimsoll;
use super::source::Source;

pub fn print<S: Source>(plimsoll: &Plimsoll, source: &S, endpoint: &str) -> Result<(), Failed> {
    let (dir, folder) = (plimsoll.dir().display(), Plimsoll::folder()?);
    let (storage, bigquery) = (&plimsoll.storage.url, &plimsoll.bigquery.url);
    println!("Everything stays up until Ctrl-C. Paste what you like to see:\n");
    println!("# The status page\n{endpoint}/\n");
    println!("# plimsoll, with the demo's config and services");
    println!(
        "export PATH={}:$PATH PLIMSOLL_CONFIG={dir}/plimsoll.toml DATABASE_URL='{}' \\",
        folder.display(),
        plimsoll.url()
    );
    println!("  STORAGE_EMULATOR_HOST={storage} BIGQUERY_EMULATOR_HOST={bigquery} \\");
    println!("  BIGQUERY_WRITE_EMULATOR_HOST={}", plimsoll.write_api);
    println!("plimsoll status\n");
    println!("# The source, the targets, and the log of plimsoll serve");
    println!("{}", source.by_hand());
    println!(
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true bq --api={bigquery} --oauth_access_token=fake --project_id=demo query \
         --use_legacy_sql=false 'SELECT COUNT(*) FROM {}'",
        S::EXAMPLE.seen
    );
    println!("tail -f {dir}/serve.log\n");
    println!("# One tick");
    match &plimsoll.pubsub.pubsub {
        Some(pubsub) => println!(
            "curl -X POST {}/v1/projects/demo/topics/ticks:publish -H 'Content-Type: application/json' \
             -d '{{\"messages\":[{{\"data\":\"e30=\"}}]}}'",
            pubsub.url
        ),
        None => println!("curl -X POST {endpoint}/runs"),
    }
    Ok(())
}
