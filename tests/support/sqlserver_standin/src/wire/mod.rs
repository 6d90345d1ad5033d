//! TDS 7.4 and 8.0 as bytes (MS-TDS).

pub mod column;
pub(crate) mod login;
pub(crate) mod packet;
pub(crate) mod parameter;
pub(crate) mod prelogin;
pub(crate) mod reader;
pub(crate) mod request;
pub(crate) mod tls;
pub(crate) mod token;
pub(crate) mod value;
