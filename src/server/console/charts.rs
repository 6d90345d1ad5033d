//! Charts over a table's runs: bars in an SVG, and the same figures as a table for whoever does not see them.

use maud::{Markup, html};

const BAR: usize = 8;
const GAP: usize = 2;
const HEIGHT: usize = 72;

/// One figure of one run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    /// When the run ended.
    pub at: String,
    /// Nothing where it is not known.
    pub value: Option<f64>,
    /// The value as people read it.
    pub text: String,
    pub run: Outcome,
}

/// How the run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Failed,
}

/// One chart, the oldest run on the left. A figure that is not known leaves a gap.
pub(super) fn chart(title: &str, points: &[Point]) -> Markup {
    let known = points.iter().filter(|p| p.value.is_some());
    let largest = known.max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
    let Some(largest) = largest else { return html! {} };
    let most = largest.value.unwrap_or(0.0);
    let last = points.last().map_or("", |p| p.text.as_str());
    let unknown = points.iter().filter(|p| p.value.is_none()).count();
    let gaps = if unknown > 0 { format!("; {unknown} not known") } else { String::new() };
    let told =
        format!("{title} of the last {} runs: at most {}, of the last one {last}{gaps}", points.len(), largest.text);
    let width = points.len() * (BAR + GAP);
    html! {
        figure.chart {
            figcaption { strong { (title) } " " span.faint { "last " (last) (gaps) } }
            div.plot {
                div.axis aria-hidden="true" { span { (largest.text) } span { "0" } }
                svg role="img" aria-label=(told) viewBox={ "0 0 " (width) " " (HEIGHT) } width=(width) height=(HEIGHT) {
                    @for (n, point) in points.iter().enumerate() {
                        g {
                            title { (point.at) ": " (point.text) }
                            (bar(n * (BAR + GAP), point, most))
                        }
                    }
                }
            }
        }
    }
}

fn bar(x: usize, point: &Point, most: f64) -> Markup {
    html! {
        @match (point.run, point.value) {
            (Outcome::Failed, _) => {
                path.failed d={ "M" (x) " " (HEIGHT - BAR) " l" (BAR) " " (BAR) " m0 -" (BAR) " l-" (BAR) " " (BAR) } {}
            }
            (Outcome::Done, Some(value)) => {
                @let height = height(value, most);
                rect x=(x) y=(HEIGHT - height) width=(BAR) height=(height) {}
            }
            // Nothing is seen, and what it means is said where it is pointed at.
            (Outcome::Done, None) => { rect.gap x=(x) y="0" width=(BAR) height=(HEIGHT) {} }
        }
    }
}

/// Of a bar, at least one so that it is seen.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the picture"
)]
fn height(value: f64, most: f64) -> usize {
    let share = if most > 0.0 { value / most } else { 0.0 };
    ((share.clamp(0.0, 1.0) * (HEIGHT - 1) as f64) as usize) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_within_the_picture_and_markup_is_text() {
        for (value, most) in [(0.0, 0.0), (f64::NAN, 1.0), (5.0, 5.0), (9.0, 5.0)] {
            assert!((1..=HEIGHT).contains(&height(value, most)), "{value:?} of {most}");
        }
        let point = |n: f64| Point { at: "<i>".to_owned(), value: Some(n), text: n.to_string(), run: Outcome::Done };
        let svg = chart("Rows", &[point(1.0), point(4.0), point(2.0)]).into_string();
        assert!(svg.contains("Rows of the last 3 runs: at most 4, of the last one 2") && !svg.contains("<i>"), "{svg}");
        assert_eq!(chart("Rows", &[]).into_string(), "");
    }

    #[test]
    fn what_is_not_known_is_a_gap_and_no_bar_of_nothing() {
        let point = |value: Option<f64>| {
            let text = value.map_or("not known".to_owned(), |n| format!("{n} s"));
            Point { at: "12:00".to_owned(), value, text, run: Outcome::Done }
        };
        let svg = chart("Age", &[point(None), point(Some(0.0)), point(Some(7.0)), point(None)]).into_string();
        assert_eq!((svg.matches("<rect x=").count(), svg.matches("<rect class=\"gap\"").count()), (2, 2), "{svg}");
        assert!(svg.contains("<title>12:00: not known</title>"), "{svg}");
        // The unit, and the largest value, stand beside it.
        assert!(svg.contains("<span>7 s</span><span>0</span>"), "{svg}");
        assert!(svg.contains("at most 7 s, of the last one not known; 2 not known"), "{svg}");
        assert_eq!(chart("Age", &[point(None)]).into_string(), "");
    }
}
