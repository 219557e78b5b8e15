//! `overclaim check --live`: one call an endpoint, to see whether a run can work with it.
//!
//! The call goes the way of a run's calls, with the endpoint's key, headers and parameters, but once
//! and past the cache: what is stored says nothing of today. It asks for a stream with log
//! probabilities; a server that refuses either is asked once more without it, to tell a server that
//! lacks something from one that cannot be asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::ask::{
    Ask, AskError, AskErrorKind, Draw, Exchange, Params, Reply, Request, Speaker, Turn,
};
use crate::elicit::Method;
use crate::endpoint::{Spec, Wire};
use crate::report::{LiveAnswer, LiveEndpoint, LiveLogprobs, LiveTold, LogprobState};
use crate::span::{Span, Spanned};
use crate::suite::{Findings, Suite, display};
use crate::transport::Http;

use crate::cli::askers::{self, Keys, blame};
use crate::cli::prepare::{Chosen, Prepared, Selection};

/// A reply of a letter, and some room for models that think before they say it.
const MAX_TOKENS: u32 = 16;

/// Alternatives that are asked for where no suite needs more.
const ALTERNATIVES: u8 = 5;

/// An endpoint with the suites that ask it.
struct Wanted<'a> {
    chosen: &'a Chosen,
    suites: Vec<&'a Suite>,
}

/// Asks every distinct endpoint of the selection once. What a suite needs and its endpoint does not
/// have is a finding, as is an endpoint that cannot be asked at all.
///
/// # Errors
/// There are no threads to ask with.
pub(super) fn ask(
    selection: &Selection,
    findings: &mut Findings,
) -> Result<Vec<LiveEndpoint>, String> {
    let runtime = Runtime::new().map_err(|error| format!("no threads: {error}"))?;
    let mut told = Vec::new();
    for wanted in wanted(selection) {
        let endpoint = match &wanted.chosen.spec.wire {
            Wire::Cassette(cassette) => {
                let place = display(&cassette.from.value);
                Some(LiveEndpoint { recorded: true, ..wanted.unasked(place, None) })
            }
            Wire::OpenaiChat(_) => wanted.asked(&runtime, findings),
        };
        if let Some(endpoint) = endpoint {
            wanted.refuse_missing_logprobs(&endpoint, findings);
            told.push(endpoint);
        }
    }
    Ok(told)
}

/// Each endpoint once, in the order of their first mention.
fn wanted(selection: &Selection) -> Vec<Wanted<'_>> {
    let mut all: Vec<Wanted<'_>> = Vec::new();
    let mut add = |chosen, suite: Option<_>| {
        let known = all.iter_mut().find(|known: &&mut Wanted<'_>| known.is(chosen));
        match (known, suite) {
            (Some(known), suite) => known.suites.extend(suite),
            (None, suite) => all.push(Wanted { chosen, suites: suite.into_iter().collect() }),
        }
    };
    for Prepared { suite, endpoints, .. } in &selection.suites {
        for chosen in endpoints {
            add(chosen, Some(suite));
        }
    }
    // Those named by the arguments can be asked without any suite.
    for chosen in &selection.named {
        add(chosen, None);
    }
    all
}

impl Wanted<'_> {
    fn is(&self, chosen: &Chosen) -> bool {
        self.chosen.spec == chosen.spec
    }

    fn unasked(&self, place: String, model: Option<&str>) -> LiveEndpoint {
        let spec = &self.chosen.spec;
        LiveEndpoint {
            endpoint: spec.name.value.clone(),
            model: model.map(str::to_owned),
            place,
            suites: self.suites.iter().map(|suite| suite.name.clone()).collect(),
            key_env: spec.key_env().map(str::to_owned),
            recorded: false,
            calls: 0,
            latency_ms: None,
            answer: None,
            error: None,
        }
    }

    /// Calls a server. None if it cannot even be tried; then a finding says why.
    fn asked(&self, runtime: &Runtime, findings: &mut Findings) -> Option<LiveEndpoint> {
        let spec = &self.chosen.spec;
        let way =
            |stream| askers::http(&Spec { stream: Some(stream), ..(**spec).clone() }, Keys::Wanted);
        let streamed = (spec.stream != Some(false)).then(|| way(true)).transpose();
        let ways = streamed.and_then(|streamed| Ok(Ways { streamed, whole: way(false)? }));
        let ways = match ways {
            Ok(ways) => ways,
            Err((span, message, remedy)) => {
                blame(self.chosen, span, &message, &remedy, findings);
                return None;
            }
        };
        let request = request(spec, self.alternatives())?;
        let Wire::OpenaiChat(chat) = &spec.wire else { return None };
        let told = self.unasked(chat.base_url.value.clone(), Some(&chat.model.value));
        Some(runtime.block_on(probe(&ways, request, told)))
    }

    /// As many alternatives to a token as a suite needs, since servers refuse more than they list.
    fn alternatives(&self) -> u8 {
        let needed = self.suites.iter().filter_map(|suite| {
            let mut methods = suite.methods.iter().map(|method| &method.value);
            let target = Arc::new(self.chosen.spec.target()?);
            let base = bare(target, suite.params.clone());
            let prepared = methods.try_fold(base, |base, method| method.prepare(base)).ok()?;
            prepared.params.top_logprobs
        });
        needed.max().filter(|needed| *needed > 0).unwrap_or(ALTERNATIVES)
    }

    /// A suite that reads confidence from log probabilities would measure none.
    fn refuse_missing_logprobs(&self, endpoint: &LiveEndpoint, findings: &mut Findings) {
        let Some(answer) = &endpoint.answer else { return };
        let LiveLogprobs { state, asked, .. } = answer.logprobs;
        let name = &endpoint.endpoint;
        let (what, remedy) = match state {
            LogprobState::Listed | LogprobState::NotKnown => return,
            LogprobState::Alone => ("sends no alternatives to its tokens", ""),
            LogprobState::Missing => ("sends no log probabilities", ""),
            LogprobState::Refused if asked > ALTERNATIVES => (
                "refuses to send log probabilities",
                "if it only lists fewer, write `choice_logprob: {top_logprobs: 5}`; otherwise ",
            ),
            LogprobState::Refused => ("refuses to send log probabilities", ""),
        };
        for suite in &self.suites {
            let Some(span) = reads_logprobs(suite) else { continue };
            let message = format!("`choice_logprob` has nothing to read: `{name}` {what}");
            let remedy = format!("{remedy}use `verbalized`, or an endpoint that lists them");
            findings.error(&suite.source, span, message, remedy);
        }
    }
}

/// Where a suite says that it reads log probabilities.
fn reads_logprobs(suite: &Suite) -> Option<Span> {
    let mut methods = suite.methods.iter();
    methods.find_map(|Spanned { value, span }| {
        matches!(value, Method::ChoiceLogprob(_)).then_some(*span)
    })
}

fn bare(target: Arc<crate::ask::Target>, params: Params) -> Request {
    let text = "Reply with the letter A, and nothing else.".to_owned();
    let turns = [Turn { speaker: Speaker::User, text }].into();
    Request { target, turns, params, draw: Draw::default() }
}

/// The question; none if the endpoint is no server.
fn request(spec: &Spec, alternatives: u8) -> Option<Request> {
    let extra = match &spec.wire {
        Wire::OpenaiChat(chat) => chat.extra.clone(),
        Wire::Cassette(_) => BTreeMap::new(),
    };
    let params = Params {
        max_tokens: Some(MAX_TOKENS),
        top_logprobs: Some(alternatives),
        extra,
        ..Params::default()
    };
    Some(bare(Arc::new(spec.target()?), params))
}

/// The ways to one server.
struct Ways {
    /// None where the endpoint is not to stream.
    streamed: Option<Http>,
    whole: Http,
}

/// One call, and a further one for each thing that the server will not have: a stream, or log
/// probabilities.
async fn probe(ways: &Ways, request: Request, mut told: LiveEndpoint) -> LiveEndpoint {
    let asked = request.params.top_logprobs.unwrap_or_default();
    let plain = Request {
        params: Params { top_logprobs: None, ..request.params.clone() },
        ..request.clone()
    };
    let (mut streamed, mut refused, mut streams) = (ways.streamed.as_ref(), None, None);
    let reply = loop {
        let request = if refused.is_none() { &request } else { &plain };
        let exchange = called(streamed.unwrap_or(&ways.whole), request, &mut told).await;
        match exchange.result {
            Ok(reply) => break reply,
            Err(error) if streamed.is_some() && may_be_the_stream(&error) => {
                streams = Some(LiveTold { good: false, text: error.message.clone() });
                (streamed, refused) = (None, None);
            }
            Err(error) if refused.is_none() && may_be_the_logprobs(&error) => {
                refused = Some(error.message.clone());
            }
            Err(error) => {
                told.error = Some(AskError::clone(&error));
                return told;
            }
        }
    };
    let refused_any = refused.is_some();
    let mut logprobs = logprobs(&reply, asked, refused);
    if streamed.is_some() {
        streams = Some(how_it_streamed(&reply));
        if logprobs.state == LogprobState::Missing
            && reply.times.first_token_ms.is_some()
            && !refused_any
        {
            // Some servers leave them out of streams alone.
            let whole = called(&ways.whole, &request, &mut told).await;
            let better = whole.result.ok().map(|reply| self::logprobs(&reply, asked, None));
            if let Some(better) = better.filter(|better| better.state == LogprobState::Listed) {
                logprobs = better;
                let text =
                    "without the log probabilities that whole replies have: set `stream: false`";
                streams = Some(LiveTold { good: false, text: text.to_owned() });
            }
        }
    }
    let served = reply.model.clone();
    told.answer = Some(LiveAnswer { served, logprobs, usage: reply.usage, streams });
    told
}

fn how_it_streamed(reply: &Reply) -> LiveTold {
    match reply.times.first_token_ms {
        Some(first) => {
            LiveTold { good: true, text: format!("first token in {:.2} s", first / 1000.0) }
        }
        None if reply.text.is_empty() => {
            LiveTold { good: false, text: "not known: the answer was empty".to_owned() }
        }
        None => LiveTold { good: false, text: "the reply came whole all the same".to_owned() },
    }
}

/// Whether a reply may be missing because it was to be a stream.
fn may_be_the_stream(error: &AskError) -> bool {
    let refused = error.kind == AskErrorKind::BadRequest && error.message.contains("stream");
    error.kind == AskErrorKind::BadBody || refused
}

async fn called(http: &Http, request: &Request, told: &mut LiveEndpoint) -> Exchange {
    let exchange = http.ask(request.clone().into()).await;
    told.calls += exchange.attempts.len();
    told.latency_ms = exchange.attempts.last().map(|attempt| attempt.ms);
    exchange
}

/// Whether a request may have been refused for its log probabilities. Some servers call that
/// forbidden.
fn may_be_the_logprobs(error: &AskError) -> bool {
    let refused = error.status.is_some_and(|status| (400..500).contains(&status));
    error.kind == AskErrorKind::BadRequest || (refused && error.message.contains("logprob"))
}

fn logprobs(reply: &Reply, asked: u8, refused: Option<String>) -> LiveLogprobs {
    let first = reply.tokens.as_ref().and_then(|tokens| tokens.first());
    let listed = first.map_or(0, |token| token.top.len());
    let state = match first {
        _ if refused.is_some() => LogprobState::Refused,
        Some(_) if listed > 0 => LogprobState::Listed,
        Some(_) => LogprobState::Alone,
        None if reply.text.is_empty() => LogprobState::NotKnown,
        None => LogprobState::Missing,
    };
    LiveLogprobs { state, asked, listed, message: refused }
}
