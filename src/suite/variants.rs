//! Several cases of one row: every prompt, every combination of the matrix, every order of the
//! choices.
//!
//! Cases of one row are asked about the same thing, so they are no independent evidence; they
//! carry the row's name, by which statistics put them together, and the names of their variants,
//! by which prompts are compared with each other row by row.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::ask::{Digest, Speaker, Turn};
use crate::span::{Problems, Spanned};

use super::Suite;
use super::dataset::{Order, Row, Rows, Variables};
use super::raw::{ChoiceOrder, Prompt};
use super::scope::Scope;
use super::template::TemplateError;

/// Most combinations of prompts and matrix.
const MOST: usize = 1000;

/// One prompt with one value for each variable of the matrix.
#[derive(Debug)]
pub(super) struct Variant {
    /// Index of the prompt.
    pub prompt: usize,
    /// What tells it from the others: `prompt` and variables of the matrix, with their values.
    pub name: BTreeMap<String, String>,
    /// The variables of the matrix.
    pub values: Arc<Variables>,
    /// The user's and the assistant's turns of the examples; one more than wanted.
    pub examples: Vec<[Turn; 2]>,
}

impl Suite {
    /// All combinations, prompts first, the last variable of the matrix changing fastest.
    pub(super) fn read_variants(&self, dir: &Path, problems: &mut Problems) -> Vec<Variant> {
        let mut combinations: Vec<(BTreeMap<String, String>, Variables)> = vec![Default::default()];
        for axis in &self.matrix {
            let name = &axis.name.value;
            let with = |(names, values): (BTreeMap<String, String>, Variables)| {
                axis.values.iter().map(move |(text, value)| {
                    let (mut names, mut values) = (names.clone(), values.clone());
                    names.insert(name.clone(), text.clone());
                    values.insert(name.clone(), value.clone());
                    (names, values)
                })
            };
            combinations = combinations.into_iter().flat_map(with).take(MOST + 1).collect();
        }
        if combinations.len() * self.prompts.len() > MOST {
            let span = self.matrix.first().map_or(self.rows_span, |axis| axis.name.span);
            let message = format!("more than {MOST} combinations of prompts and variables");
            problems.error(span, message, "list fewer values");
            return Vec::new();
        }
        let rows = self.example_rows(dir, problems);
        let mut variants = Vec::new();
        for (index, prompt) in self.prompts.iter().enumerate() {
            for (name, values) in &combinations {
                let mut name = name.clone();
                name.extend(
                    prompt.name.iter().map(|prompt| ("prompt".to_owned(), prompt.value.clone())),
                );
                let values = Arc::new(values.clone());
                let examples = self.examples(prompt, &values, &rows, problems);
                variants.push(Variant { prompt: index, name, values, examples });
                if problems.has_errors() {
                    return variants;
                }
            }
        }
        variants
    }

    /// The rows of the examples: one more than wanted, to stand in for one that is the question.
    fn example_rows(&self, dir: &Path, problems: &mut Problems) -> Vec<Row> {
        let Some(examples) = &self.examples else { return Vec::new() };
        let Some(from) = examples.from.first() else { return Vec::new() };
        let mut order = examples.order.clone();
        if order.shuffle {
            order.sample = Some(Spanned::new(examples.count + 1, from.span));
        }
        let Some(rows) = Rows::open(&examples.from, dir, order, problems) else {
            return Vec::new();
        };
        let mut wanted = Vec::new();
        for row in rows.iter().take(examples.count + 1) {
            match row {
                Ok(row) => wanted.push(row),
                Err(error) => {
                    let message = format!("the examples cannot be read: {error}");
                    problems.error(from.span, message, "mend that row, or check the path");
                    return Vec::new();
                }
            }
        }
        if wanted.len() < examples.count {
            let message =
                format!("`count` is {}, and the rows are fewer: {}", examples.count, wanted.len());
            problems.error(from.span, message, "add rows, or lower `count`");
        }
        wanted
    }

    fn examples(
        &self,
        prompt: &Prompt,
        values: &Arc<Variables>,
        rows: &[Row],
        problems: &mut Problems,
    ) -> Vec<[Turn; 2]> {
        let Some(answer) = self.examples.as_ref().and_then(|examples| examples.answer.as_ref())
        else {
            return Vec::new();
        };
        let Some((_, asked)) = prompt.messages.last() else { return Vec::new() };
        let mut turns = Vec::new();
        for row in rows {
            let variables = Scope::of(Arc::clone(&row.variables)).under(values);
            let mut render = |speaker, template: &Spanned<String>| {
                let text = self.templates.render(&template.value, &variables);
                if let Err(error) = &text {
                    let what = match error {
                        TemplateError::Undefined(names) => {
                            format!("it has no {}", names.join(", "))
                        }
                        TemplateError::Other(message) => message.clone(),
                    };
                    let message = format!("row {} of the examples: {what}", row.number);
                    problems.error(template.span, message, "examples are put like the questions");
                }
                text.map(|text| Turn { speaker, text }).ok()
            };
            if let (Some(user), Some(assistant)) =
                (render(Speaker::User, asked), render(Speaker::Assistant, answer))
            {
                turns.push([user, assistant]);
            }
        }
        turns
    }

    /// The conversation with the examples in front of the question, the question itself left out.
    pub(super) fn with_examples(&self, mut turns: Vec<Turn>, variant: &Variant) -> Vec<Turn> {
        let Some(examples) = &self.examples else { return turns };
        let Some(question) = turns.pop() else { return turns };
        let others = variant.examples.iter().filter(|[user, _]| user.text != question.text);
        turns.extend(others.take(examples.count).flatten().cloned());
        turns.push(question);
        turns
    }

    /// The orders in which the choices of a row are shown: positions in the order typed, with the
    /// rotation's name where there are several. No positions stand for the order typed.
    pub(super) fn choice_orders(
        &self,
        choices: usize,
        row: &str,
    ) -> Vec<(Option<String>, Vec<usize>)> {
        let typed = || (0..choices).collect::<Vec<usize>>();
        match self.choice_order {
            ChoiceOrder::Typed => vec![(None, Vec::new())],
            ChoiceOrder::Shuffled(seed) => vec![(None, shuffled(typed(), seed, row))],
            ChoiceOrder::Rotated => (0..choices.max(1))
                .map(|by| {
                    let mut order = typed();
                    order.rotate_left(by.min(choices));
                    (Some(by.to_string()), order)
                })
                .collect(),
        }
    }
}

/// The items in an order that depends on the seed and the row's name alone, so that a row keeps
/// its order when others come and go.
fn shuffled(mut items: Vec<usize>, seed: u64, row: &str) -> Vec<usize> {
    let seed = Digest::of(&(seed, row)).number();
    Order { shuffle: true, seed, ..Order::default() }.draw(&mut items, |item| *item);
    items
}

/// The choices in an order.
pub(super) fn reordered(choices: &[String], order: &[usize]) -> Vec<String> {
    order.iter().filter_map(|index| choices.get(*index).cloned()).collect()
}
