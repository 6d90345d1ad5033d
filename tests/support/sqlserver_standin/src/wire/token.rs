//! The tokens of an answer that are no rows.

use bytes::{BufMut, BytesMut};

use crate::error::ServerError;

pub(crate) const COLMETADATA: u8 = 0x81;
const RETURNSTATUS: u8 = 0x79;
const ORDER: u8 = 0xa9;
const ERROR: u8 = 0xaa;
const INFO: u8 = 0xab;
const LOGINACK: u8 = 0xad;
const FEATUREEXTACK: u8 = 0xae;
const ENVCHANGE: u8 = 0xe3;

/// Which of the three tokens ends a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Batch = 0xfd,
    Procedure = 0xfe,
    InProcedure = 0xff,
}

pub(crate) const MORE: u16 = 0x01;
pub(crate) const FAILED: u16 = 0x02;
pub(crate) const COUNT: u16 = 0x10;
pub(crate) const ATTENTION: u16 = 0x20;

pub(crate) fn done(into: &mut BytesMut, which: Done, status: u16, rows: u64) {
    const SELECT: u16 = 0xc1;
    into.put_u8(which as u8);
    into.put_u16_le(status);
    into.put_u16_le(SELECT);
    into.put_u64_le(rows);
}

pub(crate) fn return_status(into: &mut BytesMut, status: i32) {
    into.put_u8(RETURNSTATUS);
    into.put_i32_le(status);
}

/// By which columns the rows are in order.
pub(crate) fn order(into: &mut BytesMut, columns: &[u16]) {
    into.put_u8(ORDER);
    into.put_u16_le(columns.len() as u16 * 2);
    columns.iter().for_each(|column| into.put_u16_le(*column));
}

/// A text with its length in one byte.
pub(crate) fn short_text(into: &mut BytesMut, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(255).collect();
    into.put_u8(units.len() as u8);
    units.iter().for_each(|unit| into.put_u16_le(*unit));
}

/// A text with its length in two bytes.
pub(crate) fn long_text(into: &mut BytesMut, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(65_535).collect();
    into.put_u16_le(units.len() as u16);
    units.iter().for_each(|unit| into.put_u16_le(*unit));
}

/// A token whose body has its length before it.
fn sized(into: &mut BytesMut, token: u8, body: impl FnOnce(&mut BytesMut)) {
    into.put_u8(token);
    let at = into.len();
    into.put_u16_le(0);
    body(into);
    let length = (into.len() - at - 2) as u16;
    into[at..at + 2].copy_from_slice(&length.to_le_bytes());
}

pub(crate) fn error(into: &mut BytesMut, error: &ServerError) {
    sized(into, ERROR, |into| message(into, error));
}

pub(crate) fn info(into: &mut BytesMut, info: &ServerError) {
    sized(into, INFO, |into| message(into, info));
}

fn message(into: &mut BytesMut, message: &ServerError) {
    into.put_u32_le(message.number);
    into.put_u8(message.state);
    into.put_u8(message.class);
    long_text(into, &message.message);
    short_text(into, "STANDIN");
    short_text(into, "");
    into.put_u32_le(1);
}

/// What changed in the session.
pub(crate) enum Change<'a> {
    Database(&'a str),
    PacketSize { new: u32, old: u32 },
    Collation([u8; 5]),
    Began(u64),
    Committed(u64),
    RolledBack(u64),
    Routing { host: &'a str, port: u16 },
}

pub(crate) fn change(into: &mut BytesMut, change: &Change<'_>) {
    sized(into, ENVCHANGE, |into| match change {
        Change::Database(name) => {
            into.put_u8(1);
            short_text(into, name);
            short_text(into, "master");
        }
        Change::PacketSize { new, old } => {
            into.put_u8(4);
            short_text(into, &new.to_string());
            short_text(into, &old.to_string());
        }
        Change::Collation(wire) => {
            into.put_slice(&[7, 5]);
            into.put_slice(wire);
            into.put_u8(0);
        }
        Change::Began(descriptor) => {
            into.put_slice(&[8, 8]);
            into.put_u64_le(*descriptor);
            into.put_u8(0);
        }
        Change::Committed(descriptor) | Change::RolledBack(descriptor) => {
            into.put_slice(&[if matches!(change, Change::Committed(_)) { 9 } else { 10 }, 0, 8]);
            into.put_u64_le(*descriptor);
        }
        Change::Routing { host, port } => {
            into.put_u8(20);
            into.put_u16_le(host.encode_utf16().count() as u16 * 2 + 5);
            into.put_u8(0);
            into.put_u16_le(*port);
            long_text(into, host);
            into.put_u16_le(0);
        }
    });
}

pub(crate) fn login_ack(into: &mut BytesMut) {
    sized(into, LOGINACK, |into| {
        into.put_u8(1);
        into.put_u32(0x7400_0004);
        short_text(into, "Microsoft SQL Server");
        into.put_slice(&[16, 0, 0x03, 0xe8]);
    });
}

/// The token of a federated login was taken.
pub(crate) fn fed_auth_ack(into: &mut BytesMut) {
    into.put_slice(&[FEATUREEXTACK, 2, 0, 0, 0, 0, 0xff]);
}
