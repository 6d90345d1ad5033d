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

/// One chart, the oldest run on the left.
pub(super) fn chart(title: &str, points: &[Point]) -> Markup {
    let known = points.iter().filter(|p| p.value.is_some());
    let largest = known.max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
    let Some(largest) = largest else { return html! {} };
    let most = largest.value.unwrap_or(0.0);
    let last = points.last().map_or("", |p| p.text.as_str());
    let told = format!("{title} of the last {} runs: at most {}, of the last one {last}", points.len(), largest.text);
    let width = points.len() * (BAR + GAP);
    html! {
        figure.chart {
            figcaption { strong { (title) } " " span.faint { "at most " (largest.text) ", last " (last) } }
            svg role="img" aria-label=(told) viewBox={ "0 0 " (width) " " (HEIGHT) } width=(width) height=(HEIGHT) {
                @for (n, point) in points.iter().enumerate() {
                    @let (x, height) = (n * (BAR + GAP), height(point.value, most));
                    g {
                        title { (point.at) ": " (point.text) }
                        @if point.run == Outcome::Failed {
                            path.failed d={ "M" (x) " " (HEIGHT - BAR) " l" (BAR) " " (BAR) " m0 -" (BAR) " l-" (BAR) " " (BAR) } {}
                        } @else {
                            rect x=(x) y=(HEIGHT - height) width=(BAR) height=(height) {}
                        }
                    }
                }
            }
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
fn height(value: Option<f64>, most: f64) -> usize {
    let share = value.map_or(0.0, |value| if most > 0.0 { value / most } else { 0.0 });
    ((share.clamp(0.0, 1.0) * (HEIGHT - 1) as f64) as usize) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_within_the_picture_and_markup_is_text() {
        for (value, most) in [(Some(0.0), 0.0), (None, 5.0), (Some(f64::NAN), 1.0), (Some(5.0), 5.0), (Some(9.0), 5.0)]
        {
            assert!((1..=HEIGHT).contains(&height(value, most)), "{value:?} of {most}");
        }
        let point = |n: f64| Point { at: "<i>".to_owned(), value: Some(n), text: n.to_string(), run: Outcome::Done };
        let svg = chart("Rows", &[point(1.0), point(4.0), point(2.0)]).into_string();
        assert!(svg.contains("Rows of the last 3 runs: at most 4, of the last one 2") && !svg.contains("<i>"), "{svg}");
        assert_eq!(chart("Rows", &[]).into_string(), "");
    }
}
