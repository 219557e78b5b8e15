//! Stored replies graded again, under the suite as it is today; nothing is asked.
//!
//! A trial of today's plan is looked up among the records: by its name, or, where that stands for
//! another question now, by the request itself, so that a case may be renamed. What was heard then
//! is all that [`step`] hears now. Where it wants to hear more, the trial lacks
//! calls, and whoever wants it regraded has to run it.
//!
//! A run that was stopped has no records of its last trials. Trials without a record are taken for
//! these as long as there are no more of them; any more must be new.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::ask::{AskError, AskErrorKind, Digest, Exchange, Heard, Request, Role, Step};
use crate::elicit::Method;
use crate::plan::{Plan, Trial};
use crate::record::{self, At, Outcome, Record};
use crate::run::{Reading, circles, record_of, step};

/// Today's grades of a run's replies.
#[derive(Debug, Default)]
pub struct Regraded {
    /// The trials that have all their replies, with their places in today's plan, in its order.
    pub records: Vec<Record>,
    /// Records that today's plan has no trial for.
    pub left_out: usize,
    /// Trials that neither run has finished.
    pub unfinished: usize,
    /// Trials that cannot be graded without asking, by reason; whoever has some has no new run.
    pub lacking: BTreeMap<Reason, Lacking>,
}

/// Why a trial cannot be graded from what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is asked in another way: prompt, parameters, or a method that asks for more.
    Changed,
    /// A confidence method needs further requests.
    Confidence,
    /// The grader needs further requests.
    Judge,
    /// The run did not have it.
    New,
}

/// Trials that lack replies for one reason.
#[derive(Debug)]
pub struct Lacking {
    /// How many.
    pub trials: usize,
    /// Requests that must be asked for them, at the least: replies may call for more.
    pub calls: usize,
    /// Place of the first one in the plan.
    pub index: usize,
    /// Its name.
    pub trial: String,
    /// Where its case is written.
    pub at: At,
    /// What is to be asked for it, and what was asked, if anything was.
    pub requests: (Arc<Request>, Option<Arc<Request>>),
}

/// Grades the records of a run of so many planned trials as a plan says today. Answers are confident
/// from the threshold on.
#[must_use]
pub fn regrade(plan: &Plan<'_>, records: &[Record], planned: usize, threshold: f64) -> Regraded {
    let methods: Vec<Method> = plan.methods().cloned().collect();
    let named: HashMap<&str, usize> =
        records.iter().enumerate().map(|(at, record)| (record.trial.as_str(), at)).collect();
    let mut used = vec![false; records.len()];
    let mut regraded = Regraded::default();
    let mut homeless = Vec::new();
    for trial in plan.trials() {
        let own = named.get(trial.id.as_str()).copied();
        match own.filter(|at| belongs(&records[*at], &trial)) {
            Some(at) => {
                used[at] = true;
                regraded.add(&trial, &methods, &records[at], threshold);
            }
            None => homeless.push(trial),
        }
    }
    // The last comes first, to be taken from the end.
    let mut by_request: HashMap<(Arc<str>, Digest), Vec<usize>> = HashMap::new();
    for (at, record) in records.iter().enumerate().rev().filter(|(at, _)| !used[*at]) {
        if let Some(answer) = answer(record) {
            let key = (Arc::clone(&record.endpoint), answer.request.digest());
            by_request.entry(key).or_default().push(at);
        }
    }
    let mut silent = Vec::new();
    for trial in homeless {
        let same = by_request.get_mut(&(Arc::clone(&trial.endpoint), trial.base.digest()));
        if let Some(at) = same.and_then(Vec::pop) {
            used[at] = true;
            regraded.add(&trial, &methods, &records[at], threshold);
        } else if let Some(at) = named.get(trial.id.as_str()) {
            let before = answer(&records[*at]).map(|heard| Arc::clone(&heard.request));
            let asked = Arc::new(trial.base.clone());
            regraded.lack(Reason::Changed, &trial, 1, (asked, before));
        } else {
            silent.push(trial);
        }
    }
    regraded.unfinished = planned.saturating_sub(records.len()).min(silent.len());
    for trial in silent.split_off(regraded.unfinished) {
        regraded.lack(Reason::New, &trial, 1, (Arc::new(trial.base.clone()), None));
    }
    regraded.left_out = used.iter().filter(|used| !**used).count();
    regraded.records.sort_by_key(|record| record.index);
    regraded
}

/// Whether the record is of this very question, as it is asked today. One that broke before it
/// asked is of its trial.
fn belongs(record: &Record, trial: &Trial) -> bool {
    answer(record).map_or_else(
        || matches!(record.outcome, Outcome::Failed(_)),
        |answer| *answer.request == trial.base,
    )
}

/// What was heard when the question itself was asked.
fn answer(record: &Record) -> Option<&record::Heard> {
    record.exchanges.iter().find(|heard| heard.role == Role::Answer)
}

impl Regraded {
    fn add(&mut self, trial: &Trial, methods: &[Method], record: &Record, threshold: f64) {
        let heard: Heard = record.exchanges.iter().map(exchange).collect();
        let reading = if record.exchanges.is_empty() {
            Reading::without(record.outcome.clone())
        } else {
            match step(trial, methods, &heard) {
                Step::Done(reading) => reading,
                Step::Ask(mut wanted) => {
                    let mut seen = HashSet::new();
                    wanted.retain(|(_, request)| {
                        let digest = request.digest();
                        heard.get(&digest).is_none() && seen.insert(digest)
                    });
                    let calls = wanted.len();
                    if let Some((role, request)) = wanted.into_iter().next() {
                        let reason = match role {
                            Role::Answer => Reason::Changed,
                            Role::Confidence => Reason::Confidence,
                            Role::Judge => Reason::Judge,
                        };
                        self.lack(reason, trial, calls, (Arc::new(request), None));
                        return;
                    }
                    Reading::without(Outcome::Failed(circles()))
                }
            }
        };
        // Replies that nobody wants today are kept: the next suite may want them again.
        self.records.push(Record {
            exchanges: record.exchanges.clone(),
            ..record_of(trial, methods, &heard, &[], reading, threshold)
        });
    }

    fn lack(
        &mut self,
        reason: Reason,
        trial: &Trial,
        calls: usize,
        requests: (Arc<Request>, Option<Arc<Request>>),
    ) {
        let at = || At { file: Arc::clone(&trial.case.file), line: trial.case.line };
        let first = || Lacking {
            trials: 0,
            calls: 0,
            index: trial.index,
            trial: trial.id.clone(),
            at: at(),
            requests,
        };
        let lacking = self.lacking.entry(reason).or_insert_with(first);
        lacking.trials += 1;
        lacking.calls += calls;
    }
}

/// An exchange as it was when it was heard. Its identity is told anew, so that runs stay of use
/// when the form of digests changes.
fn exchange(heard: &record::Heard) -> Exchange {
    let result = match (&heard.reply, &heard.error) {
        (Some(reply), _) => Ok(Arc::clone(reply)),
        (None, Some(error)) => Err(Arc::clone(error)),
        (None, None) => Err(Arc::new(AskError::new(
            AskErrorKind::Interrupted,
            "the journal keeps neither a reply nor an error",
        ))),
    };
    Exchange {
        digest: heard.request.digest(),
        request: Arc::clone(&heard.request),
        role: heard.role,
        origin: heard.origin,
        fetched: heard.fetched.clone(),
        waited: Duration::try_from_secs_f64(heard.waited_ms / 1000.0).unwrap_or_default(),
        attempts: heard.attempts.clone(),
        result,
    }
}
