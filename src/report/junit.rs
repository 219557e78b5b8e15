//! A run as `JUnit` XML, for the pages that CI systems make of test results.
//!
//! A test is a budget line, so that what fails here is what the exit code says; or a trial, and then
//! what fails is a confident wrong answer. There a wrong answer that is unsure is no failure: that is
//! what confidence is for. What was not measured is skipped, and what was not answered is an error.
//!
//! Of what the readers understand only that is used on which all agree, and nothing that the schema
//! of Jenkins refuses: GitLab takes the text of a failure and not its message, knows a test by its
//! class and name, and looks into `system-out` for files; some readers need every time.

mod xml;

use std::fmt::Write;

use crate::gate::{Line, Verdict};
use crate::record::{Brief, Kind, Outcome, Quadrant, Record, Unreadable};
use crate::scorecard::{EndpointCard, confident_wrong};

use super::Page;
use super::budgets::limit;
use super::measured::measured;
use super::style::Style;
use super::terminal::headline;
use super::text::{excerpt, shell_word};
use xml::{attributes, text};

/// Most characters of a text that a model or a dataset wrote.
const MOST: usize = 2000;

/// Most characters of a name or a message.
const SHORT: usize = 240;

/// What a test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestPer {
    /// A budget line.
    Budget,
    /// A trial.
    Case,
}

/// The document, piece by piece.
///
/// # Errors
/// A record cannot be read any more.
pub fn junit<'a>(
    page: &Page<'a>,
    per: TestPer,
) -> impl Iterator<Item = Result<String, Unreadable>> + use<'a> {
    let page = *page;
    let suites: Vec<Tests<'a>> =
        page.scorecard.endpoints.iter().map(|card| Tests { page, card, per }).collect();
    let counts = suites.iter().map(Tests::counts).fold(Counts::default(), Counts::plus);
    let mut start = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let Counts { tests, failures, errors, .. } = counts;
    attributes(
        &mut start,
        "<testsuites",
        &[
            ("name", &page.run.header.suite),
            ("tests", &tests.to_string()),
            ("failures", &failures.to_string()),
            ("errors", &errors.to_string()),
            ("time", &seconds(page.operations.span.elapsed_ms)),
        ],
    );
    let start = std::iter::once(Ok(start + ">\n"));
    let suites = suites.into_iter().flat_map(Tests::pieces);
    start.chain(suites).chain(std::iter::once_with(|| Ok("</testsuites>\n".to_owned())))
}

/// The tests of one endpoint.
#[derive(Debug, Clone, Copy)]
struct Tests<'a> {
    page: Page<'a>,
    card: &'a EndpointCard,
    per: TestPer,
}

/// How many tests there are, by what became of them.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn plus(self, other: Counts) -> Counts {
        Counts {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }

    fn add(&mut self, fate: Fate) {
        self.tests += 1;
        match fate {
            Fate::Passed => {}
            Fate::Failure => self.failures += 1,
            Fate::Error => self.errors += 1,
            Fate::Skipped => self.skipped += 1,
        }
    }
}

/// What becomes of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passed,
    Failure,
    Error,
    Skipped,
}

/// A test that did not pass: its kind, the matter in a line, and all of it.
struct Told<'a> {
    fate: Fate,
    kind: &'a str,
    message: &'a str,
    body: &'a str,
}

impl<'a> Tests<'a> {
    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        match self.per {
            TestPer::Budget => self.lines().for_each(|line| counts.add(self.fate_of_line(line))),
            TestPer::Case => self.briefs().for_each(|brief| counts.add(self.fate(brief))),
        }
        if self.unfinished() > 0 {
            counts.add(Fate::Error);
        }
        counts
    }

    fn lines(&self) -> impl Iterator<Item = &'a Line> + use<'a> {
        let card = self.card;
        self.page.decision.lines.iter().filter(move |line| line.endpoint == card.endpoint)
    }

    fn briefs(&self) -> impl Iterator<Item = &'a Brief> + use<'a> {
        self.page.run.of_endpoint(&self.card.endpoint)
    }

    /// Trials that the endpoint was to be asked, also those that an early decision made needless.
    fn planned(&self) -> usize {
        let endpoints = self.page.scorecard.endpoints.len().max(1);
        self.page.decision.early.map_or(self.card.planned, |early| early.planned / endpoints)
    }

    fn unfinished(&self) -> usize {
        if self.page.decision.complete { 0 } else { self.card.planned - self.card.finished }
    }

    fn pieces(self) -> impl Iterator<Item = Result<String, Unreadable>> + use<'a> {
        let tests: Box<dyn Iterator<Item = Result<String, Unreadable>> + 'a> = match self.per {
            TestPer::Budget => Box::new(self.lines().map(move |line| self.line(line))),
            TestPer::Case => Box::new(
                self.briefs()
                    .map(move |brief| Ok(self.trial(brief, &self.page.run.record(brief)?))),
            ),
        };
        let start = std::iter::once_with(move || Ok(self.start()));
        let end = std::iter::once_with(move || Ok(self.end()));
        start.chain(tests).chain(end)
    }

    fn start(&self) -> String {
        let (header, card) = (&self.page.run.header, self.card);
        let Counts { tests, failures, errors, skipped } = self.counts();
        let mut out = String::new();
        attributes(
            &mut out,
            "  <testsuite",
            &[
                ("name", &excerpt(&self.class(), SHORT)),
                ("tests", &tests.to_string()),
                ("failures", &failures.to_string()),
                ("errors", &errors.to_string()),
                ("skipped", &skipped.to_string()),
                ("time", &seconds(self.page.operations.span.elapsed_ms)),
                // Readers differ in what they make of a zone.
                ("timestamp", header.started.get(..19).unwrap_or(&header.started)),
                ("file", &excerpt(&header.path, MOST)),
            ],
        );
        out.push_str(">\n    <properties>\n");
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        let primary = card.primary();
        let at = primary.and_then(|source| source.at_threshold());
        let properties = [
            ("run", Some(header.run.clone())),
            ("directory", Some(self.page.dir.to_owned())),
            ("endpoint", Some(card.endpoint.to_string())),
            ("model", Some(card.model.clone())),
            ("verdict", Some(headline(&self.page, Style::PLAIN))),
            ("planned", Some(self.planned().to_string())),
            ("finished", Some(card.finished.to_string())),
            ("threshold", Some(header.threshold.to_string())),
            ("confidence_source", primary.map(|source| source.source.clone())),
            ("confident_wrong", at.map(|at| at.wrong.to_string())),
            ("confident_wrong_of", primary.map(|source| source.n.to_string())),
            ("accuracy", number(card.accuracy.rate)),
            ("coverage", number(card.coverage.rate)),
            ("brier", primary.and_then(|source| number(source.brier))),
        ];
        for (name, value) in properties {
            let Some(value) = value else { continue };
            attributes(
                &mut out,
                "      <property",
                &[("name", name), ("value", &excerpt(&value, SHORT))],
            );
            out.push_str("/>\n");
        }
        out + "    </properties>\n"
    }

    fn end(&self) -> String {
        let (mut out, unfinished) = (String::new(), self.unfinished());
        if unfinished > 0 {
            let message =
                format!("{unfinished} of {} planned trials were not finished", self.card.planned);
            let told = Told {
                fate: Fate::Error,
                kind: "unfinished",
                message: &message,
                body: &format!(
                    "{message}\nto go on: overclaim run --resume {}",
                    shell_word(self.page.dir)
                ),
            };
            self.test(&mut out, "the run is complete", "0.000", Some(&told));
        }
        out + "  </testsuite>\n"
    }

    /// The class of the tests. Jenkins takes what stands before the last dot for a package.
    fn class(&self) -> String {
        let suite = &self.page.run.header.suite;
        if self.page.scorecard.endpoints.len() == 1 {
            return suite.clone();
        }
        format!("{suite}.{}", self.card.endpoint.replace('.', "_"))
    }

    fn test(&self, out: &mut String, name: &str, time: &str, told: Option<&Told<'_>>) {
        let class = excerpt(&self.class(), SHORT);
        let names = [("classname", class.as_str()), ("name", name), ("time", time)];
        attributes(out, "    <testcase", &names);
        let Some(Told { fate, kind, message, body }) = told else {
            out.push_str("/>\n");
            return;
        };
        let element = match fate {
            Fate::Error => "error",
            Fate::Skipped => "skipped",
            _ => "failure",
        };
        out.push_str(">\n");
        let message = excerpt(message, SHORT);
        attributes(out, &format!("      <{element}"), &[("type", kind), ("message", &message)]);
        let _ = writeln!(out, ">{}</{element}>\n    </testcase>", text(body));
    }
}

/// Tests that are budget lines.
impl Tests<'_> {
    fn fate_of_line(&self, line: &Line) -> Fate {
        match line.verdict {
            Verdict::Pass => Fate::Passed,
            _ if self.page.decision.counts_as_failed(line) => Fate::Failure,
            _ => Fate::Skipped,
        }
    }

    fn line(&self, line: &Line) -> Result<String, Unreadable> {
        let mut name = line.line.to_owned();
        if let Some(slice) = &line.slice {
            let _ = write!(name, " in {slice}");
        }
        if self.page.scorecard.endpoints.len() > 1 {
            let _ = write!(name, " @ {}", line.endpoint);
        }
        let mut shown = excerpt(&name, SHORT);
        if shown != name {
            let place = self.lines().position(|other| std::ptr::eq(other, line));
            let _ = write!(shown, " ({})", place.unwrap_or_default());
        }
        let mut out = String::new();
        let fate = self.fate_of_line(line);
        let kind = match line.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Undecided => "undecided",
            Verdict::NotMeasured => "not_measured",
        };
        let mut body = format!("{}\n{}\n", line.sentence, limit(line));
        if let Some(measured) = measured(line) {
            let _ = writeln!(body, "measured {measured}");
        }
        if fate == Fate::Failure && line.line.starts_with("confident_wrong") && line.slice.is_none()
        {
            self.wrong(&mut body)?;
        }
        let told = Told { fate, kind, message: &line.sentence, body: &body };
        let told = Some(&told).filter(|_| fate != Fate::Passed);
        self.test(&mut out, &shown, "0.000", told);
        Ok(out)
    }

    /// The surest confident wrong answers.
    fn wrong(&self, body: &mut String) -> Result<(), Unreadable> {
        let wrong = confident_wrong(self.page.run, &self.card.endpoint);
        for case in wrong.iter().take(self.page.top) {
            let record = self.page.run.record(case.brief)?;
            let _ = writeln!(
                body,
                "\n{:.2}  {}\n      said {}, expected {}\n      {}  {}:{}",
                record.primary.unwrap_or(0.0),
                excerpt(&record.question, SHORT),
                excerpt(&record.said().unwrap_or_default(), SHORT),
                excerpt(&record.wanted(), SHORT),
                excerpt(&record.case, SHORT),
                excerpt(&record.at.file, SHORT),
                record.at.line
            );
        }
        if wrong.len() > self.page.top {
            let rest = wrong.len() - self.page.top;
            let _ = writeln!(
                body,
                "\n{rest} more: overclaim report {} --top {}",
                shell_word(self.page.dir),
                wrong.len()
            );
        }
        Ok(())
    }
}

/// Tests that are trials.
impl Tests<'_> {
    /// Follows from the brief alone, so that tests can be counted before a record is read.
    fn fate(&self, brief: &Brief) -> Fate {
        let plain = self.page.run.header.sources.is_empty();
        match (brief.kind(), brief.quadrant()) {
            (Kind::Failed, _) => Fate::Error,
            (_, Some(Quadrant::ConfidentWrong)) => Fate::Failure,
            (Kind::Incorrect, _) if plain => Fate::Failure,
            (kind, _) if kind.is_graded() && (plain || brief.primary().is_some()) => Fate::Passed,
            _ if brief.abstained() => Fate::Passed,
            _ => Fate::Skipped,
        }
    }

    fn trial(&self, brief: &Brief, record: &Record) -> String {
        let mut name = excerpt(&record.trial, SHORT);
        if name != record.trial {
            // What is shown of two names may be the same, and readers take equal names for one test.
            let _ = write!(name, " ({})", record.index);
        }
        let waited: f64 = record.exchanges.iter().map(|heard| heard.waited_ms).sum();
        let fate = self.fate(brief);
        let (kind, message) = matter(fate, record);
        let body = body(&message, record, self.page.run.header.threshold);
        let told = Told { fate, kind, message: &message, body: &body };
        let told = Some(&told).filter(|_| fate != Fate::Passed);
        let mut out = String::new();
        self.test(&mut out, &name, &seconds(Some(waited)), told);
        out
    }
}

/// What kind of test it is that did not pass, and why in a line.
fn matter(fate: Fate, record: &Record) -> (&str, String) {
    let said = excerpt(&record.said().unwrap_or_default(), 80);
    let wanted = excerpt(&record.wanted(), 80);
    match (&record.outcome, record.primary) {
        (Outcome::Failed(error), _) => {
            ("failed", format!("{}: {}", error.kind.words(), error.message))
        }
        (Outcome::Incorrect, Some(sure)) if fate == Fate::Failure => {
            ("confident_wrong", format!("said {said} at {sure:.2}, expected {wanted}"))
        }
        (Outcome::Incorrect, _) if fate == Fate::Failure => {
            ("incorrect", format!("said {said}, expected {wanted}"))
        }
        (Outcome::Ungraded(why), _) => ("ungraded", format!("the answer was not graded: {why}")),
        (outcome, _) if outcome.is_graded() => {
            ("no_confidence", format!("{}, but how sure it was is not known", outcome.name()))
        }
        (outcome, _) => (outcome.name(), format!("not measured: {}", outcome.name())),
    }
}

/// All that is worth reading of a trial, in lines.
fn body(message: &str, record: &Record, threshold: f64) -> String {
    let mut body = format!("{}\n\n", excerpt(message, MOST));
    let mut add = |name: &str, text: &str| {
        let _ = writeln!(body, "{name:<11} {}", excerpt(text, MOST));
    };
    add("question", &record.question);
    if let Some(said) = record.said() {
        add("said", &said);
    }
    add("expected", &record.wanted());
    if let Some(sure) = record.primary {
        let threshold = record.threshold.unwrap_or(threshold);
        add("confidence", &format!("{sure:.3}, confident from {threshold} on"));
    }
    if !record.tags.is_empty() {
        add("tags", &record.tags.join(", "));
    }
    add("written", &format!("{}:{}", record.at.file, record.at.line));
    body
}

/// Milliseconds as seconds, in the only form that all readers know.
fn seconds(ms: Option<f64>) -> String {
    format!("{:.3}", ms.unwrap_or(0.0) / 1000.0)
}
