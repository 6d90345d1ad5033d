//! Tables and paragraphs that fit a terminal.
//!
//! A table is 80 columns wide at most, on a terminal or off it. Nothing is cut: a name too long for its column stands on a line of its
//! own, above its row. Paragraphs are broken at the terminal's width; in a file or a pipe each stays one line, to be searched.

use super::paint::{Paint, Tone};

/// Columns of a table.
const WIDTH: usize = 80;
/// Between two columns.
const GAP: &str = "  ";
/// A wider terminal has no longer lines: they are hard to read.
const WIDEST: usize = 100;
const NARROWEST: usize = 40;

/// Where paragraphs are broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    Of(usize),
    Whole,
}

/// How an answer is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub paint: Paint,
    pub lines: Lines,
}

/// What stands in one place of a table.
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: printable(&text.into()), tone }
    }

    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Tone::Plain)
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }

    fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '≥')
    }
}

impl Layout {
    pub fn of_stdout() -> Self {
        let terminal = console::Term::stdout();
        let width = terminal.is_term().then(|| usize::from(terminal.size().1).clamp(NARROWEST, WIDEST));
        Self { paint: Paint::of_stdout(), lines: width.map_or(Lines::Whole, Lines::Of) }
    }

    /// Rows in columns under their heads. The first column is of names; figures stand to the right.
    pub fn table(&self, heads: &[&str], rows: &[Vec<Cell>]) -> String {
        let widest = |n: usize| rows.iter().filter_map(|r| r.get(n)).map(Cell::width).max().unwrap_or(0);
        let widths: Vec<usize> =
            heads.iter().enumerate().map(|(n, head)| widest(n).max(head.chars().count())).collect();
        let others: usize = widths.iter().skip(1).map(|w| w + GAP.len()).sum();
        let names = widths.first().copied().unwrap_or(0).min(WIDTH.saturating_sub(others).max(8));
        let is_figures = |n: usize| n > 0 && rows.iter().filter_map(|r| r.get(n)).all(Cell::is_number);
        let mut out = String::new();
        let heads: Vec<Cell> = heads.iter().map(|h| Cell::new(*h, Tone::Faint)).collect();
        for row in std::iter::once(&heads).chain(rows) {
            let mut line = String::new();
            for (n, cell) in row.iter().enumerate() {
                let width = if n == 0 { names } else { widths.get(n).copied().unwrap_or(0) };
                let text = self.paint.apply(cell.tone, &cell.text);
                let missing = " ".repeat(width.saturating_sub(cell.width()));
                if n == 0 && cell.width() > names {
                    out.push_str(&text);
                    out.push('\n');
                    line.push_str(&" ".repeat(names));
                } else if is_figures(n) {
                    line.push_str(&missing);
                    line.push_str(&text);
                } else {
                    line.push_str(&text);
                    // No blanks at a line's end.
                    if n + 1 < row.len() {
                        line.push_str(&missing);
                    }
                }
                if n + 1 < row.len() {
                    line.push_str(GAP);
                }
            }
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// A paragraph that begins with a word in its tone, such as `note: `; its other lines stand under the first letter of the text.
    pub fn paragraph(&self, indent: usize, lead: (&str, Tone), text: &str) -> String {
        let (word, tone) = lead;
        let under = indent + word.chars().count();
        let room = match self.lines {
            Lines::Of(width) => width.saturating_sub(under).max(NARROWEST / 2),
            Lines::Whole => usize::MAX,
        };
        let mut out = format!("{}{}", " ".repeat(indent), self.paint.apply(tone, word));
        for (n, line) in text.lines().flat_map(|line| broken(&printable(line), room)).enumerate() {
            if n > 0 {
                out.push_str(&" ".repeat(under));
            }
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// An error and what to do about it.
    pub fn error(&self, indent: usize, message: &str, hint: &str) -> String {
        let error = self.paragraph(indent, ("error: ", Tone::Bad), message);
        error + &self.paragraph(indent, ("hint: ", Tone::Head), hint)
    }
}

/// A name may hold anything, and a terminal obeys what it is sent: control characters are shown, not sent.
fn printable(text: &str) -> String {
    let each = text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() });
    each.collect()
}

/// A text in lines of at most so many characters. What stands between backticks is to be typed, and stays in one piece.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for piece in pieces(text) {
        let length = piece.chars().count();
        let Some(line) = lines.last_mut() else { break };
        if width == 0 {
            line.push_str(&piece);
            width = length;
        } else if width + 1 + length <= room {
            line.push(' ');
            line.push_str(&piece);
            width += 1 + length;
        } else {
            lines.push(piece);
            width = length;
        }
    }
    lines
}

/// The words of a text, those between two backticks taken together.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split(' ') {
        match pieces.last_mut() {
            Some(last) if is_open => {
                last.push(' ');
                last.push_str(word);
            }
            _ => pieces.push(word.to_owned()),
        }
        is_open ^= word.matches('`').count() % 2 == 1;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const LAYOUT: Layout = Layout { paint: Paint::None, lines: Lines::Of(50) };

    #[test]
    fn a_long_name_has_a_line_of_its_own() {
        let long = format!("public.{}", "x".repeat(70));
        let row = |name: &str, age: &str| vec![Cell::plain(name), Cell::plain("late"), Cell::plain(age)];
        let rows = [row(&long, "4 min"), row("public.orders", "12 h")];
        let table = LAYOUT.table(&["table", "state", "age"], &rows);
        assert!(table.lines().all(|l| l.chars().count() <= 80), "{table}");
        expect![[r#"
            table                                                               state    age
            public.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                                                                                late   4 min
            public.orders                                                       late    12 h
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn what_is_to_be_typed_is_not_broken() {
        let text = "something is wrong with it, and `plimsoll resync --table public.orders` loads the table again";
        expect![[r#"
            hint: something is wrong with it, and
                  `plimsoll resync --table public.orders`
                  loads the table again
        "#]]
        .assert_eq(&LAYOUT.paragraph(0, ("hint: ", Tone::Head), text));
        let whole = Layout { lines: Lines::Whole, ..LAYOUT };
        assert_eq!(whole.paragraph(2, ("hint: ", Tone::Head), text), format!("  hint: {text}\n"));
    }

    #[test]
    fn colours_do_not_count_as_width() {
        let painted = Layout { paint: Paint::Colours, ..LAYOUT };
        let rows = [vec![Cell::plain("a"), Cell::new("late", Tone::Bad)], vec![Cell::plain("bb"), Cell::plain("ok")]];
        let table = painted.table(&["t", "state"], &rows);
        assert_eq!(console_free(&table), LAYOUT.table(&["t", "state"], &rows));
        assert!(table.contains("\u{1b}[31m\u{1b}[1mlate\u{1b}[0m"), "{table:?}");
    }

    /// The text without its colours.
    fn console_free(text: &str) -> String {
        let mut parts = text.split("\u{1b}[");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |out, part| out + part.split_once('m').map_or(part, |(_, rest)| rest))
    }
}
