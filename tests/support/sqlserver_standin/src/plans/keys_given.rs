//! Keys that the client hands over: a JSON array of arrays, the texts of each key and at its end 1 or 0, and its number.

use super::OWN;
use super::comment::{Casts, Comment, Same};
use super::form::{Told, bad_plan};
use super::reading::Reading;
use crate::error::ServerError;
use crate::typed::{SortKey, Value};

/// A key that was handed over.
pub(crate) struct GivenKey {
    /// Its values; none where one of them is NULL, which no row's key equals, or a text that its type has no value for.
    pub(crate) values: Option<Vec<Value>>,
    /// Do they print like what was handed over, as far as the statement asks?
    pub(crate) prints: bool,
    /// Does the log tell of its insert?
    pub(crate) is_added: bool,
    /// Its number, as the client gave it.
    pub(crate) number: usize,
}

/// Reads them.
pub(crate) fn parse(
    reading: &Reading,
    comment: &Comment,
    parameter: Option<&Value>,
) -> Result<Vec<GivenKey>, ServerError> {
    let text = parameter.and_then(Value::as_text).ok_or_else(|| bad_plan("keys without @P1"))?;
    let list: Vec<Vec<serde_json::Value>> =
        serde_json::from_str(text).map_err(|error| bad_plan(format!("keys that are no JSON: {error}")))?;
    list.into_iter().map(|key| one(reading, comment, key)).collect()
}

fn one(reading: &Reading, comment: &Comment, mut key: Vec<serde_json::Value>) -> Result<GivenKey, ServerError> {
    let number = key.pop().and_then(|last| last.as_u64()).and_then(|n| usize::try_from(n).ok());
    let number = number.ok_or_else(|| bad_plan("a key without its number"))?;
    let is_added = match key.pop().and_then(|last| last.as_i64()) {
        Some(1) => true,
        Some(0) => false,
        _ => return Err(bad_plan("a key without 1 or 0 behind its texts")),
    };
    if key.iter().any(serde_json::Value::is_null) {
        return Ok(GivenKey { values: None, prints: true, is_added, number });
    }
    let texts: Option<Vec<String>> = key.iter().map(|text| text.as_str().map(str::to_owned)).collect();
    let texts = texts.ok_or_else(|| bad_plan("a key whose parts are no texts"))?;
    let values = match (reading.held_key(&texts), comment.casts) {
        (Ok(values), _) => Some(values),
        // The statement asks for NULL there.
        (Err(error), Casts::Tried) if !OWN.contains(&error.number) => None,
        (Err(error), _) => return Err(error),
    };
    let prints = comment.same == Same::Value || values.as_ref().is_none_or(|values| reading.prints_as(values, &texts));
    Ok(GivenKey { values, prints, is_added, number })
}

impl GivenKey {
    /// As the server compares it.
    pub(crate) fn sort_key(&self, reading: &Reading) -> Option<SortKey> {
        self.values.as_ref().map(|values| reading.sort_key(values))
    }

    /// What a statement says of it.
    pub(crate) fn told(&self) -> Told {
        Told { flag: Some(self.is_added), number: Some(self.number) }
    }

    /// A row that has its key and nothing else.
    pub(crate) fn row(&self, reading: &Reading) -> Vec<Value> {
        let mut row = vec![Value::Null; reading.definition.columns.len()];
        for (at, value) in reading.key.iter().zip(self.values.iter().filter(|_| self.prints).flatten()) {
            row[*at] = value.clone();
        }
        row
    }
}
