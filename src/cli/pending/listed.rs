//! `overclaim pending`: what waits to be reviewed, for people, programs and CI.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::super::OutputArgs;
use super::super::output::{Exit, Output, remark};
use super::{Pending, find};
use crate::report::{shell_word, visible};
use crate::snapshot::{Change, ChangeKind, Line};
use crate::suite::display;

/// Version of the document.
const FORMAT: u32 = 1;

/// So many changes of a kind are listed for people.
const MOST: usize = 10;

/// What runs proposed and nobody has reviewed yet; asks nothing and changes nothing.
///
/// A run of a suite with an accepted snapshot proposes a new one where answers changed. See
/// docs/review.md.
#[derive(Debug, Args)]
#[command(
    mut_arg("json", |arg| arg.help("The changes as one JSON document on standard output, and nothing else there")),
    mut_arg("quiet", |arg| arg.help("Print a line a snapshot only"))
)]
pub(crate) struct PendingArgs {
    /// Run directories to hold against their snapshots [default: what lies beside the suites]
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Exit with 1 where something is pending
    #[arg(long)]
    check: bool,
    /// Show changes that wait for nobody, too: unstable cases and other answers with the same
    /// verdict; of named runs
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn pending(args: &PendingArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    if args.all && args.runs.is_empty() {
        return Err("--all looks into runs: name one, such as reports/SUITE/TIME".into());
    }
    let found = find(&args.runs)?;
    let waiting: usize = found.iter().map(|pending| pending.changes.len()).sum();
    if output.json {
        Output::document(&document(&found, args.all))?;
    }
    let mut text = String::new();
    for pending in &found {
        in_words(&mut text, pending, args.all, output.quiet);
    }
    output.people(&text);
    if waiting == 0 {
        remark("nothing is pending");
    } else if !output.quiet {
        let runs: Vec<String> = args.runs.iter().map(|run| shell_word(&display(run))).collect();
        remark(format!("to review: overclaim review {}", runs.join(" ")).trim_end());
    }
    Ok(if args.check && waiting > 0 { Exit::Failed } else { Exit::Passed })
}

fn document(found: &[Pending], all: bool) -> Value {
    let snapshots = found.iter().map(|pending| {
        let quiet = pending.quiet.iter().filter(|_| all);
        let changes = pending.changes.iter().chain(quiet).map(change);
        json!({
            "suite": pending.proposed.of.suite,
            "endpoint": pending.proposed.of.endpoint,
            "accepted": display(&pending.files.accepted),
            "proposed": display(&pending.files.proposed),
            "run": pending.run.as_ref().map(|run| display(run)),
            "changes": changes.collect::<Vec<_>>(),
        })
    });
    json!({"format": FORMAT, "snapshots": snapshots.collect::<Vec<_>>()})
}

fn change(change: &Change) -> Value {
    let line = |line: &Option<Line>| line.as_ref().map(ToString::to_string);
    json!({
        "kind": change.kind.name(),
        "case": change.case,
        "before": line(&change.before),
        "after": line(&change.after),
        "p": change.p,
    })
}

fn in_words(out: &mut String, pending: &Pending, all: bool, briefly: bool) {
    let file = visible(&display(&pending.files.proposed)).into_owned();
    let mut kinds: BTreeMap<ChangeKind, Vec<&Change>> = BTreeMap::new();
    let quiet = pending.quiet.iter().filter(|_| all);
    for change in pending.changes.iter().chain(quiet) {
        kinds.entry(change.kind).or_default().push(change);
    }
    let counts: Vec<String> =
        kinds.iter().map(|(kind, of)| format!("{} {}", of.len(), kind.words())).collect();
    let _ = writeln!(out, "{file}: {}", counts.join(", "));
    if briefly {
        return;
    }
    for (kind, changes) in kinds {
        for change in changes.iter().take(MOST) {
            let _ = writeln!(out, "  {:<25}  {}", kind.words(), told(change));
        }
        if changes.len() > MOST {
            let _ = writeln!(out, "  {:<25}  … {} more", "", changes.len() - MOST);
        }
    }
}

/// A case with its answer then and now.
pub(super) fn told(change: &Change) -> String {
    let said = |line: &Line| {
        let answer = line.answer.as_ref().map(|answer| visible(&answer.text).into_owned());
        let answer = match (answer, line.state()) {
            (Some(answer), _) => answer,
            (None, Some(state)) => state.kind().name().to_owned(),
            (None, None) => String::new(),
        };
        let short: String = answer.chars().take(40).collect();
        let more = if short.len() < answer.len() { "…" } else { "" };
        let band = line.band.map(|band| format!(" ({band})")).unwrap_or_default();
        format!("{short}{more}{band}")
    };
    let case = visible(&change.case);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{case}: {} → {}", said(before), said(after)),
        (Some(line), None) | (None, Some(line)) => format!("{case}: {}", said(line)),
        (None, None) => case.into_owned(),
    }
}
