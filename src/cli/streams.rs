//! Which endpoints are asked for streams.
//!
//! Only a stream tells when its first token came, so a budget on that turns streams on where the
//! endpoint's author left it open. How a reply travels is no part of what is asked, so suites of one
//! command that share an endpoint share this as well, and its connections and limits stay shared.

use std::sync::Arc;

use crate::endpoint::{Spec, Wire};
use crate::suite::Findings;

use super::prepare::{Prepared, Selection};

impl Selection {
    /// Turns streams on at the endpoints of suites that budget the first token, or, where that is
    /// wished `everywhere`, at all that do not say otherwise.
    pub(super) fn stream(&mut self, everywhere: bool, findings: &mut Findings) {
        let mut streaming: Vec<Arc<Spec>> = Vec::new();
        for prepared in &self.suites {
            let budgeted = times_first_tokens(prepared);
            if budgeted {
                refuse_whole_replies(prepared, findings);
            }
            if budgeted || everywhere {
                streaming.extend(prepared.endpoints.iter().map(|chosen| Arc::clone(&chosen.spec)));
            }
        }
        for chosen in self.suites.iter_mut().flat_map(|prepared| &mut prepared.endpoints) {
            let open =
                chosen.spec.stream.is_none() && !matches!(chosen.spec.wire, Wire::Cassette(_));
            if open && streaming.contains(&chosen.spec) {
                Arc::make_mut(&mut chosen.spec).stream = Some(true);
            }
        }
    }
}

fn times_first_tokens(prepared: &Prepared) -> bool {
    let latency = &prepared.suite.budget.latency;
    latency.as_ref().is_some_and(|limits| limits.first_token_p95.is_some())
}

/// A budget that can never be measured would be off unnoticed.
fn refuse_whole_replies(prepared: &Prepared, findings: &mut Findings) {
    let suite = &prepared.suite;
    for chosen in prepared.endpoints.iter().filter(|chosen| chosen.spec.stream == Some(false)) {
        let name = &chosen.spec.name.value;
        let message = format!("the endpoint `{name}` sends no streams, so no first token is timed");
        let remedy = "remove its `stream: false`, or the line `first_token_p95`";
        let place = suite.budget_span(None, "latency.first_token_p95");
        findings.error(&suite.source, place, message, remedy);
    }
}
