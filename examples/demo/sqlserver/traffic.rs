//! The application: random transactions, some rolled back, some that stay open across ticks.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlserver_standin::ServerError;
use sqlserver_standin::matrix::{self, Counted};
use sqlserver_standin::model::Model;
use sqlserver_standin::typed::Value;
use tokio::task::JoinHandle;

use super::super::{Failed, source};

const PAUSE: Duration = Duration::from_millis(250);
/// How many pauses the longest transaction stays open: longer than two ticks.
const HELD: u32 = 36;

/// What has been done so far.
#[derive(Clone, Copy, Default)]
struct Done {
    counted: Counted,
    held: u32,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counted { commits, rollbacks, writes } = self.counted;
        let held = self.held;
        write!(
            f,
            "{writes} writes in {commits} commits, {rollbacks} rollbacks, {held} transactions held open across ticks"
        )
    }
}

pub struct Traffic {
    stop: Arc<AtomicBool>,
    done: Arc<Mutex<Done>>,
    worker: JoinHandle<Result<(), ServerError>>,
}

impl Traffic {
    pub fn start(model: &Model, traffic: matrix::Traffic) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let done = Arc::<Mutex<Done>>::default();
        let worker = tokio::spawn(work(model.clone(), traffic, stop.clone(), done.clone()));
        Self { stop, done, worker }
    }
}

impl source::Traffic for Traffic {
    fn done(&self) -> impl fmt::Display {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn stop(self) -> Result<String, Failed> {
        self.stop.store(true, Ordering::Relaxed);
        self.worker.await??;
        Ok(self.done.lock().unwrap_or_else(PoisonError::into_inner).to_string())
    }
}

async fn work(
    model: Model,
    mut traffic: matrix::Traffic,
    stop: Arc<AtomicBool>,
    done: Arc<Mutex<Done>>,
) -> Result<(), ServerError> {
    let mut held = 0;
    while !stop.load(Ordering::Relaxed) {
        // It writes first and commits last.
        let mut late = model.begin();
        late.insert_some(
            matrix::LINKS,
            &[
                ("ObjectLinkPointer", Value::Int(9_000_000 + i64::from(held))),
                ("ObjectPointer", Value::Int(1)),
                ("LinkObject", Value::Int(2)),
                ("LinkTypeID", Value::Int(1)),
                ("FromDate", Value::DateTime(45_000, 0)),
            ],
        )?;
        late.insert_some(
            "dbo.subscriber",
            &[
                ("subs_pointer", Value::Int(9_000_000 + i64::from(held))),
                ("subs_id", format!("LATE-{held}").into()),
                ("subs_perid", Value::Int(1)),
                ("tax_exempt", false.into()),
                ("ObjectPointer", Value::Int(1)),
            ],
        )?;
        for _ in 0..HELD {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            traffic.tick()?;
            *done.lock().unwrap_or_else(PoisonError::into_inner) = Done { counted: traffic.done, held };
            tokio::time::sleep(PAUSE).await;
        }
        late.commit();
        held += 1;
    }
    traffic.settle();
    *done.lock().unwrap_or_else(PoisonError::into_inner) = Done { counted: traffic.done, held };
    Ok(())
}
