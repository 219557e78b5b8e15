//! `overclaim dispute`: a gold answer that a review found wrong, disputed or mended.
//!
//! A disputed label judges as before, and so does the gate: only reports tell both figures. Mending
//! writes a patch, since the dataset may be somebody else's; until the patch is applied the label is
//! disputed, too. Everything is kept beside the snapshots, in two files a suite: what is disputed,
//! and the patch, which follows from it and is written anew each time.

mod label;
mod listed;
mod mended;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::journal;
use crate::record::Run;
use crate::report::{shell_word, visible};
use crate::snapshot::{Dispute, Disputes, unseen};
use crate::suite::display;

use super::OutputArgs;
use super::accept::{date, refuse_in_ci, today};
use super::output::{Exit, Output};
use super::report::{latest, root};
use super::snapshots::{DIR, Files, load_disputes, put_text, remove, suite_file};
use label::Label;

/// Dispute the gold answer of a case, or have it mended.
///
/// A disputed label judges as before; reports show every figure with and without its cases, until
/// the label is another one. See docs/labels.md.
#[derive(Debug, Args)]
#[command(
    mut_arg("json", |arg| arg.help("With --list: one JSON document on standard output")),
    mut_arg("quiet", |arg| arg.help("Print nothing but errors"))
)]
pub(super) struct DisputeArgs {
    /// Run directory [default: the latest below reports/]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Case by its id, or a row by its id: its variants have one label
    #[arg(value_name = "CASE", required_unless_present = "list")]
    case: Option<String>,
    /// What is right instead
    #[arg(long, value_name = "TEXT")]
    says: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Since when [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<String>,
    /// Write a patch that puts this answer in the label's place: a text, or a choice by its letter or
    /// text; may be repeated where several are right
    #[arg(long, value_name = "ANSWER")]
    mend: Vec<String>,
    /// Do not dispute it any more
    #[arg(long, conflicts_with_all = ["says", "reason", "date", "mend"])]
    settle: bool,
    /// What is disputed of the run's suite, and both figures
    #[arg(long, conflicts_with_all = ["says", "reason", "date", "mend", "settle"])]
    list: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// What a reviewer says of a label.
#[derive(Debug, Clone, Default)]
pub(super) struct Objection {
    /// What is right instead.
    pub says: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Since when; today where that is not said.
    pub since: Option<String>,
}

pub(super) fn dispute(args: &DisputeArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    if args.list {
        // Alone, what stands behind it is the run.
        let run = args.run.clone().or_else(|| args.case.clone().map(PathBuf::from));
        return listed::list(&run.map_or_else(latest, Ok)?, output);
    }
    if output.json {
        return Err("--json goes with --list: leave it out, or list what is disputed".into());
    }
    refuse_in_ci_jobs()?;
    let Some(case) = &args.case else { return Err("name a case".into()) };
    let dir = args.run.clone().map_or_else(latest, Ok)?;
    let run = journal::read(&dir).map_err(|error| error.to_string())?;
    let suite = suite_of(&run, &dir)?;
    let again = format!("overclaim regrade {}", shell_word(&display(&dir)));
    let told = if args.settle {
        let row = settle(&run, &suite, case)?;
        format!("{}: {} is not disputed any more", display(&place(&suite, &run)), visible(&row))
    } else {
        let objection = Objection {
            says: args.says.clone(),
            reason: args.reason.clone(),
            since: args.date.clone(),
        };
        if args.mend.is_empty() {
            let file = mark(&run, &suite, case, &objection)?;
            format!("{}: {} is disputed; both figures: {again}", display(&file), visible(case))
        } else {
            let patch = mend(&run, &suite, case, &args.mend, &objection).map_err(|why| {
                let (dir, case) = (shell_word(&display(&dir)), shell_word(case));
                format!("{why}; or dispute it: overclaim dispute {dir} {case} --says TEXT")
            })?;
            let patch = display(&patch);
            let apply = shell_word(&patch);
            format!(
                "{patch}: mends {}, which is disputed until it is applied: git apply {apply} && {again}",
                visible(case)
            )
        }
    };
    if !output.quiet {
        output.people(&(told + "\n"));
    }
    Ok(Exit::Passed)
}

/// Disputes the label of a case, and says in which file.
pub(super) fn mark(
    run: &Run,
    suite: &Path,
    case: &str,
    objection: &Objection,
) -> Result<PathBuf, String> {
    refuse_in_ci_jobs()?;
    let label = Label::of(run, case)?;
    let path = place(suite, run);
    let mut disputes = load_disputes(&path, &run.header.suite)?;
    put(&mut disputes, &label, objection, &[]);
    put_text(&path, &disputes.to_string())?;
    Ok(path)
}

/// Writes the patch that gives a case another label, and says where it is. Until it is applied, the
/// label is disputed.
pub(super) fn mend(
    run: &Run,
    suite: &Path,
    case: &str,
    answers: &[String],
    objection: &Objection,
) -> Result<PathBuf, String> {
    refuse_in_ci_jobs()?;
    for answer in answers {
        if let Some(c) = unseen(answer) {
            let code = c.escape_unicode();
            return Err(format!(
                "the answer has a character that nobody sees, {code}: leave it out"
            ));
        }
        if answer.trim().is_empty() {
            return Err("the answer is empty: say what is right".into());
        }
    }
    let label = Label::of(run, case)?;
    let path = place(suite, run);
    let mut disputes = load_disputes(&path, &run.header.suite)?;
    let mut mends = mended::Mends::new(suite, &root()?)?;
    let answers = mends.restated(&label, answers)?;
    let says = objection.says.clone().or_else(|| Some(answers.join(" or ")));
    put(&mut disputes, &label, &Objection { says, ..objection.clone() }, &answers);
    let patch = suite.with_file_name(DIR).join(Files::patch(&run.header.suite));
    let text = mends.patch(&disputes, Some(&label))?;
    put_text(&path, &disputes.to_string())?;
    put_text(&patch, &text)?;
    Ok(patch)
}

/// Takes the disputes of a case's row away, and says which row that is. It may be one that the run
/// does not have any more.
fn settle(run: &Run, suite: &Path, case: &str) -> Result<String, String> {
    let path = place(suite, run);
    let mut disputes = load_disputes(&path, &run.header.suite)?;
    let row = match Label::of(run, case) {
        Ok(label) if disputes.iter().all(|dispute| dispute.case != case) => label.row,
        _ => case.to_owned(),
    };
    if disputes.settle(&row) == 0 {
        let (file, case) = (display(&path), visible(case));
        return Err(format!("{file}: {case} is not disputed; see overclaim dispute --list"));
    }
    let patch = suite.with_file_name(DIR).join(Files::patch(&run.header.suite));
    if disputes.iter().any(|dispute| !dispute.mend.is_empty()) {
        let text = mended::Mends::new(suite, &root()?)?.patch(&disputes, None)?;
        put_text(&patch, &text)?;
    } else {
        remove(&patch)?;
    }
    if disputes.is_empty() {
        remove(&path)?;
    } else {
        put_text(&path, &disputes.to_string())?;
    }
    Ok(row)
}

/// Disputes a label. What was said of it before stands, where nothing else is said now.
fn put(disputes: &mut Disputes, label: &Label, objection: &Objection, mend: &[String]) {
    for (subject, expected) in &label.subjects {
        let before = disputes.get(&label.row, *subject).cloned();
        let (says, reason, since, mended) = before.map_or_else(Default::default, |before| {
            (before.says, before.reason, Some(before.since), before.mend)
        });
        disputes.put(Dispute {
            case: label.row.clone(),
            subject: *subject,
            expected: expected.clone(),
            says: objection.says.clone().or(says),
            mend: if mend.is_empty() { mended } else { mend.to_vec() },
            reason: objection.reason.clone().or(reason),
            since: objection.since.clone().or(since).unwrap_or_else(today),
        });
    }
}

/// Where a run's suite is now.
pub(super) fn suite_of(run: &Run, dir: &Path) -> Result<PathBuf, String> {
    suite_file(&run.header, &root()?).ok_or_else(|| {
        let (dir, path) = (display(dir), &run.header.path);
        format!("{dir}: its suite {path} is not there, and what is disputed lies beside it")
    })
}

/// The file of what is disputed of a run's suite.
fn place(suite: &Path, run: &Run) -> PathBuf {
    suite.with_file_name(DIR).join(Files::disputed(&run.header.suite))
}

/// Nothing is disputed or mended where nobody looks.
fn refuse_in_ci_jobs() -> Result<(), String> {
    refuse_in_ci().map_err(|_| {
        "labels are not disputed in a CI job (CI is set): do it where you review, and commit the \
         file"
            .to_owned()
    })
}
