//! `overclaim score`: statistics of answers that another harness graded.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use serde_json::{Map, Value, json};

use crate::report::{ScoredPage, scored, scored_in_short};
use crate::score::Threshold;
use crate::scorecard::{AnsweredCard, EveryMetric, SourceCard, by_tag};
use crate::scored::{Fields, Graded, Reading, ScoredError, Source, Written};
use crate::suite::{Table, display};

use super::output::{Exit, Output, remark};
use super::{OutputArgs, share};

/// Version of the document.
const FORMAT: u32 = 1;

/// Statistics of answers that another harness graded.
///
/// FILE has a row an answer with the fields `confidence` (0 to 1) and `correct`, and if it likes
/// `id`, `group`, `tags`, `source`, `question`, `answer` and `expected`: JSONL, JSON, CSV or TSV.
#[derive(Debug, Args)]
pub(super) struct ScoreArgs {
    /// File of rows, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    fields: FieldArgs,
    /// Confidence from which on a wrong answer counts as confident
    #[arg(long, value_name = "T", value_parser = share, default_value = "0.8")]
    threshold: f64,
    /// Leave out bad rows, and count them, instead of refusing the file
    #[arg(long)]
    skip_bad: bool,
    /// With --json: every metric there is
    #[arg(long, requires = "json")]
    all: bool,
    /// How many confident wrong answers are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    output: OutputArgs,
}

/// Names of the fields. A name may be a path: `scores.match.value`.
#[derive(Debug, Args)]
pub(super) struct FieldArgs {
    /// Where the list of rows stands in a JSON document, such as `samples`
    #[arg(long, value_name = "PATH")]
    rows: Option<String>,
    /// Field of how sure the model was
    #[arg(long, value_name = "NAME", default_value = "confidence")]
    confidence_field: String,
    /// Confidences are in percent, 0 to 100
    #[arg(long, conflicts_with = "logprobs")]
    percent: bool,
    /// The confidence field lists the log likelihoods of the choices
    #[arg(long)]
    logprobs: bool,
    /// Field of whether the answer is right
    #[arg(long, value_name = "NAME", default_value = "correct")]
    correct_field: String,
    /// Field of the case's name; rows of one name are repeats
    #[arg(long, value_name = "NAME", default_value = "id")]
    id_field: String,
    /// Field of a group of cases that are alike
    #[arg(long, value_name = "NAME", default_value = "group")]
    group_field: String,
    /// Field of tags: a list, or text with `;` between
    #[arg(long, value_name = "NAME", default_value = "tags")]
    tags_field: String,
    /// Field of the model or method that a confidence is of; each gets statistics of its own
    #[arg(long, value_name = "NAME", default_value = "source")]
    source_field: String,
    /// Field of the question
    #[arg(long, value_name = "NAME", default_value = "question")]
    question_field: String,
    /// Field of what the model said
    #[arg(long, value_name = "NAME", default_value = "answer")]
    answer_field: String,
    /// Field of what is right
    #[arg(long, value_name = "NAME", default_value = "expected")]
    expected_field: String,
}

impl FieldArgs {
    pub(super) fn fields(&self) -> Fields {
        let written = match (self.percent, self.logprobs) {
            (true, _) => Written::Percent,
            (_, true) => Written::Logprobs,
            _ => Written::Share,
        };
        Fields {
            rows: self.rows.clone(),
            written,
            confidence: self.confidence_field.clone(),
            correct: self.correct_field.clone(),
            id: self.id_field.clone(),
            group: self.group_field.clone(),
            tags: self.tags_field.clone(),
            source: self.source_field.clone(),
            question: self.question_field.clone(),
            answer: self.answer_field.clone(),
            expected: self.expected_field.clone(),
        }
    }
}

pub(super) fn score(args: &ScoreArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let threshold = Threshold::new(args.threshold).map_err(|error| error.to_string())?;
    let reading =
        Reading { fields: args.fields.fields(), threshold, skip_bad: args.skip_bad, top: args.top };
    let (name, graded) = read(&args.file, &reading)?;
    if graded.sources.iter().all(|source| source.scored.items.is_empty()) {
        remark(&format!("{name}: no row has both a confidence and a grade"));
        return Ok(Exit::Nothing);
    }
    let card =
        |source: &Source| SourceCard::of(&source.name, &source.scored, source.missing.clone());
    let cards: Vec<SourceCard> = graded.sources.iter().map(card).collect();
    let page =
        ScoredPage { file: &name, graded: &graded, cards: &cards, threshold: args.threshold };
    if output.quiet {
        output.people(&scored_in_short(&page, output.style()));
    } else {
        output.people(&scored(&page, output.style()));
    }
    if output.json {
        Output::document(&document(&page, args.all)?)?;
    }
    Ok(Exit::Passed)
}

/// Reads a file of graded answers, or standard input; its name for people comes with it.
pub(super) fn read(file: &Path, reading: &Reading) -> Result<(String, Graded), String> {
    let piped = file == Path::new("-");
    let name = if piped { "standard input".to_owned() } else { display(file) };
    let told = |error: &dyn std::fmt::Display| format!("{name}: {error}");
    let graded = if reading.fields.rows.is_some() {
        let document =
            if piped { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) };
        reading.read_document(&document.map_err(|error| told(&error))?)
    } else {
        let table = if piped { Table::stream(io::stdin()) } else { Table::open(file) };
        reading.read(table.map_err(|error| told(&error))?)
    };
    let graded = graded.map_err(|error| self::told(&name, &error))?;
    Ok((name, graded))
}

/// An error of a file in words; its bad rows are told one by one before.
pub(super) fn told(name: &str, error: &ScoredError) -> String {
    if let ScoredError::Bad(rows, count) = error {
        for row in rows {
            remark(&format!("{name}: {row}"));
        }
        if *count > rows.len() {
            remark(&format!("{name}: and {} more", count - rows.len()));
        }
    }
    format!("{name}: {error}")
}

/// The document for programs; with `all`, each source has every metric under `all`.
fn document(page: &ScoredPage<'_>, all: bool) -> Result<Value, String> {
    let sources = page.graded.sources.iter().zip(page.cards).map(|(source, card)| {
        let mut document = match serde_json::to_value(card).map_err(|error| error.to_string())? {
            Value::Object(document) => document,
            other => Map::from_iter([("card".to_owned(), other)]),
        };
        let answered = serde_json::to_value(AnsweredCard::from(source.counts));
        let answered = answered.map_err(|error| error.to_string())?;
        document.insert("answered".to_owned(), answered);
        let tags = serde_json::to_value(by_tag(&source.scored));
        document.insert("tags".to_owned(), tags.map_err(|error| error.to_string())?);
        document.insert("confidently_wrong".to_owned(), ranked(source));
        if all {
            let every = EveryMetric::of(&source.scored.items);
            let every = serde_json::to_value(every).map_err(|error| error.to_string())?;
            document.insert("all".to_owned(), every);
        }
        Ok(Value::Object(document))
    });
    let bad = page.graded.bad.iter();
    let bad = bad.map(|bad| json!({"row": bad.row, "line": bad.line, "reason": bad.reason}));
    Ok(json!({
        "format": FORMAT,
        "file": page.file,
        "threshold": page.threshold,
        "rows": page.graded.rows,
        "ungraded": page.graded.ungraded,
        "skipped": page.graded.skipped,
        "bad": bad.collect::<Vec<_>>(),
        "sources": sources.collect::<Result<Vec<_>, String>>()?,
    }))
}

/// The confident wrong answers that are shown.
fn ranked(source: &Source) -> Value {
    let entry = |wrong: &crate::scored::Wrong| {
        json!({
            "confidence": wrong.confidence,
            "row": wrong.row,
            "id": wrong.id,
            "question": wrong.question,
            "said": wrong.answer,
            "expected": wrong.expected,
        })
    };
    source.wrong.iter().map(entry).collect()
}
