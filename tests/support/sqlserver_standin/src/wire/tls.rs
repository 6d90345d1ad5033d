//! TLS the old way: the records of the handshake travel in PRELOGIN packets, those after it bare.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::packet::HEADER;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Handshake,
    Bare,
}

/// A stream whose first part is in packets.
pub(crate) struct Wrapped<S> {
    inner: S,
    phase: Phase,
    header: [u8; HEADER],
    header_read: usize,
    /// Of the packet that is being read.
    left: usize,
    /// Records not yet in a packet.
    unsent: Vec<u8>,
    packet: Vec<u8>,
    written: usize,
}

impl<S> Wrapped<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self {
            inner,
            phase: Phase::Handshake,
            header: [0; HEADER],
            header_read: 0,
            left: 0,
            unsent: Vec::new(),
            packet: Vec::new(),
            written: 0,
        }
    }

    /// From here on there are no packets around the records.
    pub(crate) fn handshake_done(&mut self) {
        self.phase = Phase::Bare;
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wrapped<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.phase == Phase::Bare {
            return Pin::new(&mut this.inner).poll_read(cx, out);
        }
        while this.left == 0 {
            let mut buffer = ReadBuf::new(&mut this.header[this.header_read..]);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut buffer))?;
            let n = buffer.filled().len();
            if n == 0 {
                return Poll::Ready(Ok(()));
            }
            this.header_read += n;
            if this.header_read == HEADER {
                this.header_read = 0;
                this.left = usize::from(u16::from_be_bytes([this.header[2], this.header[3]])).saturating_sub(HEADER);
            }
        }
        let mut part = ReadBuf::new(out.initialize_unfilled_to(this.left.min(out.remaining())));
        ready!(Pin::new(&mut this.inner).poll_read(cx, &mut part))?;
        let n = part.filled().len();
        this.left -= n;
        out.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wrapped<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.phase == Phase::Bare {
            return Pin::new(&mut self.inner).poll_write(cx, bytes);
        }
        self.unsent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.packet.is_empty() && !this.unsent.is_empty() {
            let length = u16::try_from(this.unsent.len() + HEADER).map_err(|_| io::Error::other("a long handshake"))?;
            this.packet.extend_from_slice(&[0x12, 1]);
            this.packet.extend_from_slice(&length.to_be_bytes());
            this.packet.extend_from_slice(&[0, 0, 1, 0]);
            this.packet.append(&mut this.unsent);
        }
        while this.written < this.packet.len() {
            let n = ready!(Pin::new(&mut this.inner).poll_write(cx, &this.packet[this.written..]))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.written += n;
        }
        this.packet.clear();
        this.written = 0;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
