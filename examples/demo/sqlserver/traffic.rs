//! The application: random transactions, some rolled back, some that stay open across ticks.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlserver_standin::ServerError;
use sqlserver_standin::matrix::{self, Counted};
use sqlserver_standin::model::{Model, Writer};
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
    use tokio::task::block_in_place;
    let mut held = 0;
    while !stop.load(Ordering::Relaxed) {
        // A real server is waited for.
        let late = block_in_place(|| late(&model, held))?;
        for _ in 0..HELD {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            block_in_place(|| traffic.tick())?;
            *done.lock().unwrap_or_else(PoisonError::into_inner) = Done { counted: traffic.done, held };
            tokio::time::sleep(PAUSE).await;
        }
        block_in_place(|| late.commit());
        held += 1;
    }
    block_in_place(|| traffic.settle());
    *done.lock().unwrap_or_else(PoisonError::into_inner) = Done { counted: traffic.done, held };
    Ok(())
}

/// A transaction that writes first and commits last.
fn late(model: &Model, number: u32) -> Result<Writer, ServerError> {
    let key = Value::Int(9_000_000 + i64::from(number));
    let mut writer = model.begin();
    writer.insert_some(
        matrix::LINKS,
        &[
            ("ObjectLinkPointer", key.clone()),
            ("ObjectPointer", 1.into()),
            ("LinkObject", 2.into()),
            ("LinkTypeID", 1.into()),
            ("FromDate", Value::DateTime(45_000, 0)),
        ],
    )?;
    writer.insert_some(
        "dbo.subscriber",
        &[
            ("subs_pointer", key),
            ("subs_id", format!("LATE-{number}").into()),
            ("subs_perid", 1.into()),
            ("tax_exempt", false.into()),
            ("ObjectPointer", 1.into()),
        ],
    )?;
    Ok(writer)
}
