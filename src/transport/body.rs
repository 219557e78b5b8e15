//! The body of an answer, read to its end.
//!
//! Of a stream, each piece of bytes is read at once, by the clock of the call, and the call is over
//! with the end mark: servers that keep the connection open behind it must not make the reply look
//! slow. The rest is waited for very briefly, so that the connection can be used again.

use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout};

use super::trouble;
use crate::endpoint::openai_chat::stream::Stream;
use crate::endpoint::sse::begins_like_events;
use crate::endpoint::{LARGEST_BODY, append};

/// How long the end of a body is waited for behind the end mark of a stream.
const LINGER: Duration = Duration::from_millis(50);

/// Some servers close the connection behind a stream without having said so, and a call that is sent
/// over it meanwhile fails: one in ten at llama.cpp's server, and one in hundreds with this time for
/// their closing to be seen. It is no part of the call's.
const SETTLE: Duration = Duration::from_millis(2);

/// A body as it comes in.
pub(super) struct Body {
    start: Instant,
    pub(super) bytes: Vec<u8>,
    pub(super) stream: Option<Stream>,
    /// It may be a stream though nothing said so.
    open: bool,
    /// When the last byte came that belongs to the reply.
    pub(super) ended: Option<Duration>,
}

/// Why there is no whole body.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It is larger than any reply.
    TooLarge,
    /// Nothing came for too long.
    Idle,
    /// The connection broke.
    Broken(String),
}

/// What a future comes to within a time, if there is one: a timer that never rings is work as well.
pub(super) async fn within<F: Future>(
    time: Option<Duration>,
    future: F,
) -> Result<F::Output, Elapsed> {
    match time {
        Some(time) => timeout(time, future).await,
        None => Ok(future.await),
    }
}

impl Body {
    /// A body of a call that started then, whether it is said to come as a stream, and whether it
    /// may be one all the same: some servers have a wrong word for it.
    pub(super) fn new(start: Instant, streams: bool, open: bool) -> Body {
        let stream = streams.then(Stream::default);
        Body { start, bytes: Vec::new(), stream, open, ended: None }
    }

    /// Reads it; between two pieces no more time than `idle` may pass. How many bytes came is told in
    /// `received` at any time.
    pub(super) async fn read(
        &mut self,
        mut response: reqwest::Response,
        idle: Option<Duration>,
        received: &mut usize,
    ) -> Result<(), BodyError> {
        loop {
            let chunk = within(idle, response.chunk()).await.map_err(|_| BodyError::Idle)?;
            let chunk = chunk.map_err(|error| BodyError::Broken(trouble::root(&error)))?;
            let at = self.start.elapsed();
            self.ended = Some(at);
            let Some(chunk) = chunk else {
                if let Some(stream) = &mut self.stream {
                    stream.close();
                }
                return Ok(());
            };
            if self.bytes.len() + chunk.len() > LARGEST_BODY {
                return Err(BodyError::TooLarge);
            }
            if self.open && self.bytes.is_empty() && self.stream.is_none() {
                let begins = begins_like_events(&String::from_utf8_lossy(&chunk));
                self.stream = begins.then(Stream::default);
            }
            append(&mut self.bytes, &chunk);
            *received = self.bytes.len();
            if self.stream.as_mut().is_some_and(|stream| stream.push(&chunk, Some(at))) {
                let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
                let _ = timeout(LINGER, rest).await;
                sleep(SETTLE).await;
                return Ok(());
            }
        }
    }
}
