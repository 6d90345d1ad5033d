//! Rows of a query, a page at a time: however many there are, one page of them is at hand. BigQuery makes a page 10 MB at most.
//! Source: <https://cloud.google.com/bigquery/docs/paging-results>

use std::collections::VecDeque;

use reqwest::Method;
use serde_json::Value;

use super::client::{BigQuery, Body, encode};
use super::error::BigQueryError;
use super::statements::WAIT_MS;

/// A row's fields as the API writes them; `None` for NULL.
pub type Row = Vec<Option<String>>;

/// The rows of a query.
pub struct QueryRows<'a> {
    bigquery: &'a BigQuery,
    doing: &'static str,
    what: String,
    page: VecDeque<Row>,
    next: Next,
    /// What the query is billed for, once its first page is read.
    billed: Option<u64>,
}

enum Next {
    Query(String),
    /// Of the job at this path, the page of the token; without one, the first.
    Page {
        path: String,
        location: Option<String>,
        token: Option<String>,
    },
    End,
}

impl BigQuery {
    /// The rows of a query that only reads. `doing` and `what` say in an error what it is for.
    pub fn rows(&self, query: String, doing: &'static str, what: impl Into<String>) -> QueryRows<'_> {
        QueryRows {
            bigquery: self,
            doing,
            what: what.into(),
            page: VecDeque::new(),
            next: Next::Query(query),
            billed: None,
        }
    }
}

impl QueryRows<'_> {
    /// The next row; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Row>, BigQueryError> {
        loop {
            if let Some(row) = self.page.pop_front() {
                return Ok(Some(row));
            }
            let answer = match &self.next {
                Next::Query(query) => self.bigquery.ask(query.clone(), self.doing, &self.what).await?,
                Next::Page { path, location, token } => self.fetch(path, location.as_deref(), token.as_deref()).await?,
                Next::End => return Ok(None),
            };
            self.take(answer)?;
        }
    }

    async fn fetch(&self, path: &str, location: Option<&str>, token: Option<&str>) -> Result<Value, BigQueryError> {
        let wait = WAIT_MS.to_string();
        let mut query = vec![("timeoutMs", wait.as_str())];
        query.extend(location.map(|l| ("location", l)));
        query.extend(token.map(|t| ("pageToken", t)));
        let answer = self.bigquery.request(Method::GET, path, &query, Body::None, self.doing, &self.what);
        answer.await?.done(&self.what)
    }

    /// Bytes that the query is billed for; known from the first row on, where BigQuery tells.
    pub fn billed(&self) -> Option<u64> {
        self.billed
    }

    /// Keeps the rows of an answer, and what to ask for after them.
    fn take(&mut self, mut answer: Value) -> Result<(), BigQueryError> {
        self.billed = answer["totalBytesBilled"].as_str().and_then(|n| n.parse().ok()).or(self.billed);
        let job = &answer["jobReference"];
        let path = job["jobId"].as_str().map(|id| format!("/queries/{}", encode(id)));
        let location = job["location"].as_str().map(str::to_owned);
        let token = answer["pageToken"].as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        let is_complete = answer["jobComplete"] != false;
        self.next = match path {
            _ if is_complete && token.is_none() => Next::End,
            Some(path) => Next::Page { path, location, token },
            None => return Err(BigQueryError::unavailable(self.doing, &self.what, "an answer without its job")),
        };
        if let Value::Array(rows) = answer["rows"].take() {
            self.page = rows.into_iter().map(row).collect();
        }
        Ok(())
    }
}

fn row(mut row: Value) -> Row {
    let Value::Array(fields) = row["f"].take() else { return Row::new() };
    fields
        .into_iter()
        .map(|mut field| match field["v"].take() {
            Value::String(text) => Some(text),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use axum::extract::{RawQuery, State};
    use axum::http::Method;
    use axum::routing::any;
    use axum::{Json, Router};
    use serde_json::json;

    use super::*;
    use crate::bigquery::auth::AccessToken;
    use crate::bigquery::client::Settings;

    type Asked = Arc<Mutex<Vec<String>>>;

    /// Answers the first request with a job that is still at work, then with two pages.
    async fn answer(State(asked): State<Asked>, method: Method, RawQuery(query): RawQuery) -> Json<Value> {
        let job = json!({ "jobId": "j 1", "location": "EU" });
        let query = query.unwrap_or_default();
        let token = query.split('&').find_map(|part| part.strip_prefix("pageToken=")).map(str::to_owned);
        asked.lock().unwrap().push(format!("{method} {}", token.as_deref().unwrap_or("-")));
        Json(match (method, token.as_deref()) {
            (Method::POST, _) => json!({ "jobComplete": false, "jobReference": job }),
            (_, None) => json!({ "jobComplete": true, "jobReference": job, "pageToken": "p2",
                "rows": [{ "f": [{ "v": "1" }, { "v": null }] }, { "f": [{ "v": "2" }, { "v": "b" }] }] }),
            (_, Some(_)) => {
                json!({ "jobComplete": true, "jobReference": job, "rows": [{ "f": [{ "v": "3" }, { "v": "" }] }] })
            }
        })
    }

    #[tokio::test]
    async fn stub_every_page_is_read() {
        // As main.rs does; another test may have done it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let asked = Asked::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/{*path}", any(answer)).with_state(asked.clone());
        let server = tokio::spawn(axum::serve(listener, router).into_future());
        let settings = Settings {
            project: "p".into(),
            dataset: "d".into(),
            staging_dataset: "s".into(),
            location: Some("EU".into()),
            job_timeout: Duration::from_secs(1),
            write_endpoint: None,
        };
        let bigquery = BigQuery::at(format!("http://{address}"), AccessToken::Emulator, settings).await.unwrap();
        let mut rows = bigquery.rows("SELECT 1".to_owned(), "read", "the rows of x");
        let mut found = Vec::new();
        while let Some(row) = rows.next().await.unwrap() {
            found.push(row.iter().map(|f| f.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(" "));
        }
        assert_eq!(found, ["1 NULL", "2 b", "3 "]);
        assert!(rows.next().await.unwrap().is_none());
        assert_eq!(*asked.lock().unwrap(), ["POST -", "GET -", "GET p2"]);
        server.abort();
    }
}
