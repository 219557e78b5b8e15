//! The suite as its author typed it: every key that may stand there, with its place, and nothing
//! decided yet. [`super::Suite`] is what it means.

use std::num::NonZeroU32;

use crate::ask::{Digest, Params, Speaker};
use crate::elicit::Method;
use crate::grade;
use crate::span::{Fields, Node, Problems, Span, Spanned, Value};

use super::MOST_REPEATS;
use super::dataset::Order;

mod limits;
mod variants;

pub(super) use limits::Limits;
pub(super) use variants::{Axis, ChoiceOrder, Examples, Override, Prompt};

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
    pub prompts: Option<(Span, Vec<Prompt>)>,
    pub matrix: Vec<Axis>,
    pub choice_order: ChoiceOrder,
    pub examples: Option<Examples>,
    pub overrides: Vec<Override>,
    /// The key's place apart from the grader, which is none where it has problems.
    pub grade_span: Option<Span>,
    pub grade: Option<Grade>,
    pub confidence: Vec<Spanned<Method>>,
    pub params: Params,
    /// Where the temperature of the parameters stands.
    pub temperature: Option<Span>,
    pub repeats: Option<Spanned<NonZeroU32>>,
    pub budget: Option<Limits>,
}

/// A grader as it was typed.
#[derive(Debug, Clone)]
pub(super) struct Grade {
    pub spec: grade::Spec,
    /// Digest of how it was typed, whatever its place: a changed grader is noticed by it.
    pub form: Digest,
}

impl Grade {
    fn read(node: &Node, problems: &mut Problems) -> Option<Grade> {
        let spec = grade::Spec::read(node, problems)?;
        Some(Grade { spec, form: Digest::of(&node.to_json()) })
    }
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
    pub expected: Option<Spanned<String>>,
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
            prompts: fields
                .take_keyed("prompts")
                .map(|(key, node)| (key.span, variants::prompts(node, problems))),
            matrix: fields
                .take("matrix")
                .map_or_else(Vec::new, |node| variants::matrix(node, problems)),
            choice_order: fields
                .take("choice_order")
                .map_or(ChoiceOrder::Typed, |node| variants::choice_order(node, problems)),
            examples: fields.take("examples").map(|node| variants::examples(node, problems)),
            overrides: fields
                .take("overrides")
                .map_or_else(Vec::new, |node| variants::overrides(node, problems)),
            grade_span: fields.take_keyed("grade").map(|(key, _)| key.span),
            grade: fields.take("grade").and_then(|node| Grade::read(node, problems)),
            confidence: fields
                .take("confidence")
                .map_or_else(Vec::new, |node| methods(node, problems)),
            temperature: fields.take("parameters").and_then(|node| node.at("temperature")),
            params: fields.take("parameters").map_or_else(Params::default, |n| params(n, problems)),
            repeats: fields.take("repeats").and_then(|node| repeats(node, problems)),
            budget: fields
                .take_keyed("budget")
                .map(|(key, node)| Limits::read(key.span, node, problems)),
        };
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
        dataset.expected = text(&mut fields, "expected", problems);
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
    params.top_logprobs = fields.take("top_logprobs").and_then(|node| {
        let most: u8 = node.whole(problems)?;
        if most > 20 {
            problems.error(node.span, "servers list at most 20", "write a number from 0 to 20");
        }
        Some(most)
    });
    params.seed = fields.take("seed").and_then(|node| node.whole(problems));
    fields.finish(problems);
    params
}

/// How often each case is asked.
fn repeats(node: &Node, problems: &mut Problems) -> Option<Spanned<NonZeroU32>> {
    let typed = node.whole::<u32>(problems)?;
    let repeats = NonZeroU32::new(typed).filter(|repeats| repeats.get() <= MOST_REPEATS);
    if repeats.is_none() {
        let remedy = format!("write a number from 1 to {MOST_REPEATS}");
        problems.error(node.span, format!("repeats of {typed}"), remedy);
    }
    Some(Spanned::new(repeats?, node.span))
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
