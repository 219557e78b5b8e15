//! Connections and what is answered on them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Settings;
use super::book::Book;
use super::chat::{self, Answer, Chat, DONE};
use super::counts::{Call, Counts};
use super::fault::Fault;
use super::model::{Asked, reply};
use super::spoil::{Ended, Spoiled, redirect};
use super::wire::{Request, Unread, Wire, head};

pub(super) const JSON: (&str, &str) = ("content-type", "application/json");
pub(super) const SSE: (&str, &str) = ("content-type", "text/event-stream");

/// How long calls under way may take once the server is to stop.
const GRACE: Duration = Duration::from_secs(2);

/// A fake model server.
#[derive(Debug)]
pub struct Mock {
    settings: Settings,
    book: Book,
    counts: Counts,
}

impl Mock {
    /// A server that is not listening yet.
    #[must_use]
    pub fn new(settings: Settings, book: Book) -> Arc<Mock> {
        Arc::new(Mock { settings, book, counts: Counts::new() })
    }

    /// Serves until told to stop: no new call is taken then, and those under way have two seconds.
    /// In the time that the settings say, the port is closed and every connection gone.
    ///
    /// # Errors
    /// The port cannot be opened again after it was closed.
    pub async fn serve(
        self: &Arc<Mock>,
        listener: TcpListener,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        let start = Instant::now();
        let Some((from, to)) = self.settings.down else {
            self.accept(listener, stop, None).await;
            return Ok(());
        };
        if self.accept(listener, stop.clone(), Some(start + from)).await {
            return Ok(());
        }
        tokio::select! {
            () = sleep_until(start + to) => {}
            () = told_to(&mut stop) => return Ok(()),
        }
        self.accept(TcpListener::bind(address).await?, stop, None).await;
        Ok(())
    }

    /// Takes connections until it is told to stop, or until a time, at which all connections are
    /// dropped. Whether it was told to stop.
    async fn accept(
        self: &Arc<Mock>,
        listener: TcpListener,
        mut stop: watch::Receiver<bool>,
        until: Option<Instant>,
    ) -> bool {
        let mut connections = JoinSet::new();
        let told = stop.clone();
        let closing = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(closing);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = told_to(&mut stop) => break,
                () = &mut closing => {
                    connections.shutdown().await;
                    return false;
                }
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    let (mock, told) = (Arc::clone(self), told.clone());
                    connections.spawn(async move { mock.connection(stream, told).await });
                }
                // Out of file descriptors: some will be free again.
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        }
        drop(listener);
        let all = async { while connections.join_next().await.is_some() {} };
        let _ = timeout(GRACE, all).await;
        true
    }

    /// What came so far, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        self.counts.line()
    }

    async fn connection(&self, stream: TcpStream, mut stop: watch::Receiver<bool>) {
        self.counts.connected();
        let mut wire = Wire::new(stream);
        if self.settings.trouble.scheduled(self.counts.next()) == Some(Fault::ResetAccept) {
            self.counts.turned_away(Fault::ResetAccept);
            wire.reset();
            return;
        }
        loop {
            let request = tokio::select! {
                request = wire.request() => request,
                () = told_to(&mut stop) => return,
            };
            match request {
                Ok(request) => match self.respond(&request, wire).await {
                    Some(open) if !request.last => wire = open,
                    Some(open) => return open.close().await,
                    None => return,
                },
                Err(Unread::Refused(status, message)) => {
                    let body = chat::told("invalid_request_error", "bad_request", message);
                    let close = ("connection", "close");
                    if wire.answer(status, &[JSON, close], &body).await.is_ok() {
                        wire.close().await;
                    }
                    return;
                }
                Err(Unread::Gone) => return,
            }
        }
    }

    /// Answers a request. None if the connection is over.
    async fn respond(&self, request: &Request, mut wire: Wire) -> Option<Wire> {
        let path = request.path.trim_end_matches('/');
        let (status, body) = match (request.method.as_str(), path) {
            ("POST", path) if path.ends_with("/chat/completions") => {
                return self.call(request, wire).await;
            }
            ("GET", "/counts") => (200, self.counts.document().to_string().into_bytes()),
            ("DELETE", "/counts") => {
                self.counts.clear();
                (200, b"{}".to_vec())
            }
            ("GET", path) if path.ends_with("/models") => {
                let model = serde_json::json!({
                    "id": "mock", "object": "model", "created": 0, "owned_by": "overclaim",
                });
                let list = serde_json::json!({"object": "list", "data": [model]});
                (200, list.to_string().into_bytes())
            }
            (_, path)
                if path.ends_with("/chat/completions")
                    || path.ends_with("/models")
                    || path == "/counts" =>
            {
                let message = format!("{} is not for {path}", request.method);
                (405, chat::told("invalid_request_error", "method", &message))
            }
            _ => {
                let message = format!("nothing is at {}: ask /v1/chat/completions", request.path);
                (404, chat::told("invalid_request_error", "not_found", &message))
            }
        };
        wire.answer(status, &[JSON], &body).await.ok().map(|()| wire)
    }

    /// Answers a call to the model, and counts it.
    async fn call(&self, request: &Request, mut wire: Wire) -> Option<Wire> {
        let key = request.key.as_deref();
        let hop = request.query.split('&').find_map(|pair| pair.strip_prefix("hop="));
        if let Some(hop) = hop.and_then(|hop| hop.parse::<u64>().ok()) {
            let mut call = self.counts.arrived(key, None);
            call.fault = Some(Fault::RedirectLoop);
            return ended(call, redirect(wire, hop.saturating_add(1)).await);
        }
        let mut chat = match Chat::read(&request.body) {
            Ok(chat) => chat,
            Err(message) => {
                let call = self.counts.arrived(key, None);
                let body = chat::told("invalid_request_error", "invalid_request", &message);
                let sent = wire.answer(400, &[JSON], &body).await;
                return ended(call, sent.map(|()| ("400".into(), Some(wire))));
            }
        };
        if let Some(serves) = &self.settings.serves {
            chat.model.clone_from(serves);
        }
        let (digest, asked) = (chat.digest(), chat.asked());
        let mut call = self.counts.arrived(key, Some((&digest, &|| asked.clone())));
        let line = self.book.line(&asked);
        let scripted = line
            .filter(|line| line.times.is_none_or(|times| call.before < times))
            .and_then(|line| line.kind);
        let Settings { seed, skill, latency, pace, hint, .. } = self.settings;
        let fault = scripted
            .or_else(|| self.settings.trouble.of(seed, call.number, &digest, call.before))
            .filter(|fault| chat.streams() || !fault.needs_stream());
        call.fault = fault;
        let text = chat.text();
        let known = self.book.known(&digest);
        let pieces = reply(
            skill,
            seed,
            &Asked { digest: &digest, text: &text, draw: chat.draw(), line, known },
        );
        let mut answer = chat.answer(pieces);
        if let Some(share) = self.settings.cached {
            answer = answer.cached(share);
        }
        let at_once = fault.is_some_and(Fault::comes_at_once);
        if !at_once {
            let tokens = u32::try_from(answer.pieces.len()).unwrap_or(u32::MAX);
            // A whole answer takes as long as its stream would.
            let rest = if chat.streams() { 0 } else { tokens.saturating_sub(1) };
            let first = latency.of(seed, &[&digest, &call.before.to_le_bytes()]);
            let wait = first + pace.saturating_mul(rest);
            if !wait.is_zero() {
                sleep(wait).await;
            }
        }
        let sent = match fault {
            Some(fault) => {
                let streams = chat.streams();
                Spoiled { fault, answer: &answer, streams, pace, hint }.send(wire).await
            }
            None if chat.streams() => stream(wire, &answer, pace).await,
            None => {
                let sent = wire.answer(200, &[JSON], &answer.whole()).await;
                sent.map(|()| ("200".into(), Some(wire)))
            }
        };
        ended(call, sent)
    }
}

/// Waits until the server is to stop; whoever could say so being gone says it, too.
async fn told_to(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Counts a call that is over. None if the connection is, too.
fn ended(mut call: Call<'_>, sent: io::Result<Ended>) -> Option<Wire> {
    let (how, wire) = sent.ok()?;
    call.how = Some(how);
    wire
}

/// Sends a stream, a token after the other.
async fn stream(mut wire: Wire, answer: &Answer<'_>, pace: Duration) -> io::Result<Ended> {
    let (events, tokens) = (answer.events(), answer.pieces.len());
    wire.send(head(200, &[SSE], None).as_bytes()).await?;
    if pace.is_zero() {
        let mut all = events.concat();
        all += DONE;
        wire.chunk(all.as_bytes()).await?;
    } else {
        // The role comes with the first token, and all that follows the last one with it.
        for (index, event) in events.iter().enumerate() {
            if index > 1 && index <= tokens {
                sleep(pace).await;
            }
            wire.chunk(event.as_bytes()).await?;
        }
        wire.chunk(DONE.as_bytes()).await?;
    }
    wire.last_chunk().await?;
    Ok(("200".into(), Some(wire)))
}
