//! What a client asks for after its login.

use super::packet::Kind;
use super::parameter::{self, Parameter};
use super::reader::{Reader, utf16};
use crate::error::Ended;
use crate::typed::Value;

/// An isolation level as the transaction manager has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
    Snapshot,
}

impl Isolation {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            0 | 2 => Self::ReadCommitted,
            1 => Self::ReadUncommitted,
            3 => Self::RepeatableRead,
            4 => Self::Serializable,
            5 => Self::Snapshot,
            _ => return None,
        })
    }
}

/// A request.
#[derive(Debug)]
pub(crate) enum Request {
    /// A text alone.
    Batch {
        descriptor: u64,
        text: String,
    },
    /// sp_executesql.
    Execute {
        descriptor: u64,
        text: String,
        parameters: Vec<Value>,
    },
    Begin {
        isolation: Isolation,
    },
    Commit {
        descriptor: u64,
    },
    Rollback {
        descriptor: u64,
    },
    Attention,
    /// Rows of a bulk load, after an INSERT BULK batch.
    BulkLoad,
    /// What the stand-in does not do.
    Unsupported(&'static str),
}

pub(crate) fn parse(kind: Kind, message: &[u8]) -> Result<Request, Ended> {
    let mut from = Reader(message);
    Ok(match kind {
        Kind::Attention => Request::Attention,
        Kind::BulkLoad => Request::BulkLoad,
        Kind::Batch => {
            let descriptor = headers(&mut from)?;
            Request::Batch { descriptor, text: utf16(from.0)? }
        }
        Kind::Rpc => {
            let descriptor = headers(&mut from)?;
            execute(descriptor, &mut from)?
        }
        Kind::Transaction => {
            let descriptor = headers(&mut from)?;
            match from.u16()? {
                5 => Request::Begin {
                    isolation: Isolation::of(from.u8()?).ok_or(Ended::Protocol("an unknown isolation level"))?,
                },
                7 => Request::Commit { descriptor },
                8 => Request::Rollback { descriptor },
                _ => Request::Unsupported("a transaction manager request other than begin, commit and rollback"),
            }
        }
        Kind::Login | Kind::Prelogin | Kind::Answer => return Err(Ended::Protocol("a message out of turn")),
    })
}

/// ALL_HEADERS; the transaction's descriptor is in them.
fn headers(from: &mut Reader<'_>) -> Result<u64, Ended> {
    let total = from.u32()? as usize;
    let mut headers = Reader(from.take(total.checked_sub(4).ok_or(Ended::Protocol("short headers"))?)?);
    let mut descriptor = 0;
    while !headers.0.is_empty() {
        let length = headers.u32()? as usize;
        let mut header = Reader(headers.take(length.checked_sub(4).ok_or(Ended::Protocol("a short header"))?)?);
        const TRANSACTION: u16 = 2;
        if header.u16()? == TRANSACTION {
            descriptor = header.u64()?;
        }
    }
    Ok(descriptor)
}

fn execute(descriptor: u64, from: &mut Reader<'_>) -> Result<Request, Ended> {
    const EXECUTE_SQL: u16 = 10;
    const BY_NUMBER: u16 = 0xffff;
    if from.u16()? != BY_NUMBER || from.u16()? != EXECUTE_SQL {
        return Ok(Request::Unsupported("a procedure other than sp_executesql"));
    }
    let _options = from.u16()?;
    let mut parameters = Vec::new();
    while !from.0.is_empty() {
        parameters.push(parameter::parse(from)?);
    }
    let mut parameters = parameters.into_iter();
    let Some(Parameter { value: Value::Text(text), .. }) = parameters.next() else {
        return Err(Ended::Protocol("sp_executesql without a text"));
    };
    let declared = parameters.next();
    let given: Vec<Parameter> = parameters.collect();
    // Each parameter is declared as `@name type`, and so is each that is declared given.
    let names = declared.as_ref().and_then(|declared| declared.value.as_text()).unwrap_or_default();
    if names.matches('@').count() != given.len() || given.iter().any(|given| !names.contains(&given.name)) {
        return Ok(Request::Unsupported("parameters other than declared"));
    }
    Ok(Request::Execute {
        descriptor,
        text: text.to_string(),
        parameters: given.into_iter().map(|p| p.value).collect(),
    })
}
