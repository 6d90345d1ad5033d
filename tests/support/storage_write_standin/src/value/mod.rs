//! Rows as protocol buffers, and what becomes of them: values in the REST API's JSON, or the reason why a value is none of its column's.

pub mod civil;
pub mod decimal;
pub mod interval;
pub mod json;
pub mod row;
pub mod scalar;
