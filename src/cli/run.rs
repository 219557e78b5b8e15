//! `overclaim run`: the spine, from suites to exit code.
//!
//! Suites run at the same time. One task polls them all, so that their trials take turns; each has a
//! run directory, a journal and an end of its own. A suite that has ended is judged by another
//! thread while the others go on, and pages come in the order in which the suites were named.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use futures_util::future::join_all;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::gate::EarlyStop;
use crate::journal::Journal;
use crate::plan::{Extent, Plan};
use crate::record::{AskedEndpoint, Brief, Ending, Event, Header, Quadrant, Run, Selected, Shard};
use crate::report::{Summary, overview, shell_word};
use crate::run::run as drive;
use crate::scorecard::Span;
use crate::suite::{Findings, display};
use crate::transport::Purse;

use super::askers::{self, Keys, Ready, Servers};
use super::baseline;
use super::caching::{self, CacheMode};
use super::header;
use super::held::Held;
use super::in_order::InOrder;
use super::output::{Exit, Output, error, interjection, remark};
use super::prepare::{Prepared, Wanted, prepare, refused};
use super::progress::Progress;
use super::report::{self, Told};
use super::resume::{self, Resumed};
use super::spending;
use super::{Format, RunArgs};

pub(super) fn run(args: &RunArgs) -> Result<Exit, String> {
    let resumed = resume::resumed(args)?;
    let (resumed, args) = match &resumed {
        Some((resumed, args)) => (Some(resumed), args),
        None => (None, args),
    };
    let output = Output::new(&args.output);
    let mut findings = Findings::new(args.suites.strict);
    let wanted = Wanted::of(&args.select);
    let mut selection = prepare(&args.suites.suites, &args.suites.from, &wanted, &mut findings)?;
    selection.stream(args.stream, &mut findings);
    selection.warn_of_budgets(&mut findings);
    let cache = caching::open(args.select.cache, &selection)?;
    let keys = if args.select.cache == CacheMode::Replay { Keys::Absent } else { Keys::Wanted };
    let mut ready: Vec<(Prepared, Ready)> = Vec::new();
    let purse = spending::purse(args.max_cost, args.select.cache, &selection, &mut findings);
    let mut servers = Servers::at_most(args.concurrency.map(usize::from)).paid_from(purse.clone());
    for mut prepared in selection.suites {
        if let Some(threshold) = args.threshold {
            prepared.suite.set_threshold(threshold);
        }
        let record = args.record.as_deref();
        let built =
            askers::build(&prepared, keys, record, cache.as_ref(), &mut servers, &mut findings);
        ready.push((prepared, built));
    }
    if let Some(out) = &args.out {
        refuse_equal_names(&ready, out, &mut findings);
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
    let root = &selection.root;
    let purse = purse.as_deref();
    let suites = ready.iter().map(|(prepared, ready)| {
        let place = match resumed {
            Some(resumed) => Place::Resumed(Box::new(resumed.clone())),
            None => Place::new(args.out.as_deref(), root, &prepared.suite.name, several),
        };
        One { args, prepared, ready, place, root, purse, output }.begin()
    });
    let mut shown = together(&runtime, suites.collect(), &stop, output);
    if let Some(recorder) = &servers.recorder
        && let Err(failure) = recorder.finish()
    {
        error(&failure.to_string());
        shown.exit = shown.exit.worst(Exit::Invalid);
    }
    if several && !output.quiet {
        output.people(&overview(&shown.summaries, output.style()));
    }
    match shown.documents.as_slice() {
        _ if !output.json => {}
        [document] if !several => Output::document(document)?,
        documents => Output::document(&documents)?,
    }
    Ok(shown.exit)
}

/// Two suites of one name would write into one directory.
fn refuse_equal_names(suites: &[(Prepared, Ready)], out: &Path, findings: &mut Findings) {
    let mut known = BTreeMap::new();
    for (Prepared { suite, .. }, _) in suites {
        if let Some(first) = known.insert(&suite.name, &suite.source.path) {
            let dir = display(&out.join(&suite.name));
            let message = format!("{dir} is to hold the run of this suite and that of {first}");
            let remedy = "give one of them another name, or leave `--out` away";
            findings.file_error(&suite.source.path, message, remedy);
        }
    }
}

/// Asks the trials of all suites and shows each suite at its turn.
fn together(
    runtime: &Runtime,
    suites: Vec<Result<Begun<'_>, NoPage>>,
    stop: &watch::Receiver<bool>,
    output: Output,
) -> Shown {
    let begun = || suites.iter().flatten();
    let names: Vec<&str> = begun().map(|begun| begun.header.suite.as_str()).collect();
    let planned = begun().map(|begun| begun.header.planned).sum();
    let progress = &Progress::new(&names, planned, output.quiet);
    let (end, ended) = mpsc::channel();
    thread::scope(|scope| {
        let teller = scope.spawn(move || {
            let mut order = InOrder::default();
            let mut shown = Shown::default();
            for (place, driven) in ended {
                let driven: Result<Driven<'_>, NoPage> = driven;
                let page = driven.and_then(Driven::conclude);
                order.add(place, page, |page| progress.aside(|| shown.add(page, output)));
            }
            shown
        });
        let driven = suites.into_iter().enumerate().map(|(place, begun)| {
            let end = end.clone();
            async move {
                let driven = match begun {
                    Ok(begun) => begun.drive(stop.clone(), progress).await,
                    Err(none) => Err(none),
                };
                // The teller listens until all have ended.
                let _ = end.send((place, driven));
            }
        });
        runtime.block_on(join_all(driven));
        drop(end);
        progress.end();
        teller.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// What the suites had to say.
struct Shown {
    /// The worst.
    exit: Exit,
    /// A line each, for people.
    summaries: Vec<Summary>,
    /// A document each, for programs.
    documents: Vec<serde_json::Value>,
}

impl Default for Shown {
    fn default() -> Shown {
        Shown { exit: Exit::Passed, summaries: Vec::new(), documents: Vec::new() }
    }
}

impl Shown {
    fn add(&mut self, page: Result<Page, NoPage>, output: Output) {
        let exit = match page {
            Ok(page) => {
                page.complaints.iter().for_each(|complaint| error(complaint));
                output.people(&page.text);
                page.hints.iter().for_each(|hint| remark(hint));
                self.summaries.extend(page.summaries);
                self.documents.extend(page.document);
                page.exit
            }
            Err(NoPage::Nothing(why)) => {
                remark(&why);
                Exit::Nothing
            }
            // What the other suites have to say is not lost over this one.
            Err(NoPage::Failed(message)) => {
                error(&message);
                Exit::Invalid
            }
        };
        self.exit = self.exit.worst(exit);
    }
}

/// What a suite has to say.
struct Page {
    exit: Exit,
    complaints: Vec<String>,
    /// What to do next: go on where it was stopped, remove disputes that are settled.
    hints: Vec<String>,
    text: String,
    summaries: Vec<Summary>,
    document: Option<serde_json::Value>,
}

/// Why a suite has no page.
enum NoPage {
    /// Nothing of it was selected.
    Nothing(String),
    /// It could not be run.
    Failed(String),
}

impl From<String> for NoPage {
    fn from(message: String) -> NoPage {
        NoPage::Failed(message)
    }
}

/// Where the run directory is.
pub(super) enum Place {
    /// There already, with a part of the run.
    Resumed(Box<Resumed>),
    /// Exactly here.
    Given(PathBuf),
    /// A new directory, named by time, below this one.
    Below(PathBuf),
}

impl Place {
    pub(super) fn new(out: Option<&Path>, root: &Path, suite: &str, several: bool) -> Place {
        match out {
            Some(out) if several => Place::Given(out.join(suite)),
            Some(out) => Place::Given(out.to_owned()),
            None => Place::Below(root.join("reports").join(suite)),
        }
    }

    /// Makes the directory, or finds what it holds: two runs that start in the same second get
    /// different names.
    pub(super) fn journal(
        &self,
        header: &mut Header,
    ) -> Result<(Journal, PathBuf, Option<Run>), String> {
        let told = |dir: &Path, error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => format!("{}: {error}", display(dir)),
            _ => format!("{}: {error}; name another directory with --out", display(dir)),
        };
        match self {
            Place::Resumed(resumed) => {
                if let Some(why) = resumed.differs(header) {
                    return Err(why);
                }
                let (journal, run) =
                    Journal::resume(&resumed.dir).map_err(|error| resume::stuck(&error))?;
                *header = run.header.clone();
                Ok((journal, resumed.dir.clone(), Some(run)))
            }
            Place::Given(dir) => {
                let journal = Journal::create(dir, header).map_err(|error| told(dir, error))?;
                Ok((journal, dir.clone(), None))
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
                            return Ok((journal, dir, None));
                        }
                    }
                }
                unreachable!("names by number do not run out")
            }
        }
    }
}

/// One suite.
struct One<'a> {
    args: &'a RunArgs,
    prepared: &'a Prepared,
    ready: &'a Ready,
    place: Place,
    root: &'a Path,
    purse: Option<&'a Purse>,
    output: Output,
}

/// A suite with its run directory, ready to be asked.
struct Begun<'a> {
    one: One<'a>,
    plan: Plan<'a>,
    header: Header,
    journal: Journal,
    dir: PathBuf,
    /// Trials that are finished, where the run began earlier, and how long that took as far as it
    /// is known.
    finished: BTreeSet<usize>,
    earlier_ms: f64,
    early: Option<EarlyStop>,
}

/// A suite that has been asked.
struct Driven<'a> {
    one: One<'a>,
    journal: Journal,
    dir: PathBuf,
    span: Span,
}

impl<'a> One<'a> {
    /// Plans it, makes its directory and looks its baseline up.
    fn begin(self) -> Result<Begun<'a>, NoPage> {
        let One { args, prepared, ready, .. } = &self;
        let suite = &prepared.suite;
        let Wanted { selection, seed, .. } = Wanted::of(&args.select);
        let plan = Plan::new(suite, ready.asked.clone(), selection, seed)
            .map_err(|conflict| format!("{}: {conflict}", suite.source.path))?;
        let extent = prepared.extent;
        if extent.own == 0 {
            let (path, cases) = (&suite.source.path, prepared.census.cases);
            return Err(NoPage::Nothing(format!("{path}: nothing selected of {cases} cases")));
        }
        let mut header = self.header(&plan, extent);
        // What cannot be read is told before anything is made.
        let accepted = Held::accepted(&prepared.path, &header)?;
        let disputes = Held::disputes(&prepared.path, &header)?;
        let (journal, dir, before) = self.place.journal(&mut header)?;
        let journal = journal.durable(args.durable);
        let mut early = EarlyStop::new(&header);
        let mut earlier_ms = 0.0;
        let mut finished = BTreeSet::new();
        if let Some(before) = before {
            let earlier = report::span(&dir, &header).elapsed_ms;
            earlier_ms = earlier.unwrap_or_default();
            if let Some(early) = &mut early {
                early.add_all(&before);
            }
            finished.extend(before.briefs().iter().map(Brief::index));
        }
        // Who was killed between the header and the baseline has none yet.
        if baseline::kept(&dir)?.is_none() {
            baseline::keep(&header, self.root, &dir)?;
        }
        if finished.is_empty() {
            Held::put(&accepted, &disputes, &dir)?;
        }
        Ok(Begun { one: self, plan, header, journal, dir, finished, earlier_ms, early })
    }

    fn header(&self, plan: &Plan<'_>, extent: Extent) -> Header {
        let suite = &self.prepared.suite;
        let endpoints = self.ready.asked.iter().map(|asked| AskedEndpoint {
            name: std::sync::Arc::clone(&asked.name),
            target: std::sync::Arc::clone(&asked.target),
            cassette: self.ready.cassettes.get(&asked.name).cloned(),
            price: asked.price,
            extra: Some(asked.extra.clone()),
        });
        Header {
            endpoints: endpoints.collect(),
            seed: plan.seed(),
            selection: Selected {
                filter: self.args.select.filter.as_ref().map(ToString::to_string),
                limit: self.args.select.limit,
            },
            cache: self.args.select.cache.name().to_owned(),
            planned: extent.own,
            plan: extent.digest,
            shard: self.args.select.shard.map(|shard| Shard {
                number: shard.number(),
                of: shard.of(),
                trials: extent.trials,
            }),
            ..header::of_suite(suite)
        }
    }
}

impl<'a> Begun<'a> {
    /// Asks its trials.
    async fn drive(
        self,
        stop: watch::Receiver<bool>,
        progress: &Progress,
    ) -> Result<Driven<'a>, NoPage> {
        let Begun { one, plan, header, mut journal, dir, finished, earlier_ms, mut early } = self;
        let start = Instant::now();
        let mut done = finished.len();
        progress.left_out(done);
        let mut failure = None;
        let (mut given_up, mut unpaid) = (BTreeMap::new(), 0);
        let (askers, planned, threshold) = (&one.ready.askers, header.planned, header.threshold);
        let ending = drive(&plan, planned, &finished, askers, threshold, stop, &mut |events| {
            // The journal comes first: what is shown must survive a kill.
            let records = events.iter().filter_map(|event| match event {
                Event::Finished(record) => Some(record),
                _ => None,
            });
            if let Err(error) = journal.append_all(records) {
                failure = Some(error);
                return ControlFlow::Break(Ending::Interrupted);
            }
            for event in events {
                match event {
                    Event::Finished(record) => {
                        done += 1;
                        progress.finished(record.quadrant == Some(Quadrant::ConfidentWrong));
                        if let Some(early) = &mut early {
                            early.add(&record, &header);
                        }
                    }
                    Event::Unasked { message, .. }
                        if one.purse.is_some_and(|purse| purse.says(&message)) =>
                    {
                        unpaid += 1;
                    }
                    Event::Unasked { endpoint, message } => {
                        given_up.entry(endpoint).or_insert(message);
                    }
                    Event::Started { .. } | Event::Ended(_) => {}
                }
            }
            let Some(early) = &early else { return ControlFlow::Continue(()) };
            match early.needed() {
                Some(needed) if needed < early.planned() => ControlFlow::Break(Ending::Decided),
                _ => ControlFlow::Continue(()),
            }
        })
        .await;
        progress.left_out(planned - done);
        if let Some(failure) = failure {
            let (dir, go_on) = (display(&dir), once_mended(&dir));
            return Err(format!("{dir}: the journal cannot be written: {failure}; {go_on}").into());
        }
        let elapsed_ms = Some(earlier_ms + crate::record::millis(start.elapsed()));
        let cache = one.args.select.cache;
        let max_cost = one.purse.map(|purse| spending::told(purse, unpaid, cache));
        let started = header.started;
        let span = Span { started, elapsed_ms, ending: Some(ending), given_up, max_cost };
        Ok(Driven { one, journal, dir, span })
    }
}

impl Driven<'_> {
    /// Judges it and writes what follows from its records.
    fn conclude(self) -> Result<Page, NoPage> {
        let Driven { one: One { args, prepared, ready, output, .. }, journal, dir, span } = self;
        let mut complaints = Vec::new();
        if let Some(caching) = &ready.caching
            && let Err(failure) = caching.cache.finish(&caching.session)
        {
            // The run has all its replies; only the next one will have to ask again.
            complaints.push(format!(
                "the cache is incomplete: {failure}; this run has all its replies, the next one may \
                 have to ask again"
            ));
        }
        let read = report::read(&dir)?;
        let run = &read.run;
        let stopped = matches!(span.ending, Some(Ending::Interrupted | Ending::GaveUp));
        let go_on = format!("to go on: overclaim run --resume {}", shell_word(&display(&dir)));
        let hint = if stopped && !run.is_complete() {
            Some(go_on)
        } else {
            run.header.shard.map(|Shard { number, of, trials }| {
                let own = run.header.planned;
                format!(
                    "shard {number} of {of}, {own} of {trials} trials; when all have run: \
                     overclaim merge OUT RUN RUN …"
                )
            })
        };
        let told = Told::of(read, span)?;
        let shown = display(&dir);
        journal
            .finish(&told.files(&shown)?)
            .map_err(|error| format!("{shown}: {error}; {}", once_mended(&dir)))?;
        if let Err(why) = told.propose(&prepared.path) {
            complaints.push(why);
        }
        let dir = shown;
        let page = told.page(&dir, args.top);
        let document = if output.json {
            let document = serde_json::to_value(told.document(&dir, args.top)?);
            Some(document.map_err(|error| error.to_string())?)
        } else {
            None
        };
        Ok(Page {
            exit: told.exit(),
            complaints,
            hints: hint.into_iter().chain(told.settled()).collect(),
            text: told.text(&dir, args.top, output, Format::Terminal)?,
            summaries: Summary::of(&page, output.style()),
            document,
        })
    }
}

/// What to do about a disk that refused a file: what was finished before is kept.
fn once_mended(dir: &Path) -> String {
    format!("once it can, go on: overclaim run --resume {}", shell_word(&display(dir)))
}

/// The first Ctrl-C or SIGTERM stops the run and lets it write its report; the second ends the
/// process at once, the journal being whole at any time.
pub(super) fn stop_on_signals(runtime: &Runtime) -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    // They count from here on, and not from when the task below has its first turn.
    let inside = runtime.enter();
    let Ok(mut signals) = Signals::new() else { return stopped };
    drop(inside);
    runtime.spawn(async move {
        for first in [true, false] {
            signals.next().await;
            if first {
                interjection("stopping: what is under way has 5 s to end; once more stops at once");
                stop.send_replace(true);
            } else {
                std::process::exit(3);
            }
        }
    });
    stopped
}

#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Signals { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
pub(super) struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    pub(super) fn new() -> io::Result<Signals> {
        tokio::signal::windows::ctrl_c().map(Signals)
    }

    pub(super) async fn next(&mut self) {
        let _ = self.0.recv().await;
    }
}
