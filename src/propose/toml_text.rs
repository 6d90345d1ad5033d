//! Names of a database as TOML, whatever is in them.
//!
//! Always a basic string on one line, so that a line can be commented out. A `${` is written with escapes: the config's reader
//! would put a variable in its place, and so would whoever looks for variables in the text.

use std::fmt::Write as _;

use crate::model::RelationName;

/// Lines of a comment are no longer, as far as words allow.
pub const WIDTH: usize = 120;

/// A text as a value.
pub fn text(value: &str) -> String {
    // The reader takes `$${` for `${`.
    quoted(value, "\\u0024\\u0024{")
}

/// A text as a key, which has no variables.
pub fn key(name: &str) -> String {
    quoted(name, "\\u0024{")
}

/// A list of texts.
pub fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let each: Vec<String> = values.into_iter().map(text).collect();
    format!("[{}]", each.join(", "))
}

/// A relation's name as `source` takes it.
pub fn relation(name: &RelationName) -> String {
    text(&relation_name(name))
}

/// `schema.table`, quoted where the config's reader needs it.
pub fn relation_name(name: &RelationName) -> String {
    let part = |text: &str| {
        let plain = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
    };
    format!("{}.{}", part(&name.schema), part(&name.name))
}

/// A text inside a comment: on one line, and with no variable in it.
pub fn comment(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.replace("${", "$ {").chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// A comment, over as many lines as it takes. Blanks at its beginning stay.
pub fn remarks(remark: &str, out: &mut String) {
    let indent = &remark[..remark.len() - remark.trim_start().len()];
    for line in wrap(&comment(remark.trim_start())) {
        out.push_str(&format!("# {indent}{line}\n"));
    }
}

/// Cuts a text into lines between its words.
pub fn wrap(words: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH - 2 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn quoted(value: &str, dollar_brace: &str) -> String {
    let mut out = String::from("\"");
    for (n, piece) in value.split("${").enumerate() {
        if n > 0 {
            out.push_str(dollar_brace);
        }
        for c in piece.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                c if c.is_control() => {
                    // Writing to a string can't fail.
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                c => out.push(c),
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_comes_back() {
        for name in
            ["a", "Odd \"Name\"", "a\\b", "line\nbreak\t\u{7f}", "${HOME}", "$${x}", "größe", "a.b", "'", "#", "🦀"]
        {
            let parsed: toml::Table = format!("v = {}\n{} = 1", text(name), key(&format!("k{name}"))).parse().unwrap();
            let value = parsed["v"].as_str().unwrap();
            assert_eq!(value.replace("$${", "${"), name, "{name}");
            assert!(parsed.contains_key(&format!("k{name}")), "{parsed}");
            assert!(!text(name).contains("${") && !comment(name).contains("${") && !comment(name).contains('\n'));
        }
    }
}
