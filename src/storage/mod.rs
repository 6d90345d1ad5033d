//! The one small interface to objects: get, put if the generation is still the one we know, list, remove.
//!
//! Every write is one multipart request with a precondition. That makes it safe to repeat, is what compare-and-swap of the
//! state stands on, and is the only kind of upload the emulator is honest about. Resumable uploads are never used.
//!
//! The client library has no attempt timeout and its own retries hide one; so it is told never to retry, and each attempt
//! is timed and repeated here. Its futures are large, so they live on the heap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use google_cloud_auth::credentials::{Builder as CredentialsBuilder, Credentials, anonymous};
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_storage::client::Storage;

use crate::emulator;
use crate::retry::RetryAfter;
use crate::root_cause::root_cause;

mod error;
mod listing;
mod stream;

pub use error::{StorageError, StorageFault};
pub use listing::{Found, Listed};
pub use stream::ObjectStream;

pub use crate::emulator::STORAGE as EMULATOR;

const READ_TIMEOUT: Duration = Duration::from_secs(20);
const WRITE_TIMEOUT: Duration = Duration::from_secs(120);
const ATTEMPTS: usize = 5;
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// The version of an object that a conditional write expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing is there yet.
    Absent,
    /// Exactly this generation is there.
    Generation(i64),
}

/// Objects below one prefix of one bucket.
#[derive(Clone)]
pub struct Store {
    client: Storage,
    http: reqwest::Client,
    credentials: Credentials,
    endpoint: String,
    bucket: String,
    prefix: String,
    attempts: usize,
    written: Arc<AtomicU64>,
}

impl Store {
    /// `prefix` is empty or ends with a slash.
    pub async fn open(bucket: &str, prefix: &str) -> Result<Self, StorageError> {
        Self::at(emulator::address(EMULATOR)?, bucket, prefix).await
    }

    /// Of the service itself, or of an emulator's `http://host:port`.
    pub async fn at(emulator: Option<String>, bucket: &str, prefix: &str) -> Result<Self, StorageError> {
        let unusable = |e: String| StorageError::from(StorageFault::Credentials(e));
        let (endpoint, credentials) = match emulator {
            Some(endpoint) => (endpoint, anonymous::Builder::new().build()),
            None => {
                crate::credentials::look().await.map_err(|e| unusable(e.to_string()))?;
                let built = CredentialsBuilder::default().with_scopes([SCOPE]).build();
                ("https://storage.googleapis.com".to_owned(), built.map_err(|e| unusable(e.to_string()))?)
            }
        };
        let client = Storage::builder()
            .with_endpoint(endpoint.clone())
            .with_credentials(credentials.clone())
            .with_retry_policy(NeverRetry)
            // Anything below goes out in one request.
            .with_resumable_upload_threshold(usize::MAX)
            .build()
            .await
            .map_err(|e| unusable(e.to_string()))?;
        let http = reqwest::Client::builder().timeout(READ_TIMEOUT).build().map_err(|e| unusable(e.to_string()))?;
        Ok(Self {
            client,
            http,
            credentials,
            endpoint,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            attempts: ATTEMPTS,
            written: Arc::default(),
        })
    }

    /// The same objects, asked for no more than twice: for somebody who waits for the answer.
    pub fn in_a_hurry(&self) -> Self {
        Self { attempts: 2, ..self.clone() }
    }

    /// The same objects, with a count of its own of what is written.
    pub fn counting(&self) -> Self {
        Self { written: Arc::default(), ..self.clone() }
    }

    /// How many objects were written, as far as the answers tell: each write is billed.
    pub fn writes(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The `gs://` URL of an object.
    pub fn url(&self, name: &str) -> String {
        format!("gs://{}/{}{name}", self.bucket, self.prefix)
    }

    fn resource(&self) -> String {
        format!("projects/_/buckets/{}", self.bucket)
    }

    /// An object's content and generation in one request; `None` where there is no such object.
    pub async fn get(&self, name: &str) -> Result<Option<(Bytes, i64)>, StorageError> {
        let object = format!("{}{name}", self.prefix);
        let after = RetryAfter::default();
        let attempt = || async {
            let read = async {
                let mut response = self.client.read_object(self.resource(), &object).send().await?;
                let generation = response.object().generation;
                let mut content = Vec::new();
                while let Some(chunk) = response.next().await.transpose()? {
                    content.extend_from_slice(&chunk);
                }
                Ok::<_, google_cloud_storage::Error>((Bytes::from(content), generation))
            };
            match tokio::time::timeout(READ_TIMEOUT, Box::pin(read)).await {
                Ok(Ok(found)) => Ok(Some(found)),
                Ok(Err(e)) if e.http_status_code() == Some(404) => Ok(None),
                Ok(Err(e)) => {
                    e.http_headers().into_iter().for_each(|h| after.note(h));
                    Err(self.fault("read", &object, &e))
                }
                Err(_) => Err(self.timed_out("read", &object)),
            }
        };
        attempt
            .retry(backoff(self.attempts))
            .when(StorageError::is_transient)
            .adjust(|_, pause| after.adjust(pause))
            .await
    }

    /// Writes an object if it is as expected, and returns its new generation.
    ///
    /// After a lost answer the repeated request finds our own write in its way and fails with [`StorageError::Conflict`]:
    /// the caller has to look whose it is.
    pub async fn put(
        &self,
        name: &str,
        content: Bytes,
        content_type: &str,
        expect: Expect,
    ) -> Result<i64, StorageError> {
        let object = format!("{}{name}", self.prefix);
        let generation = match expect {
            Expect::Absent => 0,
            Expect::Generation(g) => g,
        };
        let after = RetryAfter::default();
        let attempt = || async {
            let write = self
                .client
                .write_object(self.resource(), &object, content.clone())
                .set_content_type(content_type)
                .set_if_generation_match(generation)
                .send_buffered();
            match tokio::time::timeout(WRITE_TIMEOUT, Box::pin(write)).await {
                Ok(Ok(written)) => {
                    self.written.fetch_add(1, Ordering::Relaxed);
                    Ok(written.generation)
                }
                Ok(Err(e)) => {
                    e.http_headers().into_iter().for_each(|h| after.note(h));
                    Err(self.fault("write", &object, &e))
                }
                Err(_) => Err(self.timed_out("write", &object)),
            }
        };
        attempt
            .retry(backoff(self.attempts))
            .when(StorageError::is_transient)
            .adjust(|_, pause| after.adjust(pause))
            .await
    }

    async fn headers(&self) -> Result<reqwest::header::HeaderMap, StorageError> {
        use google_cloud_auth::credentials::CacheableResource;
        let answer = self.credentials.headers(http::Extensions::new()).await;
        match answer.map_err(|e| StorageFault::Credentials(e.to_string()))? {
            CacheableResource::New { data, .. } => Ok(data),
            CacheableResource::NotModified => Ok(reqwest::header::HeaderMap::new()),
        }
    }

    fn timed_out(&self, doing: &'static str, object: &str) -> StorageError {
        StorageError::Unavailable {
            doing,
            bucket: self.bucket.clone(),
            object: object.to_owned(),
            reason: "no answer in time".to_owned(),
        }
    }

    fn fault(&self, doing: &'static str, object: &str, e: &google_cloud_storage::Error) -> StorageError {
        if e.is_authentication() {
            return StorageFault::Credentials(e.to_string()).into();
        }
        match e.http_status_code() {
            Some(status) => self.status_fault(doing, object, status, e.to_string()),
            None => StorageError::Unavailable {
                doing,
                bucket: self.bucket.clone(),
                object: object.to_owned(),
                reason: root_cause(e),
            },
        }
    }

    fn status_fault(&self, doing: &'static str, object: &str, status: u16, reason: String) -> StorageError {
        let (bucket, object) = (self.bucket.clone(), object.to_owned());
        match status {
            401 | 403 => StorageFault::Denied { doing, bucket, object, reason }.into(),
            // An absent object is no error where it may be absent; what else is missing is the bucket.
            404 => StorageFault::NoBucket(bucket).into(),
            412 => StorageError::Conflict { bucket, object },
            408 | 429 | 500..=599 => StorageError::Unavailable { doing, bucket, object, reason },
            _ => StorageFault::Rejected { doing, bucket, object, reason }.into(),
        }
    }
}

fn backoff(attempts: usize) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(8))
        .with_max_times(attempts - 1)
        .with_jitter()
}
