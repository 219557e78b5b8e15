//! `overclaim regrade`: what was heard, graded as the suite says today; nothing is asked.
//!
//! The endpoints are those of the run, whatever the configuration says now: it was they who
//! replied. Selection, seed and repeats are those of the run, too. Everything else is the suite's
//! of today. If one trial cannot be graded from what is stored, nothing is written: a run of which
//! a part was graded by other rules would be comparable with none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::cache::differences;
use crate::journal;
use crate::plan::{Asked, Plan, Selection, Shard};
use crate::record::{self, Header, Record, Role};
use crate::regrade::{Reason, Regraded, regrade as grade_again};
use crate::scorecard::Span;
use crate::suite::{Config, Findings, Suite, display};

use super::header::of_suite;
use super::held::Held;
use super::output::{Exit, Output, remark};
use super::prepare::{self, Prepared, Wanted, refused};
use super::report::{latest, span};
use super::run::Place;
use super::snapshots::suite_file;
use super::written::write;
use super::{OutputArgs, baseline, share};

#[derive(Debug, Args)]
pub(super) struct RegradeArgs {
    /// Run directory [default: the latest below reports/]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Suite file, where it is not where the run found it
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    /// Confidence from which on a wrong answer counts as confident [default: the suite's]
    #[arg(long, value_name = "T", value_parser = share)]
    threshold: Option<f64>,
    /// New run directory [default: reports/SUITE/TIME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many confident wrong answers are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn regrade(args: &RegradeArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let from = match &args.run {
        Some(dir) => dir.clone(),
        None => latest()?,
    };
    let run = journal::read(&from).map_err(|error| error.to_string())?;
    let mut findings = Findings::default();
    let here = std::env::current_dir().map_err(|error| format!("no working directory: {error}"))?;
    let config = Config::find(&here, &mut findings);
    let root = config.root.unwrap_or_default();
    let path = suite_path(args, &run.header, &from, &root)?;
    let wanted = wanted(&run.header)?;
    let prepared = load(args, &run.header, &wanted, &path, &root, &mut findings);
    if let Some(exit) = refused(&findings, output) {
        return Ok(exit);
    }
    let Some(Prepared { suite, extent, .. }) = prepared else { return Ok(Exit::Invalid) };
    let records: Vec<Record> =
        run.records().collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    let plan = plan(&suite, &run.header, &records, wanted)?;
    if extent.own == 0 {
        remark(&format!("{}: nothing of it is selected as in the run", suite.source.path));
        return Ok(Exit::Nothing);
    }
    let regraded = grade_again(&plan, &records, run.header.planned, suite.threshold);
    if let Some(lacking) = in_words(&regraded, &run.header, &suite, extent.own) {
        return Err(lacking);
    }
    tell(&regraded, &from);
    let mut header = Header {
        planned: extent.own,
        plan: extent.digest,
        shard: run.header.shard.map(|shard| record::Shard { trials: extent.trials, ..shard }),
        seed: plan.seed(),
        ..header(&suite, &run.header, &from)
    };
    let accepted = Held::accepted(&path, &header)?;
    let disputes = Held::disputes(&path, &header)?;
    let place = Place::new(args.out.as_deref(), &root, &suite.name, false);
    let (journal, dir, _) = place.journal(&mut header)?;
    let before = span(&from, &run.header);
    let records = regraded.records.into_iter().map(Ok);
    let kept = baseline::keep(&header, &root, &dir);
    let span = Span { started: header.started, elapsed_ms: None, ..before };
    kept.and_then(|()| Held::put(&accepted, &disputes, &dir))
        .and_then(|()| write(records, span, journal, &dir, Some(&path), args.top, output))
        .inspect_err(|_| journal::discard(&dir))
}

/// The suite's file: as the run named it, from here or from the project's root.
fn suite_path(
    args: &RegradeArgs,
    header: &Header,
    from: &Path,
    root: &Path,
) -> Result<PathBuf, String> {
    if let Some(path) = &args.suite {
        return Ok(path.clone());
    }
    suite_file(header, root).ok_or_else(|| {
        let (from, path) = (display(from), &header.path);
        format!("{from}: its suite {path} is not there; name it with --suite FILE")
    })
}

/// Reads the suite and has it asked as the run asked it. What is wrong with it is in the findings.
fn load(
    args: &RegradeArgs,
    header: &Header,
    wanted: &Wanted,
    path: &Path,
    root: &Path,
    findings: &mut Findings,
) -> Option<Prepared> {
    let mut suite = Suite::load(path, findings)?;
    if let Some(threshold) = args.threshold {
        suite.set_threshold(threshold);
    }
    let mut of_repeats = Findings::default();
    suite.repeat(header.repeats, &mut of_repeats);
    let names: Vec<Arc<str>> = header.endpoints.iter().map(|at| Arc::clone(&at.name)).collect();
    let (census, extent) = wanted.survey(&suite, &names, findings);
    findings.append(of_repeats);
    let path = path.to_owned();
    let prepared = Prepared { suite, path, census, extent, endpoints: Vec::new() };
    let mut selection = prepare::Selection {
        suites: vec![prepared],
        named: Vec::new(),
        root: root.to_owned(),
        keep: crate::suite::Keep::default(),
    };
    selection.warn_of_budgets(findings);
    selection.suites.pop()
}

/// What was asked of the suite.
fn wanted(header: &Header) -> Result<Wanted, String> {
    let filter = header.selection.filter.as_deref().map(str::parse).transpose();
    let filter = filter.map_err(|why| format!("the run's filter cannot be read: {why}"))?;
    let shard = header.shard.and_then(|shard| Shard::new(shard.number, shard.of));
    let selection = Selection { filter, limit: header.selection.limit, shard };
    Ok(Wanted { selection, repeats: Some(header.repeats), seed: header.seed })
}

/// Today's plan at the endpoints of the run. What they passed on verbatim stands in its requests.
fn plan<'a>(
    suite: &'a Suite,
    header: &Header,
    records: &[Record],
    wanted: Wanted,
) -> Result<Plan<'a>, String> {
    let asked = header.endpoints.iter().map(|asked| {
        let own = records.iter().filter(|record| record.endpoint == asked.name);
        let mut exchanges = own.flat_map(|record| &record.exchanges);
        let answer = exchanges.find(|heard| heard.role == Role::Answer);
        let extra = answer.map(|heard| heard.request.params.extra.clone());
        Asked {
            name: Arc::clone(&asked.name),
            target: Arc::clone(&asked.target),
            extra: extra.unwrap_or_default(),
            price: asked.price,
        }
    });
    Plan::new(suite, asked.collect(), wanted.selection, wanted.seed).map_err(|conflict| {
        let line = suite.methods.first().map_or(1, |method| method.span.line);
        format!("{}:{line}: {conflict}", suite.source.path)
    })
}

/// What is known of the new run, but for its plan.
fn header(suite: &Suite, before: &Header, from: &Path) -> Header {
    let (started, run) = before.asked();
    let Header { endpoints, seed, selection, cache, repeats, shard, .. } = before.clone();
    Header {
        endpoints,
        seed,
        selection,
        cache,
        repeats,
        shard,
        regraded: Some(record::Regraded {
            from: display(from),
            run: run.to_owned(),
            started: started.to_owned(),
        }),
        ..of_suite(suite)
    }
}

/// What is not in the new run.
fn tell(regraded: &Regraded, from: &Path) {
    let trials = |n| if n == 1 { "1 trial".to_owned() } else { format!("{n} trials") };
    if regraded.left_out > 0 {
        let trials = trials(regraded.left_out);
        remark(&format!("left out: {trials} that the suite no longer has"));
    }
    if regraded.unfinished > 0 {
        let (trials, from) = (trials(regraded.unfinished), display(from));
        remark(&format!("unfinished, here as in {from}: {trials}"));
    }
}

/// Why nothing is graded again, if anything lacks replies: how many, why, the first of them, and
/// what to do.
fn in_words(regraded: &Regraded, before: &Header, suite: &Suite, planned: usize) -> Option<String> {
    let lacking = || regraded.lacking.values();
    let first = lacking().min_by_key(|lacking| lacking.index)?;
    let number: usize = lacking().map(|lacking| lacking.trials).sum();
    let calls: usize = lacking().map(|lacking| lacking.calls).sum();
    let reasons: Vec<String> = regraded
        .lacking
        .iter()
        .map(|(reason, lacking)| {
            let n = lacking.trials;
            match reason {
                Reason::Changed if n == 1 => "1 is asked in another way than in the run".to_owned(),
                Reason::Changed => format!("{n} are asked in another way than in the run"),
                Reason::Confidence => format!("{n} for a confidence method"),
                Reason::Judge => format!("{n} for their grader"),
                Reason::New if n == 1 => "1 is new".to_owned(),
                Reason::New => format!("{n} are new"),
            }
        })
        .collect();
    let mut why = reasons.join(", ");
    let names = suite.methods.iter().map(|method| method.value.name());
    let added: Vec<String> = names
        .filter(|name| !before.sources.iter().any(|known| known == name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !added.is_empty() && !regraded.lacking.contains_key(&Reason::New) {
        why += &format!("; confidence from {} is new", added.join(" and "));
    }
    let place = format!("{}:{}", first.at.file, first.at.line);
    let (asked, known) = &first.requests;
    let differs = known.as_ref().map(|known| differences(asked, known, "in the run"));
    let differs = differs.filter(|differs| !differs.is_empty());
    let differs = differs.map_or_else(String::new, |differs| format!(", differs in {differs}"));
    let needs = if number == 1 { "needs" } else { "need" };
    let calls = if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
    let (trial, path) = (&first.trial, &suite.source.path);
    Some(format!(
        "{place}: nothing is graded again: {number} of {planned} trials {needs} {calls} ({why}); \
         the first, {trial}{differs}; ask with `overclaim run {path}`, which finds stored replies in \
         the cache"
    ))
}
