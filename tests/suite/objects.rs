//! Objects beside the batches: listed, removed, counted.

use plimsoll::storage::{Expect, Store};

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_listed_and_removed() {
    let w = World::new().await;
    let store = Store::at(Some(w.stack.gcs.url.clone()), &w.bucket, "p/").await.unwrap();
    let counted = store.counting();
    assert_eq!(store.list("digests/").await.unwrap(), Vec::<String>::new());
    for name in ["digests/f/1/a b.gz", "digests/f/1/ü%2F?.gz", "digests/f/2/x.gz", "other/x"] {
        counted.put(name, "x".into(), "text/plain", Expect::Absent).await.unwrap();
    }
    assert_eq!((counted.writes(), store.writes()), (4, 0));
    assert_eq!(store.list("digests/f/1/").await.unwrap(), ["digests/f/1/a b.gz", "digests/f/1/ü%2F?.gz"]);
    for _ in 0..2 {
        store.remove("digests/f/1/ü%2F?.gz").await.unwrap();
        store.remove("digests/f/1/a b.gz").await.unwrap();
    }
    assert_eq!(store.list("digests/").await.unwrap(), ["digests/f/2/x.gz"]);
    assert!(store.get("digests/f/1/a b.gz").await.unwrap().is_none());
    assert!(store.get("other/x").await.unwrap().is_some());
}
