//! `[pubsub]`: the topics for ticks and reports.

use super::read::Section;

/// Where messages go, both optional: ticks, and run reports.
pub(super) fn read(s: &Section<'_>) -> (Option<String>, Option<String>) {
    s.refuse_unknown(&["topic", "reports"]);
    let (topic, reports) = (read_topic(s, "topic"), read_topic(s, "reports"));
    if !s.is_given("topic") && !s.is_given("reports") {
        s.fault(s.at(), "names no topic".to_owned(), "topic = \"plimsoll\"");
    }
    if let (Some(_), true) = (&topic, topic == reports) {
        // Each report would be taken for the request of a tick.
        s.fault(s.at(), "`reports` is the topic that ticks come from".to_owned(), "reports = \"plimsoll-reports\"");
    }
    (topic, reports)
}

/// A topic's name, or its whole path.
fn read_topic(s: &Section<'_>, key: &str) -> Option<String> {
    let topic = s.string(key)?;
    let is_path = matches!(topic.value.split('/').collect::<Vec<_>>().as_slice(),
        ["projects", p, "topics", t] if !p.is_empty() && !t.is_empty());
    let problem = || format!("`{key}`: `{}` is not a topic's name", s.shown(&topic));
    if topic.value.contains('/') && !is_path {
        let remedy = format!("{key} = \"plimsoll\", or \"projects/my-project/topics/plimsoll\"");
        s.fault(topic.at, problem(), &remedy);
        return None;
    }
    if !topic.value.rsplit('/').next().is_some_and(is_topic_name) {
        let remedy = format!(
            "3 to 255 letters, digits and - . _ ~ + %, a letter first, and not `goog`; such as {key} = \"plimsoll\""
        );
        s.fault(topic.at, problem(), &remedy);
        return None;
    }
    Some(topic.value)
}

/// Source: <https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names>.
fn is_topic_name(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~+%".contains(c);
    (3..=255).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(is_allowed)
        && !name.starts_with("goog")
}
