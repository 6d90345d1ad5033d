//! Packets: eight bytes of header, then a piece of a message.

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::error::Ended;
use crate::faults::{Action, Place};

pub(crate) const HEADER: usize = 8;
const END_OF_MESSAGE: u8 = 1;
/// What is gathered before it is written, so that packets of a byte don't cost a system call each.
const WRITE_AT: usize = 64 << 10;

/// The kinds of messages that a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Batch,
    Rpc,
    Answer,
    Attention,
    BulkLoad,
    Transaction,
    Login,
    Prelogin,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Batch => 0x01,
            Self::Rpc => 0x03,
            Self::Answer => 0x04,
            Self::Attention => 0x06,
            Self::BulkLoad => 0x07,
            Self::Transaction => 0x0e,
            Self::Login => 0x10,
            Self::Prelogin => 0x12,
        }
    }

    fn of(code: u8) -> Option<Self> {
        [
            Self::Batch,
            Self::Rpc,
            Self::Answer,
            Self::Attention,
            Self::BulkLoad,
            Self::Transaction,
            Self::Login,
            Self::Prelogin,
        ]
        .into_iter()
        .find(|kind| kind.code() == code)
    }
}

/// A whole message: its packets put together. `None` at the end of the stream.
pub(crate) async fn read_message<R: AsyncRead + Unpin>(from: &mut R) -> Result<Option<(Kind, Vec<u8>)>, Ended> {
    let mut message = Vec::new();
    loop {
        let mut header = [0; HEADER];
        match from.read_exact(&mut header).await {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && message.is_empty() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let kind = Kind::of(header[0]).ok_or(Ended::Protocol("a packet of unknown kind"))?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let payload = length.checked_sub(HEADER).ok_or(Ended::Protocol("a packet shorter than its header"))?;
        let start = message.len();
        message.resize(start + payload, 0);
        from.read_exact(&mut message[start..]).await?;
        if header[1] & END_OF_MESSAGE != 0 {
            return Ok(Some((kind, message)));
        }
    }
}

/// Where a fault strikes, counted from `since`.
#[derive(Clone, Debug)]
pub(crate) struct Tripwire {
    pub(crate) at: Place,
    pub(crate) then: Action,
    pub(crate) since: Sent,
}

/// How much has been sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Packets.
    pub packets: u64,
    /// Bytes, the headers of packets among them.
    pub bytes: u64,
}

/// Splits messages into packets of at most `payload` bytes each.
pub(crate) struct PacketWriter<W> {
    out: W,
    payload: usize,
    kind: Kind,
    /// Of the message; not yet in a packet.
    pub(crate) message: BytesMut,
    framed: BytesMut,
    next: u8,
    sent: Sent,
    tripwires: Vec<Tripwire>,
}

impl<W: AsyncWrite + Unpin> PacketWriter<W> {
    pub(crate) fn new(out: W, payload: usize) -> Self {
        Self {
            out,
            payload: payload.max(1),
            kind: Kind::Answer,
            message: BytesMut::with_capacity(WRITE_AT),
            framed: BytesMut::with_capacity(WRITE_AT + HEADER),
            next: 1,
            sent: Sent::default(),
            tripwires: Vec::new(),
        }
    }

    /// The same counts on another stream (TLS begins or ends).
    pub(crate) fn into_parts(self) -> (W, Sent, Vec<Tripwire>) {
        (self.out, self.sent, self.tripwires)
    }

    pub(crate) fn resume(&mut self, sent: Sent, tripwires: Vec<Tripwire>) {
        self.sent = sent;
        self.tripwires = tripwires;
    }

    pub(crate) fn sent(&self) -> Sent {
        self.sent
    }

    pub(crate) fn arm(&mut self, tripwire: Tripwire) {
        self.tripwires.push(tripwire);
    }

    /// Forgets what was armed for the answer that has ended.
    pub(crate) fn disarm_answers(&mut self) {
        self.tripwires.retain(|tripwire| tripwire.since == Sent::default());
    }

    /// Sends packets that are full. A message's last packet is never empty, so one that is just full waits.
    pub(crate) async fn flush_full(&mut self) -> Result<(), Ended> {
        while self.message.len() > self.payload {
            self.frame(self.payload, 0).await?;
        }
        Ok(())
    }

    /// Ends the message and sends all of it.
    pub(crate) async fn finish(&mut self) -> Result<(), Ended> {
        self.flush_full().await?;
        self.frame(self.message.len(), END_OF_MESSAGE).await?;
        self.next = 1;
        self.write().await?;
        Ok(())
    }

    /// Sends what there is of a message that will not be ended.
    pub(crate) async fn abandon(&mut self) -> Result<(), Ended> {
        self.flush_full().await?;
        if !self.message.is_empty() {
            self.frame(self.message.len(), 0).await?;
        }
        self.write().await
    }

    async fn frame(&mut self, length: usize, status: u8) -> Result<(), Ended> {
        let whole = length + HEADER;
        self.framed.put_slice(&[self.kind.code(), status]);
        self.framed.put_u16(u16::try_from(whole).map_err(|_| Ended::Protocol("a payload over 64 KiB"))?);
        self.framed.put_slice(&[0, 0, self.next, 0]);
        self.framed.extend_from_slice(&self.message.split_to(length));
        self.next = self.next.wrapping_add(1);
        let before = self.sent;
        self.sent.packets += 1;
        self.sent.bytes += whole as u64;
        if let Some((kept, action)) = self.tripped(before) {
            self.framed.truncate(self.framed.len() - usize::try_from(self.sent.bytes - kept).unwrap_or(0));
            self.write().await?;
            return Err(Ended::Fault(action));
        }
        if self.framed.len() >= WRITE_AT {
            self.write().await?;
        }
        Ok(())
    }

    /// The byte after which a tripwire lets nothing more out, if it is in the packet just framed.
    fn tripped(&mut self, before: Sent) -> Option<(u64, Action)> {
        let sent = self.sent;
        let hit = |wire: &Tripwire| match wire.at {
            Place::Byte(n) if wire.since.bytes + n < sent.bytes => Some((wire.since.bytes + n).max(before.bytes)),
            Place::Packet(n) if wire.since.packets + n < sent.packets => Some(before.bytes),
            _ => None,
        };
        let (at, kept) = self.tripwires.iter().enumerate().find_map(|(at, wire)| Some((at, hit(wire)?)))?;
        Some((kept, self.tripwires.swap_remove(at).then))
    }

    async fn write(&mut self) -> Result<(), Ended> {
        self.out.write_all(&self.framed).await?;
        self.out.flush().await?;
        self.framed.clear();
        Ok(())
    }
}
