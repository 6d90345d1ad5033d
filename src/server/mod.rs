//! `serve`: the routes that a scheduler, Pub/Sub, a probe or a person calls.
//!
//! | route | answers |
//! | --- | --- |
//! | `POST …` | 408 a slow body, 413 a long one, 415 one that is not JSON |
//! | `POST /pubsub` | 204 done, nothing to do, or a plain tick that met a busy feed; 400 bad envelope; 401/403 bad token; 500 failed, 503 a feed is busy for which somebody has asked: both are delivered again |
//! | `POST /runs` | 200 report; 409 busy, or one of the feeds asked for is; 422 unknown table or faulty config; 500 failed |
//! | either, with `{"report": "24h"}` | the report of that time, and published where there is a topic for it; 500 where it could not be |
//! | `GET /status` | every feed's state |
//! | `GET /`, `GET /tables/…`, `GET /runs`, `GET /feeds/…` | the pages for people, see [`console`] |
//! | `POST /console/…` | their buttons: 303; 403 where they are read-only, or from another site |
//! | `GET /healthz`, `GET /readyz` | the process; progress (503 with the reasons); also `/health` and `/ready` |

mod app;
mod auth;
mod body;
mod connections;
mod console;
mod daily_report;
mod envelope;
mod error;
mod keys;
mod listen_address;
mod origin;
mod routes;
mod serve;
mod shared;

pub use envelope::{EnvelopeError, Push, parse as parse_push};
pub use error::ServeError;
pub(crate) use serve::stop_signal;
pub use serve::{Listen, serve};
