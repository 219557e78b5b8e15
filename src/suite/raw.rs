//! The suite as its author typed it: every key that may stand there, with its place, and nothing
//! decided yet. [`super::Suite`] is what it means.

use crate::ask::{Params, Speaker};
use crate::budget::{self, AtLeast, Budget, ConfidentWrong, NotMeasured, Verdict};
use crate::elicit::Method;
use crate::grade;
use crate::span::{Fields, Node, Problems, Span, Spanned, Value};

use super::dataset::Order;

/// A suite file taken apart. Absent keys are none or empty.
#[derive(Debug)]
pub(super) struct Raw<'a> {
    pub span: Span,
    pub suite: Option<Spanned<String>>,
    pub description: Option<String>,
    pub endpoints: Vec<Spanned<String>>,
    pub define: Option<&'a Node>,
    pub threshold: Option<f64>,
    pub dataset: Option<(Span, Dataset)>,
    pub cases: Option<(Span, &'a [Node])>,
    pub prompt: Option<Spanned<String>>,
    pub messages: Option<(Span, Vec<Message>)>,
    /// The key's presence apart from the grader, which is none where it has problems.
    pub has_grade: bool,
    pub grade: Option<grade::Spec>,
    pub confidence: Vec<Spanned<Method>>,
    pub params: Params,
    pub budget: Budget,
    pub budget_span: Option<Span>,
}

/// A message of the prompt: who speaks, and the template of what is said.
pub(super) type Message = (Speaker, Spanned<String>);

/// Where a dataset's rows are, which are taken, and how they are labelled.
#[derive(Debug, Default)]
pub(super) struct Dataset {
    pub from: Vec<Spanned<String>>,
    pub order: Order,
    pub id: Option<Spanned<String>>,
    pub tags: Vec<Spanned<String>>,
    pub group: Option<Spanned<String>>,
    pub choices: Vec<Spanned<String>>,
}

impl<'a> Raw<'a> {
    pub fn read(node: &'a Node, problems: &mut Problems) -> Option<Raw<'a>> {
        let mut fields = node.fields(problems)?;
        let raw = Raw {
            span: node.span,
            suite: text(&mut fields, "suite", problems),
            description: text(&mut fields, "description", problems).map(|text| text.value),
            endpoints: texts(&mut fields, "endpoints", problems),
            define: fields.take("define"),
            threshold: fields.take("threshold").and_then(|node| node.share(problems)),
            dataset: fields
                .take_keyed("dataset")
                .map(|(key, node)| (key.span, dataset(node, problems))),
            cases: fields
                .take_keyed("cases")
                .and_then(|(key, node)| Some((key.span, cases(node, problems)?))),
            prompt: text(&mut fields, "prompt", problems),
            messages: fields
                .take_keyed("messages")
                .map(|(key, node)| (key.span, messages(node, problems))),
            has_grade: node.has("grade"),
            grade: fields.take("grade").and_then(|node| grade::Spec::read(node, problems)),
            confidence: fields
                .take("confidence")
                .map_or_else(Vec::new, |node| methods(node, problems)),
            params: fields.take("parameters").map_or_else(Params::default, |n| params(n, problems)),
            budget_span: fields.take_keyed("budget").map(|(key, _)| key.span),
            budget: fields.take("budget").map_or_else(Budget::default, |n| budget(n, problems)),
        };
        if let Some(node) = fields.take("repeats")
            && let Some(repeats) = node.whole::<u32>(problems)
            && repeats != 1
        {
            // Several answers of one case are not independent, and limits that take them for such
            // raise false alarms; refused until the limits know clusters.
            problems.error(
                node.span,
                format!("repeats of {repeats}"),
                "only 1 is supported so far",
            );
        }
        fields.finish(problems);
        Some(raw)
    }
}

fn text(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Option<Spanned<String>> {
    fields.take(key)?.text(problems)
}

fn texts(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Vec<Spanned<String>> {
    let items = fields.take(key).and_then(|node| node.list(problems)).unwrap_or(&[]);
    items.iter().filter_map(|item| item.text(problems)).collect()
}

/// One text, or a list of them.
fn text_or_texts(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Vec<Spanned<String>> {
    match fields.take(key) {
        Some(Node { value: Value::List(items), .. }) => {
            items.iter().filter_map(|item| item.text(problems)).collect()
        }
        Some(node) => node.text(problems).into_iter().collect(),
        None => Vec::new(),
    }
}

fn dataset(node: &Node, problems: &mut Problems) -> Dataset {
    let mut dataset = Dataset::default();
    if let Some(mut fields) = node.fields(problems) {
        dataset.from = text_or_texts(&mut fields, "from", problems);
        dataset.order = Order::read(&mut fields, problems);
        dataset.id = text(&mut fields, "id", problems);
        dataset.tags = texts(&mut fields, "tags", problems);
        dataset.group = text(&mut fields, "group", problems);
        dataset.choices = texts(&mut fields, "choices", problems);
        if dataset.from.is_empty() {
            problems.error(fields.span, "a dataset without `from`", "add `from: rows.jsonl`");
        }
        fields.finish(problems);
    }
    dataset
}

fn cases<'a>(node: &'a Node, problems: &mut Problems) -> Option<&'a [Node]> {
    let cases = node.list(problems)?;
    for case in cases {
        if !matches!(case.value, Value::Map(_)) {
            let message = format!("expected a case, found {}", case.kind());
            problems.error(case.span, message, "write a map such as `{question: …, answer: …}`");
        }
    }
    Some(cases)
}

fn messages(node: &Node, problems: &mut Problems) -> Vec<(Speaker, Spanned<String>)> {
    let items = node.list(problems).unwrap_or(&[]);
    let speakers = [Speaker::System, Speaker::User, Speaker::Assistant];
    let mut messages = Vec::new();
    for item in items {
        let Some(fields) = item.fields(problems) else { continue };
        for (key, node) in fields.entries() {
            match speakers.iter().find(|speaker| speaker.name() == key.value) {
                Some(speaker) => {
                    messages.extend(node.text(problems).map(|text| (*speaker, text)));
                }
                None => problems.unknown("speaker", key, &speakers.map(Speaker::name)),
            }
        }
    }
    messages
}

fn methods(node: &Node, problems: &mut Problems) -> Vec<Spanned<Method>> {
    let items = node.list(problems).unwrap_or(&[]);
    let mut methods: Vec<Spanned<Method>> = Vec::new();
    for item in items {
        let Some(method) = Method::read(item, problems) else { continue };
        if methods.iter().any(|known| known.value.name() == method.name()) {
            problems.error(
                item.span,
                format!("`{}` stands here twice", method.name()),
                "remove one",
            );
        } else {
            methods.push(Spanned::new(method, item.span));
        }
    }
    methods
}

fn params(node: &Node, problems: &mut Problems) -> Params {
    let mut params = Params::default();
    let Some(mut fields) = node.fields(problems) else { return params };
    params.temperature = at_least_zero(&mut fields, "temperature", problems);
    params.top_p = fields.take("top_p").and_then(|node| node.share(problems));
    params.max_tokens = fields.take("max_tokens").and_then(|node| node.whole(problems));
    params.stop = texts(&mut fields, "stop", problems).into_iter().map(|text| text.value).collect();
    params.seed = fields.take("seed").and_then(|node| node.whole(problems));
    fields.finish(problems);
    params
}

fn at_least_zero(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Option<f64> {
    let node = fields.take(key)?;
    let number = node.number(problems)?;
    if number < 0.0 {
        problems.error(node.span, format!("a {key} of {number}"), "write 0 or more");
        return None;
    }
    Some(number)
}

fn budget(node: &Node, problems: &mut Problems) -> Budget {
    let mut budget = Budget::default();
    let Some(mut fields) = node.fields(problems) else { return budget };
    budget.confident_wrong =
        fields.take("confident_wrong").and_then(|node| confident_wrong(node, problems));
    budget.accuracy = fields.take("accuracy").and_then(|node| at_least(node, problems));
    budget.coverage = fields.take("coverage").and_then(|node| at_least(node, problems));
    if let Some(verdict) = word(&mut fields, "undecided", &["fail", "pass"], problems) {
        budget.undecided = if verdict == "pass" { Verdict::Pass } else { Verdict::Fail };
    }
    if let Some(verdict) = word(&mut fields, "not_measured", &["show", "fail"], problems) {
        budget.not_measured = if verdict == "fail" { NotMeasured::Fail } else { NotMeasured::Show };
    }
    fields.finish(problems);
    budget
}

fn confident_wrong(node: &Node, problems: &mut Problems) -> Option<ConfidentWrong> {
    let mut fields = node.fields(problems)?;
    let max_rate = fields.take("max_rate").and_then(|node| node.share(problems));
    let max_count = fields.take("max_count").and_then(|node| node.whole(problems));
    let level = level(&mut fields, problems);
    if !fields.entries().iter().any(|(key, _)| key.value.starts_with("max")) {
        problems.error(
            fields.span,
            "a budget without a limit",
            "add `max_rate: 5%` or `max_count: 3`",
        );
    }
    fields.finish(problems);
    Some(ConfidentWrong { max_rate, max_count, level })
}

fn at_least(node: &Node, problems: &mut Problems) -> Option<AtLeast> {
    let mut fields = node.fields(problems)?;
    let limit = fields.take("min");
    if limit.is_none() {
        problems.error(fields.span, "a budget without a limit", "add `min: 90%`");
    }
    let min = limit.and_then(|node| node.share(problems));
    let level = level(&mut fields, problems);
    fields.finish(problems);
    Some(AtLeast { min: min?, level })
}

fn level(fields: &mut Fields<'_>, problems: &mut Problems) -> f64 {
    let Some(node) = fields.take("level") else { return budget::LEVEL };
    let Some(level) = node.share(problems) else { return budget::LEVEL };
    if (0.5..1.0).contains(&level) {
        return level;
    }
    let message = format!("a confidence level of {level}");
    problems.error(node.span, message, "write a level from 50% to below 100%, such as 95%");
    budget::LEVEL
}

fn word(
    fields: &mut Fields<'_>,
    key: &'static str,
    known: &[&'static str],
    problems: &mut Problems,
) -> Option<&'static str> {
    let word = text(fields, key, problems)?;
    let found = known.iter().copied().find(|known| *known == word.value);
    if found.is_none() {
        problems.unknown(&format!("value of `{key}`"), &word, known);
    }
    found
}
