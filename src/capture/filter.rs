//! Whether the config's `where` is a condition.

use super::error::CaptureError;
use crate::model::TableSpec;
use crate::source::Session;

/// Asks the source. A syntax error or a name that is not there is the text's fault; a right that is missing, or a server that is
/// going, is not.
pub(super) async fn try_filter(session: &Session, spec: &TableSpec) -> Result<(), CaptureError> {
    session.try_where(spec).await.map_err(|e| match e.fault_of_the_text() {
        Some(reason) => CaptureError::BadFilter { table: spec.source.clone(), reason: reason.to_owned() },
        None => e.into(),
    })
}
