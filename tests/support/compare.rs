//! Source against target, row by row, by readers that share nothing with the program: SQL casts on one side, the REST API
//! on the other.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage};

/// A row by its key: every column's value in a form that is equal on both sides iff the values are.
pub type Rows = BTreeMap<String, Vec<Option<String>>>;

/// What a comparison found.
#[derive(Debug)]
pub struct Comparison {
    /// Rows of either side.
    pub source: usize,
    pub target: usize,
    /// Up to twenty differences, described.
    pub differences: Vec<String>,
    pub count: usize,
}

/// A column and the type that decides how its values are compared.
struct Compared {
    name: String,
    pg_type: String,
}

/// Compares a relation with a table of the same column names, but for those that are not published.
pub async fn compare(
    pg: &Client,
    relation: &str,
    key: &str,
    excluded: &[&str],
    bq: &Bq,
    dataset: &str,
    table: &str,
) -> Comparison {
    let mut columns = columns_of(pg, relation).await;
    columns.retain(|c| !excluded.contains(&c.name.as_str()));
    let source = source_rows(pg, relation, key, &columns).await;
    let target = target_rows(bq, dataset, table, key, &columns).await;
    let mut differences = Vec::new();
    let mut count = 0;
    let mut note = |text: String| {
        count += 1;
        if differences.len() < 20 {
            differences.push(text);
        }
    };
    for (key, row) in &source {
        match target.get(key) {
            None => note(format!("{key}: not in the target")),
            Some(found) if found != row => {
                let at = row.iter().zip(found).position(|(a, b)| a != b).unwrap_or(0);
                note(format!("{key}: {} is {:?}, in the target {:?}", columns[at].name, row[at], found[at]));
            }
            Some(_) => {}
        }
    }
    for key in target.keys().filter(|k| !source.contains_key(*k)) {
        note(format!("{key}: only in the target"));
    }
    Comparison { source: source.len(), target: target.len(), differences, count }
}

async fn columns_of(pg: &Client, relation: &str) -> Vec<Compared> {
    // What is JSON in the target, whatever it is here, is compared as that.
    let sql = format!(
        "SELECT attname, CASE WHEN t.typoutput = 'array_out'::regproc OR t.typtype = 'c' OR t.typname = 'hstore' THEN 'made' \
           ELSE (CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END)::regtype::text END \
         FROM pg_attribute JOIN pg_type t ON t.oid = atttypid \
         WHERE attrelid = '{relation}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    );
    let rows = simple(pg, &sql).await;
    rows.into_iter()
        .map(|mut r| Compared { pg_type: r.pop().flatten().unwrap(), name: r.pop().flatten().unwrap() })
        .collect()
}

async fn simple(pg: &Client, sql: &str) -> Vec<Vec<Option<String>>> {
    let messages = pg.simple_query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let rows = messages.into_iter().filter_map(|m| match m {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|n| row.get(n).map(str::to_owned)).collect()),
        _ => None,
    });
    rows.collect()
}

async fn source_rows(pg: &Client, relation: &str, key: &str, columns: &[Compared]) -> Rows {
    let list: Vec<String> = columns
        .iter()
        .map(|c| {
            let name = format!("\"{}\"", c.name);
            match c.pg_type.as_str() {
                "timestamp with time zone" | "timestamp without time zone" => {
                    // In two parts, for before PostgreSQL 14 they are doubles.
                    format!(
                        "(extract(epoch FROM date_trunc('second', {name}))::int8 * 1000000 \
                          + extract(microseconds FROM {name})::int8 % 1000000)::text"
                    )
                }
                "bytea" => format!("encode({name}, 'hex')"),
                "numeric" => format!("trim_scale({name})::text"),
                "made" => format!("to_json({name})::text"),
                "boolean" => format!("{name}::text"),
                // As the type prints itself: a cast to text strips a char's blanks, and adds to an address.
                _ => name,
            }
        })
        .collect();
    let rows = simple(pg, &format!("SELECT \"{key}\"::text, {} FROM {relation}", list.join(", "))).await;
    rows.into_iter()
        .map(|mut r| {
            let values = r.split_off(1);
            (r[0].clone().unwrap(), normalize(values, columns))
        })
        .collect()
}

async fn target_rows(bq: &Bq, dataset: &str, table: &str, key: &str, columns: &[Compared]) -> Rows {
    let list: Vec<String> = columns
        .iter()
        .map(|c| {
            let name = format!("`{}`", c.name);
            match c.pg_type.as_str() {
                "timestamp with time zone" => format!("CAST(UNIX_MICROS({name}) AS STRING)"),
                "timestamp without time zone" => format!("CAST(UNIX_MICROS(CAST({name} AS TIMESTAMP)) AS STRING)"),
                "bytea" => format!("TO_HEX({name})"),
                "json" | "jsonb" | "made" => format!("TO_JSON_STRING({name})"),
                _ => format!("CAST({name} AS STRING)"),
            }
        })
        .collect();
    let sql = format!("SELECT CAST(`{key}` AS STRING), {} FROM `{}.{dataset}.{table}`", list.join(", "), bq.project);
    let rows = bq.query(&sql).await;
    rows.into_iter()
        .map(|mut r| {
            let values = r.split_off(1);
            (r[0].clone().unwrap(), normalize(values, columns))
        })
        .collect()
}

/// Takes out what only one side's text has: zeros behind a point, a blank in a document, a double's digits.
fn normalize(values: Vec<Option<String>>, columns: &[Compared]) -> Vec<Option<String>> {
    let each = values.into_iter().zip(columns);
    each.map(|(value, c)| {
        let text = value?;
        Some(match c.pg_type.as_str() {
            "numeric" if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            "double precision" | "real" => text.to_lowercase().parse::<f64>().map_or(text, |f| f.to_string()),
            "json" | "jsonb" | "made" => match serde_json::from_str::<Value>(&text) {
                Ok(Value::Null) => return None,
                Ok(json) => json.to_string(),
                Err(_) => text,
            },
            "time without time zone" if text.contains('.') => {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            _ => text,
        })
    })
    .collect()
}

/// BigQuery's REST API, as any client reads it.
#[derive(Clone)]
pub struct Bq {
    pub base: String,
    pub project: String,
    http: reqwest::Client,
}

impl Bq {
    pub fn new(url: &str, project: &str) -> Self {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().unwrap();
        Self { base: format!("{url}/bigquery/v2/projects/{project}"), project: project.to_owned(), http }
    }

    pub async fn get(&self, path: &str) -> Value {
        self.http.get(format!("{}{path}", self.base)).send().await.unwrap().json().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.http.post(format!("{}{path}", self.base)).json(body).send().await.unwrap().json().await.unwrap()
    }

    /// Every row of a query, page by page.
    pub async fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let body = serde_json::json!({ "query": sql, "useLegacySql": false, "maxResults": 20000 });
        let mut page = self.post("/queries", &body).await;
        assert!(page["error"].is_null(), "{sql}: {}", page["error"]["message"]);
        let job = page["jobReference"]["jobId"].as_str().unwrap_or_default().to_owned();
        let mut rows = Vec::new();
        loop {
            for row in page["rows"].as_array().into_iter().flatten() {
                let cells = row["f"].as_array().into_iter().flatten();
                rows.push(cells.map(|c| c["v"].as_str().map(str::to_owned)).collect());
            }
            match page["pageToken"].as_str().filter(|t| !t.is_empty()) {
                Some(token) => {
                    let path = format!("/queries/{job}?maxResults=20000&pageToken={token}");
                    page = self.get(&path).await;
                }
                None => break,
            }
        }
        // The answer is a table of the emulator's, which looks through all that it has for most of what it is asked.
        self.http.delete(format!("{}/jobs/{job}/delete", self.base)).send().await.unwrap();
        rows
    }
}
