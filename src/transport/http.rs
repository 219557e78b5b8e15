//! Calls over HTTP/1.1.
//!
//! What is measured here is the server, so nothing may stand between it and the clock: a
//! connection carries one call at a time (streams of one HTTP/2 connection queue behind each other
//! and look like a slow model), no call is repeated behind our back, and time starts when a call
//! may go out, not when it was wished for. Waiting for that is reported apart.
//!
//! One call is made here, and none is made again: that is [`Retry`](super::Retry)'s.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use url::{Host, Url};

use super::body::{Body, BodyError, within};
use super::hints;
use super::limit::{AllCalls, Limit};
use super::purse::{Account, Purse};
use super::rate::Rate;
use super::retry::{Call, Caller, Refused};
use super::secret::Key;
use super::tls::{self, TlsError};
use super::trouble;
use crate::ask::{
    Ask, AskError, AskErrorKind, Attempt, Exchange, Phase, Posed, Price, Reply, Request, Times,
};
use crate::endpoint::failure::KEY_REFUSED;
use crate::endpoint::openai_chat::stream::Stream;
use crate::endpoint::{
    LARGEST_BODY, Spec, Timeouts, Wire, WireRequest, WireResponse, millis, openai_chat,
};

/// Many servers close idle connections after 5 s, and a call that meets the closing fails.
const IDLE: Duration = Duration::from_secs(4);

/// How long a server that refuses a call may be silent in the middle of saying why.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Longest text of a reply: a hundred times what a model writes. Graders read it, and journals keep
/// it.
const LONGEST_TEXT: usize = 4 << 20;

/// Why an endpoint cannot be asked at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The endpoint is not reached over HTTP.
    #[error("endpoint `{0}` is not reached over HTTP")]
    NotHttp(String),
    /// The endpoint wants a key, and there is none.
    #[error("the environment variable {0} is not set: set it, or remove `key_env`")]
    KeyMissing(String),
    /// The key cannot be sent.
    #[error("the key in {0} cannot be sent: it is empty, or has blanks or characters beyond ASCII")]
    KeyUnusable(String),
    /// The server's certificate could not be checked.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

/// An endpoint that is asked over HTTP.
pub struct Http {
    client: reqwest::Client,
    url: Url,
    key: Key,
    key_env: Option<String>,
    timeout: Duration,
    timeouts: Timeouts,
    limit: Limit,
    all: Option<AllCalls>,
    calls: Option<Rate>,
    tokens: Option<Rate>,
    streams: bool,
    account: Option<Account>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.as_str();
        f.debug_struct("Http").field("url", &url).field("key", &self.key).finish_non_exhaustive()
    }
}

impl Http {
    /// Prepares the calls to an endpoint. The key is the content of the variable that
    /// [`Spec::key_env`] names.
    ///
    /// # Errors
    /// What the endpoint lacks; nothing was sent yet.
    pub fn new(spec: &Spec, key: Option<SecretString>) -> Result<Http, BuildError> {
        let (Wire::OpenaiChat(chat), Some(target)) = (&spec.wire, spec.target()) else {
            return Err(BuildError::NotHttp(spec.name.value.clone()));
        };
        let key_env = spec.key_env().map(str::to_owned);
        let name = || key_env.clone().unwrap_or_else(|| "the environment".into());
        if key.is_none() && key_env.is_some() {
            return Err(BuildError::KeyMissing(name()));
        }
        let key = Key::new(key).ok_or_else(|| BuildError::KeyUnusable(name()))?;
        let url = Url::parse(&target.url).map_err(|e| BuildError::Client(e.to_string()))?;
        let bundle = chat.ca_bundle.as_ref().map(|path| path.value.as_path());
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(bundle, url.scheme() == "https")?)
            .http1_only()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .pool_idle_timeout(IDLE)
            .connect_timeout(spec.timeouts.connect)
            .user_agent(concat!("overclaim/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&url) {
            // No proxy can reach this machine's own loopback for us.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|e| BuildError::Client(trouble::root(&e)))?;
        let limit = Limit::new(spec.concurrency);
        let Spec { timeout, timeouts, .. } = *spec;
        let (calls, tokens) = (spec.rpm.map(Rate::calls), spec.tpm.map(Rate::tokens));
        let streams = spec.stream.unwrap_or_default();
        Ok(Http {
            client,
            url,
            key,
            key_env,
            timeout,
            timeouts,
            limit,
            all: None,
            calls,
            tokens,
            streams,
            account: None,
        })
    }

    /// The same, with its calls paid from a purse at this price.
    #[must_use]
    pub fn paid_from(self, purse: Arc<Purse>, price: Price) -> Http {
        Http { account: Some(Account::new(purse, price)), ..self }
    }

    /// Keeps to a limit of several endpoints, too.
    #[must_use]
    pub fn among(self, all: Option<AllCalls>) -> Http {
        Http { all, ..self }
    }

    /// Makes one call at its turn, unless it is `refused` then; `longest` is the most that is left
    /// to it.
    async fn once(&self, request: &Request, longest: Duration, refused: Refused<'_>) -> Call<'_> {
        if request.target.url != self.url.as_str() {
            // The key of one server must never be sent to another.
            let message = format!("a request for another place came to {}", self.url);
            let result = Err(AskError::new(AskErrorKind::Interrupted, message));
            return Call { attempt: None, hint: None, result, turn: None };
        }
        let asked = Instant::now();
        let permit = self.limit.acquire().await;
        let (mut reserved, mut counted) = (None, None);
        if refused().is_none() {
            if let Some(tokens) = &self.tokens {
                reserved = Some((tokens, tokens.reserve(tokens_at_most(request)).await));
            }
            if let Some(calls) = &self.calls {
                counted = Some((calls, calls.reserve(1.0).await));
            }
        }
        let among_all = match &self.all {
            Some(all) => all.acquire().await,
            None => None,
        };
        if let Some(error) = refused() {
            return Call { attempt: None, hint: None, result: Err(error), turn: None };
        }
        // The last thing that is waited for: who holds money waits for nothing but its server.
        let mut money = match &self.account {
            None => None,
            Some(account) => match account.reserve(request).await {
                Ok(money) => Some(money),
                Err(error) => {
                    return Call { attempt: None, hint: None, result: Err(error), turn: None };
                }
            },
        };
        for (rate, share) in [&mut reserved, &mut counted].into_iter().flatten() {
            rate.begins(share);
        }
        let start = Instant::now();
        if let Some(money) = &mut money {
            money.sent();
        }
        let mut progress =
            Progress { start, unreached: false, status: None, head: None, received: 0 };
        let sending = self.send(openai_chat::encode(request, self.streams), &mut progress);
        let sent = match tokio::time::timeout(self.timeout.min(longest), sending).await {
            Ok(sent) => sent,
            Err(_) => Err(self.too_late(Phase::Total, longest, &progress)),
        };
        let ms =
            sent.as_ref().map_or_else(|_| millis(start.elapsed()), |sent| sent.0.times.total_ms);
        let mut hint = None;
        let result = sent.and_then(|(response, stream, head)| {
            let decoded = match stream {
                Some(stream) => stream.reply(&response),
                None => openai_chat::decode(&response),
            };
            let decoded = decoded.and_then(|reply| self.fit(reply));
            if decoded.is_err() {
                let headers = self.texts(&head);
                hint = hints::wait(response.status, &headers, jiff::Timestamp::now());
            }
            decoded
        });
        let result = result.map_err(|error| self.for_people(error));
        if let (Some((tokens, share)), Some(used)) = (reserved, used(&result)) {
            tokens.settle(&share, used);
        }
        if let Some(money) = money {
            money.settle(&result, !progress.unreached);
        }
        match &result {
            Ok(_) => permit.served(),
            Err(error) => match error.kind {
                AskErrorKind::RateLimited | AskErrorKind::Overloaded => permit.too_many(),
                _ => {}
            },
        }
        let attempt = Attempt {
            status: progress.status,
            error: result.as_ref().err().map(|error| error.kind),
            phase: result.as_ref().err().and_then(|error| error.phase),
            ms,
            wait_ms: millis(start - asked),
            ..Attempt::default()
        };
        Call { attempt: Some(attempt), hint, result, turn: Some(permit.turn(among_all)) }
    }

    /// Sends a request and reads the whole answer, without the key where it echoes it, and what was
    /// put together of a stream meanwhile. Of the headers of a success, only the content's type is
    /// with it: all of them, which nobody asks for where the answer can be read, come apart.
    async fn send(
        &self,
        request: WireRequest,
        progress: &mut Progress,
    ) -> Result<(WireResponse, Option<Stream>, HeaderMap), AskError> {
        let mut call = self.client.post(self.url.clone()).body(request.body);
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        if let Some(key) = self.key.header() {
            call = call.header(AUTHORIZATION, key.clone());
        }
        let answered = within(self.timeouts.first_byte, call.send()).await;
        progress.unreached = matches!(&answered, Ok(Err(error)) if error.is_connect());
        let mut response = match answered {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_connect() && error.is_timeout() => {
                return Err(self.too_late(Phase::Connect, Duration::MAX, progress));
            }
            Ok(Err(error)) => return Err(trouble::sending(&error, &self.url)),
            Err(_) => return Err(self.too_late(Phase::FirstByte, Duration::MAX, progress)),
        };
        let status = response.status().as_u16();
        progress.status = Some(status);
        progress.head = Some(progress.start.elapsed());
        let failed =
            |kind, message| AskError { status: Some(status), ..AskError::new(kind, message) };
        let too_large = || {
            let megabytes = LARGEST_BODY >> 20;
            failed(AskErrorKind::Unusable, format!("the reply is larger than {megabytes} MiB"))
        };
        // What a failure is, its status says: words that cannot be had change nothing of it.
        let failing = !(200..300).contains(&status);
        let is_too_large =
            response.content_length().is_some_and(|length| length > LARGEST_BODY as u64);
        if is_too_large && !failing {
            return Err(too_large());
        }
        let coding = response.headers().get("content-encoding");
        let is_packed = coding.is_some_and(|coding| coding != "identity");
        if is_packed && !failing {
            let message = "the reply is compressed though that was not asked for: turn it off";
            return Err(failed(AskErrorKind::Unusable, message.into()));
        }
        let head = std::mem::take(response.headers_mut());
        let headers = match head.get(CONTENT_TYPE) {
            _ if failing => self.texts(&head),
            Some(kind) => vec![self.text((&CONTENT_TYPE, kind))],
            None => Vec::new(),
        };
        let is_stream = |(name, value): &(String, String)| {
            name == "content-type" && value.to_ascii_lowercase().contains("event-stream")
        };
        let streams = !failing && headers.iter().any(is_stream);
        let mut body = Body::new(progress.start, streams, !failing);
        let mut idle = self.timeouts.idle;
        let mut read = Ok(());
        if failing {
            idle = Some(idle.map_or(LAST_WORDS, |idle| idle.min(LAST_WORDS)));
        }
        if !is_too_large && !is_packed {
            read = body.read(response, idle, &mut progress.received).await;
        }
        read.or_else(|error| if failing { Ok(()) } else { Err(error) }).map_err(|error| match error {
            BodyError::TooLarge => too_large(),
            BodyError::Idle => self.too_late(Phase::Idle, Duration::MAX, progress),
            BodyError::Broken(why) => {
                let place = trouble::place(&self.url);
                let received = progress.received;
                failed(
                    AskErrorKind::Network,
                    format!(
                        "the connection to {place} broke after {received} bytes of the reply ({why}): try again, or look into the server's log"
                    ),
                )
            }
        })?;
        let Body { bytes, stream, ended, .. } = body;
        let times = Times {
            head_ms: progress.head.map(millis),
            total_ms: millis(ended.unwrap_or_else(|| progress.start.elapsed())),
            ..Times::default()
        };
        let times = stream.as_ref().map_or(times, |stream| stream.times(times));
        let (body, had_key) = self.key.scrub_bytes(bytes);
        // What was put together of a body with the key has the key as well: it is read again.
        let stream = stream.filter(|_| !had_key);
        Ok((WireResponse { status, headers, body, times }, stream, head))
    }

    /// Headers as the codec reads them, without the key.
    fn texts(&self, head: &HeaderMap) -> Vec<(String, String)> {
        head.iter().map(|header| self.text(header)).collect()
    }

    fn text(&self, (name, value): (&HeaderName, &HeaderValue)) -> (String, String) {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), self.key.scrub(&value).into_owned())
    }

    /// Refuses a reply that nobody would read, or that spells out the key in a way in which it was
    /// not found in the body: in pieces.
    fn fit(&self, reply: Reply) -> Result<Reply, AskError> {
        let texts = [Some(&reply.text), reply.reasoning.as_ref(), reply.refusal.as_ref()];
        if texts.into_iter().flatten().any(|text| text.len() > LONGEST_TEXT) {
            let megabytes = LONGEST_TEXT >> 20;
            let message =
                format!("the reply's text is longer than {megabytes} MiB: set `max_tokens`");
            return Err(AskError::new(AskErrorKind::Unusable, message));
        }
        if texts.into_iter().flatten().all(|text| matches!(self.key.scrub(text), Cow::Borrowed(_)))
        {
            return Ok(reply);
        }
        let message = "the reply spells out the key: take another server, and another key";
        Err(AskError::new(AskErrorKind::Unusable, message))
    }

    /// The error of a call that took too long; `longest` is what its deadline had left to it.
    fn too_late(&self, phase: Phase, longest: Duration, progress: &Progress) -> AskError {
        let place = trouble::place(&self.url);
        let far = match progress.status {
            None => "nothing came".to_owned(),
            Some(_) => format!("the reply stopped at {} bytes", progress.received),
        };
        let seconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
        let message = match phase {
            Phase::Connect => format!(
                "no connection to {place} within {} s: check `base_url`, the network and proxy settings, or raise `timeouts: {{connect}}`",
                self.timeouts.connect.as_secs_f64()
            ),
            Phase::FirstByte => format!(
                "{place} did not begin to answer within {} s: raise the endpoint's `timeouts: {{first_byte}}` or lower its `concurrency`",
                seconds(self.timeouts.first_byte)
            ),
            Phase::Idle => format!(
                "{place} said nothing for {} s in the middle of its reply ({far}): raise the endpoint's `timeouts: {{idle}}`, or look into the server's log",
                seconds(self.timeouts.idle)
            ),
            Phase::Total if longest < self.timeout => format!(
                "no whole reply from {place} within the {:.1} s that were left of its `deadline` ({far}): raise the endpoint's `deadline` or lower its `concurrency`",
                longest.as_secs_f64()
            ),
            Phase::Total => format!(
                "no whole reply from {place} within {} s ({far}): raise the endpoint's `timeout` or lower its `concurrency`",
                self.timeout.as_secs_f64(),
            ),
        };
        let error = AskError::new(AskErrorKind::Timeout, message);
        AskError { status: progress.status, phase: Some(phase), ..error }
    }

    /// The error with the name of the key's variable, which the codec does not know, and without
    /// the key.
    fn for_people(&self, error: AskError) -> AskError {
        let mut message = error.message;
        if let Some(rest) = message.strip_prefix(KEY_REFUSED) {
            message = match (&self.key_env, self.key.header()) {
                (Some(name), _) => format!("the key in {name} was refused{rest}"),
                (None, Some(_)) => format!("the key was refused{rest}"),
                (None, None) => format!(
                    "no key was sent and the server wants one: name its environment variable with `key_env`{rest}"
                ),
            };
        }
        AskError { message: self.key.scrub(&message).into_owned(), ..error }
    }
}

impl Caller for Http {
    fn call<'a>(
        &'a self,
        request: &'a Request,
        longest: Duration,
        refused: Refused<'a>,
    ) -> BoxFuture<'a, Call<'a>> {
        Box::pin(self.once(request, longest, refused))
    }
}

impl Ask for Http {
    fn ask(&self, posed: Posed) -> BoxFuture<'_, Exchange> {
        Box::pin(async move {
            let asked = Instant::now();
            let Call { attempt, result, .. } = self.once(&posed, Duration::MAX, &|| None).await;
            let attempts = attempt.into_iter().collect();
            Exchange::live(&posed, asked.elapsed(), attempts, result)
        })
    }
}

/// An estimate of the tokens of a call that is meant to be too high: a token has three characters
/// or more in most languages, and replies seldom reach their limit. The rate learns by how much.
fn tokens_at_most(request: &Request) -> f64 {
    const UNLIMITED_REPLY: u32 = 512;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let characters =
        request.turns.iter().map(|turn| turn.text.chars().count()).sum::<usize>() as f64;
    characters / 3.0 + f64::from(request.params.max_tokens.unwrap_or(UNLIMITED_REPLY))
}

/// The tokens that a call used: as the server counted them, and none where it refused the call.
fn used(result: &Result<Reply, AskError>) -> Option<f64> {
    match result {
        #[expect(clippy::cast_precision_loss, reason = "counts of tokens are far below 2^53")]
        Ok(reply) => {
            reply.usage.map(|usage| usage.input_tokens as f64 + usage.output_tokens as f64)
        }
        Err(error) => match error.kind {
            AskErrorKind::RateLimited | AskErrorKind::Overloaded => Some(0.0),
            _ => None,
        },
    }
}

/// How far a call came, for those who ask when it did not come back.
struct Progress {
    start: Instant,
    /// There was no connection, so nothing was sent.
    unreached: bool,
    status: Option<u16>,
    head: Option<Duration>,
    received: usize,
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
