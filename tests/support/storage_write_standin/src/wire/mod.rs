//! What goes over the wire: the messages of `google.cloud.bigquery.storage.v1`, one gRPC method, HTTP/2 on one socket.

pub mod codec;
pub mod connection;
pub mod messages;
pub mod method;
