//! The proposal as a file: TOML with the reason for each choice.

use super::proposed::{LogWriter, Proposal, Proposed, ProposedLog, Setting, Verdict, Written};
use super::toml_text::{WIDTH, comment, relation, remarks, text, wrap};
use crate::propose::file_head::{Places, head};

/// The whole file.
pub fn render(proposal: &Proposal, places: Places) -> String {
    let mut out = head(proposal, places);
    if let Some(log) = &proposal.log {
        out.push('\n');
        changelog(log, &mut out);
    }
    for table in &proposal.tables {
        out.push('\n');
        render_table(table, &mut out);
    }
    if !proposal.remarks.is_empty() {
        out.push('\n');
        for remark in &proposal.remarks {
            remarks(remark, &mut out);
        }
    }
    out
}

/// A config of this table alone, as it stands, for the config's reader.
pub fn one_table(proposed: &Proposed) -> String {
    let mut out = format!(
        "[source]\nkind = \"{}\"\nurl = \"${{DATABASE_URL}}\"\n[storage]\nurl = \"gs://my-bucket/plimsoll\"\n\
         [bigquery]\nproject = \"my-project\"\ndataset = \"app\"\n",
        proposed.dialect.name()
    );
    if proposed.settings.iter().any(|e| e.key == "capture" && e.value == "\"changelog\"") {
        out.push_str("[changelog]\npreset = \"supa_audit\"\n");
    }
    table_lines(proposed).iter().for_each(|line| {
        out.push_str(line);
        out.push('\n');
    });
    out
}

fn changelog(log: &ProposedLog, out: &mut String) {
    let (mark, text_of) = match log.written {
        Written::Live => (
            "",
            format!(
                "{} is the change log of {}, which triggers write: the tables below with capture = \"changelog\" follow it.",
                log.table, log.preset
            ),
        ),
        Written::Offered => (
            "# ",
            format!(
                "{} looks like the change log of {}. It can say which rows of a view have changed, deletes included: uncomment this, then write \
                 key, capture = \"changelog\" and log_types in the view's [[table]] (docs/CONFIG.md). For tables the captures below see more: {}.",
                log.table,
                log.preset,
                match log.writer {
                    LogWriter::Triggers =>
                        "no table has triggers that log each of its writes for certain, TRUNCATE included",
                    LogWriter::Application => "the application does not log what it writes in bulk or past its models",
                }
            ),
        ),
    };
    remarks(&text_of, out);
    out.push_str(&format!("{mark}[changelog]\n{mark}preset = {}\n", text(log.preset)));
    if let Some(table) = &log.at {
        out.push_str(&format!("{mark}table = {}\n", relation(table)));
    }
}

fn render_table(table: &Proposed, out: &mut String) {
    remarks(&table.heading, out);
    table.remarks.iter().for_each(|remark| remarks(remark, out));
    let mark = match &table.verdict {
        Verdict::Active => "",
        Verdict::Commented(reasons) => {
            reasons.iter().for_each(|reason| remarks(reason, out));
            "# "
        }
    };
    for line in table_lines(table) {
        // An offer inside a table that is itself one stays commented when the table is uncommented.
        out.push_str(&format!("{mark}{line}\n"));
    }
}

/// The lines of a `[[table]]`.
fn table_lines(table: &Proposed) -> Vec<String> {
    let mut lines = vec!["[[table]]".to_owned(), format!("source = {}", relation(&table.name))];
    lines.extend(table.target.iter().map(|target| format!("target = {}", text(target))));
    for setting in &table.settings {
        lines.extend(setting_lines(setting));
    }
    lines
}

/// The settings of a table that count, a line each.
pub fn settings(table: &Proposed) -> Vec<String> {
    table.settings.iter().filter(|e| e.written == Written::Live).map(|e| format!("{} = {}", e.key, e.value)).collect()
}

/// The reason stands behind the line where both are short, else above it.
fn setting_lines(setting: &Setting) -> Vec<String> {
    let mark = if setting.written == Written::Live { "" } else { "# " };
    let line = format!("{mark}{} = {}", setting.key, setting.value);
    if setting.why.is_empty() {
        return vec![line];
    }
    let with_why = format!("{line}  # {}", comment(&setting.why));
    if with_why.chars().count() <= WIDTH {
        return vec![with_why];
    }
    let mut lines: Vec<String> = wrap(&comment(&setting.why)).into_iter().map(|l| format!("# {l}")).collect();
    lines.push(line);
    lines
}
