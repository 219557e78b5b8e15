//! Cassettes: recorded exchanges, played back in place of a server.
//!
//! A cassette is sorted JSONL, one exchange a line, meant to be committed and read in diffs. A line
//! keeps the request and the body of the response as it came, so a later version of a codec reads
//! more from an old recording. The identity of an exchange leaves out the URL's scheme and host:
//! what was recorded on one machine plays on every other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::difference::{differences, nearest};
use crate::ask::{
    Ask, AskError, AskErrorKind, Digest, Exchange, Origin, Posed, Reply, Request, Role, Target,
    Times,
};

/// Reads a recorded body the way the wire of its target does.
pub type Decode = Arc<dyn Fn(&Target, &str, Times) -> Result<Reply, AskError> + Send + Sync>;

/// How many misses are explained by their nearest recorded exchange; finding it looks at all.
const EXPLAINED: usize = 20;

/// How many models are named where a cassette holds several.
const NAMED: usize = 10;

/// One recorded exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub(super) digest: Digest,
    /// What was asked. Recordings leave out the URL's scheme and host; exports of the cache keep
    /// them, so that they can go back to where they came from. The digest is the same.
    pub request: Request,
    /// Times of the call.
    pub times: Times,
    /// When it was made, in milliseconds since 1970 in UTC, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_ms: Option<i64>,
    /// The body as it came.
    pub body: String,
}

impl Line {
    /// A line for a cassette.
    #[must_use]
    pub fn new(request: Request, times: Times, fetched_ms: Option<i64>, body: String) -> Line {
        Line { digest: request.portable_digest(), request, times, fetched_ms, body }
    }
}

/// A cassette that is played.
pub struct Cassette {
    path: PathBuf,
    lines: HashMap<Digest, Line>,
    decode: Decode,
    explained: AtomicUsize,
}

/// Whom a cassette was recorded from.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Where the requests went, without scheme and host.
    pub target: Target,
    /// Parameters that the endpoint passed on verbatim.
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// Why a file is not a cassette.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    /// It cannot be read.
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It cannot be written.
    #[error("{}: cannot be written: {error}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A line is not a recorded exchange.
    #[error("{}:{line}: not a recorded exchange: {message}; record it again", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// It does not say whom to ask.
    #[error("{}: {message}", path.display())]
    Target {
        /// The file.
        path: PathBuf,
        /// What is wrong and the remedy.
        message: String,
    },
}

impl Cassette {
    /// Reads a cassette.
    ///
    /// # Errors
    /// The file is unreadable, or a line of it is malformed or was altered: the digest of its
    /// request must be the one it bears.
    pub fn open(path: &Path, decode: Decode) -> Result<Cassette, CassetteError> {
        let portable = |mut line: Line| {
            line.request.target = line.request.target.portable().into();
            line
        };
        let lines = read(path)?.into_iter().map(|(digest, line)| (digest, portable(line)));
        let lines = lines.collect();
        Ok(Cassette { path: path.to_owned(), lines, decode, explained: AtomicUsize::new(0) })
    }

    /// Whom the exchanges were recorded from: what a request must name to be found here.
    ///
    /// # Errors
    /// There are several, or none of this model.
    pub fn recorded(&self, model: Option<&str>) -> Result<Recorded, CassetteError> {
        let mut all: Vec<Recorded> = Vec::new();
        let mut known: HashSet<Digest> = HashSet::new();
        for line in self.lines.values() {
            let Request { target, params, .. } = &line.request;
            if known.insert(Digest::of(&(target, &params.extra))) {
                all.push(Recorded { target: (**target).clone(), extra: params.extra.clone() });
            }
        }
        let wanted = |one: &&Recorded| model.is_none_or(|model| model == one.target.model);
        let mut found = all.iter().filter(wanted);
        let error = |message: String| CassetteError::Target { path: self.path.clone(), message };
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.clone()),
            (None, _) if all.is_empty() => {
                Err(error("holds no exchange; record some with `--record`".into()))
            }
            (Some(_), Some(_)) if model.is_some() => {
                Err(error("holds exchanges of this model with different settings; record them into cassettes of their own".into()))
            }
            _ => {
                let models: BTreeSet<&str> =
                    all.iter().map(|one| one.target.model.as_str()).collect();
                let more = if models.len() > NAMED { ", …" } else { "" };
                let models = models.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
                Err(error(format!(
                    "holds exchanges of {models}{more}; name one of them with `model:`"
                )))
            }
        }
    }

    fn play(&self, request: &Request) -> Result<Arc<Reply>, Arc<AskError>> {
        let played = match self.lines.get(&request.portable_digest()) {
            Some(line) => (self.decode)(&request.target, &line.body, line.times),
            None => Err(AskError::new(AskErrorKind::NotRecorded, self.explain(request))),
        };
        played.map(Arc::new).map_err(Arc::new)
    }

    /// What differs from the nearest recorded exchange.
    fn explain(&self, request: &Request) -> String {
        let absent = format!("{} has no such exchange", self.path.display());
        if self.explained.fetch_add(1, Ordering::Relaxed) >= EXPLAINED {
            return absent;
        }
        let portable = Request { target: request.target.portable().into(), ..request.clone() };
        match nearest(&portable, self.lines.values().map(|line| &line.request)) {
            None => format!("{absent}: it is empty; record it with `--record`"),
            Some(nearest) => {
                let differences = differences(&portable, nearest, "recorded");
                format!("{absent}; the nearest differs in {differences}; record it with `--record`")
            }
        }
    }
}

impl Ask for Cassette {
    fn ask(&self, posed: Posed) -> BoxFuture<'_, Exchange> {
        let start = Instant::now();
        let result = self.play(&posed);
        let exchange = Exchange {
            digest: posed.digest(),
            request: posed.request(),
            role: Role::Answer,
            origin: Origin::Replayed,
            fetched: None,
            waited: start.elapsed(),
            attempts: Vec::new(),
            result,
        };
        std::future::ready(exchange).boxed()
    }
}

/// Longest line that is read: a request and a reply are a few megabytes at most.
const LONGEST_LINE: u64 = 256 << 20;

/// Whether a line is the beginning of one of ours, without its end.
fn is_torn(text: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"{\"digest\":";
    let ours = text.starts_with(BEGINNING) || BEGINNING.starts_with(text);
    ours && !text.ends_with(b"\n") && (text.len() as u64) < LONGEST_LINE
}

/// All lines of a cassette by digest; of equal ones the last counts.
pub(super) fn read(path: &Path) -> Result<HashMap<Digest, Line>, CassetteError> {
    let keyed = |line: Result<Line, CassetteError>| line.map(|line| (line.digest, line));
    Lines::open(path)?.map(|line| keyed(line.map(|(_, line)| line))).collect()
}

/// The lines of a cassette one by one, each with its number from 1.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    number: usize,
}

impl Lines {
    /// Opens a cassette.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn open(path: &Path) -> Result<Lines, CassetteError> {
        let unreadable = |error| CassetteError::Unreadable { path: path.to_owned(), error };
        let file = File::open(path).map_err(unreadable)?;
        let reader = BufReader::with_capacity(1 << 18, file);
        Ok(Lines { path: path.to_owned(), reader, number: 0 })
    }

    fn next_line(&mut self) -> Result<Option<Line>, CassetteError> {
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = (&mut self.reader).take(LONGEST_LINE).read_until(b'\n', &mut text);
            self.number += 1;
            let unreadable = |error| CassetteError::Unreadable { path: self.path.clone(), error };
            if read.map_err(unreadable)? == 0 {
                return Ok(None);
            }
            if !text.trim_ascii().is_empty() {
                break;
            }
        }
        let malformed = |message: String| CassetteError::Malformed {
            path: self.path.clone(),
            line: self.number,
            message,
        };
        let line: Line = match serde_json::from_slice(&text) {
            Ok(line) => line,
            // A recording that was killed ends in the middle of a line.
            Err(_) if is_torn(&text) => return Ok(None),
            Err(error) => return Err(malformed(error.to_string())),
        };
        if !line.times.are_sound() {
            return Err(malformed("its times are none".into()));
        }
        if line.request.portable_digest() != line.digest {
            return Err(malformed("its digest is not that of its request".into()));
        }
        Ok(Some(line))
    }
}

impl Iterator for Lines {
    type Item = Result<(usize, Line), CassetteError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.next_line().transpose()?;
        Some(line.map(|line| (self.number, line)))
    }
}
