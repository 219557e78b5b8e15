//! Cassettes: recorded exchanges, played back in place of a server.
//!
//! A cassette is sorted JSONL, one exchange a line, meant to be committed and read in diffs. A line
//! keeps the request and the body of the response as it came, so a later version of a codec reads
//! more from an old recording. The identity of an exchange leaves out the URL's scheme and host:
//! what was recorded on one machine plays on every other.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::ask::{
    Ask, AskError, AskErrorKind, Digest, Exchange, Origin, Params, Reply, Request, Role, Target,
    Times,
};

/// Reads a recorded body the way the wire of its target does.
pub type Decode = Arc<dyn Fn(&Target, &str, Times) -> Result<Reply, AskError> + Send + Sync>;

/// How many misses are explained by their nearest recorded exchange; finding it looks at all.
const EXPLAINED: usize = 20;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    digest: Digest,
    request: Request,
    times: Times,
    body: String,
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
        let lines = read(path)?;
        Ok(Cassette { path: path.to_owned(), lines, decode, explained: AtomicUsize::new(0) })
    }

    /// Whom the exchanges were recorded from: what a request must name to be found here.
    ///
    /// # Errors
    /// There are several, or none of this model.
    pub fn recorded(&self, model: Option<&str>) -> Result<Recorded, CassetteError> {
        let mut all: Vec<Recorded> = Vec::new();
        for line in self.lines.values() {
            let extra = &line.request.params.extra;
            let recorded =
                Recorded { target: line.request.target.portable(), extra: extra.clone() };
            if !all.contains(&recorded) {
                all.push(recorded);
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
                let models: std::collections::BTreeSet<&str> =
                    all.iter().map(|one| one.target.model.as_str()).collect();
                let models = models.into_iter().collect::<Vec<_>>().join(", ");
                Err(error(format!("holds exchanges of {models}; name one of them with `model:`")))
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
        let differences = |line: &Line| differences(request, &line.request);
        let distance = |line: &&Line| {
            let differences = differences(line);
            let weight: f64 = differences.iter().map(|difference| difference.weight).sum();
            (Weight(weight), line.digest)
        };
        match self.lines.values().min_by_key(distance) {
            None => format!("{absent}: it is empty; record it with `--record`"),
            Some(nearest) => {
                let parts: Vec<String> =
                    differences(nearest).into_iter().map(|part| part.words).collect();
                format!(
                    "{absent}; the nearest differs in {}; record it with `--record`",
                    parts.join("; ")
                )
            }
        }
    }
}

impl Ask for Cassette {
    fn ask(&self, request: Arc<Request>) -> BoxFuture<'_, Exchange> {
        let start = Instant::now();
        let result = self.play(&request);
        let exchange = Exchange {
            digest: request.digest(),
            request,
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

/// A sum of weights, which are never NaN, in their order.
#[derive(PartialEq)]
struct Weight(f64);

impl Eq for Weight {}

impl PartialOrd for Weight {
    fn partial_cmp(&self, other: &Weight) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Weight {
    fn cmp(&self, other: &Weight) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// One component in which two requests differ.
struct Difference {
    weight: f64,
    words: String,
}

fn differences(asked: &Request, recorded: &Request) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |weight: f64, what: &str, asked: &str, recorded: &str| {
        if asked != recorded {
            let (asked, recorded) = (excerpt(asked, recorded), excerpt(recorded, asked));
            let words = format!("{what} (asked {asked}, recorded {recorded})");
            found.push(Difference { weight, words });
        }
    };
    let (here, there) = (asked.target.portable(), recorded.target.portable());
    differ(1.0, "the model", &here.model, &there.model);
    differ(1.0, "the wire", &here.wire, &there.wire);
    differ(0.5, "the path", &here.url, &there.url);
    let switch = |target: &Target| target.max_completion_tokens.to_string();
    differ(0.5, "max_completion_tokens", &switch(&here), &switch(&there));
    differ(0.5, "the headers", &format!("{:?}", here.headers), &format!("{:?}", there.headers));
    let (here, there) = (parameters(&asked.params), parameters(&recorded.params));
    let names: std::collections::BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    for name in names {
        let value =
            |params: &BTreeMap<String, String>| params.get(name).cloned().unwrap_or("none".into());
        differ(0.2, &format!("the parameter {name}"), &value(&here), &value(&there));
    }
    differ(0.2, "the draw", &format!("{:?}", asked.draw), &format!("{:?}", recorded.draw));
    let counts = (asked.turns.len(), recorded.turns.len());
    differ(2.0, "the number of messages", &counts.0.to_string(), &counts.1.to_string());
    for (index, (here, there)) in asked.turns.iter().zip(recorded.turns.iter()).enumerate() {
        if here != there {
            let unlike = 1.0 - strsim::sorensen_dice(&here.text, &there.text);
            differ(0.1 + unlike, &format!("message {}", index + 1), &here.text, &there.text);
        }
    }
    found
}

fn parameters(params: &Params) -> BTreeMap<String, String> {
    let value = serde_json::to_value(params).unwrap_or_default();
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), value.to_string())).collect()
}

/// The part of a text around where it first differs from another.
fn excerpt(text: &str, other: &str) -> String {
    const AROUND: usize = 24;
    let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(AROUND / 2);
    let part: String = text.chars().skip(from).take(AROUND).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if text.chars().count() > from + AROUND { "…" } else { "" };
    format!("{before}{part:?}{after}")
}

fn read(path: &Path) -> Result<HashMap<Digest, Line>, CassetteError> {
    let unreadable = |error| CassetteError::Unreadable { path: path.to_owned(), error };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let mut lines = HashMap::new();
    for (index, text) in text.split_inclusive('\n').enumerate() {
        if text.trim().is_empty() {
            continue;
        }
        let malformed = |message: String| CassetteError::Malformed {
            path: path.to_owned(),
            line: index + 1,
            message,
        };
        let line: Line = match serde_json::from_str(text) {
            Ok(line) => line,
            // A recording that was killed ends in the middle of a line.
            Err(_) if !text.ends_with('\n') => break,
            Err(error) => return Err(malformed(error.to_string())),
        };
        if line.request.portable_digest() != line.digest {
            return Err(malformed("its digest is not that of its request".into()));
        }
        lines.insert(line.digest, line);
    }
    Ok(lines)
}

/// Records what an asker fetches. Every exchange is written as it comes, and
/// [`Recorder::finish`] sorts the file; so a killed recording keeps what it has.
pub struct Recorder {
    inner: Arc<dyn Ask>,
    tape: Arc<Tape>,
}

/// The file that several recorders of one run may share.
struct Tape {
    path: PathBuf,
    /// The first error of writing. Held while a line is written, so that lines stay whole.
    error: Mutex<Option<io::Error>>,
}

impl Recorder {
    /// Records what `inner` fetches into a cassette. Exchanges that are there already stay, and
    /// those asked again are replaced.
    ///
    /// # Errors
    /// The file holds something else, or cannot be written.
    pub fn create(inner: Arc<dyn Ask>, path: &Path) -> Result<Recorder, CassetteError> {
        let unwritable = |error| CassetteError::Unreadable { path: path.to_owned(), error };
        if path.exists() {
            read(path)?;
            drop_torn_end(path).map_err(unwritable)?;
        } else if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(unwritable)?;
        }
        append(path, b"").map_err(unwritable)?;
        let tape = Tape { path: path.to_owned(), error: Mutex::new(None) };
        Ok(Recorder { inner, tape: Arc::new(tape) })
    }

    /// Another recorder onto the same cassette.
    #[must_use]
    pub fn also(&self, inner: Arc<dyn Ask>) -> Recorder {
        Recorder { inner, tape: Arc::clone(&self.tape) }
    }

    /// Sorts the file by digest.
    ///
    /// # Errors
    /// Something could not be written, now or while recording.
    pub fn finish(&self) -> Result<usize, CassetteError> {
        let path = &self.tape.path;
        let unwritable = |error| CassetteError::Unreadable { path: path.clone(), error };
        if let Some(error) = self.tape.lock().take() {
            return Err(unwritable(error));
        }
        let lines: BTreeMap<Digest, Line> = read(path)?.into_iter().collect();
        let mut text = Vec::new();
        for line in lines.values() {
            serde_json::to_writer(&mut text, line).map_err(|error| unwritable(error.into()))?;
            text.push(b'\n');
        }
        let sorted = path.with_extension("sorting");
        fs::write(&sorted, &text).and_then(|()| fs::rename(&sorted, path)).map_err(unwritable)?;
        Ok(lines.len())
    }
}

/// What a killed recording left after the last whole line would spoil the line that follows.
fn drop_torn_end(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    if whole < bytes.len() {
        OpenOptions::new().write(true).open(path)?.set_len(whole as u64)?;
    }
    Ok(())
}

/// Appends to the file of that name, which sorting replaces by another: no handle is kept.
fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
}

impl Tape {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<io::Error>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, request: &Request, reply: &Reply) {
        let target = Arc::new(request.target.portable());
        let line = Line {
            digest: request.portable_digest(),
            request: Request { target, ..request.clone() },
            times: reply.times,
            body: reply.raw.to_string(),
        };
        let text = serde_json::to_string(&line).map_err(io::Error::from);
        let mut first = self.lock();
        let result = text.and_then(|text| append(&self.path, (text + "\n").as_bytes()));
        if let Err(error) = result {
            first.get_or_insert(error);
        }
    }
}

impl Ask for Recorder {
    fn ask(&self, request: Arc<Request>) -> BoxFuture<'_, Exchange> {
        async move {
            let exchange = self.inner.ask(request).await;
            if let Ok(reply) = &exchange.result {
                self.tape.write(&exchange.request, reply);
            }
            exchange
        }
        .boxed()
    }
}
