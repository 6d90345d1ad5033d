//! The steps of a run as a bar, each as wide as the time that it took, and what each of them does.

use maud::{Markup, html};

use crate::model::figures::duration;
use crate::run::VerbSeconds;

/// Of the bar, in its own units: the page makes it as wide as there is room.
const WIDTH: f64 = 1000.0;

/// A step by the name that reports and logs give it.
struct Step {
    verb: &'static str,
    does: &'static str,
    seconds: f64,
}

/// In their order. Rows are encoded and staged while they are read, so these three have one time.
fn all(seconds: &VerbSeconds) -> [Step; 6] {
    let VerbSeconds { lease, capture, seal, load, merge, commit } = *seconds;
    [
        Step {
            verb: "lease",
            does: "takes the tables for itself, so that no other run is at work on them",
            seconds: lease,
        },
        Step {
            verb: "capture, encode, stage",
            does: "reads rows in the source, and writes them to files in the bucket at the same time",
            seconds: capture,
        },
        Step {
            verb: "seal",
            does: "notes what the files hold: from here on the run is finished whatever happens, if need be by the next one",
            seconds: seal,
        },
        Step { verb: "load", does: "BigQuery loads the files, for a MERGE into a table of their own", seconds: load },
        Step { verb: "merge", does: "BigQuery writes the changes into the target", seconds: merge },
        Step { verb: "commit", does: "notes up to when changes are in BigQuery now", seconds: commit },
    ]
}

pub(super) fn steps(seconds: &VerbSeconds) -> Markup {
    let steps = all(seconds);
    let sum: f64 = steps.iter().map(|s| s.seconds).sum();
    let a_second = if sum > 0.0 { WIDTH / sum } else { 0.0 };
    let told: Vec<String> = steps.iter().map(|s| format!("{} {}", s.verb, duration(s.seconds))).collect();
    // Each begins where the one before has ended.
    let begins = steps.iter().scan(0.0, |at, step| {
        let begin = *at;
        *at += step.seconds * a_second;
        Some(begin)
    });
    let bars: Vec<(&Step, f64)> = steps.iter().zip(begins).collect();
    html! {
        h2 { "Steps " span.faint { (duration(sum)) " in all" } }
        svg.verbs role="img" aria-label=(told.join("; ")) viewBox={ "0 0 " (WIDTH) " 24" } preserveAspectRatio="none" {
            @for (n, (step, begin)) in bars.iter().enumerate() {
                rect class={ "step" (n) } x=(format!("{begin:.1}")) y="0" width=(format!("{:.1}", step.seconds * a_second)) height="24" {
                    title { (step.verb) ": " (duration(step.seconds)) }
                }
            }
        }
        table.legend {
            caption.vh { "What each step does, and how long it took" }
            thead { tr { @for head in ["Step", "Took", "What it does"] { th scope="col" { (head) } } } }
            tbody {
                @for (n, step) in steps.iter().enumerate() {
                    tr {
                        th.whole scope="row" {
                            svg.key aria-hidden="true" width="10" height="10" { rect class={ "step" (n) } width="10" height="10" {} }
                            " " (step.verb)
                        }
                        td.whole data-label="Took" { (duration(step.seconds)) }
                        td data-label="What it does" { (step.does) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_width_its_seconds_and_what_it_does() {
        let seconds = VerbSeconds { lease: 0.0, capture: 3.0, seal: 0.0, load: 1.0, merge: 4.0, commit: 2.0 };
        let shown = steps(&seconds).into_string();
        assert!(shown.contains("10.0 s in all"), "{shown}");
        let bar = "<rect class=\"step4\" x=\"400.0\" y=\"0\" width=\"400.0\" height=\"24\"><title>merge: 4.0 s</title>";
        assert!(shown.contains(bar), "{shown}");
        for step in all(&seconds) {
            assert!(shown.contains(step.verb) && shown.contains(step.does), "{}: {shown}", step.verb);
        }
        // A run that was over at once.
        let shown = steps(&VerbSeconds::default()).into_string();
        assert!(!shown.contains("NaN") && shown.contains("0.0 s in all"), "{shown}");
    }
}
