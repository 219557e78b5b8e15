//! From endpoints to askers: servers behind their transport and the cache, cassettes, and a recorder
//! around either. The only place that puts these together.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use crate::ask::{Ask, AskError, AskErrorKind, Room, Target, Times};
use crate::cache::{Cache, Cached, Cassette, CassetteError, Decode, Recorder, Session, now_ms};
use crate::endpoint::{self, Wire, WireResponse, openai_chat};
use crate::plan::{Asked, Plan, Selection};
use crate::run::{Asker, Askers};
use crate::span::Span;
use crate::suite::Findings;
use crate::transport::{AllCalls, Http, Purse, Retry};

use super::prepare::{Chosen, Prepared};

/// Whether keys are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// They are read from the environment; a missing one is a finding.
    Wanted,
    /// Nothing will be asked.
    Absent,
}

/// The endpoints of a suite, ready to be planned for and asked.
pub(super) struct Ready {
    pub asked: Vec<Asked>,
    pub askers: Askers,
    /// Cassettes by endpoint.
    pub cassettes: BTreeMap<Arc<str>, String>,
    /// The cache in front of the servers, if one is used.
    pub caching: Option<Caching>,
}

/// The cache as a run uses it.
pub(super) struct Caching {
    pub cache: Arc<Cache>,
    pub session: Arc<Session>,
}

impl Caching {
    fn around(&self, asker: Arc<dyn Ask>) -> Arc<dyn Ask> {
        Arc::new(Cached::new(Arc::clone(&self.cache), Arc::clone(&self.session), asker))
    }
}

/// The servers of a run. Suites that name the same endpoint share its connections, its limit of
/// calls, its budget of retries, what is known of its failures, and the places of its trials; all
/// suites share the cassette that they are recorded into and the purse that calls are paid from.
#[derive(Default)]
pub(super) struct Servers {
    known: Vec<(Arc<endpoint::Spec>, Asker)>,
    /// The most calls at a time, over all endpoints.
    most: Option<(usize, AllCalls)>,
    pub recorder: Option<Arc<Recorder>>,
    purse: Option<Arc<Purse>>,
}

impl Servers {
    /// Servers that are called so often at a time, all together.
    pub(super) fn at_most(calls: Option<usize>) -> Servers {
        let most = calls.map(|calls| (calls, AllCalls::at_most(calls)));
        Servers { most, ..Servers::default() }
    }

    /// The same, paid from a purse.
    pub(super) fn paid_from(self, purse: Option<Arc<Purse>>) -> Servers {
        Servers { purse, ..self }
    }

    /// A room for the trials of an endpoint: as many as it may be called by, and an eighth more, so
    /// that the next call is ready while the last one is graded and written down.
    fn room(&self, spec: &endpoint::Spec) -> Room {
        let most = self.most.as_ref().map_or(usize::MAX, |(most, _)| *most);
        let calls = spec.concurrency.min(most);
        Room::new(calls.saturating_add(calls.div_ceil(8)))
    }

    fn asker(&mut self, spec: &Arc<endpoint::Spec>, keys: Keys) -> Result<Asker, Fault> {
        if let Some((_, asker)) = self.known.iter().find(|(known, _)| known == spec) {
            return Ok(asker.clone());
        }
        let room = self.room(spec);
        let mut http = http(spec, keys)?.among(self.most.as_ref().map(|(_, all)| all.clone()));
        if let (Some(purse), Some(price)) = (&self.purse, spec.price) {
            http = http.paid_from(Arc::clone(purse), price);
        }
        let ask = Arc::new(Retry::new(http, spec).within(room.clone()));
        let asker = Asker { ask, room };
        self.known.push((Arc::clone(spec), asker.clone()));
        Ok(asker)
    }
}

/// Builds the askers of a suite's endpoints; what cannot be built is a finding.
pub(super) fn build(
    prepared: &Prepared,
    keys: Keys,
    record: Option<&Path>,
    cache: Option<&Arc<Cache>>,
    servers: &mut Servers,
    findings: &mut Findings,
) -> Ready {
    let started = now_ms();
    let session = || Arc::new(Session::new(&prepared.suite.name, started));
    let caching = cache.map(|cache| Caching { cache: Arc::clone(cache), session: session() });
    let mut ready =
        Ready { asked: Vec::new(), askers: Askers::new(), cassettes: BTreeMap::new(), caching };
    for chosen in &prepared.endpoints {
        let name: Arc<str> = chosen.spec.name.value.as_str().into();
        let built = match &chosen.spec.wire {
            Wire::OpenaiChat(chat) => servers.asker(&chosen.spec, keys).map(|asker| {
                let asker = match &ready.caching {
                    None => asker,
                    Some(caching) => Asker { ask: caching.around(asker.ask), ..asker },
                };
                let target = chosen.spec.target().expect("this wire has a target");
                (
                    Asked {
                        name: Arc::clone(&name),
                        target: Arc::new(target),
                        extra: chat.extra.clone(),
                        price: chosen.spec.price,
                    },
                    asker,
                )
            }),
            Wire::Cassette(cassette) => {
                let played = play(cassette);
                if played.is_ok() {
                    let from = crate::suite::display(&cassette.from.value);
                    ready.cassettes.insert(Arc::clone(&name), from);
                }
                played.map(|(recorded, ask)| {
                    let asker = Asker { ask, room: servers.room(&chosen.spec) };
                    let target = Arc::new(recorded.target);
                    let (name, extra) = (Arc::clone(&name), recorded.extra);
                    (Asked { name, target, extra, price: None }, asker)
                })
            }
        };
        match built {
            Ok(_) if ready.askers.contains_key(&name) => {
                blame(
                    chosen,
                    None,
                    &format!("the endpoint `{name}` is asked twice"),
                    "name it once",
                    findings,
                );
            }
            Ok((asked, asker)) => {
                ready.asked.push(asked);
                ready.askers.insert(name, asker);
            }
            Err((span, message, remedy)) => blame(chosen, span, &message, &remedy, findings),
        }
    }
    let plan = Plan::new(&prepared.suite, ready.asked.clone(), Selection::default(), None);
    if let (Err(conflict), Some(method)) = (plan, prepared.suite.methods.first()) {
        findings.error(&prepared.suite.source, method.span, conflict.message, conflict.remedy);
    }
    if let Some(path) = record
        && let Err(error) = record_all(&mut ready, path, &mut servers.recorder)
    {
        findings.file_error(&path.display().to_string(), error.to_string(), "choose another file");
    }
    ready
}

/// Where an endpoint cannot be used, why, and what to do about it.
pub(super) type Fault = (Option<Span>, String, String);

/// Single calls to an endpoint.
pub(super) fn http(spec: &endpoint::Spec, keys: Keys) -> Result<Http, Fault> {
    let http = match (spec.key_env(), keys) {
        (Some(name), Keys::Wanted) => Http::new(spec, Some(key(spec, name)?)),
        _ => Http::new(&spec.without_key(), None),
    };
    http.map_err(|error| (None, error.to_string(), "mend this endpoint".to_owned()))
}

fn key(spec: &endpoint::Spec, name: &str) -> Result<SecretString, Fault> {
    let span = match &spec.wire {
        Wire::OpenaiChat(chat) => chat.key_env.as_ref().map(|name| name.span),
        Wire::Cassette(_) => None,
    };
    match std::env::var(name) {
        Ok(key) if !key.trim().is_empty() => Ok(SecretString::from(key.trim().to_owned())),
        _ => Err((
            span,
            format!("the environment variable {name}, which holds the key, is not set"),
            format!("set it: `export {name}=…`"),
        )),
    }
}

fn play(spec: &endpoint::Cassette) -> Result<(crate::cache::Recorded, Arc<dyn Ask>), Fault> {
    let fault = |error: CassetteError| {
        let remedy = "record one: `overclaim run SUITE --endpoint NAME --record FILE`".to_owned();
        (Some(spec.from.span), error.to_string(), remedy)
    };
    let cassette = Cassette::open(&spec.from.value, decoder()).map_err(fault)?;
    let recorded = cassette.recorded(spec.model.as_deref()).map_err(fault)?;
    Ok((recorded, Arc::new(cassette)))
}

/// Reads recorded bodies by the wire that their target names.
pub(super) fn decoder() -> Decode {
    Arc::new(|target: &Target, body: &str, times: Times| match target.wire.as_str() {
        openai_chat::WIRE => openai_chat::decode(&WireResponse {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
            times,
        }),
        wire => Err(AskError::new(
            AskErrorKind::BadBody,
            format!("this version cannot read the wire {wire}; record it again"),
        )),
    })
}

fn record_all(
    ready: &mut Ready,
    path: &Path,
    recorder: &mut Option<Arc<Recorder>>,
) -> Result<(), CassetteError> {
    for asker in ready.askers.values_mut() {
        let inner = Arc::clone(&asker.ask);
        let recording = Arc::new(match recorder {
            Some(first) => first.also(inner),
            None => Recorder::create(inner, path)?,
        });
        asker.ask = Arc::clone(&recording) as Arc<dyn Ask>;
        *recorder = Some(recording);
    }
    Ok(())
}

/// Notes what is wrong with an endpoint, at its place if that is known.
pub(super) fn blame(
    chosen: &Chosen,
    span: Option<Span>,
    message: &str,
    remedy: &str,
    findings: &mut Findings,
) {
    match &chosen.place {
        Some((source, place)) => {
            findings.error(source, span.unwrap_or(*place), message, remedy);
        }
        None => {
            findings.file_error(&format!("endpoint {}", chosen.spec.name.value), message, remedy);
        }
    }
}
