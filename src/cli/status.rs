//! `plimsoll status`: where every feed stands.

use serde_json::json;

use super::{CliError, Exit, Format, output};
use crate::run::{Context, FeedStatus};

pub(super) async fn status(context: &Context, format: Format) -> Result<Exit, CliError> {
    let feeds = context.status().await;
    let is_late = |f: &FeedStatus| f.late && f.loading.is_none();
    let failed = feeds.iter().any(|f| f.error.is_some() || f.failure.is_some() || is_late(f));
    match format {
        Format::Json => output::json(&json!({ "feeds": feeds })),
        Format::Text => {
            let head = [
                "table",
                "target",
                "finds",
                "age",
                "checked",
                "state",
                "watermark",
                "quarantined",
                "last upserts",
                "billed",
            ];
            let mut rows = vec![head.map(str::to_owned).to_vec()];
            for f in &feeds {
                let state = match (&f.error, &f.pending, &f.held_by) {
                    _ if f.paused_since.is_some() => "paused".to_owned(),
                    (Some(e), ..) => format!("error: {e}"),
                    _ if f.failure.is_some() => {
                        f.failure.as_ref().map(|e| format!("failing: {}; {}", e.message, e.hint)).unwrap_or_default()
                    }
                    (None, Some(run), _) => format!("pending {run}"),
                    (None, None, Some(run)) => format!("running {run}"),
                    (None, None, None) if f.loading.is_some() => format!("loading, {} rows", f.loading.unwrap_or(0)),
                    (None, None, None) if f.last_success.is_none() => "never loaded".to_owned(),
                    (None, None, None) if f.late => "late".to_owned(),
                    (None, None, None) => "ok".to_owned(),
                };
                let last = f.last_run.as_ref().map(|run| run.figures);
                rows.push(vec![
                    f.source.clone(),
                    f.target.clone(),
                    f.finds.clone(),
                    f.age_seconds.map_or("-".to_owned(), |s| format!("{s}s")),
                    f.checked_seconds.map_or("-".to_owned(), |s| format!("{s}s ago")),
                    state,
                    f.watermark.clone().unwrap_or_else(|| "-".to_owned()),
                    f.quarantined.to_string(),
                    last.map_or("-".to_owned(), |l| l.upserts.to_string()),
                    last.map_or("-".to_owned(), |l| output::bytes(l.bytes_billed)),
                ]);
            }
            output::text(&output::columns(&rows));
        }
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}
