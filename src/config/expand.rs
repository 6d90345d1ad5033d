//! `${NAME}` in the config's texts.

use super::environment::Environment;

/// Why a text cannot be expanded. None of it comes from the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ExpandError {
    NotSet(String),
    Unclosed,
    NoName,
}

impl ExpandError {
    pub fn problem(&self) -> String {
        match self {
            Self::NotSet(name) => format!("the environment variable {name} is not set"),
            Self::Unclosed => "`${` has no `}` behind it".to_owned(),
            Self::NoName => "`${}` names no environment variable".to_owned(),
        }
    }

    /// What to write instead.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotSet(name) => format!("export {name}='its value'"),
            Self::Unclosed | Self::NoName => "write ${NAME}, or $${ for the two characters themselves".to_owned(),
        }
    }
}

/// Puts the environment's values in for `${NAME}`; `$${` stands for `${` itself. A value is not looked through again.
pub(super) fn expand(text: &str, env: &Environment) -> Result<String, ExpandError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let after = &rest[start + 2..];
        if let Some(before) = rest[..start].strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(&rest[..start]);
        let (name, behind) = after.split_once('}').ok_or(ExpandError::Unclosed)?;
        if name.trim().is_empty() {
            return Err(ExpandError::NoName);
        }
        out.push_str(env.get(name).ok_or_else(|| ExpandError::NotSet(name.to_owned()))?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_the_characters_themselves() {
        let env = Environment::from([("A", "1"), ("TRAP", "${A}")]);
        for (text, expected) in [
            ("", Ok("")),
            ("x${A}y${A}", Ok("x1y1")),
            ("${TRAP}", Ok("${A}")),
            ("$A $ {A}", Ok("$A $ {A}")),
            ("$${A}", Ok("${A}")),
            ("a$${b ${A}", Ok("a${b 1")),
            ("${B}", Err(ExpandError::NotSet("B".to_owned()))),
            ("x${A", Err(ExpandError::Unclosed)),
            ("${}", Err(ExpandError::NoName)),
        ] {
            assert_eq!(expand(text, &env).as_deref(), expected.as_ref().map(|t| *t), "{text}");
        }
    }
}
