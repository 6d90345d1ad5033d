//! What comparisons are billed for that the run's failure, or a failed look, has ended: nothing else would tell it.

use std::sync::Arc;

use crate::bigquery::Billed;
use crate::model::VerifyLevel;
use crate::run::context::Context;
use crate::run::feed::Run;
use crate::run::report::VerifyReport;
use crate::run::verify::Asked;
use crate::state::Verifying;

const RUN_FAILED: &str = "the run failed before its comparison was at its end";

/// Of each table that is looked at.
pub(super) struct Bills(Vec<Bill>);

struct Bill {
    /// As the state calls it.
    table: String,
    source: String,
    target: String,
    level: VerifyLevel,
    /// Of the stretches before: what they were billed for, and what of it reports have told.
    before: u64,
    reported: u64,
    /// Of this stretch.
    billed: Arc<Billed>,
}

impl Bill {
    /// What this run has to tell, where the state goes on with `noted`: what is unreported there is told by the report of a later run.
    fn to_tell(&self, noted: Option<&Verifying>) -> Option<u64> {
        let later = noted.and_then(Verifying::unreported_bytes).unwrap_or(0);
        let all = self.before.saturating_add(self.billed.bytes().unwrap_or(0));
        Some(all.saturating_sub(self.reported).saturating_sub(later)).filter(|bytes| *bytes > 0)
    }
}

impl Bills {
    pub fn of(context: &Context, tables: &[Asked]) -> Self {
        let bill = |asked: &Asked| Bill {
            table: asked.spec.target.clone(),
            source: asked.spec.source.to_string(),
            target: context.bigquery.target(&asked.spec.target).to_string(),
            level: asked.asked.level,
            before: asked.so_far.as_ref().and_then(|v| v.found.bytes_billed).unwrap_or(0),
            reported: asked.so_far.as_ref().map_or(0, |v| v.reported_bytes),
            billed: asked.billed.clone(),
        };
        Self(tables.iter().map(bill).collect())
    }

    /// The report of a table that could not be looked at, and whose comparison ends with that.
    pub fn with(&self, report: VerifyReport) -> VerifyReport {
        let bill = self.0.iter().find(|bill| bill.target == report.target);
        VerifyReport { bytes_billed: bill.and_then(|bill| bill.to_tell(None)), ..report }
    }
}

impl Run<'_> {
    /// Tells what comparisons were billed for that this run's failure has ended.
    pub(super) fn tell_bills(&mut self, bills: &Bills) {
        let reports = bills.0.iter().filter_map(|bill| {
            let noted = self.noted(&bill.table).and_then(|n| n.verifying.as_ref());
            let bytes_billed = Some(bill.to_tell(noted)?);
            let (source, target) = (bill.source.clone(), bill.target.clone());
            Some(VerifyReport { bytes_billed, ..VerifyReport::not_compared(source, target, bill.level, RUN_FAILED) })
        });
        let reports = reports.collect();
        self.tell(reports);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verification;
    use crate::state::Found;

    fn verifying(billed: u64, reported_bytes: u64) -> Verifying {
        let found = Found { bytes_billed: Some(billed), ..Found::default() };
        let (began, asked) = (time::OffsetDateTime::UNIX_EPOCH, Verification::default());
        Verifying { began, asked, basis: String::new(), after: None, about: 9, found, reported_bytes }
    }

    /// Stretches before were billed for 1000, of which 600 are in reports; this one for 50. Whatever the state goes on with, each byte is told once.
    #[test]
    fn each_byte_is_told_once_wherever_a_comparison_fails() {
        let billed = Arc::new(Billed::default());
        let name = String::new;
        let bill = |billed: &Arc<Billed>| Bill {
            table: name(),
            source: name(),
            target: name(),
            level: VerifyLevel::Values,
            before: 1000,
            reported: 600,
            billed: billed.clone(),
        };
        assert_eq!(bill(&billed).to_tell(Some(&verifying(1000, 600))), None, "nothing was billed since");
        billed.add(Some(50));
        for (noted, told) in [
            // It failed in a look: the state knows of the stretches before.
            (Some(verifying(1000, 600)), 50),
            // A repair has noted this stretch as told, and failed.
            (Some(verifying(1050, 1050)), 450),
            // The last stretch, or one that can't be looked at: the state forgets the comparison.
            (None, 450),
        ] {
            assert_eq!(bill(&billed).to_tell(noted.as_ref()), Some(told), "{noted:?}");
            let later = noted.as_ref().and_then(Verifying::unreported_bytes).unwrap_or(0);
            assert_eq!(600 + told + later, 1050);
        }
    }
}
