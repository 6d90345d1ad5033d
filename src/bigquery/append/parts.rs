//! The lines of staged parts, read back from the bucket as they come.

use std::io::Write as _;

use bytes::{Buf as _, Bytes};
use flate2::write::MultiGzDecoder;

use super::fault::AppendFault;
use crate::batch::{Compression, TableBatch, part_name};
use crate::model::Op;
use crate::storage::{ObjectStream, Store};

/// So much of a part is inflated at once: what comes out may be many times as long.
const BITE: usize = 16 << 10;

/// A part: which kind, and its name below the storage prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub op: Op,
    pub name: String,
    pub compression: Compression,
}

/// The parts of a table's rows that are written or deleted.
pub(super) fn parts_of(table: &TableBatch, batch_folder: &str) -> Vec<Part> {
    let folder = table.folder(batch_folder);
    let kinds = [(Op::Upsert, table.parts.upserts), (Op::Delete, table.parts.deletes)];
    let each = kinds.into_iter().flat_map(|(op, count)| (0..count).map(move |n| (op, n)));
    each.map(|(op, n)| Part {
        op,
        name: part_name(&folder, op.file_stem(), n, table.compression),
        compression: table.compression,
    })
    .collect()
}

/// Reads the lines of a part.
pub(super) struct Lines<'a> {
    stream: ObjectStream<'a>,
    name: &'a str,
    waiting: Bytes,
    inflated: Inflated,
    /// Bytes of the lines that were handed out.
    taken: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
}

enum Inflated {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Plain(Vec<u8>),
}

impl Inflated {
    fn lines(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Plain(lines) => lines,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.write_all(bytes),
            Self::Plain(lines) => lines.write_all(bytes),
        }
    }

    /// Fails where the end is missing.
    fn finish(&mut self) -> std::io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Plain(_) => Ok(()),
        }
    }
}

impl<'a> Lines<'a> {
    pub fn of(store: &'a Store, part: &'a Part) -> Self {
        let inflated = match part.compression {
            Compression::Gzip => Inflated::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Compression::None => Inflated::Plain(Vec::new()),
        };
        let stream = store.stream(&part.name);
        Self { stream, name: &part.name, waiting: Bytes::new(), inflated, taken: 0, state: State::Reading }
    }

    /// Some lines, each with its end; `None` at the end of the part. Together they are about as long as a bite makes them.
    pub async fn next(&mut self) -> Result<Option<&[u8]>, AppendFault> {
        let taken = std::mem::take(&mut self.taken);
        self.inflated.lines().drain(..taken);
        loop {
            let end = memchr::memrchr(b'\n', self.inflated.lines()).map(|at| at + 1);
            if let Some(end) = end {
                self.taken = end;
                return Ok(Some(&self.inflated.lines()[..end]));
            }
            if self.state == State::Ended {
                let left = self.inflated.lines().len();
                return if left == 0 { Ok(None) } else { Err(self.broken("its last line has no end")) };
            }
            self.read_on().await?;
        }
    }

    async fn read_on(&mut self) -> Result<(), AppendFault> {
        if self.waiting.is_empty() {
            match self.stream.next().await? {
                Some(bytes) => self.waiting = bytes,
                None => {
                    self.state = State::Ended;
                    return self.inflated.finish().map_err(|e| self.broken(&e.to_string()));
                }
            }
        }
        let bite = self.waiting.slice(..self.waiting.len().min(BITE));
        self.waiting.advance(bite.len());
        self.inflated.write(&bite).map_err(|e| self.broken(&e.to_string()))
    }

    fn broken(&self, reason: &str) -> AppendFault {
        AppendFault::Broken { name: self.name.to_owned(), reason: reason.to_owned() }
    }
}
