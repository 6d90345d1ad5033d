//! The part files of one kind of one table in one run.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::compress::{CompressedPart, compress, empty};
use super::error::StageError;
use crate::batch::{Compression, part_name};
use crate::failpoint::{Effect, around};
use crate::storage::{Expect, StorageError, Store};

/// Lines are handed over in chunks of about this size: large enough to make hand-over cheap, small enough to stay in cache.
const CHUNK: usize = 128 * 1024;
/// Chunks under way between the encoder and the compressor.
const QUEUE: usize = 4;

/// What was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StagedFiles {
    pub parts: u32,
    /// As stored.
    pub bytes: u64,
}

/// Takes lines and stores them as `<folder><stem>-00000.ndjson.gz` and so on.
pub struct PartWriter {
    pending: Vec<u8>,
    chunks: mpsc::Sender<Vec<u8>>,
    compressor: JoinHandle<Result<(), StageError>>,
    uploader: JoinHandle<Result<StagedFiles, StageError>>,
}

impl PartWriter {
    /// Starts the compressor and the uploader. Nothing is stored until there are lines.
    pub fn start(store: Store, folder: String, stem: &'static str, part_size: usize, compression: Compression) -> Self {
        let (chunks, chunk_queue) = mpsc::channel(QUEUE);
        let (parts, part_queue) = mpsc::channel(1);
        let compressor = tokio::task::spawn_blocking(move || compress(chunk_queue, &parts, part_size, compression));
        let uploader = tokio::spawn(upload(store, folder, stem, compression, part_queue));
        Self { pending: Vec::with_capacity(CHUNK + CHUNK / 4), chunks, compressor, uploader }
    }

    /// The buffer that lines are appended to; whole lines only.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Hands the buffer on once it is worth it.
    pub async fn flush_if_full(&mut self) -> Result<(), StageError> {
        if self.pending.len() < CHUNK { Ok(()) } else { self.flush().await }
    }

    async fn flush(&mut self) -> Result<(), StageError> {
        let chunk = std::mem::replace(&mut self.pending, Vec::with_capacity(CHUNK + CHUNK / 4));
        // A closed queue means that the compressor failed; `finish` says why.
        self.chunks.send(chunk).await.map_err(|_| StageError::Stopped)
    }

    /// Stores what is left and waits for the last part.
    pub async fn finish(mut self) -> Result<StagedFiles, StageError> {
        let flushed = if self.pending.is_empty() { Ok(()) } else { self.flush().await };
        drop(self.chunks);
        let compressed = self.compressor.await.map_err(|_| StageError::Stopped)?;
        let uploaded = self.uploader.await.map_err(|_| StageError::Stopped)?;
        // The uploader's error is the cause, a stopped queue its effect.
        let files = uploaded?;
        compressed?;
        flushed?;
        Ok(files)
    }

    /// As [`PartWriter::finish`] after a failure to write: says what the failure was.
    pub async fn failure(self) -> StageError {
        self.finish().await.err().unwrap_or(StageError::Stopped)
    }
}

async fn upload(
    store: Store,
    folder: String,
    stem: &'static str,
    compression: Compression,
    mut queue: mpsc::Receiver<CompressedPart>,
) -> Result<StagedFiles, StageError> {
    let mut files = StagedFiles::default();
    while let Some(part) = queue.recv().await {
        let name = part_name(&folder, stem, part.number, compression);
        files.parts += 1;
        files.bytes += part.content.len() as u64;
        let put = store.put(&name, part.content, content_type(compression), Expect::Absent);
        match around(Effect::Upload, put).await {
            // The name holds the run's id, so whatever is there already is ours, from an attempt whose answer was lost.
            Ok(_) | Err(StorageError::Conflict { .. }) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(files)
}

/// An object of no lines: a load job wants at least one file.
pub async fn store_empty_part(
    store: &Store,
    folder: &str,
    stem: &str,
    compression: Compression,
) -> Result<StagedFiles, StageError> {
    let name = part_name(folder, stem, 0, compression);
    let content = empty(compression)?;
    let bytes = content.len() as u64;
    match store.put(&name, content, content_type(compression), Expect::Absent).await {
        Ok(_) | Err(StorageError::Conflict { .. }) => Ok(StagedFiles { parts: 1, bytes }),
        Err(e) => Err(e.into()),
    }
}

fn content_type(compression: Compression) -> &'static str {
    match compression {
        Compression::Gzip => "application/gzip",
        Compression::None => "application/x-ndjson",
    }
}
