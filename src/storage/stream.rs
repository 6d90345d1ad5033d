//! An object that is read as it comes, never whole.

use bytes::Bytes;
use google_cloud_storage::model_ext::ReadRange;
use google_cloud_storage::read_object::ReadObjectResponse;

use super::error::StorageError;
use super::{READ_TIMEOUT, Store, backoff};

/// An object that is being read. A read that is cut is taken up where it ended.
pub struct ObjectStream<'a> {
    store: &'a Store,
    object: String,
    response: Option<ReadObjectResponse>,
    /// Bytes that came so far, and as many as there are, once that is known.
    came: u64,
    size: Option<u64>,
}

impl Store {
    /// Begins to read an object, with the first bytes that are asked for.
    pub fn stream(&self, name: &str) -> ObjectStream<'_> {
        ObjectStream { store: self, object: format!("{}{name}", self.prefix), response: None, came: 0, size: None }
    }
}

impl ObjectStream<'_> {
    /// The next bytes; `None` at the end. An object that is not there is an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        use backon::BackoffBuilder as _;
        let mut pauses = backoff(self.store.attempts).build();
        loop {
            if self.size == Some(self.came) {
                return Ok(None);
            }
            match self.try_next().await {
                Ok(bytes) => {
                    self.came += bytes.as_ref().map_or(0, |b| b.len() as u64);
                    return Ok(bytes);
                }
                Err(e) => {
                    self.response = None;
                    let pause = pauses.next().filter(|_| e.is_transient()).ok_or(e)?;
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn try_next(&mut self) -> Result<Option<Bytes>, StorageError> {
        let Self { store, object, response, came, size } = self;
        let read = async {
            let response = match response {
                Some(response) => response,
                None => {
                    let read = store.client.read_object(store.resource(), &*object);
                    let opened = read.set_read_range(ReadRange::offset(*came)).send().await?;
                    *size = u64::try_from(opened.object().size).ok();
                    response.insert(opened)
                }
            };
            response.next().await.transpose()
        };
        match tokio::time::timeout(READ_TIMEOUT, Box::pin(read)).await {
            Ok(Ok(None)) if size.is_some_and(|size| *came < size) => Err(StorageError::Unavailable {
                doing: "read",
                bucket: store.bucket.clone(),
                object: object.clone(),
                reason: "the answer ended before the object".to_owned(),
            }),
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(e)) => Err(store.fault("read", object, &e)),
            Err(_) => Err(store.timed_out("read", object)),
        }
    }
}
