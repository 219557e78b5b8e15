//! The engine: it drives trials over whatever can be asked and tells one consumer what happened.
//!
//! A trial is driven by its own pure description ([`step`]): as long as the grader and the
//! confidence methods want to hear more, their requests are united and asked, and then they are
//! stepped again. The consumer is called synchronously, with all that has happened since it was
//! called last, so it needs no locks and writes in one go what came at one time, and its answer says
//! whether to go on. The engine knows no statistics.
//!
//! Trials start in the order of the plan, each when there is a place for it in the [`Room`] of its
//! endpoint. Several runs may share rooms; each waits for one place at a time, so they take turns.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all, pending};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet, yield_now};

use crate::answer::{self, Answer, Confidence};
use crate::ask::{
    Ask, AskError, AskErrorKind, Digest, Exchange, Finish, Heard, Place, Posed, Request, Role,
    Room, Step,
};
use crate::elicit::Method;
use crate::grade::{Judgement, Verdict};
use crate::plan::{Plan, Trial};
use crate::record::{self, At, Ending, Event, Measured, Outcome, Record};

/// After so many rounds of asking, something asks in circles.
const ROUNDS: usize = 8;

/// Most events that the consumer is told at a time: a longer batch saves nothing more, and what is
/// finished should soon be written down.
const AT_A_TIME: usize = 256;

/// How long trials that are under way are waited for when nothing more is needed.
const GRACE: Duration = Duration::from_secs(5);

/// Who is asked, and how many trials at a time.
#[derive(Clone)]
pub struct Asker {
    /// Who is asked.
    pub ask: Arc<dyn Ask>,
    /// Places of the trials that are under way there, those of other runs included.
    pub room: Room,
}

/// Who is asked, by name of the endpoint.
pub type Askers = HashMap<Arc<str>, Asker>;

/// Runs a plan but for the trials that are `finished`, by their index. Ends when all others are,
/// when `stop` becomes true, or when the consumer breaks, with the ending that it names. Trials that
/// are under way when it is stopped, or everything is decided, are given a few seconds to end, and
/// told of as well; after that, and where the consumer breaks for another reason, they are dropped
/// and count as never asked. Answers are confident from the threshold on.
///
/// # Panics
/// If an endpoint of the plan has no asker, which is a mistake of the caller.
pub async fn run(
    plan: &Plan<'_>,
    planned: usize,
    finished: &BTreeSet<usize>,
    askers: &Askers,
    threshold: f64,
    mut stop: watch::Receiver<bool>,
    consume: &mut dyn FnMut(Vec<Event>) -> ControlFlow<Ending>,
) -> Ending {
    let methods: Arc<[Method]> = plan.methods().cloned().collect();
    let mut trials = plan.trials().filter(|trial| !finished.contains(&trial.index));
    let mut waiting: Option<Waiting> = None;
    let mut flying: JoinSet<Record> = JoinSet::new();
    let mut ending = Ending::Complete;
    let (mut unasked, mut stopped) = (false, false);
    if let ControlFlow::Break(told) = consume(vec![Event::Started { planned }]) {
        ending = told;
    }
    while ending == Ending::Complete {
        if waiting.is_none() {
            waiting = trials.next().map(|trial| {
                let place = askers[&trial.endpoint].room.clone().enter().boxed();
                Waiting { trial, place }
            });
        }
        if flying.is_empty() && waiting.is_none() {
            break;
        }
        tokio::select! {
            biased;
            // An error means that nobody is left who could stop the run: it goes on.
            Ok(_) = stop.wait_for(|stop| *stop) => {
                stopped = true;
                ending = Ending::Interrupted;
            }
            Some(finished) = flying.join_next() => {
                let events = events_of(finished, &mut flying);
                unasked |= events.iter().any(|event| matches!(event, Event::Unasked { .. }));
                if let ControlFlow::Break(told) = consume(events) {
                    ending = told;
                }
            }
            (trial, place) = entered(&mut waiting) => {
                let ask = Arc::clone(&askers[&trial.endpoint].ask);
                let methods = Arc::clone(&methods);
                flying.spawn(async move {
                    let record = guarded(trial, &methods, &*ask, threshold).await;
                    drop(place);
                    record
                });
                // Other runs, which may be polled by the same task, get their turn.
                yield_now().await;
            }
        }
    }
    // A place that comes now is for others.
    drop(waiting);
    if ending == Ending::Decided || stopped {
        // What is under way was asked for and may be billed: it is kept, unless it takes long.
        let drained = async {
            while let Some(finished) = flying.join_next().await {
                let events = events_of(finished, &mut flying);
                if consume(events) == ControlFlow::Break(Ending::Interrupted) {
                    break;
                }
            }
        };
        tokio::select! {
            biased;
            Ok(_) = stop.wait_for(|stop| *stop), if !stopped => {}
            _ = tokio::time::timeout(GRACE, drained) => {}
        }
    }
    flying.shutdown().await;
    if unasked && ending == Ending::Complete {
        ending = Ending::GaveUp;
    }
    // The run is over whatever the consumer answers to its last event.
    let _ = consume(vec![Event::Ended(ending)]);
    ending
}

/// The next trial, until there is a place for it.
struct Waiting {
    trial: Trial,
    place: BoxFuture<'static, Place>,
}

/// The next trial with its place. Dropped and called again, it keeps its turn.
async fn entered(waiting: &mut Option<Waiting>) -> (Trial, Place) {
    let place = match waiting {
        Some(waiting) => (&mut waiting.place).await,
        None => pending().await,
    };
    match waiting.take() {
        Some(Waiting { trial, .. }) => (trial, place),
        None => pending().await,
    }
}

/// What has become of the trials that are finished by now, this one being the first of them.
fn events_of(first: Result<Record, JoinError>, flying: &mut JoinSet<Record>) -> Vec<Event> {
    let others = std::iter::from_fn(|| flying.try_join_next());
    let finished = std::iter::once(first).chain(others).take(AT_A_TIME);
    let record = |finished: Result<Record, JoinError>| {
        finished.expect("trials are guarded against panics and never aborted")
    };
    finished.map(record).map(event_of).collect()
}

/// A trial that its endpoint was not asked for any more is no finished one: whoever goes on with
/// the run asks it.
fn event_of(record: Record) -> Event {
    let mut errors = record.exchanges.iter().filter_map(|heard| heard.error.as_deref());
    match errors.find(|error| error.kind == AskErrorKind::NotAsked) {
        Some(error) => Event::Unasked { endpoint: record.endpoint, message: error.message.clone() },
        None => Event::Finished(record),
    }
}

/// A panic in one trial (a bug of ours) must not lose the others: it becomes a failed trial.
async fn guarded(trial: Trial, methods: &[Method], asker: &dyn Ask, threshold: f64) -> Record {
    let driven = AssertUnwindSafe(drive(&trial, methods, asker));
    let (heard, order, reading) = driven.catch_unwind().await.unwrap_or_else(|_| {
        let error = AskError::new(AskErrorKind::Interrupted, "internal error: a trial panicked");
        (Heard::default(), Vec::new(), Reading::without(Outcome::Failed(error)))
    });
    record_of(&trial, methods, &heard, &order, reading, threshold)
}

/// Asks until the trial needs nothing more.
async fn drive(
    trial: &Trial,
    methods: &[Method],
    asker: &dyn Ask,
) -> (Heard, Vec<Digest>, Reading) {
    let base = Posed::from(trial.base.clone());
    // Whatever a trial comes to, it begins with its question, and mostly ends with it.
    let mut heard = Heard::default();
    let mut order = vec![base.digest()];
    let answer = asker.ask(base.clone()).await;
    heard.insert(Exchange { role: Role::Answer, ..answer });
    for _ in 1..ROUNDS {
        let wanted = match step_from(&base, trial, methods, &heard) {
            Step::Done(reading) => return (heard, order, reading),
            Step::Ask(wanted) => wanted,
        };
        let mut asked = HashSet::new();
        let fresh: Vec<(Role, Posed)> = wanted
            .into_iter()
            .map(|(role, request)| (role, Posed::from(request)))
            .filter(|(_, posed)| {
                heard.get(&posed.digest()).is_none() && asked.insert(posed.digest())
            })
            .collect();
        if fresh.is_empty() {
            break;
        }
        order.extend(fresh.iter().map(|(_, posed)| posed.digest()));
        let exchanges = fresh.into_iter().map(|(role, posed)| async move {
            let mut exchange = asker.ask(posed).await;
            exchange.role = role;
            exchange
        });
        for exchange in join_all(exchanges).await {
            heard.insert(exchange);
        }
    }
    (heard, order, Reading::without(Outcome::Failed(circles())))
}

/// Why a trial is given up that wants nothing new and is not done.
pub(crate) fn circles() -> AskError {
    let message = "the grader or a confidence method asks in circles";
    AskError::new(AskErrorKind::Interrupted, message)
}

/// What was read from everything that a trial heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    outcome: Outcome,
    answer: Option<String>,
    abstained: bool,
    confidence: Vec<Confidence>,
}

impl Reading {
    /// Nothing was read.
    pub(crate) fn without(outcome: Outcome) -> Reading {
        Reading { outcome, answer: None, abstained: false, confidence: Vec::new() }
    }
}

/// Reads a trial from what was heard, or says what must be asked first and what for.
#[must_use]
pub fn step(trial: &Trial, methods: &[Method], heard: &Heard) -> Step<Reading, (Role, Request)> {
    step_from(&Posed::from(trial.base.clone()), trial, methods, heard)
}

/// The same, for whoever has posed the trial's question already.
fn step_from(
    posed: &Posed,
    trial: &Trial,
    methods: &[Method],
    heard: &Heard,
) -> Step<Reading, (Role, Request)> {
    let Some(base) = heard.get(&posed.digest()) else {
        return Step::Ask(vec![(Role::Answer, trial.base.clone())]);
    };
    if let Some(outcome) = Record::outcome_without_reading(base) {
        return Step::Done(Reading::without(outcome));
    }
    let Ok(reply) = &base.result else { unreachable!("a failed exchange has an outcome") };
    let question = &trial.case.question;
    let text = methods.iter().fold(reply.text.clone(), |text, method| match method.strip(&text) {
        Cow::Borrowed(stripped) if stripped.len() == text.len() => text,
        stripped => stripped.into_owned(),
    });
    let answer = Answer { text, truncated: reply.finish == Some(Finish::Length) };

    let mut wanted = Vec::new();
    let judgement = match trial.case.grader.step(question, &answer, heard) {
        Step::Done(judgement) => judgement,
        Step::Ask(requests) => {
            wanted.extend(requests.into_iter().map(|request| (Role::Judge, request)));
            Judgement { verdict: Verdict::Unparsable, read: None }
        }
    };
    let mut confidence = Vec::new();
    for method in methods {
        match method.step(question, posed, heard) {
            Step::Done(known) => confidence.push(known),
            Step::Ask(requests) => {
                wanted.extend(requests.into_iter().map(|request| (Role::Confidence, request)));
            }
        }
    }
    if !wanted.is_empty() {
        return Step::Ask(wanted);
    }
    let outcome = Outcome::of_verdict(judgement.verdict);
    let expected = outcome == Outcome::Correct && trial.case.expects_abstention;
    let abstained = outcome == Outcome::Abstained || (expected && answer::abstains(&answer.text));
    if abstained {
        // A model that says it does not know is sure of nothing that could be calibrated.
        confidence = methods.iter().map(|_| Confidence::missing("abstained")).collect();
    }
    let answer = judgement.read.or_else(|| {
        let text = answer.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    });
    Step::Done(Reading { outcome, answer, abstained, confidence })
}

/// A trial with what was read, and the exchanges in the order in which they were asked.
pub(crate) fn record_of(
    trial: &Trial,
    methods: &[Method],
    heard: &Heard,
    order: &[Digest],
    reading: Reading,
    threshold: f64,
) -> Record {
    let case = &trial.case;
    let missing = Confidence::missing("no reply");
    let confidence = |index: usize| reading.confidence.get(index).unwrap_or(&missing);
    let measured: BTreeMap<String, Measured> = methods
        .iter()
        .enumerate()
        .map(|(index, method)| (method.name().to_owned(), Measured::from(confidence(index))))
        .collect();
    let primary = methods.first().and_then(|_| confidence(0).value.as_ref().ok().copied());
    let exchanges = order.iter().filter_map(|digest| heard.get(digest));
    Record {
        index: trial.index,
        trial: trial.id.clone(),
        case: case.id.clone(),
        content: case.content,
        subject: Some(case.subject()),
        endpoint: Arc::clone(&trial.endpoint),
        repeat: trial.repeat,
        row: (!case.variant.is_empty()).then(|| case.row.clone()),
        variant: case.variant.clone(),
        threshold: case.threshold,
        slices: case.slices.clone(),
        group: case.group.clone(),
        tags: case.tags.clone(),
        question: case.question.text.clone(),
        choices: case.question.choices.clone(),
        expected: case.expected.clone().unwrap_or_else(|| case.grader.expected()),
        answer: reading.answer,
        quadrant: Record::quadrant(&reading.outcome, primary, case.threshold.unwrap_or(threshold)),
        outcome: reading.outcome,
        abstained: reading.abstained,
        confidence: measured,
        primary,
        letter_mass: reading.confidence.iter().find_map(|confidence| confidence.letter_mass),
        choice_probabilities: reading.confidence.iter().find_map(|sure| sure.choices.clone()),
        at: At { file: Arc::clone(&case.file), line: case.line },
        row_values: case.entry().map(record::RowValues::written),
        exchanges: exchanges
            .map(|exchange| record::Heard::of(exchange, &trial.endpoint, trial.price))
            .collect(),
    }
}
