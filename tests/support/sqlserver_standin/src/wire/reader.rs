//! Reading of little-endian fields out of a message.

use crate::error::Ended;

/// What is left of a message.
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], Ended> {
        if self.0.len() < n {
            return Err(Ended::Protocol("a message ends in the middle of a field"));
        }
        let (taken, rest) = self.0.split_at(n);
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Ended> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Ended> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Ended> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Ended> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Ended> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A text of so many UTF-16 units.
    pub(crate) fn text(&mut self, units: usize) -> Result<String, Ended> {
        utf16(self.take(units * 2)?)
    }

    /// The length in one byte, then the text.
    pub(crate) fn short_text(&mut self) -> Result<String, Ended> {
        let units = self.u8()?.into();
        self.text(units)
    }
}

pub(crate) fn units(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect()
}

pub(crate) fn utf16(bytes: &[u8]) -> Result<String, Ended> {
    String::from_utf16(&units(bytes)).map_err(|_| Ended::Protocol("a text is not UTF-16"))
}
