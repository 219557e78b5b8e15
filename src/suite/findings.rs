//! What is wrong with a suite, shown the way compilers do: the place, the line, the remedy.
//!
//! All findings of all files are collected before anything is shown, and nothing is asked while
//! there is an error among them. The same fault in many rows of a dataset is one finding that
//! counts the rows.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::ask::Digest;
use crate::span::{Problem, Problems, Severity, Span};

use super::dataset::Quote;

/// Most lines of one file of rows that are shown as errors.
const SHOWN_LINES: usize = 10;

/// A text with the name it is known by.
///
/// A suite with a file of defaults is read as one tree. Spans of the second file count their bytes
/// from the end of the first, so that one number tells the place in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path as the user would write it.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// The file of defaults.
    pub defaults: Option<Arc<Source>>,
}

impl Source {
    /// Digest of the text, and of that of the defaults.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match &self.defaults {
            None => Digest::of_bytes(self.text.as_bytes()),
            Some(defaults) => Digest::of(&(&self.text, &defaults.text)),
        }
    }

    /// The first byte of the defaults' spans.
    #[must_use]
    pub fn defaults_start(&self) -> usize {
        self.text.len() + 1
    }

    /// The file that a span stands in, and its place in that file's own bytes.
    #[must_use]
    pub fn locate(&self, span: Span) -> (&Source, Span) {
        match (&self.defaults, span.start.checked_sub(self.defaults_start())) {
            (Some(defaults), Some(start)) => {
                let end = span.end - self.defaults_start();
                (defaults, Span { start, end, ..span })
            }
            _ => (self, span),
        }
    }

    /// The part of a span where a word first stands by itself; the whole span if it does not.
    #[must_use]
    pub fn find_word(&self, span: Span, word: &str) -> Span {
        let (file, place) = self.locate(span);
        place.find_word(&file.text, word).shifted(span.start - place.start)
    }
}

/// A problem in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The file.
    pub path: String,
    /// Line from 1; 0 where a whole file is meant.
    pub line: u32,
    /// Column from 1, in characters; 0 where a whole file is meant.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// How many more rows of a dataset have it too.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_rows: usize,
    #[serde(skip)]
    quoted: String,
    #[serde(skip)]
    range: (usize, usize),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The findings of one look at suites and their configuration.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    list: Vec<Finding>,
    strict: bool,
    seen: HashMap<(String, Span, String), usize>,
    /// How many lines of a file are shown, and the last of them.
    lines: HashMap<String, (usize, usize)>,
}

impl Findings {
    /// Adds the problems met in a source.
    pub fn add(&mut self, source: &Source, problems: Problems) {
        let problems: Vec<Problem> = problems.into_iter().collect();
        // A secret must not show in the quotation of another problem of its line either.
        let hidden: Vec<Span> =
            problems.iter().filter(|problem| problem.hidden).map(|problem| problem.span).collect();
        for mut problem in problems {
            let (file, span) = source.locate(problem.span);
            problem.span = span;
            let secrets = hidden.iter().map(|span| source.locate(*span));
            let secrets = secrets.filter(|(of, _)| of.path == file.path).map(|(_, span)| span);
            self.push(finding(&file.path, &masked(&file.text, secrets), problem));
        }
    }

    /// Adds an error at a place of a source.
    pub fn error(
        &mut self,
        source: &Source,
        span: Span,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let mut problems = Problems::default();
        problems.error(span, message, remedy);
        self.add(source, problems);
    }

    /// Adds a warning at a place of a source.
    pub fn warning(
        &mut self,
        source: &Source,
        span: Span,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let mut problems = Problems::default();
        problems.warning(span, message, remedy);
        self.add(source, problems);
    }

    /// Adds an error that many rows may share: one finding, the further rows counted. `fault`
    /// names what is the same in all of them.
    pub fn row_error(
        &mut self,
        source: &Source,
        span: Span,
        fault: &str,
        message: impl FnOnce() -> String,
        remedy: impl Into<String>,
    ) {
        if self.is_new(source, span, fault) {
            self.error(source, span, message(), remedy);
        }
    }

    /// Adds a warning that many rows may share, as [`Findings::row_error`] does.
    pub fn row_warning(
        &mut self,
        source: &Source,
        span: Span,
        fault: &str,
        message: impl FnOnce() -> String,
        remedy: impl Into<String>,
    ) {
        if self.is_new(source, span, fault) {
            self.warning(source, span, message(), remedy);
        }
    }

    /// Whether a fault was not noted at this place before; else one more row has it.
    fn is_new(&mut self, source: &Source, span: Span, fault: &str) -> bool {
        let key = (source.path.clone(), span, fault.to_owned());
        if let Some(index) = self.seen.get(&key) {
            self.list[*index].more_rows += 1;
            return false;
        }
        self.seen.insert(key, self.list.len());
        true
    }

    /// Adds an error about a whole file.
    pub fn file_error(
        &mut self,
        path: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Finding {
            severity: "error",
            path: path.to_owned(),
            line: 0,
            column: 0,
            message: message.into(),
            remedy: remedy.into(),
            more_rows: 0,
            quoted: String::new(),
            range: (0, 0),
        });
    }

    /// Adds an error at a line of a file too large to hold, which is read again to be shown. A
    /// file that is not what it seems may have one in every line: some are shown, the rest counted.
    pub fn line_error(
        &mut self,
        path: &str,
        line: usize,
        quote: impl FnOnce() -> Quote,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (shown, last) = self.lines.entry(path.to_owned()).or_default();
        if *shown == SHOWN_LINES {
            self.list[*last].more_rows += 1;
            return;
        }
        *shown += 1;
        *last = self.list.len();
        let Quote { column, text, at } = quote();
        let next = text[at..].chars().next().map_or(0, char::len_utf8);
        self.push(Finding {
            severity: "error",
            path: path.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            message: message.into(),
            remedy: remedy.into(),
            more_rows: 0,
            quoted: text,
            range: (at, at + next),
        });
    }

    /// Adds the findings of another look.
    pub fn append(&mut self, mut other: Findings) {
        self.list.append(&mut other.list);
    }

    fn push(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    /// No findings yet; if `strict`, warnings stop the work too.
    #[must_use]
    pub fn new(strict: bool) -> Findings {
        Findings { strict, ..Findings::default() }
    }

    /// Whether they stop the work.
    #[must_use]
    pub fn stop_the_work(&self) -> bool {
        self.has_errors() || (self.strict && !self.list.is_empty())
    }

    /// Whether an error is among them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == "error")
    }

    /// Number of errors and of warnings.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let errors = self.list.iter().filter(|finding| finding.severity == "error").count();
        (errors, self.list.len() - errors)
    }

    /// The findings in the order they were met.
    #[must_use]
    pub fn as_slice(&self) -> &[Finding] {
        &self.list
    }

    /// All findings as a person reads them, with colours or without. `visible` makes texts of
    /// strangers fit for the terminal; quoted lines are made so by the renderer.
    #[must_use]
    pub fn render(&self, color: bool, visible: fn(&str) -> Cow<'_, str>) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        self.list.iter().map(|finding| finding.render(&renderer, visible) + "\n\n").collect()
    }
}

/// The text with asterisks in place of every byte of the spans.
fn masked(text: &str, spans: impl Iterator<Item = Span>) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for span in spans {
        let asterisks = "*".repeat(span.end - span.start);
        text.to_mut().replace_range(span.start..span.end, &asterisks);
    }
    text
}

fn finding(path: &str, text: &str, problem: Problem) -> Finding {
    let span = problem.span;
    let line_start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[span.start..].find('\n').map_or(text.len(), |n| span.start + n);
    let start = span.start - line_start;
    let end = span.end.clamp(span.start, line_end) - line_start;
    Finding {
        severity: match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        path: path.to_owned(),
        line: span.line,
        column: span.column,
        message: problem.message,
        remedy: problem.remedy,
        more_rows: 0,
        quoted: text[line_start..line_end].to_owned(),
        range: (start, end),
    }
}

impl Finding {
    fn render(&self, renderer: &Renderer, visible: fn(&str) -> Cow<'_, str>) -> String {
        let level = if self.severity == "error" { Level::ERROR } else { Level::WARNING };
        let more = match self.more_rows {
            0 => String::new(),
            1 => " (and one more row)".into(),
            rows => format!(" (and {rows} more rows)"),
        };
        let title = format!("{}{more}", visible(&self.message));
        let (path, remedy) = (visible(&self.path), visible(&self.remedy));
        if self.line == 0 {
            let place = format!("{path}: {remedy}");
            let group =
                Group::with_title(level.primary_title(&title)).element(Level::HELP.message(&place));
            return renderer.render(&[group]);
        }
        let (quoted, range) = window(&self.quoted, self.range);
        let snippet = Snippet::source(quoted)
            .path(&*path)
            .line_start(self.line as usize)
            .annotation(AnnotationKind::Primary.span(range).label(&*remedy));
        let rendered = renderer.render(&[level.primary_title(&title).element(snippet)]);
        // The window may start inside the line; the place must name the column of the file.
        let shown = format!("{path}:{}:", self.line);
        let Some(at) = rendered.find(&shown) else { return rendered };
        let column = at + shown.len();
        let digits = rendered[column..].chars().take_while(char::is_ascii_digit).count();
        format!("{}{}{}", &rendered[..column], self.column, &rendered[column + digits..])
    }
}

/// Long lines (a row of a dataset) are cut to what stands around the place.
fn window(line: &str, (start, end): (usize, usize)) -> (&str, std::ops::Range<usize>) {
    const AROUND: usize = 100;
    if line.len() <= 2 * AROUND {
        return (line, start..end);
    }
    let mut from = start.saturating_sub(AROUND);
    while !line.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = (start + AROUND).min(line.len());
    while !line.is_char_boundary(to) {
        to += 1;
    }
    (&line[from..to], start - from..end.min(to) - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str, defaults: Option<Arc<Source>>) -> Source {
        Source { path: path.into(), text: text.into(), defaults }
    }

    #[test]
    fn a_place_in_the_defaults_is_shown_in_their_file() {
        let defaults = source("defaults.yaml", "a: 1\nsecret: hunter2\n", None);
        let both = source("suite.yaml", "b: 2\n", Some(Arc::new(defaults)));
        let here = Span { start: 3, end: 4, line: 1, column: 4 };
        let there = Span { start: 13, end: 20, line: 2, column: 9 }.shifted(both.defaults_start());
        let mut problems = Problems::default();
        problems.error(here, "one", "here");
        problems.secret(there, "two", "there");
        let mut findings = Findings::default();
        findings.add(&both, problems);
        let shown = findings.render(false, |text| Cow::Borrowed(text));
        insta::assert_snapshot!(shown, @"
        error: one
         --> suite.yaml:1:4
          |
        1 | b: 2
          |    ^ here

        error: two
         --> defaults.yaml:2:9
          |
        2 | secret: *******
          |         ^^^^^^^ there
        ");
        assert_eq!(both.find_word(there, "hunter2"), there);
    }
}
