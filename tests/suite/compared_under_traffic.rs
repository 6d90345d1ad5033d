//! While rows change, `verify` tells nothing that is on its way.

use crate::support::World;
use crate::verify::verify;

/// Few columns: what is asked of both sides is short then.
const SOURCE: &str = "CREATE TABLE item (id int PRIMARY KEY, note text); INSERT INTO item SELECT g, 'note' FROM generate_series(1, 200) g";

const LOG: &str = "[changelog]\ntable = \"log\"\nid = \"id\"\ntype = \"what\"\nkey = \"key\"\n";

/// Traffic goes on: nothing that is on its way is told.
async fn traffic_is_no_difference(head: &str, capture: &str) {
    let w = World::new().await;
    w.sql(SOURCE).await;
    w.sql("CREATE TABLE log (id bigserial PRIMARY KEY, what text NOT NULL, key text)").await;
    w.config(&format!("{head}[[table]]\nsource = \"item\"\n{capture}"));
    w.tick().await;
    let client = w.connect().await;
    let traffic = tokio::spawn(async move {
        for n in 0.. {
            let sql = format!(
                "BEGIN; UPDATE item SET note = 'n{n}' WHERE id % 50 = {n} % 50; DELETE FROM item WHERE id = 10000 + {n} - 20; \
                 INSERT INTO item (id, note) VALUES (10000 + {n}, 'new'); \
                 INSERT INTO log (what, key) SELECT 'item', id FROM item WHERE id % 50 = {n} % 50; \
                 INSERT INTO log (what, key) VALUES ('item', 10000 + {n} - 20), ('item', 10000 + {n}); COMMIT"
            );
            if client.batch_execute(&sql).await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    });
    for _ in 0..20 {
        let (code, report) = verify(&w, &[]).await;
        assert_eq!((code, report["state"].as_str()), (0, Some("equal")), "{capture}: {report}");
    }
    traffic.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_in_flight_are_no_difference_under_xmin() {
    traffic_is_no_difference("", "capture = \"xmin\"\ndeletes = \"keys\"\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_in_flight_are_no_difference_under_a_change_log() {
    traffic_is_no_difference(LOG, "capture = \"changelog\"\nlog_types = [\"item\"]\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_in_flight_are_no_difference_under_digest() {
    traffic_is_no_difference("", "capture = \"digest\"\n").await;
}
