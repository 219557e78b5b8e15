//! A suite: what to ask, what is expected, and how good is good enough.
//!
//! The typed suite exists only where the file has no error, so nothing above needs to doubt it.
//! Its cases are not kept: they are read from their rows and rendered whenever they are iterated,
//! once to check them all before anything is asked and once to ask.

mod cases;
mod config;
mod dataset;
mod findings;
mod raw;
mod template;

use std::path::Path;
use std::sync::Arc;

pub use cases::{Case, Census};
pub use config::{Age, Config, Endpoint, Keep, display};
pub use findings::{Finding, Findings, Source};

use crate::ask::{Digest, Params, Speaker, Turn};
use crate::budget::Budget;
use crate::elicit::Method;
use crate::grade;
use crate::span::{Problems, Span, Spanned};
use dataset::Rows;
use raw::{Message, Raw};
use template::Templates;

/// Confidence from which on a wrong answer counts as confident, where a suite names none.
const THRESHOLD: f64 = 0.8;

/// A validated suite.
#[derive(Debug)]
pub struct Suite {
    /// Its name, which is a directory's name in `reports/` too.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// The file.
    pub source: Arc<Source>,
    /// Digest of the file's text.
    pub digest: Digest,
    /// Names of the endpoints it asks.
    pub endpoints: Vec<Spanned<String>>,
    /// Endpoints defined in it.
    pub defined: Vec<Endpoint>,
    /// Confidence from which on a wrong answer counts as confident.
    pub threshold: f64,
    /// Confidence methods; the first is the primary.
    pub methods: Vec<Spanned<Method>>,
    /// Sampling parameters.
    pub params: Params,
    /// What it allows.
    pub budget: Budget,
    rows: Rows,
    rows_span: Span,
    labels: Labels,
    messages: Vec<Message>,
    grade: grade::Spec,
    templates: Templates,
}

/// Templates of what names and sorts a case.
#[derive(Debug, Default)]
struct Labels {
    id: Option<Spanned<String>>,
    tags: Vec<Spanned<String>>,
    group: Option<Spanned<String>>,
    choices: Vec<Spanned<String>>,
}

impl Suite {
    /// Reads and validates a suite file; its rows are validated by [`Suite::check`]. None if it
    /// has an error, which is then among the findings.
    pub fn load(path: &Path, findings: &mut Findings) -> Option<Suite> {
        let (source, node) = config::parse_file(path, findings)?;
        let mut problems = Problems::default();
        config::refuse_literal_keys(&node, &mut problems);
        let suite = Raw::read(&node, &mut problems)
            .and_then(|raw| Suite::from_raw(raw, &source, path, &mut problems));
        let valid = !problems.has_errors();
        findings.add(&source, problems);
        suite.filter(|_| valid)
    }

    /// The endpoint of this name, defined here or in the configuration.
    #[must_use]
    pub fn endpoint<'a>(&'a self, name: &str, config: &'a Config) -> Option<&'a Endpoint> {
        let here = self.defined.iter().find(|endpoint| endpoint.spec.name.value == name);
        here.or_else(|| config.endpoint(name))
    }

    fn from_raw(
        raw: Raw<'_>,
        source: &Arc<Source>,
        path: &Path,
        problems: &mut Problems,
    ) -> Option<Suite> {
        let dir = path.parent().unwrap_or(Path::new(""));
        let name = suite_name(raw.suite.as_ref(), raw.span, problems);
        let defined = raw
            .define
            .map_or_else(Vec::new, |node| config::read_endpoints(node, dir, source, problems));
        let rows = rows(&raw, source, dir, problems);
        let messages = messages(&raw, problems);
        if !raw.has_grade {
            let remedy = "add one, such as `grade: {exact: \"{{ answer }}\"}`";
            problems.error(raw.span, "no grader: nothing would be judged", remedy);
        }
        if let (Some(_), true, Some(span)) =
            (&raw.budget.confident_wrong, raw.confidence.is_empty(), raw.budget_span)
        {
            let message = "a budget on confident wrong answers, and no confidence method";
            problems.error(span, message, "add one, such as `confidence: [verbalized]`");
        }
        let labels = raw.dataset.map_or_else(Labels::default, |(_, dataset)| Labels {
            id: dataset.id,
            tags: dataset.tags,
            group: dataset.group,
            choices: dataset.choices,
        });
        let (grade, (rows, rows_span)) = (raw.grade?, rows?);
        let mut suite = Suite {
            name: name?,
            description: raw.description,
            source: Arc::clone(source),
            digest: Digest::of_bytes(source.text.as_bytes()),
            endpoints: raw.endpoints,
            defined,
            threshold: raw.threshold.unwrap_or(THRESHOLD),
            methods: raw.confidence,
            params: raw.params,
            budget: raw.budget,
            rows,
            rows_span,
            labels,
            messages: messages?,
            grade,
            templates: Templates::new(),
        };
        suite.compile(problems);
        Some(suite)
    }

    /// The conversation with its templates unrendered: enough to see who speaks.
    #[must_use]
    pub fn templates_as_turns(&self) -> Arc<[Turn]> {
        let turn = |(speaker, text): &Message| Turn { speaker: *speaker, text: text.value.clone() };
        self.messages.iter().map(turn).collect()
    }

    fn compile(&mut self, problems: &mut Problems) {
        let labels = &self.labels;
        let mut texts: Vec<&Spanned<String>> = self.messages.iter().map(|(_, text)| text).collect();
        texts.extend(labels.id.iter().chain(&labels.tags).chain(&labels.group));
        texts.extend(&labels.choices);
        self.grade.visit_templates(&mut |text| texts.push(text));
        for text in texts {
            if let Err(message) = self.templates.add(&text.value) {
                problems.error(text.span, format!("not a template: {message}"), "in this text");
            }
        }
    }
}

fn suite_name(
    name: Option<&Spanned<String>>,
    whole: Span,
    problems: &mut Problems,
) -> Option<String> {
    let Some(name) = name else {
        problems.error(whole, "a suite without a name", "add `suite: name` at the top");
        return None;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.value.is_empty() || name.value.starts_with('.') || !name.value.chars().all(plain) {
        problems.error(
            name.span,
            format!("`{}` cannot be a suite's name, which is a directory's name too", name.value),
            "use letters, digits, `-`, `_` and `.`",
        );
        return None;
    }
    Some(name.value.clone())
}

/// The rows and the place that says where they are from.
fn rows(
    raw: &Raw<'_>,
    source: &Source,
    dir: &Path,
    problems: &mut Problems,
) -> Option<(Rows, Span)> {
    match (&raw.dataset, &raw.cases) {
        (Some((_, dataset)), None) => {
            let span = dataset.from.first()?.span;
            Some((Rows::open(&dataset.from, dir, dataset.order.clone(), problems)?, span))
        }
        (None, Some((span, cases))) => Some((Rows::typed(cases, &source.path), *span)),
        (Some((span, _)), Some(_)) => {
            problems.error(*span, "both `dataset` and `cases`", "keep one of the two");
            None
        }
        (None, None) => {
            let remedy = "add `dataset: {from: rows.jsonl}` or a list of `cases:`";
            problems.error(raw.span, "a suite without cases", remedy);
            None
        }
    }
}

fn messages(raw: &Raw<'_>, problems: &mut Problems) -> Option<Vec<Message>> {
    match (&raw.prompt, &raw.messages) {
        (Some(prompt), None) => Some(vec![(Speaker::User, prompt.clone())]),
        (None, Some((span, messages))) => {
            if messages.last().is_none_or(|(speaker, _)| *speaker != Speaker::User) {
                problems.error(
                    *span,
                    "the last message is not the user's",
                    "end with a `user:` message",
                );
            }
            Some(messages.clone())
        }
        (Some(prompt), Some(_)) => {
            problems.error(prompt.span, "both `prompt` and `messages`", "keep one of the two");
            None
        }
        (None, None) => {
            let remedy = "add `prompt: \"{{ question }}\"` or a list of `messages:`";
            problems.error(raw.span, "a suite without a prompt", remedy);
            None
        }
    }
}
