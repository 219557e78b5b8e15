//! What makes several cases of one row, and what makes single cases differ from the rest.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::span::{Fields, Node, Problems, Span, Spanned, Value};

use super::super::dataset::Order;
use super::super::filter::Filter;
use super::{Grade, Limits, Message, messages, text, text_or_texts};

/// A prompt with the name by which it is compared with the others; none where it is the only one.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What it is called.
    pub name: Option<Spanned<String>>,
    /// What is said.
    pub messages: Vec<Message>,
}

/// A variable of the matrix with its values.
#[derive(Debug, Clone)]
pub struct Axis {
    /// The variable.
    pub name: Spanned<String>,
    /// Its values, each with the text that names it.
    pub values: Vec<(String, Json)>,
}

/// In which order a question's choices are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChoiceOrder {
    /// As they are typed.
    #[default]
    Typed,
    /// In an order drawn for each row from this seed.
    Shuffled(u64),
    /// In every rotation, each a case of its own.
    Rotated,
}

/// Worked examples in front of the question.
#[derive(Debug, Clone)]
pub struct Examples {
    /// Their rows.
    pub from: Vec<Spanned<String>>,
    /// How many.
    pub count: usize,
    /// Drawn, or the first ones.
    pub order: Order,
    /// What the assistant says to each.
    pub answer: Option<Spanned<String>>,
}

/// What holds for some cases only.
#[derive(Debug, Clone)]
pub struct Override {
    /// Its place.
    pub span: Span,
    /// The cases meant.
    pub whom: Whom,
    /// Confidence from which on a wrong answer counts as confident.
    pub threshold: Option<f64>,
    /// How answers are judged.
    pub grade: Option<Grade>,
    /// What is judged on these cases besides the suite's own budget.
    pub budget: Option<Limits>,
    /// All of it as it is typed in a case.
    pub typed: Option<Arc<Json>>,
}

/// Which cases an override is for.
#[derive(Debug, Clone)]
pub enum Whom {
    /// Those that match.
    Matching(Filter),
    /// The one that is typed in.
    Typed(Span),
}

/// Most examples in front of a question.
const MOST_EXAMPLES: usize = 64;

pub(super) fn prompts(node: &Node, problems: &mut Problems) -> Vec<Prompt> {
    let Some(fields) = node.fields(problems) else { return Vec::new() };
    let entries = fields.entries();
    if entries.len() < 2 {
        let remedy = "name two or more, or write `prompt:`";
        problems.error(fields.span, "prompts are compared with each other", remedy);
    }
    let prompt = |(name, node): &(Spanned<String>, Node)| {
        is_name(name, problems);
        let messages = match &node.value {
            Value::List(_) => messages(node, problems),
            _ => vec![(crate::ask::Speaker::User, node.text(problems)?)],
        };
        Some(Prompt { name: Some(name.clone()), messages })
    };
    entries.iter().filter_map(prompt).collect()
}

pub(super) fn matrix(node: &Node, problems: &mut Problems) -> Vec<Axis> {
    let Some(fields) = node.fields(problems) else { return Vec::new() };
    let mut axes: Vec<Axis> = Vec::new();
    for (name, node) in fields.entries() {
        is_name(name, problems);
        if ["prompt", "rotation", "choices", "id"].contains(&name.value.as_str()) {
            let message = format!("`{}` cannot be a variable of the matrix", name.value);
            problems.error(name.span, message, "choose another name");
        }
        let Some(items) = node.list(problems) else { continue };
        let mut values: Vec<(String, Json)> = Vec::new();
        for item in items {
            let Some(typed) = item.text(problems) else { continue };
            if values.iter().any(|(known, _)| *known == typed.value) {
                let message = format!("`{}` stands here twice", typed.value);
                problems.error(typed.span, message, "remove one");
            }
            values.push((typed.value, item.to_json()));
        }
        if values.len() < 2 {
            let message = format!("`{}` takes fewer than two values", name.value);
            problems.error(name.span, message, "list two or more, or write it into the prompt");
        }
        axes.push(Axis { name: name.clone(), values });
    }
    axes
}

fn is_name(name: &Spanned<String>, problems: &mut Problems) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.value.is_empty() || !name.value.chars().all(plain) {
        let message = format!("`{}` cannot be a name here", name.value);
        problems.error(name.span, message, "use letters, digits, `-`, `_` and `.`");
    }
}

pub(super) fn choice_order(node: &Node, problems: &mut Problems) -> ChoiceOrder {
    let Some((name, setting)) = node.tagged("order of choices", problems) else {
        return ChoiceOrder::Typed;
    };
    match (name.value.as_str(), setting) {
        ("shuffle", None) => ChoiceOrder::Shuffled(0),
        ("shuffle", Some(seed)) => ChoiceOrder::Shuffled(seed.whole(problems).unwrap_or(0)),
        ("rotate", None) => ChoiceOrder::Rotated,
        ("rotate", Some(setting)) => {
            problems.error(setting.span, "`rotate` has no settings", "write `rotate` alone");
            ChoiceOrder::Typed
        }
        _ => {
            problems.unknown("order of choices", &name, &["shuffle", "rotate"]);
            ChoiceOrder::Typed
        }
    }
}

pub(super) fn examples(node: &Node, problems: &mut Problems) -> Examples {
    let mut examples =
        Examples { from: Vec::new(), count: 0, order: Order::default(), answer: None };
    let Some(mut fields) = node.fields(problems) else { return examples };
    examples.from = text_or_texts(&mut fields, "from", problems);
    if examples.from.is_empty() {
        problems.error(fields.span, "examples without `from`", "add `from: examples.jsonl`");
    }
    match fields.take("count") {
        Some(node) => {
            examples.count = node.whole(problems).unwrap_or(1);
            if !(1..=MOST_EXAMPLES).contains(&examples.count) {
                let message = format!("{} examples", examples.count);
                problems.error(node.span, message, format!("write 1 to {MOST_EXAMPLES}"));
            }
        }
        None => problems.error(fields.span, "how many examples?", "add `count: 3`"),
    }
    let shuffle = fields.take("shuffle").and_then(|node| node.boolean(problems));
    let seed = fields.take("seed").and_then(|node| node.whole(problems));
    examples.order =
        Order { shuffle: shuffle.unwrap_or(false), seed: seed.unwrap_or(0), ..Order::default() };
    examples.answer = text(&mut fields, "answer", problems);
    if examples.answer.is_none() {
        let remedy = "add what the assistant says: `answer: \"{{ answer }}\"`";
        problems.error(fields.span, "examples without `answer`", remedy);
    }
    fields.finish(problems);
    examples
}

/// The overrides of a suite: each names its cases by `match`.
pub(super) fn overrides(node: &Node, problems: &mut Problems) -> Vec<Override> {
    let items = node.list(problems).unwrap_or(&[]);
    items.iter().filter_map(|item| Override::of_matching(item, problems)).collect()
}

impl Override {
    /// What is overridden for the cases that it matches.
    fn of_matching(node: &Node, problems: &mut Problems) -> Option<Override> {
        let mut fields = node.fields(problems)?;
        let Some(typed) = text(&mut fields, "match", problems) else {
            let remedy = "add `match: \"tag:hard\"`";
            problems.error(fields.span, "an override without `match`", remedy);
            return None;
        };
        let filter = typed.value.parse::<Filter>();
        if let Err(message) = &filter {
            problems.error(typed.span, message, "write globs on ids and tags");
        }
        let whom = Whom::Matching(filter.ok()?);
        Some(Override::of_fields(whom, node.span, fields, problems))
    }

    /// What is overridden for the case in which it is typed.
    pub fn of_case(case: Span, node: &Node, problems: &mut Problems) -> Option<Override> {
        let fields = node.fields(problems)?;
        let typed = Some(Arc::new(node.to_json()));
        let part = Override::of_fields(Whom::Typed(case), node.span, fields, problems);
        Some(Override { typed, ..part })
    }

    fn of_fields(
        whom: Whom,
        span: Span,
        mut fields: Fields<'_>,
        problems: &mut Problems,
    ) -> Override {
        let threshold = fields.take("threshold").and_then(|node| node.share(problems));
        let grade = fields.take("grade").and_then(|node| Grade::read(node, problems));
        let budget = fields.take_keyed("budget").map(|(key, node)| {
            let limits = Limits::read(key.span, node, problems);
            let whole = [
                "coverage",
                "calibration",
                "selective",
                "regression",
                "latency",
                "calls",
                "tokens",
                "cost",
                "early_stop",
            ];
            let rules = ["undecided", "not_measured"];
            if whole.into_iter().chain(rules).any(|key| node.has(key)) {
                problems.error(
                    key.span,
                    "only `confident_wrong` and `accuracy` are judged on a part of the cases",
                    "leave the rest to the suite's own budget",
                );
            }
            limits
        });
        if threshold.is_none() && grade.is_none() && budget.is_none() {
            problems.error(span, "an override of nothing", "add `threshold`, `grade` or `budget`");
        }
        fields.finish(problems);
        Override { span, whom, threshold, grade, budget, typed: None }
    }

    /// Whether a case is meant, by the place of its row, its id and its tags.
    pub fn applies(&self, row: Option<Span>, id: &str, tags: &[String]) -> bool {
        match &self.whom {
            Whom::Matching(filter) => filter.matches(id, tags),
            Whom::Typed(case) => row == Some(*case),
        }
    }

    /// What it is called where its budget is judged.
    pub fn name(&self) -> String {
        match &self.whom {
            Whom::Matching(filter) => filter.to_string(),
            Whom::Typed(case) => format!("the case of line {}", case.line),
        }
    }
}
