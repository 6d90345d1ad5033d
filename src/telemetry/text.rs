//! A log line for people: `warning: the whole table is read again (target="orders")`.

use std::fmt;
use std::io::{self, Write};

use console::Style;
use indicatif::MultiProgress;
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use crate::model::figures::moment;

/// Whether a line says when it was written. A command that answers at once need not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteTime {
    Shown,
    Hidden,
}

/// One event a line: what it says, then its figures.
pub(super) struct TextLines(pub WriteTime);

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let style = Style::new().force_styling(out.has_ansi_escapes());
        let dim = style.clone().dim();
        if self.0 == WriteTime::Shown {
            write!(out, "{} ", dim.apply_to(moment(OffsetDateTime::now_utc())))?;
        }
        let level = match *event.metadata().level() {
            Level::ERROR => style.red().bold().apply_to("error: "),
            Level::WARN => style.yellow().bold().apply_to("warning: "),
            Level::INFO => style.apply_to(""),
            Level::DEBUG => dim.apply_to("debug: "),
            Level::TRACE => dim.apply_to("trace: "),
        };
        write!(out, "{level}")?;
        let mut told = ToldFields::default();
        event.record(&mut told);
        write!(out, "{}", told.message)?;
        let mut figures = told.figures;
        if self.0 == WriteTime::Shown {
            for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
                let extensions = span.extensions();
                let fields = extensions.get::<FormattedFields<N>>().map(|f| f.fields.as_str()).unwrap_or_default();
                add_fields(&mut figures, fields_of(fields));
            }
        }
        if !figures.is_empty() {
            write!(out, " {}", dim.apply_to(format!("({})", figures.join(" "))))?;
        }
        writeln!(out)
    }
}

/// The fields of a span's text, each as `name=value`; a value in quotes may hold blanks.
fn fields_of(text: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let ends = |c: char| {
        is_quoted ^= c == '"';
        c == ' ' && !is_quoted
    };
    text.split(ends).filter(|field| !field.is_empty()).collect()
}

/// Adds a span's fields to an event's own, which win. A field that was recorded again stands in the span's text once more: its last value
/// counts.
fn add_fields(own: &mut Vec<String>, of_spans: Vec<&str>) {
    fn name(field: &str) -> &str {
        field.split('=').next().unwrap_or_default()
    }
    let is_told = |field: &&str| own.iter().any(|o| name(o) == name(field));
    let mut added: Vec<&str> = Vec::new();
    for field in of_spans.into_iter().filter(|f| !is_told(f)) {
        match added.iter_mut().find(|known| name(known) == name(field)) {
            Some(known) => *known = field,
            None => added.push(field),
        }
    }
    own.extend(added.into_iter().map(str::to_owned));
}

#[derive(Default)]
struct ToldFields {
    message: String,
    figures: Vec<String>,
}

impl ToldFields {
    fn add(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else if !matches!(text.as_str(), "0" | "false") {
            // Most figures of a run are nothing, and nothing need not be said.
            self.figures.push(format!("{}={text}", field.name()));
        }
    }
}

impl Visit for ToldFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_word = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '"');
        let text = if is_word || field.name() == "message" { value.to_owned() } else { format!("{value:?}") };
        self.add(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

/// Writes lines to standard error, above whatever progress bars are there.
pub(super) struct AboveBars(pub MultiProgress);

pub(super) struct TerminalLine(MultiProgress);

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = TerminalLine;

    fn make_writer(&'a self) -> TerminalLine {
        TerminalLine(self.0.clone())
    }
}

impl Write for TerminalLine {
    /// The formatter hands over one whole line at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write_all(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn told(clock: WriteTime, colours: bool) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(TextLines(clock))
            .with_ansi(colours)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let _span = tracing::info_span!("run", feed = "orders").entered();
            tracing::warn!(target = "orders", reason = "it is gone", rows = 3, "the whole table is read again");
            tracing::info!("listening: http://127.0.0.1:8080/");
        });
        let text = kept.0.lock().unwrap().clone();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_line_is_what_a_person_would_write() {
        assert_eq!(
            told(WriteTime::Hidden, false),
            "warning: the whole table is read again (target=orders reason=\"it is gone\" rows=3)\n\
             listening: http://127.0.0.1:8080/\n"
        );
        let coloured = told(WriteTime::Hidden, true);
        assert!(coloured.starts_with("\u{1b}[33m\u{1b}[1mwarning: \u{1b}[0mthe whole"), "{coloured:?}");
    }

    #[test]
    fn under_serve_a_line_says_when_and_of_which_feed() {
        let told = told(WriteTime::Shown, false);
        let line = told.lines().next().unwrap();
        let (clock, rest) = line.split_at("2026-11-26 17:41:45 UTC ".len());
        assert!(clock.ends_with(" UTC ") && clock.chars().nth(10) == Some(' ') && !clock.contains('.'), "{line}");
        assert!(rest.starts_with("warning: the whole") && rest.ends_with("feed=\"orders\")"), "{line}");
    }

    #[test]
    fn a_field_is_told_once() {
        let mut own = vec!["run=2".to_owned()];
        add_fields(&mut own, fields_of("feed=a table=\"a b\" run=\"1\" run=\"2\" feed=c"));
        assert_eq!(own, ["run=2", "feed=c", "table=\"a b\""]);
    }
}
