//! Keys that the target has named, for the source.

use crate::source::{NamedKey, Origin};

pub(super) fn named_keys(keys: &[Vec<String>]) -> Vec<NamedKey> {
    keys.iter().map(|values| NamedKey { values: values.clone(), origin: Origin::Before }).collect()
}
