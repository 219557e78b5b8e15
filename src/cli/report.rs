//! `overclaim report`: a run shown again, from its directory alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::gate::{Decision, EarlyStop};
use crate::journal;
use crate::record::{Brief, Ending, Header, Record, Run, Unreadable};
use crate::report::{
    self, ChangesDocument, Document, Page, TestPer, csv, github, headline, html, junit, markdown,
    no_commands, shell_word, terminal,
};
use crate::scorecard::{Calls, Changes, Operations, Scorecard, Span};
use crate::snapshot::{Contested, Found, Passing, Standing};
use crate::suite::{Config, Findings, display};

use super::held::Held;
use super::output::{Exit, Output};
use super::snapshots;
use super::{Format, JunitPer, ReportArgs};

/// How many confident wrong answers a file of the run's directory shows where it shows few.
const TOP: usize = 10;

pub(super) fn report(args: &ReportArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    if output.json && !matches!(args.format, Format::Terminal | Format::Json) {
        return Err("--json is another format than --format names: leave one of them out".into());
    }
    if args.junit_per.is_some() && args.format != Format::Junit {
        return Err(
            "--junit-per is of another format: write --format junit, or leave it out".into()
        );
    }
    let dir = match &args.run {
        Some(dir) => dir.clone(),
        None => latest()?,
    };
    let read = read(&dir)?;
    let span = span(&dir, &read.run.header);
    let told = Told::of(read, span)?;
    let output = output.with_json(output.json || args.format == Format::Json);
    let dir = display(&dir);
    let per = args.junit_per.unwrap_or(JunitPer::Budget);
    if let Some(pieces) = pieces(told.page(&dir, args.top), args.format, per) {
        Output::pieces(pieces)?;
        return Ok(told.exit());
    }
    output.people(&told.text(&dir, args.top, output, args.format)?);
    if output.json {
        Output::document(&told.document(&dir, args.top)?)?;
    }
    Ok(told.exit())
}

/// A run with what it is held against, and what was added up of it, read in one pass.
pub(super) struct Read {
    pub run: Run,
    calls: Calls,
    held: Held,
    passing: Passing,
}

pub(super) fn read(dir: &Path) -> Result<Read, String> {
    let header = journal::read_header(dir).map_err(|error| error.to_string())?;
    let held = Held::kept(dir, &header)?;
    let (mut calls, mut passing) = (Calls::new(&header), Passing::new(&header));
    let has_snapshot = !held.accepted.is_empty();
    let mut look = |record: &Record, brief: &Brief| {
        calls.add(record, brief);
        if has_snapshot {
            passing.add(record, brief);
        }
    };
    let run = journal::read_with(dir, header, &mut look).map_err(|error| error.to_string())?;
    Ok(Read { run, calls, held, passing })
}

/// The project's root, where suites and reports are.
pub(super) fn root() -> Result<PathBuf, String> {
    let here = std::env::current_dir().map_err(|error| format!("no working directory: {error}"))?;
    Ok(Config::find(&here, &mut Findings::default()).root.unwrap_or_default())
}

/// The run that is meant where none is named.
pub(super) fn latest() -> Result<PathBuf, String> {
    let reports = root()?.join("reports");
    journal::latest(&reports).ok_or_else(|| {
        format!("no run below {}; name one, or start one with `overclaim run`", display(&reports))
    })
}

/// How the run in a directory ended, as its own `operations.json` says.
pub(super) fn ended(dir: &Path) -> Option<Ending> {
    let text = std::fs::read(dir.join("operations.json")).ok()?;
    let written: serde_json::Value = serde_json::from_slice(&text).ok()?;
    serde_json::from_value::<Option<Ending>>(written.get("ending")?.clone()).ok()?
}

/// The run as far as it was needed, if it was decided early: trials that happened to be finished are
/// in no statistics.
pub(super) fn as_needed(run: Run) -> Run {
    match EarlyStop::of(&run) {
        Some(early) => early.trimmed(run),
        None => run,
    }
}

/// When the run was under way, as its own `operations.json` says; a run that was killed has none.
pub(super) fn span(dir: &Path, header: &Header) -> Span {
    let text = std::fs::read(dir.join("operations.json")).unwrap_or_default();
    let written: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    Span {
        started: header.started.clone(),
        elapsed_ms: written.get("elapsed_ms").and_then(serde_json::Value::as_f64),
        ending: written.get("ending").and_then(|ending| {
            serde_json::from_value::<Option<Ending>>(ending.clone()).ok().flatten()
        }),
        given_up: written
            .get("given_up")
            .and_then(|known| serde_json::from_value(known.clone()).ok())
            .unwrap_or_default(),
        max_cost: written
            .get("max_cost")
            .and_then(|known| serde_json::from_value(known.clone()).ok()),
    }
}

/// The run in a format that is a document as it stands, piece by piece; none where it is not.
fn pieces<'a>(page: Page<'a>, format: Format, per: JunitPer) -> Option<Pieces<'a>> {
    let once = |made: fn(&Page<'a>) -> Result<String, Unreadable>| -> Pieces<'a> {
        Box::new(std::iter::once_with(move || made(&page)))
    };
    Some(match format {
        Format::Terminal | Format::Json => return None,
        Format::Html => once(html),
        Format::Markdown => for_logs(once(markdown)),
        Format::Github => once(github),
        Format::Csv => for_logs(csv(&page)),
        Format::Junit => for_logs(junit(&page, per.into())),
    })
}

/// Documents that may be printed into the log of a CI job, where no text in them is a command.
fn for_logs<'a>(pieces: impl Iterator<Item = Result<String, Unreadable>> + 'a) -> Pieces<'a> {
    Box::new(pieces.map(|piece| Ok(no_commands(&piece?).into_owned())))
}

/// The same in one piece, for a file.
fn whole(page: Page<'_>, format: Format) -> Result<Vec<u8>, String> {
    let pieces = pieces(page, format, JunitPer::Budget).into_iter().flatten();
    let text: String = pieces.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    Ok(text.into_bytes())
}

/// A document piece by piece.
pub(super) type Pieces<'a> = Box<dyn Iterator<Item = Result<String, Unreadable>> + 'a>;

impl From<JunitPer> for TestPer {
    fn from(per: JunitPer) -> TestPer {
        match per {
            JunitPer::Budget => TestPer::Budget,
            JunitPer::Case => TestPer::Case,
        }
    }
}

/// A run with all that follows from it.
#[derive(Debug)]
pub(super) struct Told {
    /// As far as it was needed.
    run: Run,
    /// Whether it asks every case of its suite.
    whole: bool,
    pub scorecard: Scorecard,
    pub decision: Decision,
    pub operations: Operations,
    /// What became of answers since the run before, where one is kept beside it.
    changes: Vec<Changes>,
    /// Where it stands against what was accepted.
    pub standings: Vec<Standing>,
    /// What the labels that somebody disputes come to.
    contested: Contested,
}

impl Told {
    pub(super) fn of(read: Read, span: Span) -> Result<Told, String> {
        let Read { run, mut calls, held, mut passing } = read;
        let early = EarlyStop::of(&run);
        let whole = Found::is_whole(&run);
        // Calls were made for all records; statistics are of those that were needed.
        let operations = calls.operations(span);
        let run = match &early {
            Some(early) => early.trimmed(run),
            None => run,
        };
        let scorecard = Scorecard::of(&run).map_err(|error| error.to_string())?;
        let told = |error: Unreadable| error.to_string();
        let standings = Standing::of_passed(&run, whole, &held.accepted, &mut passing);
        let standings = standings.map_err(told)?;
        let versus = held.versus(&standings);
        let decision = Decision::judged(&run, &calls, &scorecard, early.as_ref(), versus);
        let decision = decision.map_err(told)?;
        let changes = Changes::of(&run, held.against.as_ref()).map_err(told)?;
        let contested = Contested::of(&run, whole, &held.disputed, &held.disputes).map_err(told)?;
        Ok(Told { run, whole, scorecard, decision, operations, changes, standings, contested })
    }

    pub(super) fn page<'b>(&'b self, dir: &'b str, top: usize) -> Page<'b> {
        Page {
            run: &self.run,
            scorecard: &self.scorecard,
            decision: &self.decision,
            operations: &self.operations,
            changes: &self.changes,
            standings: &self.standings,
            contested: report::Contested::of(&self.contested),
            dir,
            top,
        }
    }

    /// Everything that follows from the records, a file each for the run's directory.
    pub(super) fn files(&self, dir: &str) -> Result<Vec<(&'static str, Vec<u8>)>, String> {
        let pretty = |written: std::io::Result<Vec<u8>>| written.map_err(|error| error.to_string());
        let page = self.page(dir, TOP);
        let mut files = vec![
            ("scorecard.json", pretty(journal::pretty(&self.scorecard))?),
            ("operations.json", pretty(journal::pretty(&self.operations))?),
            ("decision.json", pretty(journal::pretty(&self.decision))?),
            ("report.html", whole(page, Format::Html)?),
            ("summary.md", whole(page, Format::Markdown)?),
            ("junit.xml", whole(page, Format::Junit)?),
        ];
        if let Some(changes) = ChangesDocument::of(&self.standings) {
            files.push(("changes.json", pretty(journal::pretty(&changes))?));
        }
        Ok(files)
    }

    /// What to do about disputes that are settled; none where there is none.
    pub(super) fn settled(&self) -> Option<String> {
        let settled = self.contested.settled.iter();
        let rows: BTreeSet<&str> = settled.map(|dispute| dispute.case.as_str()).collect();
        let first = rows.first()?;
        let (file, first) = (&self.contested.file, shell_word(first));
        Some(format!(
            "{file}: {} settled, by another label or question: overclaim dispute --settle {first}{}",
            if rows.len() == 1 {
                "1 disputed label is".to_owned()
            } else {
                format!("{} disputed labels are", rows.len())
            },
            if rows.len() == 1 { "" } else { " …" }
        ))
    }

    /// Proposes what it has to say of the suite's cases to be accepted.
    pub(super) fn propose(&self, suite: &Path) -> Result<(), String> {
        snapshots::propose(&self.run, self.whole, &self.standings, suite)
    }

    /// The page for people, or as much of it as they want.
    pub(super) fn text(
        &self,
        dir: &str,
        top: usize,
        output: Output,
        format: Format,
    ) -> Result<String, String> {
        let page = self.page(dir, top);
        if output.quiet {
            Ok(headline(&page, output.style()) + "\n")
        } else if format == Format::Terminal {
            terminal(&page, output.style()).map_err(|error| error.to_string())
        } else {
            Ok(String::new())
        }
    }

    /// The page for programs.
    pub(super) fn document<'b>(&'b self, dir: &'b str, top: usize) -> Result<Document<'b>, String> {
        self.page(dir, top).document().map_err(|error| error.to_string())
    }

    /// What the run ends with.
    pub(super) fn exit(&self) -> Exit {
        Exit::of_code(self.decision.exit_code)
    }
}
