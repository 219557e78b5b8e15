//! What asking took: counted while the records pass, a record at a time.
//!
//! Who was asked how often, what it cost and how long it took stands in the exchanges, which are by
//! far the largest part of a record. So it is counted in the one pass in which a journal is read, and
//! of each exchange no more than a few numbers are kept.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;

use super::latency::{LiveAnswer, Spent, answer, was_given_up};
use super::operations::{FORMAT, Failure};
use super::{EndpointOperations, Operations, Quantiles, Retries, Saved, Served, Span, Spread};
use crate::record::{
    AskedEndpoint, Brief, Header, Heard, Origin, Outcome, Price, Record, Role, same_model,
};

/// The calls of a run, being counted.
#[derive(Debug)]
pub struct Calls {
    endpoints: Vec<Endpoint>,
    /// Replies that were graded again were not fetched by this run.
    regraded: bool,
    /// Somebody will want to know how long each answer took.
    timed: bool,
    run: String,
}

#[derive(Debug)]
struct Endpoint {
    name: Arc<str>,
    price: Option<Price>,
    operations: EndpointOperations,
    /// The first 8 bytes of every digest: two requests of a million share them in one of thirty
    /// million runs.
    digests: Vec<u64>,
    retries: Retries,
    served: BTreeMap<(String, String), usize>,
    /// Of answers whose first call was not given up.
    live: Vec<f64>,
    /// Of the others.
    live_again: Vec<f64>,
    given_up: usize,
    first_token: Vec<f64>,
    first_token_again: Vec<f64>,
    between: Vec<f64>,
    recorded: Vec<f64>,
    spent: Spent,
    totals: Totals,
    answers: Vec<LiveAnswer>,
}

impl Calls {
    /// None yet.
    #[must_use]
    pub fn new(header: &Header) -> Calls {
        let parts = header.slices.iter().map(|slice| &slice.budget);
        let timed = std::iter::once(&header.budget).chain(parts).any(|at| at.latency.is_some());
        Calls {
            endpoints: header.endpoints.iter().map(Endpoint::new).collect(),
            regraded: header.regraded.is_some(),
            timed,
            run: header.run.clone(),
        }
    }

    /// Counts the calls of a trial.
    pub fn add(&mut self, record: &Record, brief: &Brief) {
        let Some(endpoint) = brief.endpoint().and_then(|place| self.endpoints.get_mut(place))
        else {
            return;
        };
        if let Outcome::Failed(error) = &record.outcome {
            let failures = &mut endpoint.operations.failures;
            let first = || Failure { count: 0, message: error.message.clone() };
            failures.entry(error.kind.words().to_owned()).or_insert_with(first).count += 1;
        }
        for heard in &record.exchanges {
            endpoint.add(heard, self.regraded);
            let own = heard.role == Role::Answer && heard.endpoint == record.endpoint;
            if self.timed && own && heard.origin == Origin::Live && !self.regraded {
                endpoint.answers.extend(answer(brief.cluster(), brief.index(), heard));
            }
        }
    }

    /// The live answers of an endpoint in plan order, as far as the plan is wanted, where a budget
    /// asks for them.
    #[must_use]
    pub fn live_answers(&self, endpoint: &str, planned: usize) -> Vec<LiveAnswer> {
        let answers = self.endpoint(endpoint).map_or(&[][..], |at| &at.answers);
        let mut wanted: Vec<LiveAnswer> =
            answers.iter().filter(|answer| answer.index < planned).copied().collect();
        wanted.sort_by_key(|answer| answer.index);
        wanted
    }

    /// What an endpoint has spent.
    #[must_use]
    pub fn spent(&self, endpoint: &str) -> Spent {
        let none = Spent { calls: 0, tokens: 0, cost: None };
        self.endpoint(endpoint)
            .map_or(none, |at| Spent { cost: at.price.map(|_| at.totals.spent.get()), ..at.spent })
    }

    /// How the run went, with what is known of its end. To be asked once, after the last record:
    /// from then on only what budgets need is kept.
    #[must_use]
    pub fn operations(&mut self, span: Span) -> Operations {
        let endpoints = self.endpoints.iter_mut().map(Endpoint::told).collect();
        Operations { format: FORMAT, run: self.run.clone(), span, endpoints }
    }

    fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| &*endpoint.name == name)
    }
}

impl Endpoint {
    fn new(asked: &AskedEndpoint) -> Endpoint {
        let cost = asked.price.map(|_| 0.0);
        Endpoint {
            name: Arc::clone(&asked.name),
            price: asked.price,
            operations: EndpointOperations {
                endpoint: Arc::clone(&asked.name),
                origins: BTreeMap::new(),
                distinct_requests: 0,
                attempts: 0,
                failures: BTreeMap::new(),
                retries: None,
                input_tokens: 0,
                output_tokens: 0,
                cached_input_tokens: None,
                cost,
                saved: Saved { cost, ..Saved::default() },
                live_ms: None,
                first_token_ms: None,
                between_pieces_ms: None,
                live_spread: None,
                first_token_spread: None,
                recorded_ms: None,
                served: Vec::new(),
            },
            digests: Vec::new(),
            retries: Retries::default(),
            served: BTreeMap::new(),
            live: Vec::new(),
            live_again: Vec::new(),
            given_up: 0,
            first_token: Vec::new(),
            first_token_again: Vec::new(),
            between: Vec::new(),
            recorded: Vec::new(),
            spent: Spent { calls: 0, tokens: 0, cost },
            totals: Totals::default(),
            answers: Vec::new(),
        }
    }

    fn add(&mut self, heard: &Heard, regraded: bool) {
        let told = &mut self.operations;
        // A replay that found nothing was not answered by the store.
        if heard.reply.is_some() || heard.origin != Origin::Stored {
            *told.origins.entry(heard.origin).or_insert(0) += 1;
        }
        self.digests.push(heard.digest.number());
        told.attempts += heard.attempts.len();
        self.retries.add(heard);
        told.saved.add(heard);
        self.totals.add(heard, self.price);
        self.spent.add(heard);
        let live = heard.role == Role::Answer && heard.origin == Origin::Live && !regraded;
        let given_up = live && was_given_up(heard);
        self.given_up += usize::from(given_up);
        let Some(reply) = &heard.reply else { return };
        let usage = reply.usage.unwrap_or_default();
        told.input_tokens = told.input_tokens.saturating_add(usage.input_tokens);
        told.output_tokens = told.output_tokens.saturating_add(usage.output_tokens);
        if let Some(cached) = usage.cached_input_tokens {
            let before = told.cached_input_tokens.unwrap_or(0);
            told.cached_input_tokens = Some(before.saturating_add(cached));
        }
        if let Some(served) = &reply.model {
            let asked = &heard.request.target.model;
            *self.served.entry((asked.clone(), served.clone())).or_insert(0) += 1;
        }
        if heard.role != Role::Answer {
            return;
        }
        match heard.origin {
            Origin::Live if !regraded => {
                let (live, first_token) = if given_up {
                    (&mut self.live_again, &mut self.first_token_again)
                } else {
                    (&mut self.live, &mut self.first_token)
                };
                live.push(reply.times.total_ms);
                first_token.extend(reply.times.first_token_ms);
                self.between.extend(reply.times.between_pieces_ms());
            }
            Origin::Live | Origin::Stored | Origin::Replayed => {
                self.recorded.push(reply.times.total_ms);
            }
            Origin::Joined | Origin::Shared => {}
        }
    }

    fn told(&mut self) -> EndpointOperations {
        let mut digests = take(&mut self.digests);
        digests.sort_unstable();
        digests.dedup();
        let served = take(&mut self.served).into_iter();
        let others = served.filter(|((asked, name), _)| !same_model(asked, name));
        let Totals { cost, saved, saved_ms, failed_ms, pause_ms, .. } = self.totals;
        let priced = |total: Total| self.price.map(|_| total.get());
        let retries = Retries {
            failed_ms: failed_ms.get(),
            pause_ms: pause_ms.get(),
            ..take(&mut self.retries)
        };
        let (live_ms, live_spread) =
            spread(take(&mut self.live), take(&mut self.live_again), self.given_up);
        let (first, again) = (take(&mut self.first_token), take(&mut self.first_token_again));
        let (first_token_ms, first_token_spread) = spread(first, again, self.given_up);
        EndpointOperations {
            distinct_requests: digests.len(),
            cost: priced(cost),
            saved: Saved { cost: priced(saved), call_ms: saved_ms.get(), ..self.operations.saved },
            retries: Some(retries).filter(|retries| retries.calls > 0),
            live_ms,
            first_token_ms,
            live_spread,
            first_token_spread,
            between_pieces_ms: Quantiles::of(take(&mut self.between)),
            recorded_ms: Quantiles::of(take(&mut self.recorded)),
            served: others
                .map(|((asked, served), replies)| Served { asked, served, replies })
                .collect(),
            ..self.operations.clone()
        }
    }
}

/// The quantiles of all times, and the spread of those of calls that were not made again.
fn spread(
    mut times: Vec<f64>,
    again: Vec<f64>,
    given_up: usize,
) -> (Option<Quantiles>, Option<Spread>) {
    times.sort_by(f64::total_cmp);
    let spread = Spread::of(&times, given_up);
    if !again.is_empty() {
        times.extend(again);
        times.sort_by(f64::total_cmp);
    }
    (Quantiles::of_ascending(&times), spread)
}

/// A sum that does not depend on the order of what is added, as the order in which trials are
/// finished is chance: in units of 2⁻⁶⁴.
#[derive(Debug, Clone, Copy, Default)]
struct Total(i128);

const UNITS: f64 = 18_446_744_073_709_551_616.0;

impl Total {
    #[expect(clippy::cast_possible_truncation, reason = "what is too large is the largest")]
    fn add(&mut self, value: f64) {
        self.0 = self.0.saturating_add((value * UNITS) as i128);
    }

    #[expect(clippy::cast_precision_loss, reason = "rounded once, at the end")]
    fn get(self) -> f64 {
        self.0 as f64 / UNITS
    }
}

/// Sums of money and of milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    cost: Total,
    /// Of calls that were made now.
    spent: Total,
    saved: Total,
    saved_ms: Total,
    failed_ms: Total,
    pause_ms: Total,
}

impl Totals {
    fn add(&mut self, heard: &Heard, price: Option<Price>) {
        let cost = heard.cost.unwrap_or(0.0);
        self.cost.add(cost);
        self.spent.add(if heard.origin == Origin::Live { cost } else { 0.0 });
        if is_saved(heard) {
            self.saved_ms.add(heard.times.map_or(0.0, |times| times.total_ms));
            self.saved.add(price.map_or(0.0, |price| price.of(heard.usage.unwrap_or_default())));
        }
        if let [failed @ .., _] = heard.attempts.as_slice()
            && !failed.is_empty()
        {
            for attempt in failed {
                self.failed_ms.add(attempt.ms);
            }
            for attempt in &heard.attempts {
                self.pause_ms.add(attempt.pause_ms);
            }
        }
    }
}

/// Whether a reply need not be asked for, because it was stored or joined. A replay that found
/// nothing saved nothing; who joined a failure did not fail again.
fn is_saved(heard: &Heard) -> bool {
    match heard.origin {
        Origin::Joined => true,
        Origin::Stored | Origin::Shared => heard.reply.is_some(),
        Origin::Live | Origin::Replayed => false,
    }
}

impl Saved {
    fn add(&mut self, heard: &Heard) {
        if is_saved(heard) {
            let usage = heard.usage.unwrap_or_default();
            self.calls += 1;
            self.input_tokens = self.input_tokens.saturating_add(usage.input_tokens);
            self.output_tokens = self.output_tokens.saturating_add(usage.output_tokens);
        }
    }
}

impl Retries {
    fn add(&mut self, heard: &Heard) {
        let again = heard.attempts.len().saturating_sub(1);
        if again == 0 {
            return;
        }
        self.calls += again;
        self.requests += 1;
        self.answered += usize::from(heard.reply.is_some());
        for failed in &heard.attempts[..again] {
            if let Some(kind) = failed.error {
                *self.after.entry(kind.words().to_owned()).or_insert(0) += 1;
            }
        }
    }
}
