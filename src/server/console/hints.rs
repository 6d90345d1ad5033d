//! Hints as the pages tell them. A hint names the command that helps; where a button does the same, the page names the button.

use maud::{Markup, html};

use super::actions::Action;
use crate::model::{TableSpec, in_shell};

/// Whether the page has buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Buttons {
    Some,
    None,
}

/// A part of a hint.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// What stands between two backticks, and the button that does the same for the table.
    Code(&'a str, Option<Action>),
}

/// What the first command of a hint does, where a button of the table does it. A target is created again only where that is what the hint
/// says first: elsewhere it is the last thing to try, as for a table that is somebody else's.
pub(super) fn action(hint: &str, spec: &TableSpec) -> Option<Action> {
    let first = pieces(hint, spec).into_iter().find_map(|piece| match piece {
        Piece::Code(_, action) => action,
        Piece::Text(_) => None,
    });
    first.filter(|action| *action != Action::Resync || hint.starts_with('`'))
}

/// A hint of a table's page or line.
pub(super) fn told(hint: &str, spec: &TableSpec, buttons: Buttons) -> Markup {
    html! {
        @for piece in pieces(hint, spec) {
            @match piece {
                Piece::Text(text) => { (text) }
                Piece::Code(_, Some(action)) if buttons == Buttons::Some => { strong { (action.word()) } }
                Piece::Code(code, _) => { code { (code) } }
            }
        }
    }
}

fn pieces<'a>(hint: &'a str, spec: &TableSpec) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = hint;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else { break };
        pieces.extend([Piece::Text(before), Piece::Code(code, button(code, spec))]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The button that does what a command does.
fn button(code: &str, spec: &TableSpec) -> Option<Action> {
    let command = Command::parse(code)?;
    let is_this = |name: &&str| {
        let source = spec.source.to_string();
        let name = *name;
        name == spec.source.argument() || name == in_shell(&source) || name == in_shell(&spec.target)
    };
    let is_of_table = match command.tables.as_slice() {
        [] => true,
        [name] => is_this(name),
        _ => false,
    };
    let is_same = |action: &Action| Command::parse(&action.command(spec)).is_some_and(|c| c.words == command.words);
    Action::ALL.into_iter().find(is_same).filter(|_| is_of_table)
}

/// A command without the tables that it names, its options in one order.
struct Command<'a> {
    tables: Vec<&'a str>,
    words: Vec<&'a str>,
}

impl<'a> Command<'a> {
    fn parse(code: &'a str) -> Option<Self> {
        let mut command = Self { tables: Vec::new(), words: Vec::new() };
        for part in code.strip_prefix("plimsoll ")?.split(" --") {
            match part.strip_prefix("table ") {
                Some(name) => command.tables.push(name),
                None => command.words.push(part),
            }
        }
        command.words.sort_unstable();
        Some(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plain_spec;

    #[test]
    fn a_hint_names_the_button_that_does_what_its_command_does() {
        let spec = TableSpec { target: "orders".to_owned(), ..plain_spec() };
        let source = spec.source.argument();
        for (command, wanted) in [
            (format!("plimsoll resync --table {source}"), Some(Action::Resync)),
            ("plimsoll resync --table orders".to_owned(), Some(Action::Resync)),
            ("plimsoll run --allow-deletes --table orders".to_owned(), Some(Action::AllowDeletes)),
            ("plimsoll run --full --allow-deletes --table orders".to_owned(), Some(Action::FullAllowingDeletes)),
            (format!("plimsoll run --full --table {source}"), Some(Action::Full)),
            ("plimsoll run --full".to_owned(), Some(Action::Full)),
            (format!("plimsoll verify --table {source} --repair"), Some(Action::Repair)),
            // Another table's, another command's, and more than a button does.
            ("plimsoll resync --table others".to_owned(), None),
            ("plimsoll resync --table orders --table others".to_owned(), None),
            ("plimsoll verify --level counts".to_owned(), None),
            ("plimsoll check".to_owned(), None),
            ("id".to_owned(), None),
        ] {
            let hint = format!("look at it; `{command}` helps, `or` not");
            assert_eq!(action(&format!("`{command}` helps; or look at it"), &spec), wanted, "{command}");
            // As the last thing to try it is no button to press first.
            assert_eq!(action(&hint, &spec), wanted.filter(|a| *a != Action::Resync), "{command}");
            let told = |buttons| told(&hint, &spec, buttons).into_string().replace("&quot;", "\"");
            let named = wanted.map_or(format!("<code>{command}</code>"), |a| format!("<strong>{}</strong>", a.word()));
            assert_eq!(told(Buttons::Some), format!("look at it; {named} helps, <code>or</code> not"));
            assert_eq!(told(Buttons::None), format!("look at it; <code>{command}</code> helps, <code>or</code> not"));
        }
        let odd = "a ` that <b>stands</b> alone";
        assert_eq!(told(odd, &spec, Buttons::Some).into_string(), "a ` that &lt;b&gt;stands&lt;/b&gt; alone");
    }
}
