//! Fills parts from chunks of lines, on a thread of its own.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression as Level;
use flate2::write::GzEncoder;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::StageError;
use crate::batch::Compression;

/// A part as it will be stored.
pub(super) struct CompressedPart {
    pub number: u32,
    pub content: Bytes,
    /// Given back once the part is stored: until then no other is handed over.
    pub _turn: OwnedSemaphorePermit,
}

/// Level 1: a third of the time of the default level for a tenth more bytes, and the bytes cost next to nothing.
const LEVEL: Level = Level::new(1);

enum Buffer {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Plain(Vec<u8>),
}

impl Buffer {
    fn new(compression: Compression) -> Self {
        match compression {
            Compression::Gzip => Self::Gzip(Box::new(GzEncoder::new(Vec::new(), LEVEL))),
            Compression::None => Self::Plain(Vec::new()),
        }
    }

    fn write(&mut self, lines: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(lines),
            Self::Plain(buffer) => {
                buffer.extend_from_slice(lines);
                Ok(())
            }
        }
    }

    /// Bytes stored so far; what the compressor still holds back is not counted.
    fn len(&self) -> usize {
        match self {
            Self::Gzip(encoder) => encoder.get_ref().len(),
            Self::Plain(buffer) => buffer.len(),
        }
    }

    fn finish(self) -> std::io::Result<Bytes> {
        match self {
            Self::Gzip(encoder) => encoder.finish().map(Bytes::from),
            Self::Plain(buffer) => Ok(Bytes::from(buffer)),
        }
    }
}

/// A stored file of no lines.
pub(super) fn empty(compression: Compression) -> Result<Bytes, StageError> {
    Buffer::new(compression).finish().map_err(|e| StageError::Compress(e.to_string()))
}

/// Reads chunks of whole lines until there are no more, and hands over each part that is full.
///
/// Handing over waits until the part before is stored, so that at most two exist: one fills while one is sent.
pub(super) fn compress(
    mut chunks: Receiver<Vec<u8>>,
    parts: &Sender<CompressedPart>,
    part_size: usize,
    compression: Compression,
) -> Result<(), StageError> {
    let failed = |e: std::io::Error| StageError::Compress(e.to_string());
    let turns = Arc::new(Semaphore::new(1));
    let runtime = Handle::current();
    let hand_over = |number: u32, buffer: Buffer| {
        let content = buffer.finish().map_err(failed)?;
        let turn = runtime.block_on(turns.clone().acquire_owned()).map_err(|_| StageError::Stopped)?;
        parts.blocking_send(CompressedPart { number, content, _turn: turn }).map_err(|_| StageError::Stopped)
    };
    let mut buffer = Buffer::new(compression);
    let mut is_empty = true;
    let mut number = 0;
    while let Some(chunk) = chunks.blocking_recv() {
        buffer.write(&chunk).map_err(failed)?;
        is_empty = false;
        if buffer.len() >= part_size {
            hand_over(number, std::mem::replace(&mut buffer, Buffer::new(compression)))?;
            number += 1;
            is_empty = true;
        }
    }
    if is_empty { Ok(()) } else { hand_over(number, buffer) }
}
