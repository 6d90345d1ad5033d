//! PRELOGIN: what both sides can do, before anyone says who they are.

use bytes::{BufMut, BytesMut};

use super::reader::Reader;
use crate::error::Ended;

const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const INSTANCE: u8 = 2;
const THREAD: u8 = 3;
const MARS: u8 = 4;
const FED_AUTH_REQUIRED: u8 = 6;
const END: u8 = 0xff;

/// What a side says of encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// For the login packet.
    Off,
    On,
    NotSupported,
    Required,
}

impl Offer {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Off,
            1 => Self::On,
            2 => Self::NotSupported,
            3 => Self::Required,
            _ => return None,
        })
    }
}

/// What a client says.
#[derive(Debug)]
pub(crate) struct Prelogin {
    pub(crate) encryption: Option<Offer>,
    pub(crate) fed_auth: bool,
}

pub(crate) fn parse(message: &[u8]) -> Result<Prelogin, Ended> {
    let mut said = Prelogin { encryption: None, fed_auth: false };
    let mut table = Reader(message);
    loop {
        let option = table.u8()?;
        if option == END {
            return Ok(said);
        }
        let offset = usize::from(u16::from_be_bytes(table.u16()?.to_le_bytes()));
        let length = usize::from(u16::from_be_bytes(table.u16()?.to_le_bytes()));
        let value = message
            .get(offset..offset + length)
            .ok_or(Ended::Protocol("a PRELOGIN option lies outside of its message"))?;
        match (option, value) {
            (ENCRYPTION, [byte]) => said.encryption = Offer::of(*byte),
            (FED_AUTH_REQUIRED, [byte]) => said.fed_auth = *byte == 1,
            _ => {}
        }
    }
}

pub(crate) fn answer(into: &mut BytesMut, encryption: Option<Offer>, fed_auth: bool) {
    // 16.0.1000: SQL Server 2022.
    let mut options: Vec<(u8, Vec<u8>)> = vec![(VERSION, vec![16, 0, 0x03, 0xe8, 0, 0])];
    if let Some(offer) = encryption {
        options.push((ENCRYPTION, vec![offer as u8]));
    }
    options.push((INSTANCE, vec![0]));
    options.push((THREAD, Vec::new()));
    options.push((MARS, vec![0]));
    if fed_auth {
        options.push((FED_AUTH_REQUIRED, vec![1]));
    }
    let mut offset = options.len() * 5 + 1;
    for (option, value) in &options {
        into.put_u8(*option);
        into.put_u16(offset as u16);
        into.put_u16(value.len() as u16);
        offset += value.len();
    }
    into.put_u8(END);
    for (_, value) in &options {
        into.put_slice(value);
    }
}
