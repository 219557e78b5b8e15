//! `overclaim accept` and `overclaim reject`: what a review does, for scripts.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use clap::Args;

use crate::report::visible;
use crate::snapshot::{Change, ChangeKind, Decided, Known, Line, is_date};
use crate::suite::{Filter, display};

use super::output::{Exit, Output, remark};
use super::pending::{Pending, commit, find, in_ci, read_run};

/// Which of the pending changes.
#[derive(Debug, Args)]
struct WhichArgs {
    /// Run directories to take the changes from [default: what lies beside the suites]
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Of this kind only; may be repeated
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<ChangeKind>,
    /// Cases by id and tag, as in `overclaim run --filter`
    #[arg(long, value_name = "EXPR")]
    filter: Option<Filter>,
    /// Of this suite only
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// Of this endpoint only
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// Accept pending changes: all, or those that are named.
///
/// A wrong answer that is accepted is known to be wrong from then on. It stays wrong in every rate,
/// and reports list it apart. See docs/review.md.
#[derive(Debug, Args)]
pub(super) struct AcceptArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Why wrong answers are accepted
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Since when wrong answers are known [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<String>,
}

/// Reject pending changes: what was accepted stays, and they come again with the next run that
/// shows them.
#[derive(Debug, Args)]
pub(super) struct RejectArgs {
    #[command(flatten)]
    which: WhichArgs,
}

fn kind(text: &str) -> Result<ChangeKind, String> {
    let name = text.replace('-', "_");
    ChangeKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let names: Vec<&str> = ChangeKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("no kind of change: write one of {}", names.join(", "))
    })
}

pub(super) fn date(text: &str) -> Result<String, String> {
    let day = || text.parse::<jiff::civil::Date>().is_ok();
    if is_date(text) && day() { Ok(text.to_owned()) } else { Err("write YYYY-MM-DD".into()) }
}

/// Today, where the user is.
pub(super) fn today() -> String {
    jiff::Zoned::now().date().to_string()
}

pub(super) fn accept(args: &AcceptArgs) -> Result<Exit, String> {
    let since = Some(args.date.clone().unwrap_or_else(today));
    let known = Known { since, reason: args.reason.clone() };
    decide_all(&args.which, &Decided::Accepted(known), "accepted")
}

pub(super) fn reject(args: &RejectArgs) -> Result<Exit, String> {
    decide_all(&args.which, &Decided::Rejected, "rejected")
}

/// Refuses to review in a CI job.
pub(super) fn refuse_in_ci() -> Result<(), String> {
    if in_ci() {
        return Err(
            "nothing is reviewed in a CI job (CI is set): `overclaim pending --check` fails \
                    there, and somebody reviews the changes and commits the snapshots"
                .into(),
        );
    }
    Ok(())
}

fn decide_all(which: &WhichArgs, as_this: &Decided, word: &str) -> Result<Exit, String> {
    refuse_in_ci()?;
    let output = Output { json: false, quiet: which.quiet, color: super::output::Color::Never };
    let found = find(&which.runs)?;
    let of_these = |pending: &&Pending| {
        let is = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|at| at == name);
        is(&which.suite, &pending.proposed.of.suite)
            && is(&which.endpoint, &pending.proposed.of.endpoint)
    };
    let mut told = String::new();
    for pending in found.iter().filter(of_these) {
        if which.filter.is_some() && pending.run.is_none() {
            let file = display(&pending.files.proposed);
            remark(&format!(
                "{file}: its run is not below reports/, so tags are not known: name it"
            ));
        }
        let chosen = which.choose(pending);
        if chosen.is_empty() {
            continue;
        }
        let all = pending.changes.len();
        let waited = chosen.iter().filter(|change| !change.kind.is_quiet()).count();
        let wrong =
            chosen.iter().filter(|change| change.after.as_ref().is_some_and(Line::is_wrong));
        let known = match (as_this, wrong.count()) {
            (Decided::Rejected, _) | (_, 0) => String::new(),
            (Decided::Accepted(_), 1) => ", 1 of them a wrong answer that is known now".into(),
            (Decided::Accepted(_), n) => format!(", {n} of them wrong answers that are known now"),
        };
        let decided: BTreeMap<String, Decided> =
            chosen.iter().map(|change| (change.case.clone(), as_this.clone())).collect();
        commit(pending, &decided)?;
        let file = display(&pending.files.accepted);
        let left = match all.saturating_sub(waited) {
            0 => String::new(),
            left => format!("; {left} left"),
        };
        told += &format!("{}: {word} {}{known}{left}\n", visible(&file), decided.len());
    }
    if told.is_empty() {
        let remedy = if which.runs.is_empty() {
            "; of a run: overclaim accept reports/SUITE/TIME, which also makes the first snapshot"
        } else {
            ""
        };
        remark(&format!("nothing is pending that fits{remedy}"));
        return Ok(Exit::Nothing);
    }
    if !output.quiet {
        output.people(&told);
    }
    Ok(Exit::Passed)
}

impl WhichArgs {
    /// The changes that are meant. Quiet ones are only where their kind is named.
    fn choose<'a>(&self, pending: &'a Pending) -> Vec<&'a Change> {
        let tags = match &self.filter {
            Some(_) => tags(pending),
            None => HashMap::new(),
        };
        let quiet = pending.quiet.iter().filter(|change| self.kind.contains(&change.kind));
        let of_kind = |change: &&Change| self.kind.is_empty() || self.kind.contains(&change.kind);
        let fits = |change: &&Change| {
            let tags = tags.get(&change.case).map_or(&[][..], Vec::as_slice);
            self.filter.as_ref().is_none_or(|filter| filter.matches(&change.case, tags))
        };
        pending.changes.iter().filter(of_kind).chain(quiet).filter(fits).collect()
    }
}

/// The tags of the cases, as the run has them.
fn tags(pending: &Pending) -> HashMap<String, Vec<String>> {
    let Some(run) = read_run(pending) else { return HashMap::new() };
    let of_it = run.of_endpoint(&pending.proposed.of.endpoint);
    of_it.map(|brief| (run.name(brief.case()).to_owned(), run.labels(brief).tags.clone())).collect()
}
