//! `overclaim review`: a person looks at what changed, the gravest first, and decides case by case.
//!
//! What waits comes from the proposals beside the suites, the words from the runs that made them.
//! In between is a [`session::Session`] that knows neither files nor a terminal; it is driven by a
//! full screen where there is one, else line by line. The files are written once, at the end.

mod detail;
mod evidence;
mod full;
mod ink;
mod labels;
mod plain;
mod quiet;
mod screen;
mod session;
mod summary;
mod words;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::mpsc;

use clap::Args;

use crate::report::no_commands;
use crate::suite::display;

use super::accept::{date, refuse_in_ci, today};
use super::output::{Color, Exit, Output, unicode};
use super::pending::{Pending, commit, find};
use evidence::Library;
use full::Desk;
use screen::Look;
use session::{Ending, Entry, Session};
use summary::Place;

#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    /// Runs whose changes are reviewed [default: what runs proposed beside the project's suites]
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Show changes that wait for nobody as well: unstable cases, other answers with the same verdict
    #[arg(long)]
    all: bool,
    /// Ask line by line, without a full screen
    #[arg(long)]
    plain: bool,
    /// Reason that is proposed where a wrong answer is accepted
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Date from which on an accepted wrong answer is known [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<String>,
    /// Colours in the terminal
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

pub(super) fn review(args: &ReviewArgs) -> Result<Exit, String> {
    refuse_in_ci()?;
    let mut pending = find(&args.runs)?;
    if args.all && args.runs.is_empty() {
        quiet::add(&mut pending)?;
    }
    let entries = entries(&pending, args.all);
    let output = Output { json: false, quiet: false, color: args.color };
    if entries.is_empty() {
        let first = if args.runs.is_empty() {
            "; of a run: overclaim review reports/SUITE/TIME, which also makes the first snapshot"
        } else {
            ""
        };
        let more = if args.all { "" } else { "; --all shows what waits for nobody" };
        output.people(&format!("nothing is pending{first}{more}\n"));
        return Ok(Exit::Passed);
    }
    let date = args.date.clone().unwrap_or_else(today);
    let places: Vec<Place> = pending.iter().map(place).collect();
    let mut session = Session::new(entries, args.reason.as_deref());
    let (ending, session) = (decide(args, output, &mut session, &pending, &places)?, session);
    match ending {
        Some(Ending::Commit) => {
            write(&session, &pending, &places, &date, output)?;
            Ok(Exit::Passed)
        }
        Some(Ending::Left) => {
            output.people("nothing is written\n");
            Ok(Exit::Passed)
        }
        Some(Ending::Interrupted) => {
            output.people("interrupted: nothing is written\n");
            Ok(Exit::NotMeasured)
        }
        None => {
            output.people("the input ended before the review did: nothing is written\n");
            Ok(Exit::NotMeasured)
        }
    }
}

/// Lets a person decide, on a full screen where there is one.
fn decide(
    args: &ReviewArgs,
    output: Output,
    session: &mut Session<'_>,
    pending: &[Pending],
    places: &[Place],
) -> Result<Option<Ending>, String> {
    let style = output.style();
    let look = Look { color: style.color, unicode: unicode() };
    let (sender, news) = mpsc::channel();
    let library = Library::open(pending, &sender);
    let mut desk = Desk { pending, places, library, news };
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let screen = io::stdin().is_terminal() && io::stdout().is_terminal() && !dumb;
    if screen && !args.plain {
        ratatui::crossterm::style::force_color_output(style.color);
        return full::review(session, &mut desk, look, sender).map(Some);
    }
    drop(sender);
    let (mut input, mut written) = (io::stdin().lock(), io::stdout().lock());
    let ending =
        plain::review(session, &mut desk, look, style.width.min(120), &mut input, &mut written);
    ending.map_err(|error| format!("the review ended, nothing is written: {error}"))
}

/// What is asked about.
fn entries(pending: &[Pending], all: bool) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    for (place, pending) in pending.iter().enumerate() {
        let quiet = if all { pending.quiet.as_slice() } else { &[] };
        let changes = pending.changes.iter().chain(quiet);
        entries.extend(changes.map(|change| Entry { place, change }));
    }
    entries
}

fn place(pending: &Pending) -> Place {
    let of = &pending.proposed.of;
    Place {
        name: format!("{}@{}", of.suite, of.endpoint),
        accepted: display(&pending.files.accepted),
        proposed: display(&pending.files.proposed),
    }
}

/// Writes what was decided, and says which files are others now.
fn write(
    session: &Session<'_>,
    pending: &[Pending],
    places: &[Place],
    date: &str,
    output: Output,
) -> Result<(), String> {
    for (at, (pending, place)) in pending.iter().zip(places).enumerate() {
        let decided = session.decisions(at, date);
        if decided.is_empty() {
            continue;
        }
        commit(pending, &decided)?;
        for line in summary::line(session, at, place).into_iter().flatten() {
            output.people(&format!("{}\n", no_commands(&line)));
        }
    }
    labels::write(session, pending, date, output)
}
