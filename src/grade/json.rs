//! `json`: a value in the reply's JSON is the expected one.
//!
//! The JSON is the whole reply, or its fenced blocks, or whatever object or array stands in its
//! prose and parses. Of those that have the path the last counts, since models correct themselves,
//! and so does the last of equal keys. A reply without JSON, or with none that has the path, is not
//! readable: it says nothing about the answer.
//!
//! A path goes down by keys and positions from 0: `$.answer`, `answer.city[0]`, `$["a key"]`, and
//! `$` for all of it. Values are compared by their kind: texts as `exact` compares, numbers by
//! value (also where one of both is a text), `true`, `false` and `null` by name, lists and objects
//! item by item. `null` where something else is expected declines to answer.

use serde_json::{Number, Value};

use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::{Normal, abstains, json};
use crate::span::{Node, Problems, Spanned};

/// `json: {path: $.answer, equals: "{{ answer }}"}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Template of the right value.
    pub equals: Spanned<String>,
    path: Vec<Step>,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Position(usize),
}

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let path = settings::wanted(&mut fields, "path", "say where the answer is", problems);
        let equals = settings::wanted(&mut fields, "equals", "say what is right", problems);
        fields.finish(problems);
        let path = path?;
        let Some(steps) = steps(path.value.trim()) else {
            let remedy = "write keys and positions, such as $.answer or cities[0].name";
            problems.error(path.span, format!("`{}` is no path", path.value), remedy);
            return None;
        };
        Some(Spec { equals: equals?, path: steps })
    }

    pub(super) fn bind(&self, expected: &str) -> Result<Equals, Unfit> {
        let answer = Unfit::unless_empty(expected, self.equals.span)?.to_owned();
        let value = match serde_json::from_str(&answer) {
            Ok(value) => value,
            Err(_) => Value::String(answer.clone()),
        };
        Ok(Equals { answer, value, path: self.path.clone() })
    }
}

/// The steps of a path; none if it is malformed.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    if path.is_empty() {
        return None;
    }
    while let Some(c) = rest.chars().next() {
        if c == '[' {
            let inside = &rest[1..];
            let (step, after) =
                if let Some(quote) = inside.chars().next().filter(|c| "\"'".contains(*c)) {
                    let (key, after) = inside[1..].split_once(quote)?;
                    (Step::Key(key.to_owned()), after.strip_prefix(']')?)
                } else {
                    let (position, after) = inside.split_once(']')?;
                    (Step::Position(position.trim().parse().ok()?), after)
                };
            steps.push(step);
            rest = after;
        } else {
            // A name begins the path or follows a dot.
            let start = rest.len() == path.len();
            let name = rest.strip_prefix('.').or(start.then_some(rest))?;
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let key = name[..end].trim();
            if key.is_empty() {
                return None;
            }
            steps.push(Step::Key(key.to_owned()));
            rest = &name[end..];
        }
    }
    Some(steps)
}

/// Expects a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Equals {
    answer: String,
    value: Value,
    path: Vec<Step>,
}

impl Equals {
    pub(super) fn expected(&self) -> String {
        self.answer.clone()
    }

    pub(super) fn judge(&self, text: &str) -> Judgement {
        let values = json::found(text);
        let Some(found) = values.iter().rev().find_map(|value| self.at(value)) else {
            let declines = abstains(text);
            return if declines { Verdict::Abstained } else { Verdict::Unparsable }.into();
        };
        let read = match found {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let right = same(found, &self.value);
        let declines = found.is_null() || found.as_str().is_some_and(abstains);
        if !right && declines {
            return Verdict::Abstained.into();
        }
        Judgement::of(right, read)
    }

    fn at<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.path.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Position(position) => value.get(position),
        })
    }
}

/// Whether a value that was found is the one expected.
fn same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        // Rows and models put numbers and names into quotes as they please.
        (Value::Number(number), Value::String(text))
        | (Value::String(text), Value::Number(number)) => {
            serde_json::from_str(text.trim()).is_ok_and(|other| same_number(&other, number))
        }
        (Value::String(one), Value::String(other)) => Normal::default().same(one, other),
        (Value::Bool(value), Value::String(text)) | (Value::String(text), Value::Bool(value)) => {
            text.trim().eq_ignore_ascii_case(if *value { "true" } else { "false" })
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(one, other)| same(one, other))
        }
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && expected
                    .iter()
                    .all(|(key, other)| found.get(key).is_some_and(|one| same(one, other)))
        }
        (one, other) => one == other,
    }
}

/// Whole numbers are compared exactly, others to nine digits.
fn same_number(one: &Number, other: &Number) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() <= 1e-9 * other.abs();
    let whole = |number: &Number| !number.is_f64();
    one == other
        || (!(whole(one) && whole(other))
            && one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| near(one, other)))
}

#[cfg(test)]
mod tests;
