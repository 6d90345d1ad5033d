//! docs/TYPES.md, printed from the tables that rows are encoded by.

use super::{postgres, sqlserver};

/// The text of docs/TYPES.md.
pub fn types_document() -> String {
    format!("{}{}", postgres::types_document(), sqlserver::types_document())
}

#[cfg(test)]
mod tests {
    #[test]
    fn types_document_is_the_one_that_is_kept() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/TYPES.md");
        let text = super::types_document();
        if std::env::var("UPDATE_EXPECT").is_ok_and(|v| v == "1") {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), text, "`make golden T=types_document`");
    }
}
