//! `plimsoll init`: a commented config from the database's catalog.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::database;
use super::error::{CliError, FILE_EXISTS};
use super::exit::{Exit, Format};
use super::output;
use crate::propose::{Filters, Places, Proposal, Written, propose, render};
use crate::source::Source;

/// Where the recipe of the first deployment has its config, below terraform/.
const TERRAFORM_CONFIG: &str = "examples/minimal/plimsoll.toml";

const RECIPE: &str = "terraform/README.md#the-first-deployment";

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// postgres://user:password@host/database; DATABASE_URL where not given. The file will say ${DATABASE_URL}.
    url: Option<String>,
    /// Only tables and views of this schema; may be given again. A name, or a pattern with * and ?.
    #[arg(long = "schema", value_name = "SCHEMA")]
    schemas: Vec<String>,
    /// Only this table or view; may be given again. schema.table, a table's name, or a pattern with * and ?.
    #[arg(long = "table", value_name = "TABLE")]
    tables: Vec<String>,
    /// Not this table or view; may be given again. As for --table.
    #[arg(long, value_name = "TABLE")]
    exclude: Vec<String>,
    /// Write the names that the Terraform module sets, in place of examples.
    #[arg(long)]
    terraform: bool,
    /// Where to write; - for standard output.
    #[arg(long, short, default_value = "plimsoll.toml")]
    output: PathBuf,
    /// Overwrite a file that is there.
    #[arg(long)]
    force: bool,
}

pub(super) async fn init(args: &InitArgs, format: Format) -> Result<Exit, CliError> {
    let url = database::url(args.url.as_deref(), "init")?;
    database::warn_of_password(args.url.as_deref(), "init");
    let source = Source::new(&url, Duration::from_secs(60))?;
    let to_stdout = args.output.as_os_str() == "-";
    let path = args.output.display().to_string();
    if !to_stdout && !args.force && args.output.exists() {
        return Err(CliError::File { path, reason: FILE_EXISTS.to_owned() });
    }
    let session = source.open().await?;
    session.begin().await?;
    let listing = session.candidates().await?;
    session.end().await?;
    let filters = Filters { schemas: args.schemas.clone(), tables: args.tables.clone(), exclude: args.exclude.clone() };
    let proposal = propose(&source.label(), &listing, &filters)?;
    let places = if args.terraform { Places::Terraform } else { Places::ByHand };
    let text = render(&proposal, places);
    let mut report = serde_json::json!({
        "ok": true,
        "config": path,
        "tables": proposal.active(),
        "commented_out": proposal.tables.len() - proposal.active(),
    });
    if !to_stdout {
        let written = tokio::fs::write(&args.output, &text).await;
        written.map_err(|e| CliError::File { path: path.clone(), reason: e.to_string() })?;
    }
    match (format, to_stdout) {
        (Format::Json, true) => {
            report["text"] = text.into();
            output::json(&report)?;
        }
        (Format::Json, false) => output::json(&report)?,
        (Format::Text, true) => output::text(&text)?,
        (Format::Text, false) => output::text(&summary(&path, &proposal, places))?,
    }
    Ok(Exit::Done)
}

fn summary(path: &str, proposal: &Proposal, places: Places) -> String {
    let (active, listed) = (proposal.active(), proposal.tables.len());
    let tables = if active == 1 { "1 table".to_owned() } else { format!("{active} tables") };
    let mut lines = vec![format!("wrote {path} with {tables}")];
    match listed - active {
        0 => {}
        1 => lines.push("1 more stands there as a comment, with the reason".to_owned()),
        n => lines.push(format!("{n} more stand there as comments, each with the reason")),
    }
    let offers_hash =
        proposal.tables.iter().any(|t| t.settings.iter().any(|e| e.key == "hash" && e.written == Written::Offered));
    if offers_hash {
        lines.push("some columns look like personal data: look for `# hash` in the file and decide".to_owned());
    }
    let unread = proposal.unread;
    if unread > 0 {
        lines.push(format!(
            "{unread} {} may not be read by the {}: the GRANT stands in the file",
            if unread == 1 { "more table" } else { "more tables" },
            proposal.dialect.who_asks()
        ));
    }
    lines.push(match (active, places) {
        (0, _) => "next: uncomment the tables that you want".to_owned(),
        (_, Places::ByHand) => {
            "next: fill in [storage] and [bigquery], export DATABASE_URL, run `plimsoll check`".to_owned()
        }
        (_, Places::Terraform) if path.ends_with(TERRAFORM_CONFIG) => format!("next: go on with {RECIPE}"),
        (_, Places::Terraform) => format!("next: copy it over terraform/{TERRAFORM_CONFIG} and follow {RECIPE}"),
    });
    lines.join("\n")
}
