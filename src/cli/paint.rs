//! Colours, where standard output is a terminal that has them.
//!
//! `NO_COLOR` and `CLICOLOR=0` turn them off, `CLICOLOR_FORCE=1` on: <https://no-color.org>, <https://bixense.com/clicolors>.

use console::Style;

/// How a text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Notable,
    Bad,
    /// Of less interest.
    Faint,
    Head,
}

/// Whether tones are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Colours,
    None,
}

impl Paint {
    pub fn of_stdout() -> Self {
        if console::colors_enabled() { Self::Colours } else { Self::None }
    }

    pub fn of_stderr() -> Self {
        if console::colors_enabled_stderr() { Self::Colours } else { Self::None }
    }

    /// The text in its tone.
    pub fn apply(self, tone: Tone, text: &str) -> String {
        let style = Style::new().force_styling(self == Self::Colours);
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => style.green(),
            Tone::Notable => style.yellow(),
            Tone::Bad => style.red().bold(),
            Tone::Faint => style.dim(),
            Tone::Head => style.bold(),
        };
        style.apply_to(text).to_string()
    }
}
