//! `overclaim merge`: runs of one plan become one run, as if nothing had come between them.
//!
//! Parts of one plan know their trials by the same places, so records fall into order by these.
//! What two parts have both is the same, or the merge is refused: which of two answers counts is
//! not for us to choose. Everything is compared before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::journal::{self, Journal};
use crate::record::{Brief, Ending, Header, Record, Run, Selected};
use crate::scorecard::Span;
use crate::suite::display;

use super::held::Held;
use super::output::{Exit, Output};
use super::report::{root, span};
use super::written::write;
use super::{OutputArgs, baseline, snapshots};

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// New run directory
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Run directories of one plan, two or more
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    runs: Vec<PathBuf>,
    /// How many confident wrong answers are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    output: OutputArgs,
}

/// A run that becomes part of another one.
struct Part {
    dir: PathBuf,
    run: Run,
    span: Span,
}

pub(super) fn merge(args: &MergeArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let mut parts = Vec::new();
    for dir in &args.runs {
        let run = journal::read(dir).map_err(|error| error.to_string())?;
        let span = span(dir, &run.header);
        parts.push(Part { dir: dir.clone(), run, span });
    }
    // Whatever order they are named in, the one that was asked first is the run that others go on
    // with.
    parts.sort_by(|one, other| {
        let started = |part: &Part| (part.run.header.started.clone(), part.run.header.run.clone());
        started(one).cmp(&started(other))
    });
    let Some((first, others)) = parts.split_first() else { return Ok(Exit::Nothing) };
    for other in others {
        refuse_another_plan(first, other)?;
    }
    let mut header = first.run.header.clone();
    header.merged = args.runs.iter().map(|dir| display(dir)).collect();
    // Shards become parts of the whole, of which other shards may be missing still.
    header.planned = header.trials_of_all();
    header.shard = None;
    let Held { against: kept, accepted, disputes, .. } = Held::kept(&first.dir, &header)?;
    let mut span = span_of(&parts);
    let joined = join(&parts)?;
    if joined.len() >= header.planned {
        span.given_up.clear();
    }
    let root = root()?;
    let suite = snapshots::suite_file(&header, &root);
    let journal = Journal::create(&args.out, &header).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{}: {error}", display(&args.out)),
        _ => format!("{}: {error}; name another directory", display(&args.out)),
    })?;
    let baseline = match kept {
        Some(kept) => baseline::put(&kept, &args.out),
        None => baseline::keep(&header, &root, &args.out),
    };
    let records = joined.values().map(|(part, brief)| read_again(&parts[*part], brief));
    baseline
        .and_then(|()| Held::put(&accepted, &disputes, &args.out))
        .and_then(|()| write(records, span, journal, &args.out, suite.as_deref(), args.top, output))
        .inspect_err(|_| journal::discard(&args.out))
}

/// Two runs go together that were to ask the same and to be judged alike.
fn refuse_another_plan(first: &Part, other: &Part) -> Result<(), String> {
    let (one, two) = (&first.run.header, &other.run.header);
    let Some(differs) = difference(one, two) else { return Ok(()) };
    let (first, other) = (display(&first.dir), display(&other.dir));
    let remedy = if one.selection == two.selection {
        "merge runs of one suite as it was, at the same endpoints and by the same flags; \
         `overclaim regrade` grades older ones as the suite says today"
    } else {
        "selections of cases are plans of their own: run them all, and replies that are stored are \
         taken from the cache"
    };
    Err(format!("{first} and {other} are not runs of one plan: {differs}; {remedy}"))
}

/// The first thing in which two headers differ that must be the same, in words.
fn difference(one: &Header, two: &Header) -> Option<String> {
    let names = |header: &Header| {
        let names: Vec<&str> = header.endpoints.iter().map(|asked| &*asked.name).collect();
        names.join(", ")
    };
    let number = |number: Option<u64>| number.map_or("none".to_owned(), |seed| seed.to_string());
    let differ = |what: &str, same: bool, one: String, two: String| {
        (!same).then(|| {
            if one == two {
                format!("{what} is another one")
            } else {
                format!("{what} is {one} in the first and {two} in the second")
            }
        })
    };
    differ("the suite", one.suite == two.suite, one.suite.clone(), two.suite.clone())
        .or_else(|| {
            let same = one.selection == two.selection;
            differ("the selection", same, selected(&one.selection), selected(&two.selection))
        })
        .or_else(|| {
            let short = |header: &Header| header.digest.to_string()[..12].to_owned();
            let what = "the digest of the suite's text";
            differ(what, one.digest == two.digest, short(one), short(two))
        })
        .or_else(|| {
            differ(
                "what was asked (`endpoints`)",
                one.endpoints == two.endpoints,
                names(one),
                names(two),
            )
        })
        .or_else(|| {
            let same = one.repeats == two.repeats;
            differ("the number of repeats", same, one.repeats.to_string(), two.repeats.to_string())
        })
        .or_else(|| differ("the seed", one.seed == two.seed, number(one.seed), number(two.seed)))
        .or_else(|| {
            let same = one.threshold.to_bits() == two.threshold.to_bits();
            differ("the threshold", same, one.threshold.to_string(), two.threshold.to_string())
        })
        .or_else(|| {
            let same = one.budget == two.budget && one.slices == two.slices;
            differ("the budget", same, String::new(), String::new())
        })
        .or_else(|| {
            let same = one.sources == two.sources;
            differ("the confidence", same, one.sources.join(", "), two.sources.join(", "))
        })
        .or_else(|| {
            let graded = |header: &Header| match header.regraded {
                Some(_) => "stored replies graded again".to_owned(),
                None => "replies as they came".to_owned(),
            };
            let same = one.regraded.is_some() == two.regraded.is_some();
            differ("what was graded", same, graded(one), graded(two))
        })
        .or_else(|| {
            // The cases are in files of their own, which may have changed under the same suite.
            let same = one.plan == two.plan && one.trials_of_all() == two.trials_of_all();
            let trials = |header: &Header| {
                format!("of {} trials ({})", header.trials_of_all(), &header.plan.to_string()[..12])
            };
            differ("the plan", same, trials(one), trials(two))
        })
}

fn selected(selection: &Selected) -> String {
    let filter = selection.filter.as_ref().map(|filter| format!("`--filter '{filter}'`"));
    let limit = selection.limit.map(|limit| format!("`--limit {limit}`"));
    match (filter, limit) {
        (Some(filter), Some(limit)) => format!("{filter} {limit}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "all cases".to_owned(),
    }
}

/// The trials of all parts in plan order, each with the number of its part.
fn join(parts: &[Part]) -> Result<BTreeMap<usize, (usize, Brief)>, String> {
    let mut joined: BTreeMap<usize, (usize, Brief)> = BTreeMap::new();
    for (number, part) in parts.iter().enumerate() {
        for brief in part.run.briefs() {
            let (first, known) = *joined.entry(brief.index()).or_insert((number, *brief));
            if first != number {
                let one = read_again(&parts[first], &known)?;
                let two = read_again(part, brief)?;
                refuse_another_answer((&one, &parts[first].dir), (&two, &part.dir))?;
            }
        }
    }
    Ok(joined)
}

fn read_again(part: &Part, brief: &Brief) -> Result<Record, String> {
    part.run.record(brief).map_err(|error| error.to_string())
}

/// Two records of one trial are the same where all that statistics may see is: not how the replies
/// were come by, and not where the cases were read.
fn refuse_another_answer(
    (one, first): (&Record, &Path),
    (two, second): (&Record, &Path),
) -> Result<(), String> {
    let seen =
        |record: &Record| Record { exchanges: Vec::new(), at: one.at.clone(), ..record.clone() };
    if seen(one) == seen(two) {
        return Ok(());
    }
    let said = |record: &Record| {
        let name = record.outcome.name();
        record.said().map_or_else(|| name.to_owned(), |said| format!("{name}, {said:?}"))
    };
    let (first, second) = (display(first), display(second));
    let trial = &one.trial;
    let known = if one.trial == two.trial && said(one) != said(two) {
        format!("{trial} has two answers: {} in {first} and {} in {second}", said(one), said(two))
    } else if one.trial == two.trial {
        let fields = fields_that_differ(&seen(one), &seen(two));
        format!("{trial} has another {fields} in {first} than in {second}")
    } else {
        let other = &two.trial;
        format!("trial {} is {trial} in {first} and {other} in {second}", one.index)
    };
    Err(format!("{known}; leave one of the two runs out, or run the suite again"))
}

/// Their names, as the journal calls them.
fn fields_that_differ(one: &Record, two: &Record) -> String {
    let value = |record| serde_json::to_value(record).unwrap_or_default();
    let (one, two) = (value(one), value(two));
    let names = [&one, &two].into_iter().filter_map(|record| record.as_object());
    let names: BTreeSet<&String> = names.flat_map(|fields| fields.keys()).collect();
    let differing = names.into_iter().filter(|name| one.get(name) != two.get(name));
    differing.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

/// When the parts were under way together. A limit on the cost of one of them is none on all.
fn span_of(parts: &[Part]) -> Span {
    let spans = || parts.iter().map(|part| &part.span);
    // The worst: an endpoint that was given up explains more than a stop.
    let endings: Vec<Ending> = spans().filter_map(|span| span.ending).collect();
    let worst = [Ending::GaveUp, Ending::Interrupted, Ending::Decided, Ending::Complete];
    let started = spans().next().map_or_else(String::new, |span| span.started.clone());
    let given_up = spans().flat_map(|span| span.given_up.clone()).collect();
    let elapsed_ms = spans().map(|span| span.elapsed_ms).sum();
    let ending = worst.into_iter().find(|ending| endings.contains(ending));
    Span { started, elapsed_ms, ending, given_up, max_cost: None }
}
