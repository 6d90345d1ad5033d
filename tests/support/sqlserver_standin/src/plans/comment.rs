//! The comment that a statement begins with: `/* plimsoll:<plan> k=v k=v */`.
//!
//! A value keeps letters, digits and `_ . -`; each other byte is `%XX`. A list has `,` between its items; an empty list is empty, one whose only
//! item is empty is `%`.

/// A plan's name and parameters, still encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The plan's name.
    pub plan: String,
    parameters: Vec<(String, String)>,
    /// How the statement makes values of texts.
    pub casts: Casts,
    /// What it takes for the same key.
    pub same: Same,
    /// How it compares bytes of a key that is looked for.
    pub bytes: Bytes,
}

/// How a statement compares bytes of a key that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// As the server does: zeros at the end don't count.
    Padded,
    /// By their length as well.
    Counted,
}

/// How a statement makes values of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Casts {
    /// A text that the type has no value for fails it.
    Plain,
    /// Such a text is NULL, and so is one that is too long.
    Tried,
}

/// What a statement takes for the same key, where one of its columns is a text that is kept in another form than it was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// The same value of the column's type.
    Value,
    /// A value that prints like what was handed over.
    Print,
}

impl Comment {
    /// Of a statement; or what it lacks.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix("/* plimsoll:").ok_or("a statement without a plan")?;
        let (comment, statement) = rest.split_once(" */").ok_or("a plan's comment without an end")?;
        let mut parts = comment.split(' ');
        let plan = parts.next().filter(|plan| !plan.is_empty()).ok_or("a plan without a name")?;
        let mut parameters = Vec::new();
        for part in parts {
            let (name, value) = part.split_once('=').ok_or("a plan's parameter without a value")?;
            parameters.push((name.to_owned(), value.to_owned()));
        }
        let is_tried =
            ["TRY_CAST(", "TRY_CONVERT(", "CASE WHEN DATALENGTH(k."].iter().any(|word| statement.contains(word));
        let casts = if is_tried { Casts::Tried } else { Casts::Plain };
        let same = if statement.contains("= CAST(k.k") { Same::Print } else { Same::Value };
        let bytes = if statement.contains(") = DATALENGTH(") { Bytes::Counted } else { Bytes::Padded };
        Ok(Self { plan: plan.to_owned(), parameters, casts, same, bytes })
    }

    fn raw(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The parameters, decoded as single values.
    pub fn decoded(&self) -> Vec<(String, String)> {
        self.parameters.iter().map(|(name, value)| (name.clone(), decode(value))).collect()
    }

    /// A value.
    pub fn value(&self, name: &str) -> Option<String> {
        self.raw(name).map(decode)
    }

    /// A number.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.raw(name)?.parse().ok()
    }

    /// A list, its items still encoded.
    pub fn encoded_list(&self, name: &str) -> Option<Vec<&str>> {
        Some(match self.raw(name)? {
            "" => Vec::new(),
            "%" => vec![""],
            list => list.split(',').collect(),
        })
    }

    /// A list.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        Some(self.encoded_list(name)?.into_iter().map(decode).collect())
    }

    /// A table: schema and name.
    pub fn table(&self, name: &str) -> Option<(String, String)> {
        relation(self.raw(name)?)
    }

    /// Tables.
    pub fn tables(&self, name: &str) -> Option<Vec<(String, String)>> {
        self.encoded_list(name)?.into_iter().map(relation).collect()
    }
}

fn relation(text: &str) -> Option<(String, String)> {
    let (schema, name) = text.split_once('.')?;
    Some((decode(schema), decode(name)))
}

/// Undoes `%XX`.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.filter(|_| *first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Comment;

    #[test]
    fn what_a_comment_says_is_read() {
        let text = "/* plimsoll:rows table=d%2Eb%2A%2Fo.a%20b key=a,%2C after=% until= top=5 */\nSELECT '*/'";
        let comment = Comment::parse(text).unwrap();
        assert_eq!(comment.plan, "rows");
        assert_eq!(comment.table("table"), Some(("d.b*/o".to_owned(), "a b".to_owned())));
        assert_eq!(comment.list("key"), Some(vec!["a".to_owned(), ",".to_owned()]));
        assert_eq!(comment.list("after"), Some(vec![String::new()]));
        assert_eq!((comment.list("until"), comment.list("x")), (Some(Vec::new()), None));
        assert_eq!(comment.number::<u64>("top"), Some(5));
    }

    #[test]
    fn a_statement_without_a_plan_is_told() {
        for text in ["SELECT 1", "/* plimsoll: */", "/* plimsoll:rows", " /* plimsoll:rows */"] {
            assert!(Comment::parse(text).is_err(), "{text}");
        }
    }
}
