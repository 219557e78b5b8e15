//! Answers that go wrong, byte by byte as servers in trouble send them.

use std::io;
use std::time::Duration;

use tokio::time::sleep;

use super::chat::{self, Answer, DONE};
use super::fault::Fault;
use super::gzip::bomb;
use super::server::{JSON, SSE};
use super::wire::{Wire, head};

/// Unpacked, or as it is: the size of bodies that are too large.
pub(super) const HUGE: usize = 256 << 20;
/// What huge bodies are made of.
const BLOCK: usize = 64 << 10;
/// The time between two bytes of a slow head.
const SLOW: Duration = Duration::from_millis(50);

/// How a call ended, and the connection if it may be used on.
pub(super) type Ended = (String, Option<Wire>);

/// What a fault is applied to.
pub(super) struct Spoiled<'a> {
    pub(super) fault: Fault,
    /// What would have been said.
    pub(super) answer: &'a Answer<'a>,
    pub(super) streams: bool,
    /// Time between the chunks of a stream.
    pub(super) pace: Duration,
    /// What a hint says.
    pub(super) hint: Duration,
}

fn over(wire: Wire, status: u16) -> Ended {
    (status.to_string(), Some(wire))
}

impl Spoiled<'_> {
    /// Sends it.
    pub(super) async fn send(&self, wire: Wire) -> io::Result<Ended> {
        match self.fault {
            Fault::Status(status) => self.refuse(wire, status, None).await,
            Fault::Quota => {
                let body = chat::error(429, true);
                let mut wire = wire;
                wire.answer(429, &[JSON], &body).await?;
                Ok(over(wire, 429))
            }
            Fault::RetryAfterSeconds
            | Fault::RetryAfterDate
            | Fault::RetryAfterMs
            | Fault::ResetRequests
            | Fault::ResetTokens => {
                let (name, value) = hint(self.fault, self.hint);
                self.refuse(wire, 429, Some((name, &value))).await
            }
            Fault::ResetAccept | Fault::Reset => {
                wire.reset();
                Ok(("reset".into(), None))
            }
            Fault::Stall => {
                let mut wire = wire;
                wire.outlast().await;
                Ok(("stalled".into(), None))
            }
            Fault::RedirectLoop => redirect(wire, 1).await,
            Fault::GzipBomb => self.bomb(wire).await,
            Fault::Huge => self.huge(wire).await,
            Fault::Endless => self.endless(wire).await,
            _ if self.streams => self.stream(wire).await,
            _ => self.whole(wire).await,
        }
    }

    async fn refuse(
        &self,
        mut wire: Wire,
        status: u16,
        hint: Option<(&str, &str)>,
    ) -> io::Result<Ended> {
        let headers: Vec<(&str, &str)> = [JSON].into_iter().chain(hint).collect();
        wire.answer(status, &headers, &chat::error(status, false)).await?;
        Ok(over(wire, status))
    }

    /// A whole answer that is not what it should be.
    async fn whole(&self, mut wire: Wire) -> io::Result<Ended> {
        let body = self.answer.whole();
        let half = body.len() / 2;
        match self.fault {
            Fault::ResetBody => {
                wire.send(head(200, &[JSON], Some(body.len())).as_bytes()).await?;
                wire.send(&body[..half]).await?;
                return broken_off(wire).await;
            }
            Fault::StallBody => {
                wire.send(head(200, &[JSON], Some(body.len())).as_bytes()).await?;
                wire.send(&body[..half]).await?;
                wire.outlast().await;
                return Ok(("stalled".into(), None));
            }
            Fault::SlowHeaders => {
                slowly(&mut wire, &head(200, &[JSON], Some(body.len()))).await?;
                wire.send(&body).await?;
            }
            Fault::TruncatedJson => wire.answer(200, &[JSON], &body[..half]).await?,
            Fault::ContentType => {
                wire.answer(200, &[("content-type", "text/html")], &body).await?;
            }
            Fault::Error200 => wire.answer(200, &[JSON], &chat::error(500, false)).await?,
            Fault::EmptyChoices => {
                let mut body: serde_json::Value = serde_json::from_slice(&body)?;
                body["choices"] = serde_json::json!([]);
                wire.answer(200, &[JSON], body.to_string().as_bytes()).await?;
            }
            Fault::BadUtf8 => {
                wire.answer(200, &[JSON], &not_utf8(&body)).await?;
            }
            _ => wire.answer(200, &[JSON], &body).await?,
        }
        Ok(over(wire, 200))
    }

    /// A stream that is not what it should be.
    async fn stream(&self, mut wire: Wire) -> io::Result<Ended> {
        let mut events: Vec<Vec<u8>> =
            self.answer.events().into_iter().map(String::into_bytes).collect();
        let half = events.len() / 2;
        let start = if self.fault == Fault::ContentType {
            head(200, &[("content-type", "text/html")], None)
        } else {
            head(200, &[SSE], None)
        };
        if self.fault == Fault::SlowHeaders {
            slowly(&mut wire, &start).await?;
        } else {
            wire.send(start.as_bytes()).await?;
        }
        match self.fault {
            Fault::ResetBody | Fault::StallBody | Fault::TruncatedSse => events.truncate(half),
            Fault::TruncatedJson => {
                events.truncate(half + 1);
                if let Some(cut) = events.last_mut() {
                    cut.truncate(cut.len() / 2);
                }
            }
            Fault::EmptySse => events.clear(),
            Fault::Error200 => {
                let error = String::from_utf8_lossy(&chat::error(500, false)).into_owned();
                events = vec![format!("data: {error}\n\n").into_bytes()];
            }
            Fault::EmptyChoices => {
                for event in &mut events {
                    let text = String::from_utf8_lossy(event).into_owned();
                    let data = text.trim_start_matches("data: ").trim();
                    let mut chunk: serde_json::Value = serde_json::from_str(data)?;
                    chunk["choices"] = serde_json::json!([]);
                    *event = format!("data: {chunk}\n\n").into_bytes();
                }
            }
            Fault::BadUtf8 => {
                for event in events.iter_mut().skip(1).take(1) {
                    *event = not_utf8(event);
                }
            }
            Fault::Duplicated => {
                events = events.into_iter().flat_map(|event| [event.clone(), event]).collect();
            }
            Fault::Reordered => events.chunks_mut(2).for_each(<[_]>::reverse),
            _ => {}
        }
        for (index, event) in events.iter().enumerate() {
            if index > 0 && !self.pace.is_zero() {
                sleep(self.pace).await;
            }
            wire.chunk(event).await?;
        }
        match self.fault {
            Fault::ResetBody => return broken_off(wire).await,
            Fault::StallBody => {
                wire.outlast().await;
                return Ok(("stalled".into(), None));
            }
            Fault::TruncatedJson | Fault::TruncatedSse => {}
            _ => wire.chunk(DONE.as_bytes()).await?,
        }
        wire.last_chunk().await?;
        Ok(over(wire, 200))
    }

    /// A body that never ends: chunks of a stream, or a text that goes on.
    async fn endless(&self, mut wire: Wire) -> io::Result<Ended> {
        let kind = if self.streams { SSE } else { JSON };
        wire.send(head(200, &[kind], None).as_bytes()).await?;
        let more = if self.streams {
            let events = self.answer.events();
            events.get(1).or(events.first()).cloned().unwrap_or_default()
        } else {
            wire.chunk(BEFORE.as_bytes()).await?;
            "a".repeat(1024)
        };
        loop {
            wire.chunk(more.as_bytes()).await?;
            sleep(self.pace.max(Duration::from_millis(1))).await;
        }
    }

    /// An answer of 256 MiB that is well-formed.
    async fn huge(&self, mut wire: Wire) -> io::Result<Ended> {
        let (before, after) =
            if self.streams { (BEFORE_DELTA, AFTER_DELTA) } else { (BEFORE, AFTER) };
        let kind = if self.streams { SSE } else { JSON };
        let length = before.len() + HUGE + after.len();
        wire.send(head(200, &[kind], Some(length)).as_bytes()).await?;
        wire.send(before.as_bytes()).await?;
        let block = vec![b'a'; BLOCK];
        for _ in 0..HUGE / BLOCK {
            wire.send(&block).await?;
        }
        wire.send(after.as_bytes()).await?;
        Ok(over(wire, 200))
    }

    async fn bomb(&self, mut wire: Wire) -> io::Result<Ended> {
        let (before, after) =
            if self.streams { (BEFORE_DELTA, AFTER_DELTA) } else { (BEFORE, AFTER) };
        let kind = if self.streams { SSE } else { JSON };
        let bomb = bomb(before.as_bytes(), HUGE, after.as_bytes());
        let head = head(200, &[kind, ("content-encoding", "gzip")], Some(bomb.len()));
        wire.send(head.as_bytes()).await?;
        for part in bomb.parts() {
            wire.send(part).await?;
        }
        Ok(over(wire, 200))
    }
}

/// A well-formed answer around a text that is too long.
const BEFORE: &str =
    r#"{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":""#;
const AFTER: &str = r#""}}],"model":"mock","usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
const BEFORE_DELTA: &str =
    r#"data: {"choices":[{"index":0,"finish_reason":"stop","delta":{"content":""#;
const AFTER_DELTA: &str = "\"}}]}\n\ndata: [DONE]\n\n";

/// Redirects to the next hop.
pub(super) async fn redirect(mut wire: Wire, hop: u64) -> io::Result<Ended> {
    let place = format!("/v1/chat/completions?hop={hop}");
    wire.answer(307, &[("location", &place)], b"").await?;
    Ok(over(wire, 307))
}

/// Resets, once the client had the time to read what came before: a reset makes it lose the rest.
async fn broken_off(wire: Wire) -> io::Result<Ended> {
    sleep(Duration::from_millis(20)).await;
    wire.reset();
    Ok(("reset".into(), None))
}

async fn slowly(wire: &mut Wire, head: &str) -> io::Result<()> {
    for byte in head.bytes() {
        wire.send(&[byte]).await?;
        sleep(SLOW).await;
    }
    Ok(())
}

/// The same with two bytes at the start of the text that no UTF-8 has.
fn not_utf8(body: &[u8]) -> Vec<u8> {
    let key = b"\"content\":\"";
    let at = body.windows(key.len()).position(|part| part == key).map_or(0, |at| at + key.len());
    [&body[..at], &[0xff, 0xfe], &body[at..]].concat()
}

/// The header that says when to come back.
fn hint(fault: Fault, after: Duration) -> (&'static str, String) {
    let seconds = after.as_millis().div_ceil(1000);
    match fault {
        Fault::RetryAfterDate => {
            // A date has whole seconds; rounded up, it is never too early.
            let now = jiff::Timestamp::now().as_millisecond();
            let at = now.saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
            let at = at.saturating_add(999).div_euclid(1000);
            let at = jiff::Timestamp::from_second(at).unwrap_or(jiff::Timestamp::MAX);
            ("retry-after", at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
        Fault::RetryAfterMs => ("retry-after-ms", after.as_millis().to_string()),
        Fault::ResetRequests => ("x-ratelimit-reset-requests", go_duration(after)),
        Fault::ResetTokens => ("x-ratelimit-reset-tokens", go_duration(after)),
        _ => ("retry-after", seconds.to_string()),
    }
}

/// A duration as Go writes it: `250ms`, `1.5s`, `6m0s`, `1h0m0s`.
fn go_duration(time: Duration) -> String {
    let millis = time.as_millis();
    if millis < 1000 {
        return format!("{millis}ms");
    }
    let (minutes, millis) = (millis / 60_000, millis % 60_000);
    let fraction = format!("{}.{:03}", millis / 1000, millis % 1000);
    let seconds = fraction.trim_end_matches('0').trim_end_matches('.');
    let seconds = if seconds.is_empty() { "0" } else { seconds };
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_does() {
        let times = [(0, "0ms"), (20, "20ms"), (1_000, "1s"), (1_500, "1.5s"), (10_000, "10s")];
        let longer = [(60_000, "1m0s"), (360_050, "6m0.05s"), (3_600_000, "1h0m0s")];
        for (millis, text) in times.into_iter().chain(longer) {
            assert_eq!(go_duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn hints_are_never_too_early() {
        let after = Duration::from_millis(1_200);
        assert_eq!(hint(Fault::RetryAfterSeconds, after).1, "2");
        assert_eq!(hint(Fault::RetryAfterMs, after).1, "1200");
        let (_, date) = hint(Fault::RetryAfterDate, after);
        let at = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
        let wait = at.duration_since(jiff::Timestamp::now()).as_secs_f64();
        assert!((1.1..=2.2).contains(&wait), "{date}: {wait}");
    }
}
