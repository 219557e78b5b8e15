//! `overclaim run`: the spine, from suites to exit code.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::gate::EarlyStop;
use crate::journal::{self, Journal};
use crate::plan::{Plan, Selection};
use crate::record::{AskedEndpoint, Ending, Event, FORMAT, Header, Quadrant, Selected, Slice};
use crate::report::{Summary, overview};
use crate::run::{Settings, run as drive};
use crate::scorecard::Span;
use crate::suite::{Findings, display};
use crate::transport::Purse;

use super::askers::{self, Keys, Ready, Servers};
use super::baseline;
use super::caching::{self, CacheMode};
use super::output::{Exit, Output, error, remark};
use super::prepare::{Prepared, prepare, refused};
use super::progress::Progress;
use super::report::Told;
use super::spending;
use super::{Format, RunArgs};

pub(super) fn run(args: &RunArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let mut findings = Findings::new(args.suites.strict);
    let mut selection = prepare(&args.suites.suites, &args.suites.from, &mut findings)?;
    selection.repeat(args.select.repeats, &mut findings);
    selection.stream(args.stream, &mut findings);
    selection.warn_of_budgets(&mut findings);
    let cache = caching::open(args.select.cache, &selection)?;
    let keys = if args.select.cache == CacheMode::Replay { Keys::Absent } else { Keys::Wanted };
    let mut ready: Vec<(Prepared, Ready)> = Vec::new();
    let max_cost = args.max_cost;
    let purse = spending::purse(max_cost, args.select.cache, &selection, &mut findings);
    let mut servers = Servers::paid_from(purse.clone());
    for mut prepared in selection.suites {
        if let Some(threshold) = args.threshold {
            prepared.suite.set_threshold(threshold);
        }
        let record = args.record.as_deref();
        let built =
            askers::build(&prepared, keys, record, cache.as_ref(), &mut servers, &mut findings);
        ready.push((prepared, built));
    }
    if let Some(exit) = refused(&findings, output) {
        return Ok(exit);
    }
    if ready.is_empty() {
        remark("no suites: name one, or put some into suites/");
        return Ok(Exit::Nothing);
    }
    let runtime = Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    let stop = stop_on_signals(&runtime);
    let several = ready.len() > 1;
    let mut worst = Exit::Passed;
    let mut shown = Shown::default();
    for (prepared, ready) in ready {
        if *stop.borrow() {
            worst = worst.worst(Exit::NotMeasured);
            break;
        }
        let place = Place::new(args.out.as_deref(), &selection.root, &prepared.suite.name, several);
        let root = &selection.root;
        let purse = purse.as_deref();
        let one = One { args, prepared: &prepared, ready: &ready, place, root, purse, output };
        match one.run(&runtime, &stop, &mut shown) {
            Ok(exit) => worst = worst.worst(exit),
            // What the other suites have to say is not lost over this one.
            Err(message) => {
                error(&message);
                worst = worst.worst(Exit::Invalid);
            }
        }
    }
    if several && !output.quiet {
        output.people(&overview(&shown.summaries, output.style()));
    }
    match shown.documents.as_slice() {
        _ if !output.json => {}
        [document] if !several => Output::document(document)?,
        documents => Output::document(&documents)?,
    }
    Ok(worst)
}

/// What the suites had to say.
#[derive(Default)]
struct Shown {
    /// A line each, for people.
    summaries: Vec<Summary>,
    /// A document each, for programs.
    documents: Vec<serde_json::Value>,
}

/// Where the run directory goes.
enum Place {
    /// Exactly here.
    Given(PathBuf),
    /// A new directory, named by time, below this one.
    Below(PathBuf),
}

impl Place {
    fn new(out: Option<&Path>, root: &Path, suite: &str, several: bool) -> Place {
        match out {
            Some(out) if several => Place::Given(out.join(suite)),
            Some(out) => Place::Given(out.to_owned()),
            None => Place::Below(root.join("reports").join(suite)),
        }
    }

    /// Makes the directory. Two runs that start in the same second get different names.
    fn journal(&self, header: &mut Header) -> Result<(Journal, PathBuf), String> {
        let told = |dir: &Path, error: io::Error| format!("{}: {error}", display(dir));
        match self {
            Place::Given(dir) => {
                let journal = Journal::create(dir, header).map_err(|error| told(dir, error))?;
                Ok((journal, dir.clone()))
            }
            Place::Below(parent) => {
                let time = header.run.clone();
                for attempt in 2.. {
                    let dir = parent.join(&header.run);
                    match Journal::create(&dir, header) {
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                            header.run = format!("{time}-{attempt}");
                        }
                        result => {
                            let journal = result.map_err(|error| told(&dir, error))?;
                            return Ok((journal, dir));
                        }
                    }
                }
                unreachable!("names by number do not run out")
            }
        }
    }
}

/// One suite, run.
struct One<'a> {
    args: &'a RunArgs,
    prepared: &'a Prepared,
    ready: &'a Ready,
    place: Place,
    root: &'a Path,
    purse: Option<&'a Purse>,
    output: Output,
}

impl One<'_> {
    /// Runs it; what it has to say is added to what is shown.
    fn run(
        self,
        runtime: &Runtime,
        stop: &watch::Receiver<bool>,
        shown: &mut Shown,
    ) -> Result<Exit, String> {
        let One { args, prepared, ready, output, .. } = &self;
        let suite = &prepared.suite;
        let selection = Selection { filter: args.select.filter.clone(), limit: args.select.limit };
        let plan = Plan::new(suite, ready.asked.clone(), selection, args.select.seed)
            .map_err(|conflict| format!("{}: {conflict}", suite.source.path))?;
        let extent = plan.extent();
        if extent.trials == 0 {
            remark(&format!(
                "{}: nothing selected of {} cases",
                suite.source.path, prepared.census.cases
            ));
            return Ok(Exit::Nothing);
        }
        let mut header = self.header(&plan, extent.trials, extent.digest);
        let (mut journal, dir) = self.place.journal(&mut header)?;
        baseline::keep(&header, self.root, &dir)?;
        let start = Instant::now();
        let mut progress = Progress::new(&suite.name, extent.trials, output.quiet);
        let mut failure = None;
        let mut early = EarlyStop::new(&header);
        let mut given_up = BTreeMap::new();
        let mut unpaid = 0;
        let settings = Settings {
            threshold: header.threshold,
            in_flight: args.concurrency.map_or(ready.in_flight, usize::from),
        };
        let ending = runtime.block_on(drive(
            &plan,
            extent.trials,
            &ready.askers,
            settings,
            stop.clone(),
            &mut |event| {
                let record = match event {
                    Event::Finished(record) => record,
                    Event::Unasked { endpoint, message } => {
                        if self.purse.is_some_and(|purse| purse.says(&message)) {
                            unpaid += 1;
                        } else {
                            given_up.entry(endpoint).or_insert(message);
                        }
                        return ControlFlow::Continue(());
                    }
                    _ => return ControlFlow::Continue(()),
                };
                // The journal comes first: what is shown must survive a kill.
                if let Err(error) = journal.append(&record) {
                    failure = Some(error);
                    return ControlFlow::Break(Ending::Interrupted);
                }
                progress.finished(record.quadrant == Some(Quadrant::ConfidentWrong));
                let Some(early) = &mut early else { return ControlFlow::Continue(()) };
                early.add(&record, &header);
                match early.needed() {
                    Some(needed) if needed < early.planned() => ControlFlow::Break(Ending::Decided),
                    _ => ControlFlow::Continue(()),
                }
            },
        ));
        progress.end();
        if let Some(failure) = failure {
            return Err(format!("{}: the journal cannot be written: {failure}", display(&dir)));
        }
        let elapsed_ms = Some(crate::record::millis(start.elapsed()));
        let started = header.started.clone();
        let max_cost = self.purse.map(|purse| spending::told(purse, unpaid, args.select.cache));
        let span = Span { started, elapsed_ms, ending: Some(ending), given_up, max_cost };
        self.conclude(journal, &dir, span, shown)
    }

    fn conclude(
        &self,
        journal: Journal,
        dir: &Path,
        span: Span,
        shown: &mut Shown,
    ) -> Result<Exit, String> {
        let mut exit = Exit::Passed;
        if let Some(recorder) = &self.ready.recorder
            && let Err(failure) = recorder.finish()
        {
            error(&failure.to_string());
            exit = Exit::Invalid;
        }
        if let Some(caching) = &self.ready.caching
            && let Err(failure) = caching.cache.finish(&caching.session)
        {
            // The run has all its replies; only the next one will have to ask again.
            error(&format!("the cache is incomplete: {failure}"));
        }
        let run = journal::read(dir).map_err(|error| error.to_string())?;
        let told = Told::of(&run, span, baseline::kept(dir)?.as_ref());
        journal
            .finish(&[
                ("scorecard.json", &told.scorecard),
                ("operations.json", &told.operations),
                ("decision.json", &told.decision),
            ])
            .map_err(|error| format!("{}: {error}", display(dir)))?;
        let dir = display(dir);
        told.show(&dir, self.args.top, self.output, Format::Terminal);
        shown.summaries.extend(Summary::of(&told.page(&dir, self.args.top), self.output.style()));
        if self.output.json {
            let document = serde_json::to_value(told.page(&dir, self.args.top).document());
            shown.documents.push(document.map_err(|error| error.to_string())?);
        }
        Ok(exit.worst(told.exit()))
    }

    fn header(&self, plan: &Plan<'_>, planned: usize, digest: crate::ask::Digest) -> Header {
        let suite = &self.prepared.suite;
        let now = jiff::Zoned::now();
        let endpoints = self.ready.asked.iter().map(|asked| AskedEndpoint {
            name: std::sync::Arc::clone(&asked.name),
            target: std::sync::Arc::clone(&asked.target),
            cassette: self.ready.cassettes.get(&asked.name).cloned(),
            price: asked.price,
        });
        Header {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: now.strftime("%Y-%m-%dT%H-%M-%S").to_string(),
            suite: suite.name.clone(),
            path: suite.source.path.clone(),
            text: suite.source.text.clone(),
            digest: suite.digest,
            endpoints: endpoints.collect(),
            threshold: suite.threshold,
            sources: suite.methods.iter().map(|method| method.value.name().to_owned()).collect(),
            budget: suite.budget.clone(),
            slices: suite
                .slices()
                .map(|(name, budget)| Slice { name, budget: budget.clone() })
                .collect(),
            seed: plan.seed(),
            selection: Selected {
                filter: self.args.select.filter.as_ref().map(ToString::to_string),
                limit: self.args.select.limit,
            },
            cache: self.args.select.cache.name().to_owned(),
            repeats: suite.repeats,
            planned,
            plan: digest,
            started: now
                .with_time_zone(jiff::tz::TimeZone::UTC)
                .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
                .to_string(),
        }
    }
}

/// The first Ctrl-C or SIGTERM stops the run and lets it write its report; the second ends the
/// process at once, the journal being whole at any time.
pub(super) fn stop_on_signals(runtime: &Runtime) -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    runtime.spawn(async move {
        for first in [true, false] {
            if wait_for_signal().await.is_err() {
                return;
            }
            if first {
                stop.send_replace(true);
            } else {
                std::process::exit(3);
            }
        }
    });
    stopped
}

#[cfg(unix)]
async fn wait_for_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
