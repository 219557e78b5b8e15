//! A suite: what to ask, what is expected, and how good is good enough.
//!
//! The typed suite exists only where the file has no error, so nothing above needs to doubt it.
//! Its cases are not kept: they are read from their rows and rendered whenever they are iterated,
//! once to check them all before anything is asked and once to ask.

mod cases;
mod config;
mod dataset;
mod defaults;
mod entry;
mod filter;
mod findings;
mod mend;
mod raw;
mod scope;
mod survey;
mod template;
mod variants;
mod walk;

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

pub use cases::Case;
pub use config::{Age, Config, Endpoint, Keep, display};
pub use dataset::{Edit, Placed, RawRow, Table, TableError};
pub use filter::Filter;
pub use findings::{Finding, Findings, Source};
pub use mend::{Changed, Labelled, Unmended, patch};
pub use survey::Census;

use crate::ask::{Digest, Params, Speaker, Turn};
use crate::budget::Budget;
use crate::elicit::Method;
use crate::span::{Node, Problems, Span, Spanned, Value};
use dataset::Rows;
use raw::{Axis, ChoiceOrder, Examples, Grade, Limits, Message, Override, Prompt, Raw};
use template::Templates;
use variants::Variant;

/// Confidence from which on a wrong answer counts as confident, where a suite names none.
const THRESHOLD: f64 = 0.8;

/// The most repeats of a case: with more, the plan of one case would fill the memory.
pub const MOST_REPEATS: u32 = 1000;

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
    /// How often each case is asked at each endpoint.
    pub repeats: NonZeroU32,
    /// What it allows.
    pub budget: Budget,
    temperature: Option<Span>,
    rows: Rows,
    rows_span: Span,
    grade_span: Span,
    limits: Limits,
    labels: Labels,
    prompts: Vec<Prompt>,
    matrix: Vec<Axis>,
    choice_order: ChoiceOrder,
    examples: Option<Examples>,
    overrides: Vec<Override>,
    grade: Grade,
    templates: Templates,
    /// Every prompt with every combination of the matrix, in order.
    variants: Vec<Variant>,
}

/// Templates of what names and sorts a case.
#[derive(Debug, Default)]
struct Labels {
    id: Option<Spanned<String>>,
    tags: Vec<Spanned<String>>,
    group: Option<Spanned<String>>,
    choices: Vec<Spanned<String>>,
    expected: Option<Spanned<String>>,
}

/// What holds for a case in place of what the suite says.
struct Overridden<'a> {
    threshold: Option<f64>,
    grade: &'a Grade,
    /// What is overridden in the row itself, as it is typed there.
    typed: Option<&'a Arc<serde_json::Value>>,
    /// Names of the parts with a budget of their own that it belongs to.
    slices: Vec<String>,
}

impl Suite {
    /// Reads and validates a suite file; its rows are validated by [`Suite::check`]. None if it
    /// has an error, which is then among the findings.
    pub fn load(path: &Path, findings: &mut Findings) -> Option<Suite> {
        let (source, node) = config::parse_file(path, findings)?;
        let (source, node) = defaults::fill_in(source, node, path, findings);
        let mut problems = Problems::default();
        config::refuse_literal_keys(&node, &mut problems);
        let suite = Raw::read(&node, &mut problems)
            .and_then(|raw| Suite::from_raw(raw, &source, path, &mut problems));
        let valid = !problems.has_errors();
        findings.add(&source, problems);
        suite.filter(|_| valid)
    }

    /// A threshold for every case, whatever the suite says.
    pub fn set_threshold(&mut self, threshold: f64) {
        self.threshold = threshold;
        for part in &mut self.overrides {
            part.threshold = None;
        }
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
        let prompts = prompts(&raw, problems);
        if raw.grade_span.is_none() {
            let remedy = "add one, such as `grade: {exact: \"{{ answer }}\"}`";
            problems.error(raw.span, "no grader: nothing would be judged", remedy);
        }
        let typed_budget = raw.budget.as_ref().map(|limits| limits.span);
        let limits = raw.budget.unwrap_or_default();
        let Budget { confident_wrong, calibration, selective, regression, .. } = &limits.budget;
        let newly = regression.as_ref().is_some_and(|line| line.newly_confident_wrong.is_some());
        let of_confidence = [
            (confident_wrong.is_some() || newly, "confident wrong answers"),
            (calibration.is_some(), "calibration"),
            (selective.is_some(), "selective answering"),
        ];
        let of_confidence = of_confidence.into_iter().find(|(typed, _)| *typed);
        if let (Some((_, what)), true, Some(span)) =
            (of_confidence, raw.confidence.is_empty(), typed_budget)
        {
            let message = format!("a budget on {what}, and no confidence method");
            problems.error(span, message, "add one, such as `confidence: [verbalized]`");
        }
        let overrides = overrides(raw.overrides, raw.cases.as_ref(), problems);
        let labels = raw.dataset.map_or_else(Labels::default, |(_, dataset)| Labels {
            id: dataset.id,
            tags: dataset.tags,
            group: dataset.group,
            choices: dataset.choices,
            expected: dataset.expected,
        });
        let (grade, (rows, rows_span)) = (raw.grade?, rows?);
        let mut suite = Suite {
            name: name?,
            description: raw.description,
            source: Arc::clone(source),
            digest: source.digest(),
            endpoints: raw.endpoints,
            defined,
            threshold: raw.threshold.unwrap_or(THRESHOLD),
            methods: raw.confidence,
            params: raw.params,
            repeats: raw.repeats.as_ref().map_or(NonZeroU32::MIN, |repeats| repeats.value),
            budget: limits.budget.clone(),
            temperature: raw.temperature,
            rows,
            rows_span,
            grade_span: raw.grade_span.unwrap_or(rows_span),
            limits,
            labels,
            prompts: prompts?,
            matrix: raw.matrix,
            choice_order: raw.choice_order,
            examples: raw.examples,
            overrides,
            grade,
            templates: Templates::new(),
            variants: Vec::new(),
        };
        suite.compile(problems);
        if let Some(repeats) = raw.repeats {
            suite.refuse_equal_repeats("repeats:", repeats.span, problems);
        }
        if !problems.has_errors() {
            suite.variants = suite.read_variants(dir, problems);
        }
        Some(suite)
    }

    /// Asks every case so often, whatever the suite says.
    pub fn repeat(&mut self, repeats: NonZeroU32, findings: &mut Findings) {
        self.repeats = repeats;
        let mut problems = Problems::default();
        let place = self.temperature.unwrap_or(self.rows_span);
        self.refuse_equal_repeats("--repeats", place, &mut problems);
        findings.add(&self.source, problems);
    }

    /// At temperature 0 the same question gets the same answer, so repeats would show a stability
    /// that nothing has tested. `by` is who asks for them.
    fn refuse_equal_repeats(&self, by: &str, place: Span, problems: &mut Problems) {
        let repeats = self.repeats.get();
        if repeats > 1 && self.params.temperature == Some(0.0) {
            let message = format!("`{by} {repeats}` at temperature 0: the same answer every time");
            problems.error(place, message, "raise the temperature, or ask once");
        }
    }

    /// The conversations with their templates unrendered: enough to see who speaks.
    pub fn templates_as_turns(&self) -> impl Iterator<Item = Arc<[Turn]>> + '_ {
        let turn = |(speaker, text): &Message| Turn { speaker: *speaker, text: text.value.clone() };
        self.prompts.iter().map(move |prompt| prompt.messages.iter().map(turn).collect())
    }

    /// What is overridden for a case, the last that says something counting.
    fn overridden(&self, row: Option<Span>, id: &str, tags: &[String]) -> Overridden<'_> {
        let mut overridden =
            Overridden { threshold: None, grade: &self.grade, typed: None, slices: Vec::new() };
        for part in self.overrides.iter().filter(|part| part.applies(row, id, tags)) {
            overridden.threshold = part.threshold.or(overridden.threshold);
            overridden.grade = part.grade.as_ref().unwrap_or(overridden.grade);
            overridden.typed = part.typed.as_ref().or(overridden.typed);
            overridden.slices.extend(part.budget.as_ref().map(|_| part.name()));
        }
        overridden
    }

    /// Parts of the cases that have a budget of their own, with it.
    pub fn slices(&self) -> impl Iterator<Item = (String, &Budget)> {
        self.overrides.iter().filter_map(|part| Some((part.name(), &part.budget.as_ref()?.budget)))
    }

    /// Where a line of the budget stands, or of the budget of a part.
    #[must_use]
    pub fn budget_span(&self, slice: Option<&str>, line: &str) -> Span {
        let mut parts = self.overrides.iter().filter(|part| Some(part.name().as_str()) == slice);
        let limits = parts.find_map(|part| part.budget.as_ref());
        limits.unwrap_or(&self.limits).place(line)
    }

    /// Every template with its place.
    fn visit_templates<'a>(&'a self, visit: &mut dyn FnMut(&'a Spanned<String>)) {
        let messages = self.prompts.iter().flat_map(|prompt| &prompt.messages);
        messages.map(|(_, text)| text).for_each(&mut *visit);
        let labels = &self.labels;
        let named = labels.id.iter().chain(&labels.tags).chain(&labels.group);
        named.chain(&labels.choices).chain(&labels.expected).for_each(&mut *visit);
        self.examples.iter().filter_map(|examples| examples.answer.as_ref()).for_each(&mut *visit);
        self.grade.spec.visit_templates(visit);
        self.overrides.iter().filter_map(|part| part.grade.as_ref()).for_each(|grade| {
            grade.spec.visit_templates(visit);
        });
    }

    fn compile(&mut self, problems: &mut Problems) {
        let mut texts: Vec<Spanned<String>> = Vec::new();
        self.visit_templates(&mut |text| texts.push(text.clone()));
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

/// The prompts: one without a name, or several by name.
fn prompts(raw: &Raw<'_>, problems: &mut Problems) -> Option<Vec<Prompt>> {
    let prompted = raw.prompt.as_ref().map(|prompt| prompt.span);
    let typed = [
        ("prompt", prompted),
        ("messages", raw.messages.as_ref().map(|(span, _)| *span)),
        ("prompts", raw.prompts.as_ref().map(|(span, _)| *span)),
    ];
    let typed: Vec<_> = typed.into_iter().filter_map(|(key, span)| Some((key, span?))).collect();
    if let [(one, _), (other, span), ..] = typed[..] {
        problems.error(span, format!("both `{one}` and `{other}`"), "keep one of the two");
        return None;
    }
    let alone = |messages: Vec<Message>| vec![Prompt { name: None, messages }];
    let (span, prompts) = if let Some(prompt) = &raw.prompt {
        (prompt.span, alone(vec![(Speaker::User, prompt.clone())]))
    } else if let Some((span, messages)) = &raw.messages {
        (*span, alone(messages.clone()))
    } else if let Some((span, prompts)) = &raw.prompts {
        (*span, prompts.clone())
    } else {
        let remedy = "add `prompt: \"{{ question }}\"` or a list of `messages:`";
        problems.error(raw.span, "a suite without a prompt", remedy);
        return None;
    };
    for prompt in &prompts {
        if prompt.messages.last().is_none_or(|(speaker, _)| *speaker != Speaker::User) {
            let place = prompt.name.as_ref().map_or(span, |name| name.span);
            let remedy = "end with a `user:` message";
            problems.error(place, "the last message is not the user's", remedy);
        }
    }
    Some(prompts)
}

/// The overrides of the suite, and behind them those typed into its cases.
fn overrides(
    mut listed: Vec<Override>,
    cases: Option<&(Span, &[Node])>,
    problems: &mut Problems,
) -> Vec<Override> {
    for node in cases.map_or(&[][..], |(_, cases)| cases) {
        if let Value::Map(entries) = &node.value
            && let Some((_, typed)) = entries.iter().find(|(key, _)| key.value == "override")
        {
            listed.extend(Override::of_case(node.span, typed, problems));
        }
    }
    listed
}
