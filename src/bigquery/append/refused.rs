//! Rows that the target can't take, found after the seal: they go to the batch's folder, and the others go on.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression as Level;
use flate2::write::GzEncoder;

use super::fault::AppendFault;
use crate::batch::{Compression, part_name};
use crate::storage::{Expect, StorageError, Store};

/// Names the files of these rows; what was found before the seal is in `quarantine-…`.
const STEM: &str = "refused";

/// A file is stored once it has so many bytes.
const LARGE: usize = 4 << 20;

/// Writes them down.
pub(super) struct RefusedRows<'a> {
    store: &'a Store,
    folder: String,
    compression: Compression,
    lines: Vec<u8>,
    files: u32,
    count: u64,
}

/// Why a row was refused, and the line that it was staged as.
pub(super) struct RefusedRow<'a> {
    /// Absent where nobody says.
    pub column: Option<&'a str>,
    pub reason: &'a str,
    pub line: &'a [u8],
}

impl<'a> RefusedRows<'a> {
    /// Into a table's folder, below the storage prefix.
    pub fn new(store: &'a Store, folder: String, compression: Compression) -> Self {
        Self { store, folder, compression, lines: Vec::new(), files: 0, count: 0 }
    }

    pub async fn keep(&mut self, row: &RefusedRow<'_>) -> Result<(), AppendFault> {
        self.count += 1;
        let out = &mut self.lines;
        out.extend_from_slice(b"{\"column\":");
        out.extend_from_slice(serde_json::Value::from(row.column).to_string().as_bytes());
        out.extend_from_slice(b",\"reason\":");
        out.extend_from_slice(serde_json::Value::from(row.reason).to_string().as_bytes());
        out.extend_from_slice(b",\"row\":");
        out.extend_from_slice(row.line);
        out.extend_from_slice(b"}\n");
        if out.len() < LARGE { Ok(()) } else { self.flush().await }
    }

    /// Goes on after an earlier attempt.
    pub fn after(self, count: u64, files: u32) -> Self {
        Self { count, files, ..self }
    }

    /// How many rows there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Stores what is left, so that all is stored; in how many files.
    pub async fn store_all(&mut self) -> Result<u32, AppendFault> {
        if !self.lines.is_empty() {
            self.flush().await?;
        }
        Ok(self.files)
    }

    /// Stores what is left; how many rows there are.
    pub async fn finish(mut self) -> Result<u64, AppendFault> {
        if !self.lines.is_empty() {
            self.flush().await?;
        }
        Ok(self.count)
    }

    async fn flush(&mut self) -> Result<(), AppendFault> {
        let lines = std::mem::take(&mut self.lines);
        let content = match self.compression {
            Compression::None => Bytes::from(lines),
            Compression::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Level::new(1));
                encoder.write_all(&lines)?;
                Bytes::from(encoder.finish()?)
            }
        };
        let name = part_name(&self.folder, STEM, self.files, self.compression);
        self.files += 1;
        match self.store.put(&name, content, "application/x-ndjson", Expect::Absent).await {
            // The name holds the run's id: what is there is of an earlier attempt at the same batch.
            Ok(_) | Err(StorageError::Conflict { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}
