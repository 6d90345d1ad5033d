//! Which objects there are, and taking some away.

use backon::Retryable;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::error::{StorageError, StorageFault};
use super::{Store, backoff};
use crate::root_cause::root_cause;

/// Objects that one request lists.
const A_PAGE: &str = "1000";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Item>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    /// The API writes a number of 64 bits as a text.
    #[serde(default)]
    size: String,
}

/// An object that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Below the store's own prefix.
    pub name: String,
    /// In bytes.
    pub size: u64,
}

/// What one request has listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// All that there is.
    All(Vec<Found>),
    /// The first, in the order of their names; there are more.
    First(Vec<Found>),
}

/// What a request lists: names that begin so, from one on and up to another.
#[derive(Clone, Copy)]
struct Range<'a> {
    begin: &'a str,
    from: Option<&'a str>,
    until: Option<&'a str>,
}

impl<'a> Range<'a> {
    fn of(begin: &'a str) -> Self {
        Self { begin, from: None, until: None }
    }
}

impl Store {
    /// Whether the bucket is there and may be listed. Reading an absent object can't tell an absent bucket.
    pub async fn probe(&self) -> Result<(), StorageError> {
        self.page(Range::of(""), "1", None).await.map(|_| ())
    }

    /// The names of all objects that begin so, in order.
    pub async fn list(&self, begin: &str) -> Result<Vec<String>, StorageError> {
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            let page = self.page(Range::of(begin), A_PAGE, token.as_deref()).await?;
            // Names are those below the store's own prefix.
            names.extend(page.items.into_iter().filter_map(|i| i.name.strip_prefix(&self.prefix).map(str::to_owned)));
            token = page.next_page_token;
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// The objects whose names begin so, from one name on (included) and up to another (left out), in order: what one request finds, at most
    /// 1,000. Source: <https://cloud.google.com/storage/docs/json_api/v1/objects/list>
    pub async fn list_between(&self, begin: &str, from: &str, until: Option<&str>) -> Result<Listed, StorageError> {
        let page = self.page(Range { begin, from: Some(from), until }, A_PAGE, None).await?;
        let found = page.items.into_iter().filter_map(|item| {
            let name = item.name.strip_prefix(&self.prefix)?.to_owned();
            Some(Found { name, size: item.size.parse().unwrap_or(0) })
        });
        let found = found.collect();
        Ok(if page.next_page_token.is_some() { Listed::First(found) } else { Listed::All(found) })
    }

    async fn page(&self, range: Range<'_>, most: &str, token: Option<&str>) -> Result<Page, StorageError> {
        let full = |name: &str| format!("{}{name}", self.prefix);
        let (begin, from, until) = (full(range.begin), range.from.map(full), range.until.map(full));
        let url = format!("{}/storage/v1/b/{}/o", self.endpoint, self.bucket);
        let attempt = || async {
            let mut query =
                vec![("maxResults", most), ("prefix", begin.as_str()), ("fields", "items(name,size),nextPageToken")];
            query.extend(from.as_deref().map(|name| ("startOffset", name)));
            query.extend(until.as_deref().map(|name| ("endOffset", name)));
            query.extend(token.map(|t| ("pageToken", t)));
            let request = self.http.get(&url).query(&query).headers(self.headers().await?);
            let answer = self.answer("list", &begin, request).await?;
            answer.json().await.map_err(|e| self.unreachable("list", &begin, root_cause(&e.without_url())))
        };
        attempt.retry(backoff(self.attempts)).when(StorageError::is_transient).await
    }

    /// Takes an object away, whatever its generation is. One that is not there is no error: it may have been taken away by a request
    /// whose answer was lost.
    pub async fn remove(&self, name: &str) -> Result<(), StorageError> {
        let object = format!("{}{name}", self.prefix);
        let escaped = utf8_percent_encode(&object, NON_ALPHANUMERIC);
        let url = format!("{}/storage/v1/b/{}/o/{escaped}", self.endpoint, self.bucket);
        let attempt = || async {
            let request = self.http.delete(&url).headers(self.headers().await?);
            self.answer("remove", &object, request).await.map(|_| ())
        };
        match attempt.retry(backoff(self.attempts)).when(StorageError::is_transient).await {
            // What is asked for is gone; of a bucket that is gone, the next read tells.
            Err(StorageError::Fault(StorageFault::NoBucket(_))) => Ok(()),
            removed => removed,
        }
    }

    /// The answer to a request, where it is no error.
    async fn answer(
        &self,
        doing: &'static str,
        object: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, StorageError> {
        let answer = request.send().await;
        let answer = answer.map_err(|e| self.unreachable(doing, object, root_cause(&e.without_url())))?;
        match answer.status().as_u16() {
            200..=299 => Ok(answer),
            status => Err(self.status_fault(doing, object, status, format!("HTTP {status}"))),
        }
    }

    fn unreachable(&self, doing: &'static str, object: &str, reason: String) -> StorageError {
        StorageError::Unavailable { doing, bucket: self.bucket.clone(), object: object.to_owned(), reason }
    }
}
