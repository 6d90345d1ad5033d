//! The text of a PL/pgSQL function as words, and as statements.
//! Source: <https://www.postgresql.org/docs/current/plpgsql-structure.html>

/// A word or sign of the text. Comments are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// In lower case.
    Word(String),
    /// An identifier in quotes, in lower case as well: which of two columns is meant by it does not matter here.
    Quoted(String),
    Literal(String),
    Sign(char),
}

impl Token {
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(w) if w == word)
    }

    pub fn is_sign(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }

    pub fn names(&self, name: &str) -> bool {
        matches!(self, Self::Word(w) | Self::Quoted(w) if *w == name.to_lowercase())
    }
}

/// The statements of the outermost block; one with a condition or a loop is one statement. `None` where an error is caught, for then
/// a statement's work may be undone, and where the end is not found.
pub(super) fn statements(body: &str) -> Option<Vec<Vec<Token>>> {
    let tokens = tokens(body);
    let begin = tokens.iter().position(|t| t.is("begin"))?;
    let (mut statements, mut statement) = (Vec::new(), Vec::new());
    let (mut depth, mut starts, mut after_end) = (0_usize, true, false);
    for token in &tokens[begin + 1..] {
        let opens = match token {
            Token::Word(word) => match word.as_str() {
                "exception" if starts => return None,
                "end" if depth == 0 => return Some(statements),
                "case" | "loop" => !after_end,
                "if" | "begin" => starts && !after_end,
                _ => false,
            },
            _ => false,
        };
        after_end = token.is("end");
        depth += usize::from(opens);
        depth -= usize::from(after_end);
        starts = token.is_sign(';') || ["then", "else", "begin", "loop"].iter().any(|word| token.is(word));
        if token.is_sign(';') && depth == 0 {
            statements.push(std::mem::take(&mut statement));
        } else {
            statement.push(token.clone());
        }
    }
    None
}

fn tokens(body: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else if rest.starts_with("/*") {
            rest = after_comment(rest);
        } else if c == '\'' || c == '"' {
            let (text, after) = quoted(&rest[1..], c);
            // Where a backslash may hide a quote, the end of the text is not known.
            if text.contains('\\') {
                return Vec::new();
            }
            tokens.push(if c == '"' { Token::Quoted(text.to_lowercase()) } else { Token::Literal(text) });
            rest = after;
        } else if let Some((text, after)) = in_dollars(rest) {
            tokens.push(Token::Literal(text.to_owned()));
            rest = after;
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_lowercase()));
            rest = &rest[end..];
        } else {
            if !c.is_whitespace() {
                tokens.push(Token::Sign(c));
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    tokens
}

/// What follows a comment, which may have others in it.
fn after_comment(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("/*") {
            (depth, rest) = (depth + 1, inner);
        } else if let Some(outer) = rest.strip_prefix("*/") {
            (depth, rest) = (depth.saturating_sub(1), outer);
            if depth == 0 {
                return rest;
            }
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            rest = &rest[next..];
        }
    }
    rest
}

/// A text up to its closing quote, which is written twice inside, and what follows.
fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let Some(end) = rest.find(quote) else { return (out, "") };
        out.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(quote) {
            Some(more) => {
                out.push(quote);
                rest = more;
            }
            None => return (out, rest),
        }
    }
}

/// A text between `$$` and `$$`, or `$tag$` and `$tag$`, and what follows.
fn in_dollars(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('$')?;
    let end = inner.find('$')?;
    if !inner[..end].chars().all(|c| c.is_alphanumeric() || c == '_') || inner.starts_with(|c: char| c.is_numeric()) {
        return None;
    }
    let tag = &text[..end + 2];
    let rest = &text[tag.len()..];
    Some(match rest.find(tag) {
        Some(close) => (&rest[..close], &rest[close + tag.len()..]),
        None => (rest, ""),
    })
}
