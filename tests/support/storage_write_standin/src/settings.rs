//! How a stand-in is set up.

use std::time::Duration;

use crate::clock::Clock;

/// Where the tables are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catalog {
    /// A test declares them, and reads them from [`crate::Tables`].
    Declared,
    /// In the REST emulator at this address (`http://host:port`), as `stack.py` prints it: it is asked for schemas and keys, and is sent what
    /// its readers are to see.
    Emulator(String),
}

/// Who applies changes to a table that has a `max_staleness`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// A test, by [`crate::Tables::apply`].
    ByTest,
    /// The server, at such intervals of the real clock.
    Every(Duration),
}

/// What is done with a writer schema that comes again for the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaterSchema {
    /// It is ignored: what the service was seen to do.
    Ignored,
    /// It is used from this request on: what the comments of the protocol say.
    Taken,
}

/// What is done with the rows of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// They are decoded, checked and kept.
    All,
    /// They are counted and thrown away, for benchmarks of a client.
    Counts,
}

/// How a stand-in is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// Where the tables are.
    pub catalog: Catalog,
    /// Its clock.
    pub clock: Clock,
    /// A request that is larger, in bytes, is refused.
    pub request_limit: usize,
    /// A request that is larger, in bytes, ends the connection.
    pub connection_limit: usize,
    /// For so long after it was added, a stream that was open already does not know a column.
    pub schema_delay: Duration,
    /// For so long, a stream that is opened after a column was added does not know it either.
    pub new_stream_delay: Duration,
    /// For so long after a column was dropped, its values are taken and thrown away.
    pub drop_delay: Duration,
    /// For so long after a table was made anew, it is not found.
    pub routing_delay: Duration,
    /// For so long, a deleted key keeps older changes from bringing it back.
    pub tombstones: Duration,
    /// Who applies.
    pub applies: Applies,
    /// A writer schema that comes again.
    pub later_schema: LaterSchema,
    /// What is kept.
    pub keeping: Keeping,
    /// For what the service does not promise: which of two changes wins when one has a number and the other has none.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            catalog: Catalog::Declared,
            clock: Clock::default(),
            // The comment of AppendRowsRequest says 10 MB; 20 MiB was seen by the author of the crate `bigquery` on the real service.
            request_limit: 10_000_000,
            connection_limit: 20 << 20,
            schema_delay: Duration::ZERO,
            new_stream_delay: Duration::ZERO,
            drop_delay: Duration::ZERO,
            routing_delay: Duration::ZERO,
            tombstones: Duration::from_hours(48),
            applies: Applies::ByTest,
            later_schema: LaterSchema::Ignored,
            keeping: Keeping::All,
            seed: 1,
        }
    }
}
