//! A run with everything that is reported of it, made of records: for tests.

use super::Page;
use crate::gate::{Decision, Versus};
use crate::record::{Ending, Header, Record, Run};
use crate::scorecard::{Calls, Operations, Scorecard, Span};
use crate::snapshot::{Accepted, Snapshot, Standing};

/// What a page borrows.
pub(super) struct Staged {
    pub run: Run,
    pub scorecard: Scorecard,
    pub decision: Decision,
    pub operations: Operations,
    pub standings: Vec<Standing>,
}

impl Staged {
    pub(super) fn of(header: Header, records: Vec<Record>) -> Staged {
        let mut calls = Calls::new(&header);
        let run = Run::of(header, records);
        for brief in run.briefs() {
            calls.add(&run.record(brief).unwrap(), brief);
        }
        let scorecard = Scorecard::of(&run).unwrap();
        let decision = Decision::judged(&run, &calls, &scorecard, None, Versus::default()).unwrap();
        let operations = calls.operations(Span {
            started: run.header.started.clone(),
            elapsed_ms: Some(1234.0),
            ending: Some(Ending::Complete),
            ..Span::default()
        });
        Staged { run, scorecard, decision, operations, standings: Vec::new() }
    }

    /// The same, held against what these records said at each endpoint, as somebody changed it.
    pub(super) fn against(mut self, before: &Run, change: impl Fn(&mut Snapshot)) -> Staged {
        let accepted: Vec<Accepted> = before
            .header
            .endpoints
            .iter()
            .map(|asked| {
                let mut snapshot = Snapshot::of(before, &asked.name).unwrap();
                change(&mut snapshot);
                Accepted { file: format!("suites/snapshots/demo@{}.snap", asked.name), snapshot }
            })
            .collect();
        self.standings = Standing::of(&self.run, true, &accepted).unwrap();
        self
    }

    pub(super) fn page(&self) -> Page<'_> {
        Page {
            run: &self.run,
            scorecard: &self.scorecard,
            decision: &self.decision,
            operations: &self.operations,
            changes: &[],
            standings: &self.standings,
            contested: None,
            dir: "reports/demo/it's a run",
            top: 10,
        }
    }
}
