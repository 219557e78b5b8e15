//! `overclaim plan`: what a run would ask, before it asks anything.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::ask::{Digest, Heard, Price, Request, Role, Step, Usage};
use crate::cache::{Cache, Seen, prompt_bytes};
use crate::plan::{Asked, Plan};
use crate::report::{amount, visible};
use crate::run::step;
use crate::suite::{Findings, display};

use super::PlanArgs;
use super::askers::{self, Keys, Ready, Servers};
use super::caching::{self, CacheMode};
use super::output::{Exit, Output, remark};
use super::prepare::{Prepared, Wanted, prepare, refused};

/// What a run of a suite would ask.
#[derive(Debug, Serialize)]
struct Planned {
    suite: String,
    path: String,
    /// How often each case is asked at each endpoint.
    repeats: u32,
    trials: usize,
    endpoints: Vec<AtEndpoint>,
}

/// What it would ask of one endpoint.
#[derive(Debug, Default, Serialize)]
struct AtEndpoint {
    endpoint: String,
    model: String,
    /// The cassette that it plays from: then nothing is called.
    cassette: Option<String>,
    trials: usize,
    /// Requests by what they are for.
    requests: BTreeMap<Role, u64>,
    /// Requests that differ from each other.
    unique: u64,
    /// Of those, what the cache has.
    stored: u64,
    /// Calls at most.
    calls_at_most: u64,
    /// Tokens of the prompts of those calls, estimated.
    input_tokens: u64,
    /// By how much a quarter of the bytes was wrong in the replies seen; 1 without any.
    input_correction: f64,
    /// Replies that the correction and the mean were learned from.
    seen_replies: u64,
    /// Tokens of the replies at most; null where the suite sets no limit.
    output_tokens_at_most: Option<u64>,
    /// Tokens of the replies if they are as long as those seen; null without any.
    output_tokens_expected: Option<u64>,
    /// Cost if every reply reaches its limit, where the endpoint has a price and the replies a
    /// limit. The prompts' part of it is an estimate, so it is no bound.
    cost_at_longest: Option<f64>,
}

pub(super) fn plan(args: &PlanArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let mut findings = Findings::new(args.suites.strict);
    let wanted = Wanted::of(&args.select);
    let mut selection = prepare(&args.suites.suites, &args.suites.from, &wanted, &mut findings)?;
    selection.stream(false, &mut findings);
    selection.warn_of_budgets(&mut findings);
    let cache = caching::look(args.select.cache, &selection)?;
    let ready: Vec<(&Prepared, Ready)> = selection
        .suites
        .iter()
        .map(|prepared| {
            (
                prepared,
                askers::build(
                    prepared,
                    Keys::Absent,
                    None,
                    None,
                    &mut Servers::default(),
                    &mut findings,
                ),
            )
        })
        .collect();
    if let Some(exit) = refused(&findings, output) {
        return Ok(exit);
    }
    if ready.is_empty() {
        remark("no suites: name one, or put some into suites/");
        return Ok(Exit::Nothing);
    }
    let mut planned = Vec::new();
    for (prepared, ready) in &ready {
        planned.push(of_suite(args, prepared, ready, cache.as_deref())?);
    }
    if output.json {
        match planned.as_slice() {
            [one] => Output::document(one)?,
            several => Output::document(&several)?,
        }
    } else {
        for suite in &planned {
            output.people(&page(suite, args.select.cache));
        }
    }
    let nothing = planned.iter().all(|suite| suite.trials == 0);
    Ok(if nothing { Exit::Nothing } else { Exit::Passed })
}

fn of_suite(
    args: &PlanArgs,
    prepared: &Prepared,
    ready: &Ready,
    cache: Option<&Cache>,
) -> Result<Planned, String> {
    let suite = &prepared.suite;
    let Wanted { selection, seed, .. } = Wanted::of(&args.select);
    let plan = Plan::new(suite, ready.asked.clone(), selection, seed)
        .map_err(|conflict| format!("{}: {conflict}", suite.source.path))?;
    let methods: Vec<_> = plan.methods().cloned().collect();
    let mut counts: BTreeMap<Arc<str>, Count<'_>> = ready
        .asked
        .iter()
        .map(|asked| (Arc::clone(&asked.name), Count::new(asked, ready, cache, args.select.cache)))
        .collect();
    let mut trials = 0;
    for trial in plan.trials() {
        trials += 1;
        let Some(count) = counts.get_mut(&trial.endpoint) else { continue };
        count.at.trials += 1;
        // What is asked first; what else is asked depends on what is heard, and no grader or
        // method of today asks more.
        if let Step::Ask(requests) = step(&trial, &methods, &Heard::default()) {
            for (role, request) in requests {
                count.add(role, &request);
            }
        }
    }
    let mut endpoints = Vec::new();
    for asked in &ready.asked {
        if let Some(count) = counts.remove(&asked.name) {
            endpoints.push(count.finish(asked.price)?);
        }
    }
    Ok(Planned {
        suite: suite.name.clone(),
        path: display(&prepared.path),
        repeats: suite.repeats.get(),
        trials,
        endpoints,
    })
}

/// An endpoint's share of a plan, being counted.
struct Count<'a> {
    at: AtEndpoint,
    cache: Option<&'a Cache>,
    mode: CacheMode,
    distinct: HashSet<Digest>,
    prompt_bytes: u64,
    output_limit: Option<u64>,
}

impl<'a> Count<'a> {
    fn new(asked: &Asked, ready: &Ready, cache: Option<&'a Cache>, mode: CacheMode) -> Count<'a> {
        let at = AtEndpoint {
            endpoint: asked.name.to_string(),
            model: asked.target.model.clone(),
            cassette: ready.cassettes.get(&asked.name).cloned(),
            requests: [Role::Answer, Role::Confidence, Role::Judge].map(|role| (role, 0)).into(),
            ..AtEndpoint::default()
        };
        Count { at, cache, mode, distinct: HashSet::new(), prompt_bytes: 0, output_limit: Some(0) }
    }

    fn add(&mut self, role: Role, request: &Request) {
        *self.at.requests.entry(role).or_insert(0) += 1;
        let fresh = self.distinct.insert(request.digest());
        self.at.unique += u64::from(fresh);
        if self.at.cassette.is_some() || (self.mode != CacheMode::Off && !fresh) {
            return;
        }
        if self.cache.is_some_and(|cache| cache.holds(request)) {
            self.at.stored += 1;
            return;
        }
        if self.mode == CacheMode::Replay {
            return;
        }
        self.at.calls_at_most += 1;
        self.prompt_bytes += prompt_bytes(request);
        let limit = request.params.max_tokens.map(u64::from);
        self.output_limit = self.output_limit.zip(limit).map(|(sum, limit)| sum + limit);
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "estimates of counts far below 2^53"
    )]
    fn finish(self, price: Option<Price>) -> Result<AtEndpoint, String> {
        let Count { mut at, cache, prompt_bytes, output_limit, .. } = self;
        let seen = match cache {
            Some(cache) => cache.store().seen(&at.model).map_err(|error| error.to_string())?,
            None => Seen::default(),
        };
        let quarter = prompt_bytes as f64 / 4.0;
        at.seen_replies = seen.replies;
        at.input_correction = match seen.prompt_bytes {
            0 => 1.0,
            bytes => seen.input_tokens as f64 / (bytes as f64 / 4.0),
        };
        at.input_tokens = (quarter * at.input_correction).ceil() as u64;
        at.output_tokens_at_most = output_limit;
        let mean = (seen.replies > 0).then(|| seen.output_tokens as f64 / seen.replies as f64);
        at.output_tokens_expected = mean.map(|mean| (mean * at.calls_at_most as f64).ceil() as u64);
        at.cost_at_longest = price.zip(output_limit).map(|(price, output_tokens)| {
            price.of(Usage {
                input_tokens: at.input_tokens,
                output_tokens,
                cached_input_tokens: None,
            })
        });
        Ok(at)
    }
}

fn page(planned: &Planned, mode: CacheMode) -> String {
    let each = match planned.repeats {
        1 => String::new(),
        times => format!(", every case asked {times} times"),
    };
    let mut page = format!("{} · {} trials{each}\n", visible(&planned.suite), planned.trials);
    for at in &planned.endpoints {
        page += &format!("  {} · {}\n", visible(&at.endpoint), visible(&at.model));
        let mut line = |name: &str, text: String| page += &format!("    {name:<10}{text}\n");
        let roles = at.requests.iter().map(|(role, count)| {
            let role = match role {
                Role::Answer => "for answers",
                Role::Confidence => "for confidence",
                Role::Judge => "for judges",
            };
            format!("{count} {role}")
        });
        line("requests", roles.collect::<Vec<_>>().join(" · "));
        line("unique", at.unique.to_string());
        if let Some(cassette) = &at.cassette {
            line("calls", format!("none: replayed from {}", visible(cassette)));
            continue;
        }
        line("stored", at.stored.to_string());
        if mode == CacheMode::Replay {
            line("calls", "none: the cache is replayed".into());
            continue;
        }
        line("calls", format!("at most {}", at.calls_at_most));
        let basis = match at.seen_replies {
            0 => "a quarter of the bytes".to_owned(),
            seen => {
                format!("{:.2} × a quarter of the bytes, as seen {seen} times", at.input_correction)
            }
        };
        line("tokens", format!("about {} in ({basis})", at.input_tokens));
        let most = match at.output_tokens_at_most {
            Some(most) => format!("at most {most} out"),
            None => "no limit out: the suite sets no `max_tokens`".into(),
        };
        let expected = at.output_tokens_expected.map(|mean| format!(", about {mean} as seen"));
        line("", most + &expected.unwrap_or_default());
        match at.cost_at_longest {
            Some(cost) => line("cost", format!("about {} with the longest replies", amount(cost))),
            None if at.output_tokens_at_most.is_none() => {
                line("cost", "unknown without `max_tokens`".into());
            }
            None => line("cost", "unknown: the endpoint has no `price`".into()),
        }
    }
    page
}
