//! The part files of one table in one run, of every kind.

use super::error::StageError;
use super::writer::{PartWriter, StagedFiles, store_empty_part};
use crate::batch::{Compression, Parts};
use crate::model::Op;
use crate::storage::Store;

/// Where and how a table's files are stored.
#[derive(Clone)]
pub struct FilesPlace {
    pub store: Store,
    /// The table's folder below the storage prefix, with a slash at its end.
    pub folder: String,
    pub part_size: usize,
    pub compression: Compression,
}

/// Writers, each started with its first line. A kind has one writer for the whole run: part numbers never repeat.
pub struct TableFiles {
    place: FilesPlace,
    writers: [Option<PartWriter>; 5],
}

const KINDS: [Op; 4] = [Op::Upsert, Op::Delete, Op::Key, Op::Scope];
const QUARANTINE: usize = 4;

impl TableFiles {
    pub fn new(place: FilesPlace) -> Self {
        Self { place, writers: [const { None }; 5] }
    }

    /// The buffer for lines of a kind; whole lines only.
    pub fn buffer(&mut self, op: Op) -> &mut Vec<u8> {
        self.writer(index(op)).buffer()
    }

    /// Hands the buffer of a kind on once it is worth it.
    pub async fn flush_if_full(&mut self, op: Op) -> Result<(), StageError> {
        self.flush(index(op)).await
    }

    /// Takes lines of the quarantine file.
    pub async fn keep_refused(&mut self, lines: &mut Vec<u8>) -> Result<(), StageError> {
        let buffer = self.writer(QUARANTINE).buffer();
        // A line may be as long as 100 MB: better not have it twice.
        if buffer.is_empty() {
            std::mem::swap(buffer, lines)
        } else {
            buffer.append(lines)
        }
        self.flush(QUARANTINE).await
    }

    fn writer(&mut self, n: usize) -> &mut PartWriter {
        let place = &self.place;
        self.writers[n].get_or_insert_with(|| {
            let stem = KINDS.get(n).map_or("quarantine", |op| op.file_stem());
            PartWriter::start(place.store.clone(), place.folder.clone(), stem, place.part_size, place.compression)
        })
    }

    async fn flush(&mut self, n: usize) -> Result<(), StageError> {
        if self.writer(n).flush_if_full().await.is_ok() {
            return Ok(());
        }
        match self.writers[n].take() {
            Some(broken) => Err(broken.failure().await),
            None => Err(StageError::Stopped),
        }
    }

    /// Stores what is left of every kind: the parts that are to be loaded, and all bytes.
    pub async fn finish(&mut self) -> Result<(Parts, u64), StageError> {
        let mut stored = [StagedFiles::default(); 5];
        for (writer, files) in self.writers.iter_mut().zip(&mut stored) {
            if let Some(writer) = writer.take() {
                *files = writer.finish().await?;
            }
        }
        let [upserts, deletes, keys, scopes, quarantine] = stored;
        let parts = Parts { upserts: upserts.parts, deletes: deletes.parts, keys: keys.parts, scopes: scopes.parts };
        let bytes = stored.iter().map(|f| f.bytes).sum::<u64>() - quarantine.bytes;
        Ok((parts, bytes))
    }

    /// A part without lines, for a load job that wants at least one file.
    pub async fn store_empty(&self) -> Result<StagedFiles, StageError> {
        let FilesPlace { store, folder, compression, .. } = &self.place;
        store_empty_part(store, folder, Op::Upsert.file_stem(), *compression).await
    }
}

fn index(op: Op) -> usize {
    match op {
        Op::Upsert => 0,
        Op::Delete => 1,
        Op::Key => 2,
        Op::Scope => 3,
    }
}
