//! What an application does to its database: inserts, updates, deletes, rollbacks, and transactions that stay open.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::super::Failed;
use super::super::source;

#[derive(Default)]
struct Counters {
    inserts: AtomicU64,
    updates: AtomicU64,
    deletes: AtomicU64,
    rollbacks: AtomicU64,
    long: AtomicU64,
}

/// What has been done so far.
struct Done(Arc<Counters>);

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = |c: &AtomicU64| c.load(Ordering::Relaxed);
        let c = &self.0;
        write!(
            f,
            "{} inserts, {} updates, {} deletes, {} rollbacks, {} transactions held open across ticks",
            n(&c.inserts),
            n(&c.updates),
            n(&c.deletes),
            n(&c.rollbacks),
            n(&c.long)
        )
    }
}

/// Writers at work until they are told to stop.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    counters: Arc<Counters>,
    writers: Vec<JoinHandle<()>>,
}

impl Traffic {
    pub async fn start<F>(connect: impl Fn() -> F, writers: u64) -> Result<Self, Failed>
    where
        F: Future<Output = Result<Client, Failed>>,
    {
        let stop = Arc::<AtomicBool>::default();
        let counters = Arc::<Counters>::default();
        let mut tasks = Vec::new();
        for seed in 1..=writers {
            let writer = Writer { pg: connect().await?, random: seed * 7919, counters: counters.clone() };
            tasks.push(tokio::spawn(writer.work(stop.clone())));
        }
        let holder = Writer { pg: connect().await?, random: 1, counters: counters.clone() };
        tasks.push(tokio::spawn(holder.hold(stop.clone())));
        Ok(Self { stop, counters, writers: tasks })
    }
}

impl source::Traffic for Traffic {
    fn done(&self) -> impl fmt::Display {
        Done(self.counters.clone())
    }

    /// Lets every writer end its transaction.
    async fn stop(self) -> Result<String, Failed> {
        self.stop.store(true, Ordering::Relaxed);
        for writer in self.writers {
            let _ = writer.await;
        }
        Ok(Done(self.counters).to_string())
    }
}

struct Writer {
    pg: Client,
    random: u64,
    counters: Arc<Counters>,
}

impl Writer {
    /// A fixed sequence: a demo that fails fails again.
    fn next(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    async fn work(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let (kind, row) = (self.next(10), self.next(20_000) + 100);
            let (sql, counter) = match kind {
                0..=2 => (
                    format!(
                        "WITH made AS (INSERT INTO app_incident (inventory_id, incident_no, incident_datetime, incident_problem_start, \
                         incident_owner_id, incident_customer_support, incident_severity_id, incident_status_id, incident_type_id, \
                         service_type_id, incident_subject, incident_description) \
                         SELECT 1, 'L-' || nextval('app_incident_id_seq'), now(), now(), 1, 'Dee', 1, 1, 1, 1, 'live {row}', 'text \"{row}\"' \
                         RETURNING id) SELECT demo_log('incident', id, 'added', NULL) FROM made"
                    ),
                    &self.counters.inserts,
                ),
                3..=4 => (
                    format!(
                        "BEGIN; UPDATE app_inventory SET remark = 'checked {row}', serial_number = 'SN-{row}-' || length(remark), \
                         updated_at = clock_timestamp() WHERE id = {row}; SELECT demo_log('inventory', {row}, 'changed', NULL); COMMIT"
                    ),
                    &self.counters.updates,
                ),
                // The log is written after the change, in a transaction of its own, as the library's middleware does.
                5 => (
                    format!(
                        "UPDATE app_pm_inventory SET remark = 'moved {row}', actual_date = current_date WHERE id = {row}; COMMIT; \
                         SELECT demo_log('pm_inventory', {row}, 'changed', NULL)"
                    ),
                    &self.counters.updates,
                ),
                // Hidden from the view and shown again, with a clock that is an hour behind.
                6 => (
                    format!(
                        "BEGIN; UPDATE app_project SET project_name = project_name || '!', is_dummy = NOT is_dummy, updated_at = now() \
                         WHERE id = {0}; SELECT demo_log('project', {0}, 'changed', NULL, now() - interval '1 hour'); COMMIT",
                        row % 2000
                    ),
                    &self.counters.updates,
                ),
                7 => (
                    format!(
                        "BEGIN; DELETE FROM app_pm_inventory WHERE id = {row}; SELECT demo_log('pm_inventory', {row}, 'deleted', NULL); COMMIT"
                    ),
                    &self.counters.deletes,
                ),
                8 => (
                    format!(
                        "BEGIN; SELECT demo_log('incident', {row}, 'changed', NULL); DELETE FROM app_incident WHERE id = {row}; COMMIT"
                    ),
                    &self.counters.deletes,
                ),
                // Rolled back, and the log stays.
                _ => (
                    format!(
                        "BEGIN; UPDATE app_incident SET incident_subject = 'never', updated_at = now() WHERE id = {row}; \
                         DELETE FROM app_pm_inventory WHERE id < {row}; ROLLBACK; SELECT demo_log('incident', {row}, 'deleted', NULL)"
                    ),
                    &self.counters.rollbacks,
                ),
            };
            if self.pg.batch_execute(&sql).await.is_ok() {
                counter.fetch_add(1, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Transactions that take their timestamps first and commit last, a savepoint in each.
    async fn hold(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let row = self.next(2000) + 30_000;
            let sql = format!(
                "BEGIN; UPDATE app_inventory SET serial_number = 'held open', updated_at = now() WHERE id = {row}; \
                 SELECT demo_log('inventory', {row}, 'changed', NULL); SAVEPOINT s; \
                 WITH made AS (INSERT INTO app_project (enq_id, project_name, company_id, project_start, project_end) \
                 VALUES ('HELD-' || nextval('app_project_id_seq'), 'committed late', 1, current_date, current_date) RETURNING id) \
                 SELECT demo_log('project', id, 'added', NULL) FROM made; RELEASE s"
            );
            let opened = self.pg.batch_execute(&sql).await.is_ok();
            for _ in 0..60 {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
            if self.pg.batch_execute("COMMIT").await.is_ok() && opened {
                self.counters.long.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
