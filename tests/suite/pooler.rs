//! A pooler in transaction mode between Plimsoll and the source: every transaction may be on another server connection.

use crate::support::World;
use crate::support::pooler::Pooler;

#[tokio::test(flavor = "multi_thread")]
async fn in_transaction_mode_runs_are_as_without_one() {
    let w = World::new().await;
    w.sql(crate::support::world::ORDERS).await;
    w.config("[[table]]\nsource = \"public.orders\"\ncursor = \"updated_at\"\ndeletes = \"keys\"\n");
    let Some(pooler) = Pooler::start(&w).await else { return };
    let url = format!("postgres://postgres:x@127.0.0.1:{}/postgres", pooler.port);
    let run = async |args: &[&str]| {
        let ran = w.finish(w.command(args).env("DATABASE_URL", &url).spawn().unwrap()).await;
        assert_eq!(ran.code, 0, "{args:?}: {}\n{}", ran.stdout, ran.stderr);
    };
    w.sql("INSERT INTO orders VALUES (1, 'a', 1), (2, 'b', 2)").await;
    run(&["check"]).await;
    run(&["run"]).await;
    w.assert_equal("orders").await;
    // A statement that one client has prepared stays on the server connection that the next one gets.
    for n in 3..6 {
        w.sql(&format!("INSERT INTO orders VALUES ({n}, 'n', {n}); DELETE FROM orders WHERE id = {n} - 2")).await;
        run(&["run"]).await;
        w.assert_equal("orders").await;
    }
}
