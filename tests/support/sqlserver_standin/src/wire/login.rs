//! LOGIN7: who the client is and which database it wants.

use super::reader::{Reader, utf16};
use crate::error::Ended;

const FED_AUTH: u8 = 2;
const READ_ONLY: u8 = 1 << 5;
const EXTENSION_USED: u8 = 1 << 4;

/// What a client says of itself.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) application: String,
    pub(crate) server: String,
    pub(crate) database: String,
    pub(crate) packet_size: u32,
    pub(crate) read_only: bool,
    pub(crate) token: Option<String>,
}

pub(crate) fn parse(message: &[u8]) -> Result<Login, Ended> {
    let mut fixed = Reader(message);
    if usize::try_from(fixed.u32()?).ok() != Some(message.len()) {
        return Err(Ended::Protocol("LOGIN7 says another length than it has"));
    }
    let _version = fixed.u32()?;
    let packet_size = fixed.u32()?;
    fixed.take(12)?;
    let (_flags1, _flags2, type_flags, flags3) = (fixed.u8()?, fixed.u8()?, fixed.u8()?, fixed.u8()?);
    fixed.take(8)?;
    let mut bytes = |each: usize| -> Result<&[u8], Ended> {
        let (offset, length) = (usize::from(fixed.u16()?), usize::from(fixed.u16()?));
        message.get(offset..offset + length * each).ok_or(Ended::Protocol("a LOGIN7 field lies outside of its message"))
    };
    let _host = bytes(2)?;
    let user = utf16(bytes(2)?)?;
    let password = utf16(&bytes(2)?.iter().map(|byte| (byte ^ 0xa5).rotate_left(4)).collect::<Vec<_>>())?;
    let application = utf16(bytes(2)?)?;
    let server = utf16(bytes(2)?)?;
    let extension = bytes(1)?;
    let _library = bytes(2)?;
    let _language = bytes(2)?;
    let database = utf16(bytes(2)?)?;
    let token = if flags3 & EXTENSION_USED == 0 { None } else { token(message, extension)? };
    Ok(Login {
        user,
        password,
        application,
        server,
        database,
        packet_size,
        read_only: type_flags & READ_ONLY != 0,
        token,
    })
}

/// The token among the feature extensions, if there is one.
fn token(message: &[u8], extension: &[u8]) -> Result<Option<String>, Ended> {
    let offset = Reader(extension).u32()? as usize;
    let mut features = Reader(message.get(offset..).ok_or(Ended::Protocol("feature extensions lie outside"))?);
    loop {
        let feature = features.u8()?;
        if feature == 0xff {
            return Ok(None);
        }
        let length = features.u32()? as usize;
        let mut data = Reader(features.take(length)?);
        if feature == FED_AUTH {
            let _options = data.u8()?;
            let bytes = data.u32()? as usize;
            return Ok(Some(utf16(data.take(bytes)?)?));
        }
    }
}
