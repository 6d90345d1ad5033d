//! Keys that the client hands over: a JSON array of arrays, the texts of each key and at its end 1 or 0.

use super::form::bad_plan;
use super::reading::Reading;
use crate::error::ServerError;
use crate::typed::{SortKey, Value};

/// A key that was handed over.
pub(crate) struct GivenKey {
    /// Its values; none where one of them is NULL, which no row's key equals.
    pub(crate) values: Option<Vec<Value>>,
    /// Does the log tell of its insert?
    pub(crate) is_added: bool,
}

/// Reads them.
pub(crate) fn parse(reading: &Reading, parameter: Option<&Value>) -> Result<Vec<GivenKey>, ServerError> {
    let text = parameter.and_then(Value::as_text).ok_or_else(|| bad_plan("keys without @P1"))?;
    let list: Vec<Vec<serde_json::Value>> =
        serde_json::from_str(text).map_err(|error| bad_plan(format!("keys that are no JSON: {error}")))?;
    list.into_iter().map(|key| one(reading, key)).collect()
}

fn one(reading: &Reading, mut key: Vec<serde_json::Value>) -> Result<GivenKey, ServerError> {
    let is_added = match key.pop().and_then(|last| last.as_i64()) {
        Some(1) => true,
        Some(0) => false,
        _ => return Err(bad_plan("a key without its number at the end")),
    };
    if key.iter().any(serde_json::Value::is_null) {
        return Ok(GivenKey { values: None, is_added });
    }
    let texts: Option<Vec<String>> = key.iter().map(|text| text.as_str().map(str::to_owned)).collect();
    let texts = texts.ok_or_else(|| bad_plan("a key whose parts are no texts"))?;
    Ok(GivenKey { values: Some(reading.key_values(&texts)?), is_added })
}

impl GivenKey {
    /// As the server compares it.
    pub(crate) fn sort_key(&self, reading: &Reading) -> Option<SortKey> {
        self.values.as_ref().map(|values| reading.sort_key(values))
    }

    /// A row that has its key and nothing else.
    pub(crate) fn row(&self, reading: &Reading) -> Vec<Value> {
        let mut row = vec![Value::Null; reading.definition.columns.len()];
        for (at, value) in reading.key.iter().zip(self.values.iter().flatten()) {
            row[*at] = value.clone();
        }
        row
    }
}
