//! Rows packed into requests: as many as the service takes in one, by their exact size.

use bytes::{BufMut, Bytes};
use prost::Message as _;

use super::descriptor::descriptor;
use super::wire::{Tag, WireType, delimited, varint, varint_len};
use crate::model::{Column, TargetRef};

/// The service refuses a request of 10 MB, and ends the connection with a larger one; so there is a distance.
/// Source: <https://cloud.google.com/bigquery/docs/reference/storage/rpc/google.cloud.bigquery.storage.v1#appendrowsrequest>
pub(super) const LARGEST: usize = 8 << 20;

/// A request is sent once its rows have so many bytes: several are on their way at once, and all of them are in memory.
pub(super) const WORTH_SENDING: usize = 1 << 20;

/// Where a row comes from: a line of a part, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub part: u32,
    pub line: u32,
}

/// The rows of one request.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// The fields of a `ProtoRows`.
    pub bytes: Bytes,
    /// Where each row begins, and where it comes from.
    pub rows: Vec<(u32, Origin)>,
}

impl Rows {
    /// The first part that a row is from: they are in their order.
    pub fn first_part(&self) -> Option<u32> {
        self.rows.first().map(|(_, origin)| origin.part)
    }

    /// The rows but for some, by their numbers in order; `None` where none is left.
    pub fn without(&self, bad: &[usize]) -> Option<Self> {
        let mut left = Packed::with_room(self.bytes.len());
        for (n, (start, origin)) in self.rows.iter().enumerate() {
            if bad.binary_search(&n).is_err() {
                let end = self.rows.get(n + 1).map_or(self.bytes.len(), |(end, _)| *end as usize);
                left.push(self.bytes.get(*start as usize..end)?, *origin);
            }
        }
        left.take()
    }
}

/// What stands around the rows of a request.
pub(super) struct Envelope {
    /// The stream's name, and who writes.
    head: Vec<u8>,
    /// The `writer_schema` of a `ProtoData`, as a field.
    schema: Vec<u8>,
}

/// A request in two parts, so that its rows are copied only once.
#[derive(Clone, Debug)]
pub(super) struct Framed {
    pub front: Bytes,
    pub rows: Bytes,
}

/// Whether a request says what rows look like: the first on a connection has to.
/// Source: <https://cloud.google.com/bigquery/docs/reference/storage/rpc/google.cloud.bigquery.storage.v1#protodata>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Later,
}

/// The name of the stream that a table always has.
pub(super) fn stream_name(target: &TargetRef) -> String {
    let TargetRef { project, dataset, table } = target;
    format!("projects/{project}/datasets/{dataset}/tables/{table}/streams/_default")
}

/// Fields of an `AppendRowsRequest`, and within it.
const WRITE_STREAM: u32 = 1;
const PROTO_ROWS: u32 = 4;
const TRACE_ID: u32 = 6;
const WRITER_SCHEMA: u32 = 1;
const PROTO_DESCRIPTOR: u32 = 1;
const ROWS: u32 = 2;

impl Envelope {
    /// `trace` says who writes, for whoever looks at the service's own log.
    pub fn new(target: &TargetRef, columns: &[Column], trace: &str) -> Self {
        let text = |field: u32, value: &[u8], out: &mut Vec<u8>| {
            Tag::new(field, WireType::LengthDelimited).append(out);
            delimited(value, out);
        };
        let mut head = Vec::new();
        text(WRITE_STREAM, stream_name(target).as_bytes(), &mut head);
        text(TRACE_ID, trace.as_bytes(), &mut head);
        let (mut proto_schema, mut schema) = (Vec::new(), Vec::new());
        text(PROTO_DESCRIPTOR, &descriptor(columns).encode_to_vec(), &mut proto_schema);
        text(WRITER_SCHEMA, &proto_schema, &mut schema);
        Self { head, schema }
    }

    /// The most bytes that the rows of a request may have.
    pub fn room(&self) -> usize {
        // Tags of one byte, lengths of at most five.
        LARGEST - self.head.len() - self.schema.len() - 12
    }

    /// A request with these rows.
    pub fn around(&self, rows: &Rows, turn: Turn) -> Framed {
        let schema: &[u8] = if turn == Turn::First { &self.schema } else { &[] };
        let rows_len = rows.bytes.len() as u64;
        let data_len = schema.len() as u64 + 1 + varint_len(rows_len) as u64 + rows_len;
        let mut front = Vec::with_capacity(self.head.len() + schema.len() + 16);
        front.extend_from_slice(&self.head);
        Tag::new(PROTO_ROWS, WireType::LengthDelimited).append(&mut front);
        varint(data_len, &mut front);
        front.extend_from_slice(schema);
        Tag::new(ROWS, WireType::LengthDelimited).append(&mut front);
        varint(rows_len, &mut front);
        Framed { front: front.into(), rows: rows.bytes.clone() }
    }
}

impl Framed {
    /// The request's size on the wire.
    pub fn len(&self) -> usize {
        self.front.len() + self.rows.len()
    }

    pub fn write_to(&self, out: &mut impl BufMut) {
        out.put_slice(&self.front);
        out.put_slice(&self.rows);
    }
}

/// Rows under way to a request.
struct Packed {
    bytes: Vec<u8>,
    rows: Vec<(u32, Origin)>,
}

impl Packed {
    fn with_room(room: usize) -> Self {
        Self { bytes: Vec::with_capacity(room), rows: Vec::new() }
    }

    fn push(&mut self, field: &[u8], origin: Origin) {
        // A request is far smaller than what 32 bits count.
        self.rows.push((u32::try_from(self.bytes.len()).unwrap_or(u32::MAX), origin));
        self.bytes.extend_from_slice(field);
    }

    fn take(&mut self) -> Option<Rows> {
        if self.rows.is_empty() {
            return None;
        }
        let (bytes, rows) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.rows));
        Some(Rows { bytes: bytes.into(), rows })
    }
}

/// Gathers rows until they are worth a request.
pub(super) struct Packer {
    room: usize,
    worth: usize,
    packed: Packed,
    /// Of requests that are over: memory that is used again is not asked for again.
    spare: Vec<Packed>,
}

/// The row alone is larger than a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The field of a row in a `ProtoRows`.
const SERIALIZED_ROW: u8 = 1 << 3 | WireType::LengthDelimited as u8;

impl Packer {
    pub fn new(envelope: &Envelope) -> Self {
        Self::with(envelope.room(), WORTH_SENDING)
    }

    pub(super) fn with(room: usize, worth: usize) -> Self {
        Self { room, worth, packed: Packed::with_room(worth + worth / 8), spare: Vec::new() }
    }

    /// Takes the memory of rows that are acknowledged, unless somebody still has it.
    pub fn take_back(&mut self, rows: Rows) {
        let Rows { bytes, mut rows } = rows;
        if bytes.is_unique() {
            // Of the only owner this copies nothing.
            let mut bytes = Vec::from(bytes);
            // What one large row took is not kept for all that follow: with as many of these as the window holds that would be much.
            if bytes.capacity() > self.worth * 2 {
                return;
            }
            bytes.clear();
            rows.clear();
            self.spare.push(Packed { bytes, rows });
        }
    }

    /// Takes a row. Those before it come back once they are worth a request, or the row is one too many.
    pub fn add(&mut self, row: &[u8], origin: Origin) -> Result<Option<Rows>, TooLarge> {
        let size = 1 + varint_len(row.len() as u64) + row.len();
        if size > self.room {
            return Err(TooLarge);
        }
        let bytes = self.packed.bytes.len();
        let full = if bytes >= self.worth || bytes + size > self.room { self.take() } else { None };
        // Writes what `Packed::push` would, without putting it together before.
        self.packed.push(&[SERIALIZED_ROW], origin);
        delimited(row, &mut self.packed.bytes);
        Ok(full)
    }

    /// The first part with a row that was gathered; without any, a part that there is not.
    pub fn oldest_part(&self) -> u32 {
        self.packed.rows.first().map_or(u32::MAX, |(_, origin)| origin.part)
    }

    /// What was gathered, if anything was.
    pub fn take(&mut self) -> Option<Rows> {
        let full = self.packed.take();
        if full.is_some() {
            self.packed = self.spare.pop().unwrap_or_else(|| Packed::with_room(self.worth + self.worth / 8));
        }
        full
    }
}

#[cfg(test)]
mod tests {
    use gcp_bigquery_client::google::cloud::bigquery::storage::v1::AppendRowsRequest;
    use gcp_bigquery_client::google::cloud::bigquery::storage::v1::append_rows_request;

    use super::*;
    use crate::model::{ColumnMode, TargetType};

    fn envelope() -> Envelope {
        let target = TargetRef { project: "p".into(), dataset: "d".into(), table: "t".into() };
        let column = Column { name: "id".into(), target_type: TargetType::Int64, mode: ColumnMode::Required };
        Envelope::new(&target, &[column], "plimsoll")
    }

    fn origin(line: u32) -> Origin {
        Origin { part: 3, line }
    }

    /// What others read of a request.
    fn read(rows: &Rows, turn: Turn) -> (AppendRowsRequest, Vec<Vec<u8>>) {
        let framed = envelope().around(rows, turn);
        let mut out = Vec::new();
        framed.write_to(&mut out);
        assert_eq!(framed.len(), out.len());
        let request = AppendRowsRequest::decode(&out[..]).unwrap();
        let Some(append_rows_request::Rows::ProtoRows(data)) = request.rows.clone() else { panic!("no rows") };
        let rows = data.rows.map(|r| r.serialized_rows).unwrap_or_default();
        (request, rows)
    }

    #[test]
    fn a_request_reads_as_the_service_defines_it() {
        let mut packer = Packer::with(1000, 1000);
        for n in 0..3 {
            assert!(packer.add(&[n; 200], origin(n.into())).unwrap().is_none());
        }
        let rows = packer.take().unwrap();
        let (request, found) = read(&rows, Turn::First);
        assert_eq!(request.write_stream, "projects/p/datasets/d/tables/t/streams/_default");
        assert_eq!(request.trace_id, "plimsoll");
        assert_eq!(found, [vec![0; 200], vec![1; 200], vec![2; 200]]);
        let schema = |request: &AppendRowsRequest| match &request.rows {
            Some(append_rows_request::Rows::ProtoRows(data)) => data.writer_schema.is_some(),
            _ => panic!("no rows"),
        };
        assert!(schema(&request) && !schema(&read(&rows, Turn::Later).0));
        let left = rows.without(&[0, 2]).unwrap();
        assert_eq!(left.rows, [(0, origin(1))]);
        assert_eq!(read(&left, Turn::Later).1, [vec![1; 200]]);
        assert!(rows.without(&[0, 1, 2]).is_none());
    }

    #[test]
    fn a_request_is_full_by_its_exact_size() {
        // A row of 97 bytes takes 99.
        let mut packer = Packer::with(297, 1000);
        for n in 0..3 {
            assert!(packer.add(&[1; 97], origin(n)).unwrap().is_none());
        }
        let full = packer.add(&[], origin(3)).unwrap().unwrap();
        assert_eq!((full.bytes.len(), full.rows.len()), (297, 3));
        assert!(packer.add(&[1; 296], origin(4)).is_err());
        assert_eq!(packer.take().unwrap().rows.len(), 1);
        assert!(packer.take().is_none());
        let mut packer = Packer::with(1000, 90);
        assert!(packer.add(&[1; 97], origin(0)).unwrap().is_none());
        assert_eq!(packer.add(&[1; 97], origin(1)).unwrap().unwrap().rows, [(0, origin(0))]);
    }

    #[test]
    fn the_memory_of_a_large_row_is_not_kept() {
        for (row, kept) in [(100, 1), (5000, 0)] {
            let mut packer = Packer::with(10_000, 100);
            packer.add(&vec![1; row], origin(0)).unwrap();
            let rows = packer.take().unwrap();
            packer.take_back(rows);
            assert_eq!(packer.spare.len(), kept, "{row}");
        }
    }

    #[test]
    fn the_largest_request_is_no_larger_than_said() {
        let envelope = envelope();
        let mut packer = Packer::with(envelope.room(), LARGEST);
        let row = vec![1; 100_000];
        let full = (0..200).find_map(|n| packer.add(&row, origin(n)).unwrap()).unwrap();
        let size = envelope.around(&full, Turn::First).len();
        assert!(size <= LARGEST && size > LARGEST - 101_000, "{size}");
        assert!(packer.add(&vec![1; LARGEST - 400], origin(0)).is_ok());
        assert!(packer.add(&vec![1; LARGEST], origin(0)).is_err());
    }
}
