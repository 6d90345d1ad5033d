//! Names of tables as the config writes them. Reports have them bare, for programs.

use std::collections::HashMap;

use crate::model::TableSpec;
use crate::run::{RunReport, TickReport};

/// The names that need quotes, and how they are written with them.
pub(super) struct QuotedNames(HashMap<String, String>);

impl QuotedNames {
    pub fn of(tables: &[TableSpec]) -> Self {
        Self(tables.iter().map(|t| (t.source.to_string(), t.source.quoted())).collect())
    }

    /// Puts the quotes that a name needs around it.
    pub fn quote(&self, source: &mut String) {
        if let Some(quoted) = self.0.get(source) {
            source.clone_from(quoted);
        }
    }

    /// The same of every name in a report.
    pub fn quote_report(&self, report: &mut TickReport) {
        report.runs.iter_mut().for_each(|run| self.quote_run(run));
    }

    /// The same of every name in a run's report.
    pub fn quote_run(&self, run: &mut RunReport) {
        self.quote(&mut run.source);
        run.tables.iter_mut().for_each(|t| self.quote(&mut t.source));
        run.verified.iter_mut().for_each(|v| self.quote(&mut v.source));
        run.aside.iter_mut().for_each(|a| self.quote(&mut a.source));
        run.loading.iter_mut().for_each(|l| self.quote(&mut l.source));
        run.postponed.iter_mut().for_each(|p| self.quote(&mut p.source));
        run.paused.iter_mut().for_each(|p| self.quote(&mut p.source));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RelationName, plain_spec};

    #[test]
    fn a_name_gets_the_quotes_that_it_needs() {
        let odd = RelationName { schema: "public".to_owned(), name: "Order Items".to_owned() };
        let plain = RelationName { schema: "shop".to_owned(), name: "orders".to_owned() };
        let names = [odd, plain].map(|source| TableSpec { source, ..plain_spec() });
        let names = QuotedNames::of(&names);
        let quoted = |bare: &str| {
            let mut source = bare.to_owned();
            names.quote(&mut source);
            source
        };
        assert_eq!(quoted("public.Order Items"), "public.\"Order Items\"");
        assert_eq!(quoted("shop.orders"), "shop.orders");
        assert_eq!(quoted("changelog"), "changelog");
    }
}
