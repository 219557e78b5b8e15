//! `overclaim run --resume`: the rest of a run that was stopped or killed.
//!
//! The run's own header says what was asked and how, so nothing has to be said again; what a header
//! cannot hold (a key's variable) comes from the configuration or the arguments. Whatever would make
//! the rest another run than its beginning is refused before the first call.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::ask::Target;
use crate::journal::{self, ReadError};
use crate::plan::Shard;
use crate::record::Header;
use crate::report::shell_word;
use crate::suite::{Filter, Findings, Suite, display};

use super::RunArgs;
use super::caching::CacheMode;
use super::prepare::configuration;

/// Why a new run costs little.
const STORED: &str = "replies that are stored are not asked for again";

/// A run to go on with.
#[derive(Debug, Clone)]
pub(super) struct Resumed {
    pub dir: PathBuf,
    pub header: Header,
}

/// The run that the arguments want to go on with, and the arguments that it was started with.
pub(super) fn resumed(args: &RunArgs) -> Result<Option<(Resumed, RunArgs)>, String> {
    let Some(dir) = &args.resume else { return Ok(None) };
    let header = journal::read_header(dir).map_err(|error| match error {
        ReadError::Newer { .. } => error.to_string(),
        _ => format!("{error}: no run to go on with; start a new one: {STORED}"),
    })?;
    if let Some(regraded) = &header.regraded {
        return Err(format!(
            "{}: it was not asked but graded again, so there is nothing to ask; `overclaim regrade {}` does it anew",
            display(dir),
            shell_word(&regraded.from)
        ));
    }
    let mut args = args.clone();
    if args.suites.suites.is_empty() {
        args.suites.suites = vec![PathBuf::from(&header.path)];
    }
    let [path] = args.suites.suites.as_slice() else {
        return Err("a run is of one suite: name no more than that one with --resume".into());
    };
    let Some(suite) = Suite::load(path, &mut Findings::default()) else {
        return Err(format!(
            "{}: the suite of this run cannot be read: name its file, `overclaim run SUITE --resume {}`",
            display(path),
            shell_word(&display(dir))
        ));
    };
    if args.suites.from.endpoint.is_empty() {
        endpoints(&mut args, &header, &suite);
    }
    args.select.filter = match &header.selection.filter {
        Some(text) => Some(text.parse::<Filter>()?),
        None => None,
    };
    args.select.limit = header.selection.limit;
    args.select.shard = header.shard.and_then(|shard| Shard::new(shard.number, shard.of));
    args.select.seed = header.seed;
    args.select.repeats = Some(header.repeats).filter(|repeats| *repeats != suite.repeats);
    args.select.cache = CacheMode::of_name(&header.cache).unwrap_or(CacheMode::Use);
    #[expect(clippy::float_cmp, reason = "it is the same number, or it was given as an argument")]
    let differs = header.threshold != suite.threshold;
    args.threshold = differs.then_some(header.threshold);
    Ok(Some((Resumed { dir: dir.clone(), header }, args)))
}

/// Names the endpoints of the run, where they are not those of its suite.
fn endpoints(args: &mut RunArgs, header: &Header, suite: &Suite) {
    let asked = header.endpoints.iter().map(|endpoint| &*endpoint.name);
    if asked.clone().eq(suite.endpoints.iter().map(|name| name.value.as_str())) {
        return;
    }
    let config = configuration(&args.suites.from, &mut Findings::default());
    let known = |name: &str| config.as_ref().is_ok_and(|config| config.endpoint(name).is_some());
    if let ([only], false) = (header.endpoints.as_slice(), asked.clone().all(known)) {
        let Target { url, model, .. } = &*only.target;
        args.suites.from.endpoint = vec![url.replacen("/chat/completions", "", 1)];
        args.suites.from.model = Some(model.clone());
    } else {
        args.suites.from.endpoint = asked.map(str::to_owned).collect();
    }
}

/// Why a journal cannot be gone on with, and what to do instead.
pub(super) fn stuck(error: &ReadError) -> String {
    let ReadError::Unwritable { error: system, .. } = error else { return error.to_string() };
    match system.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => format!(
            "{error}; copy the directory to where it can be written, and go on with the copy"
        ),
        ErrorKind::NotFound => format!("{error}; start a new run: {STORED}"),
        _ => error.to_string(),
    }
}

/// Whether endpoints pass the same on, as far as the run knows: old ones do not.
fn same_extra(then: &Header, today: &Header) -> bool {
    let both = then.endpoints.iter().zip(&today.endpoints);
    both.into_iter().all(|(then, today)| then.extra.is_none() || then.extra == today.extra)
}

impl Resumed {
    /// Why the rest of the run would be another one, if it would.
    pub(super) fn differs(&self, today: &Header) -> Option<String> {
        let then = &self.header;
        let targets = |header: &Header| {
            let endpoints = header.endpoints.iter();
            endpoints.map(|at| (at.name.clone(), at.target.clone())).collect::<Vec<_>>()
        };
        let what = if then.digest != today.digest {
            "the suite was changed"
        } else if targets(then) != targets(today) {
            "it is asked at other endpoints"
        } else if !same_extra(then, today) {
            "an endpoint passes other parameters on (`extra`)"
        } else if (then.plan, then.planned, then.shard) != (today.plan, today.planned, today.shard)
        {
            "its cases were changed"
        } else if (then.seed, then.repeats) != (today.seed, today.repeats) {
            "seed or repeats are others"
        } else {
            return None;
        };
        Some(format!(
            "{}: {what} since this run began: start a new one with `overclaim run`; {STORED}",
            display(&self.dir)
        ))
    }
}
