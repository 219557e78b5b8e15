//! `overclaim compare`: a candidate held against its baseline, answer by answer.

mod input;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::gate::{Obstacle, SEED, in_words};
use crate::report::{ComparedPage, compared, compared_headline};
use crate::scorecard::{Comparison, Direction, Method, Pairing};

use super::output::{Exit, Output};
use super::score::FieldArgs;
use super::{OutputArgs, share};
use input::{Input, Loaded, Wanted};

/// Version of the document.
const FORMAT: u32 = 1;

/// Confidence that counts where neither a flag nor a run says so.
const THRESHOLD: f64 = 0.8;

/// How many changed cases an error names.
const NAMED: usize = 5;

/// Hold a candidate against its baseline, answer by answer.
///
/// BASE and CAND are run directories, or files of graded answers as `overclaim score` reads them,
/// paired by `id`. Exit code 1 means that the candidate is significantly worse: in accuracy, Brier
/// score or confident wrong answers, corrected for three tests.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// Run directory or file of the baseline
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// Run directory or file of the candidate
    #[arg(value_name = "CAND")]
    cand: PathBuf,
    /// Endpoint of both runs, or source of both files, where they have several
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Endpoint or source of the baseline
    #[arg(long, value_name = "NAME")]
    base_endpoint: Option<String>,
    /// Endpoint or source of the candidate
    #[arg(long, value_name = "NAME")]
    cand_endpoint: Option<String>,
    /// Largest probability of "worse" where nothing changed
    #[arg(long, value_name = "A", value_parser = alpha, default_value = "5%")]
    alpha: f64,
    /// Confidence from which on a wrong answer counts as confident [default: the baseline's, or 0.8]
    #[arg(long, value_name = "T", value_parser = share)]
    threshold: Option<f64>,
    /// Leave out cases whose question or grader changed, however many they are
    #[arg(long)]
    allow_changed: bool,
    /// Seed of what is drawn: sign flips and resamples
    #[arg(long, value_name = "S", default_value_t = SEED)]
    seed: u64,
    #[command(flatten)]
    fields: FieldArgs,
    /// Leave out bad rows of files, and count them
    #[arg(long)]
    skip_bad: bool,
    /// How many answers that turned for the worse are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    output: OutputArgs,
}

fn alpha(text: &str) -> Result<f64, String> {
    let alpha = share(text)?;
    if alpha > 0.0 && alpha <= 0.5 {
        Ok(alpha)
    } else {
        Err("write a level above 0 and at most 50%, such as 5%".to_owned())
    }
}

pub(super) fn compare(args: &CompareArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let [base, cand] = [Input::open(&args.base)?, Input::open(&args.cand)?];
    let threshold = args.threshold.or(base.threshold()).or(cand.threshold()).unwrap_or(THRESHOLD);
    let wanted = |name: &Option<String>, flag| Wanted {
        name: name.clone().or_else(|| args.endpoint.clone()),
        flag,
    };
    let reading = (args.fields.fields(), args.skip_bad);
    let base = base.load(&wanted(&args.base_endpoint, "--base-endpoint"), threshold, &reading)?;
    let cand = cand.load(&wanted(&args.cand_endpoint, "--cand-endpoint"), threshold, &reading)?;
    let method = Method { alpha: args.alpha, seed: args.seed, only_quadrants: false };
    let pairing = Pairing::of(base.sides.clone(), cand.sides.clone());
    let comparison = Comparison::in_full(pairing, method);
    let obstacle = obstacle(args, &base, &cand, &comparison)?;
    let notes = notes(args, &base, &cand, &comparison);
    let title = base.suite.as_deref().or(cand.suite.as_deref()).unwrap_or("comparison");
    let page = ComparedPage {
        title,
        baseline: &base.in_words(),
        candidate: &cand.in_words(),
        comparison: &comparison,
        notes: &notes,
        obstacle: obstacle.as_deref(),
        top: args.top,
    };
    if output.quiet {
        output.people(&compared_headline(&page, output.style()));
    } else {
        output.people(&compared(&page, output.style()));
    }
    let exit = match (&obstacle, comparison.direction) {
        (Some(_), _) => Exit::NotMeasured,
        (None, Direction::Worse) => Exit::Failed,
        (None, _) => Exit::Passed,
    };
    if output.json {
        Output::document(&json!({
            "format": FORMAT,
            "baseline": base.document(),
            "candidate": cand.document(),
            "threshold": threshold,
            "verdict": in_words(&comparison),
            "obstacle": obstacle,
            "notes": notes,
            "comparison": comparison,
        }))?;
    }
    Ok(exit)
}

/// Why the comparison decides nothing, if it does not.
///
/// # Errors
/// The two are not the same cases.
fn obstacle(
    args: &CompareArgs,
    base: &Loaded,
    cand: &Loaded,
    comparison: &Comparison,
) -> Result<Option<String>, String> {
    let found = match Obstacle::of(comparison) {
        Some(Obstacle::Changed(..)) if args.allow_changed => Obstacle::of_losses(comparison),
        found => found,
    };
    match found {
        Some(Obstacle::NothingShared) => Err(format!(
            "{} and {} have no case in common{}",
            base.place,
            cand.place,
            match (&base.suite, &cand.suite) {
                (Some(one), Some(other)) if one != other =>
                    format!(": they are runs of the suites `{one}` and `{other}`"),
                _ => ": cases are paired by id".to_owned(),
            }
        )),
        Some(Obstacle::Changed(changed, shared)) => {
            let named: Vec<&str> =
                comparison.left_out.changed.iter().take(NAMED).map(String::as_str).collect();
            let more = if changed > NAMED { ", …" } else { "" };
            Err(format!(
                "the question or the grader of {changed} of {shared} cases is another one ({}{more}); \
                 run the baseline again, or leave these out with --allow-changed",
                named.join(", ")
            ))
        }
        _ if base.partial.is_some() || cand.partial.is_some() => {
            let told = |side: &Loaded, name: &str| {
                side.partial.map(|(finished, planned)| {
                    format!("the {name} was stopped after {finished} of {planned} trials")
                })
            };
            Ok(told(base, "baseline").or_else(|| told(cand, "candidate")))
        }
        found => Ok(found.map(|found| found.to_string())),
    }
}

/// What a reader must know before believing the numbers.
fn notes(args: &CompareArgs, base: &Loaded, cand: &Loaded, comparison: &Comparison) -> Vec<String> {
    let mut notes = Vec::new();
    let changed = comparison.left_out.changed.len();
    if changed > 0 {
        notes.push(format!(
            "{changed} of {} cases have another question or grader than in the baseline and are not compared",
            comparison.shared
        ));
    }
    match comparison.prompt_changed.len() {
        0 => {}
        n if n == comparison.cases => {
            notes.push(
                "the prompts are others than in the baseline, around the same questions".into(),
            );
        }
        n => notes.push(format!(
            "{n} of {} cases have another prompt than in the baseline, around the same question",
            comparison.cases
        )),
    }
    if let (Some(one), Some(other)) = (&base.suite, &cand.suite)
        && one != other
    {
        notes.push(format!(
            "the baseline is a run of the suite `{one}`, the candidate of `{other}`"
        ));
    }
    if let (Some(one), Some(other)) = (&base.source, &cand.source)
        && one != other
    {
        notes.push(format!(
            "confidence is `{one}` in the baseline and `{other}` in the candidate: a change of Brier score or confident wrong answers may come from that alone"
        ));
    }
    if args.threshold.is_none()
        && let (Some(one), Some(other)) = (base.threshold, cand.threshold)
        && (one - other).abs() > 0.0
    {
        notes.push(format!(
            "confident is from {one} on in both; the candidate's own threshold is {other}"
        ));
    }
    for side in [base, cand] {
        notes.extend(side.remarks.iter().cloned());
    }
    notes
}
