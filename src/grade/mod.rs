//! Whether an answer is right.
//!
//! An author types a [`Spec`]; with a case's values filled in it is a [`Grader`], which judges an
//! [`Answer`] and says what it took for one. A grader never guesses: an answer that it cannot read
//! is [`Verdict::Unparsable`], one cut off by the token limit is [`Verdict::Truncated`], and one
//! that declines is [`Verdict::Abstained`] under every grader but `abstains`, for which declining
//! is right. Only then are there right and wrong answers.
//!
//! What an answer must equal wins over how it sounds: where `Cannot be determined` is a choice or
//! the expected text, saying so is an answer and no abstention.
//!
//! Graders compose. Of several verdicts the first in this order counts:
//!
//! | grader   | order |
//! |----------|-------|
//! | `any_of` | correct, ungraded, truncated, abstained, incorrect, unparsable |
//! | `all_of` | incorrect, ungraded, truncated, abstained, unparsable, correct |
//! | `not`    | correct and incorrect change places, all else stays |
//!
//! So a part that could not be judged is never outvoted by one that says *wrong* under `any_of`,
//! since it might have been right, nor by one that says *right* under `all_of`. Both stop at a
//! verdict that decides them, and only then ask for what the undecided parts still need.
//!
//! A new grader is a file with its spec and its judgement, and an arm in each enum here.

mod choice;
mod composed;
mod contains;
mod date;
mod dates;
mod exact;
mod expectation;
mod f1;
mod items;
mod json;
mod list;
mod numbers;
mod numeric;
mod regex;
mod settings;
mod similar;
mod units;
mod verdict;

use crate::answer::said::said;
use crate::answer::{Answer, Question, abstains, spoken};
use crate::ask::{Heard, Step};
use crate::span::{Node, Problems, Spanned};

pub use choice::Choice;
use composed::{joined, several};
pub use contains::Contains;
pub use date::On;
pub use exact::Exact;
pub use expectation::{BindError, Render, Unfit};
use expectation::{all, any, single};
pub use f1::F1;
pub use json::Equals;
pub use list::Items;
pub use numeric::Numeric;
pub use regex::Matches;
pub use similar::Similar;
use verdict::{ALL_OF, ANY_OF, first};
pub use verdict::{Judgement, Verdict};

/// A grader as its author typed it: validated, with templates that are not filled in yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Spec {
    /// The reply takes one of the lettered choices.
    Choice(choice::Spec),
    /// The reply is a text.
    Exact(exact::Spec),
    /// The reply gives a number.
    Numeric(numeric::Spec),
    /// The reply contains a text.
    Contains(contains::Spec),
    /// The reply matches a pattern.
    Regex(regex::Spec),
    /// A value in the reply's JSON is the expected one.
    Json(json::Spec),
    /// The reply shares words with a text.
    F1(f1::Spec),
    /// The reply is spelt nearly as a text.
    Similar(similar::Spec),
    /// The reply gives a date.
    Date(date::Spec),
    /// The reply lists items.
    Items(list::Spec),
    /// The reply declines to answer.
    Abstains,
    /// One of these holds.
    AnyOf(Vec<Spec>),
    /// All of these hold.
    AllOf(Vec<Spec>),
    /// This does not hold.
    Not(Box<Spec>),
}

/// Names by which suites call graders.
const KNOWN: &[&str] = &[
    "choice",
    "exact",
    "exact_with",
    "numeric",
    "numeric_with",
    "contains",
    "contains_with",
    "regex",
    "regex_with",
    "json",
    "f1",
    "f1_with",
    "similar",
    "similar_with",
    "date",
    "date_with",
    "list",
    "list_with",
    "set",
    "set_with",
    "abstains",
    "any_of",
    "all_of",
    "not",
];

impl Spec {
    /// Reads a grader, noting every problem.
    pub fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let (name, settings) = node.tagged("grader", problems)?;
        if !KNOWN.contains(&name.value.as_str()) {
            problems.unknown("grader", &name, KNOWN);
            return None;
        }
        if name.value == "abstains" {
            if let Some(settings) = settings {
                let message = "`abstains` has no settings";
                problems.error(settings.span, message, "write `abstains` alone");
                return None;
            }
            return Some(Spec::Abstains);
        }
        let Some(settings) = settings else {
            let remedy = format!("write `{}: …`", name.value);
            problems.error(
                name.span,
                format!("`{}` does not say what is right", name.value),
                remedy,
            );
            return None;
        };
        match name.value.as_str() {
            "choice" => choice::Spec::read(settings, problems).map(Spec::Choice),
            "exact" => exact::Spec::read(settings, problems).map(Spec::Exact),
            "exact_with" => exact::Spec::read_with(settings, problems).map(Spec::Exact),
            "numeric" => numeric::Spec::read(settings, problems).map(Spec::Numeric),
            "numeric_with" => numeric::Spec::read_with(settings, problems).map(Spec::Numeric),
            "contains" => contains::Spec::read(settings, problems).map(Spec::Contains),
            "contains_with" => contains::Spec::read_with(settings, problems).map(Spec::Contains),
            "regex" => regex::Spec::read(settings, problems).map(Spec::Regex),
            "regex_with" => regex::Spec::read_with(settings, problems).map(Spec::Regex),
            "json" => json::Spec::read(settings, problems).map(Spec::Json),
            "f1" => f1::Spec::read(settings, problems).map(Spec::F1),
            "f1_with" => f1::Spec::read_with(settings, problems).map(Spec::F1),
            "similar" => similar::Spec::read(settings, problems).map(Spec::Similar),
            "similar_with" => similar::Spec::read_with(settings, problems).map(Spec::Similar),
            "date" => date::Spec::read(settings, problems).map(Spec::Date),
            "date_with" => date::Spec::read_with(settings, problems).map(Spec::Date),
            "list" | "set" => {
                list::Spec::read(settings, name.value == "list", problems).map(Spec::Items)
            }
            "list_with" | "set_with" => {
                list::Spec::read_with(settings, name.value == "list_with", problems)
                    .map(Spec::Items)
            }
            "any_of" => read_several(settings, problems).map(Spec::AnyOf),
            "all_of" => read_several(settings, problems).map(Spec::AllOf),
            "not" => Spec::read(settings, problems).map(|spec| Spec::Not(Box::new(spec))),
            _ => None,
        }
    }

    /// Visits every template, so that its variables can be checked.
    pub fn visit_templates<'a>(&'a self, visit: &mut dyn FnMut(&'a Spanned<String>)) {
        match self {
            Spec::Choice(spec) => visit(&spec.answer),
            Spec::Exact(spec) => visit(&spec.answer),
            Spec::Numeric(spec) => {
                visit(&spec.answer);
                spec.unit.iter().for_each(visit);
            }
            Spec::Contains(spec) => visit(&spec.answer),
            Spec::Regex(spec) => {
                visit(&spec.pattern);
                spec.answer.iter().for_each(visit);
            }
            Spec::Json(spec) => visit(&spec.equals),
            Spec::F1(spec) => visit(&spec.answer),
            Spec::Similar(spec) => visit(&spec.answer),
            Spec::Date(spec) => visit(&spec.answer),
            Spec::Items(spec) => visit(&spec.answer),
            Spec::Abstains => {}
            Spec::AnyOf(specs) | Spec::AllOf(specs) => {
                for spec in specs {
                    spec.visit_templates(visit);
                }
            }
            Spec::Not(spec) => spec.visit_templates(visit),
        }
    }

    /// The templates that say what is right, each with whether it takes a choice.
    ///
    /// # Errors
    /// Why no template does, in words.
    pub fn expectations(&self) -> Result<Vec<(bool, &Spanned<String>)>, &'static str> {
        let text = |template| Ok(vec![(false, template)]);
        match self {
            Spec::Choice(spec) => Ok(vec![(true, &spec.answer)]),
            Spec::Exact(spec) => text(&spec.answer),
            Spec::Numeric(spec) => text(&spec.answer),
            Spec::Contains(spec) => text(&spec.answer),
            Spec::Regex(spec) => text(spec.answer.as_ref().unwrap_or(&spec.pattern)),
            Spec::Json(spec) => text(&spec.equals),
            Spec::F1(spec) => text(&spec.answer),
            Spec::Similar(spec) => text(&spec.answer),
            Spec::Date(spec) => text(&spec.answer),
            Spec::Items(spec) => text(&spec.answer),
            Spec::Abstains => Ok(Vec::new()),
            Spec::AnyOf(specs) | Spec::AllOf(specs) => {
                let all: Result<Vec<_>, _> = specs.iter().map(Spec::expectations).collect();
                Ok(all?.concat())
            }
            Spec::Not(_) => Err("the grader `not` says what is wrong, and not what is right"),
        }
    }

    /// Fills in a case's values. Where a template yields several expected answers, any of them is
    /// right.
    ///
    /// # Errors
    /// The renderer's own error, or that what was rendered does not fit the question.
    pub fn bind<E>(
        &self,
        question: &Question,
        render: &mut Render<'_, E>,
    ) -> Result<Grader, BindError<E>> {
        Ok(match self {
            Spec::Choice(spec) => {
                any(&spec.answer, render, |answer| spec.bind(question, answer).map(Grader::Choice))?
            }
            Spec::Exact(spec) => {
                any(&spec.answer, render, |answer| spec.bind(answer).map(Grader::Exact))?
            }
            Spec::Numeric(spec) => {
                let unit = spec.unit.as_ref().map(|unit| single(unit, render)).transpose()?;
                let bind = |answer: &str| spec.bind(answer, unit.as_deref()).map(Grader::Numeric);
                any(&spec.answer, render, bind)?
            }
            Spec::Contains(spec) => {
                any(&spec.answer, render, |answer| spec.bind(answer).map(Grader::Contains))?
            }
            Spec::Regex(spec) => match &spec.answer {
                Some(answer) => {
                    let pattern = single(&spec.pattern, render)?;
                    let bind = |answer: &str| spec.bind(&pattern, Some(answer));
                    any(answer, render, |answer| bind(answer).map(Grader::Regex))?
                }
                None => any(&spec.pattern, render, |pattern| {
                    spec.bind(pattern, None).map(Grader::Regex)
                })?,
            },
            Spec::Json(spec) => {
                any(&spec.equals, render, |value| spec.bind(value).map(Grader::Json))?
            }
            Spec::F1(spec) => {
                any(&spec.answer, render, |answer| spec.bind(answer).map(Grader::F1))?
            }
            Spec::Similar(spec) => {
                any(&spec.answer, render, |answer| spec.bind(answer).map(Grader::Similar))?
            }
            Spec::Date(spec) => {
                any(&spec.answer, render, |answer| spec.bind(answer).map(Grader::Date))?
            }
            Spec::Items(spec) => Grader::Items(spec.bind(&all(&spec.answer, render)?)?),
            Spec::Abstains => Grader::Abstains,
            Spec::AnyOf(specs) => Grader::AnyOf(bind_all(specs, question, render)?),
            Spec::AllOf(specs) => Grader::AllOf(bind_all(specs, question, render)?),
            Spec::Not(spec) => Grader::Not(Box::new(spec.bind(question, render)?)),
        })
    }

    /// Whether declining to answer is right.
    #[must_use]
    pub fn expects_abstention(&self) -> bool {
        self.of_an_abstention() == Verdict::Correct
    }

    fn of_an_abstention(&self) -> Verdict {
        let all = |specs: &[Spec]| -> Vec<Judgement> {
            specs.iter().map(|spec| spec.of_an_abstention().into()).collect()
        };
        match self {
            Spec::Abstains => Verdict::Correct,
            Spec::AnyOf(specs) => first(all(specs), ANY_OF).verdict,
            Spec::AllOf(specs) => first(all(specs), ALL_OF).verdict,
            Spec::Not(spec) => spec.of_an_abstention().turned(),
            Spec::Choice(_)
            | Spec::Exact(_)
            | Spec::Numeric(_)
            | Spec::Contains(_)
            | Spec::Regex(_)
            | Spec::Json(_)
            | Spec::F1(_)
            | Spec::Similar(_)
            | Spec::Date(_)
            | Spec::Items(_) => Verdict::Abstained,
        }
    }
}

fn read_several(node: &Node, problems: &mut Problems) -> Option<Vec<Spec>> {
    let items = node.list(problems)?;
    if items.is_empty() {
        problems.error(node.span, "an empty list of graders", "name at least one grader");
        return None;
    }
    // All are read before any failure counts, so that every problem is noted.
    let specs: Vec<_> = items.iter().map(|item| Spec::read(item, problems)).collect();
    specs.into_iter().collect()
}

fn bind_all<E>(
    specs: &[Spec],
    question: &Question,
    render: &mut Render<'_, E>,
) -> Result<Vec<Grader>, BindError<E>> {
    specs.iter().map(|spec| spec.bind(question, render)).collect()
}

/// A grader for one case.
#[derive(Debug, Clone, PartialEq)]
pub enum Grader {
    /// Takes the expected letter.
    Choice(Choice),
    /// Is the expected text.
    Exact(Exact),
    /// Gives the expected number.
    Numeric(Numeric),
    /// Contains the expected text.
    Contains(Contains),
    /// Matches the pattern.
    Regex(Matches),
    /// Has the expected value in its JSON.
    Json(Equals),
    /// Shares enough words with the expected text.
    F1(F1),
    /// Is spelt nearly as the expected text.
    Similar(Similar),
    /// Gives the expected date.
    Date(On),
    /// Lists the expected items.
    Items(Items),
    /// Declines to answer.
    Abstains,
    /// Fulfils one of these.
    AnyOf(Vec<Grader>),
    /// Fulfils all of these.
    AllOf(Vec<Grader>),
    /// Does not fulfil this.
    Not(Box<Grader>),
}

impl Grader {
    /// What is right, for people: `B`, `206`, `no answer`.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Grader::Choice(choice) => choice.expected(),
            Grader::Exact(exact) => exact.expected(),
            Grader::Numeric(numeric) => numeric.expected(),
            Grader::Contains(contains) => contains.expected(),
            Grader::Regex(matches) => matches.expected(),
            Grader::Json(equals) => equals.expected(),
            Grader::F1(f1) => f1.expected(),
            Grader::Similar(similar) => similar.expected(),
            Grader::Date(on) => on.expected(),
            Grader::Items(items) => items.expected(),
            Grader::Abstains => "no answer".into(),
            Grader::AnyOf(graders) => joined(graders, " or "),
            Grader::AllOf(graders) => joined(graders, " and "),
            Grader::Not(grader) => format!("not {}", grader.bracketed()),
        }
    }

    /// The letter of the right choice, where a letter is what is expected.
    #[must_use]
    pub fn letter(&self) -> Option<String> {
        match self {
            Grader::Choice(choice) => Some(choice.expected()),
            _ => None,
        }
    }

    /// The same grader once the choices are shown in another order: `order` has their places in
    /// the order in which they were typed.
    #[must_use]
    pub fn with_choices_moved(self, order: &[usize]) -> Grader {
        let all = |graders: Vec<Grader>| {
            graders.into_iter().map(|grader| grader.with_choices_moved(order)).collect()
        };
        match self {
            Grader::Choice(choice) => Grader::Choice(choice.moved(order)),
            Grader::AnyOf(graders) => Grader::AnyOf(all(graders)),
            Grader::AllOf(graders) => Grader::AllOf(all(graders)),
            Grader::Not(grader) => Grader::Not(Box::new(grader.with_choices_moved(order))),
            other => other,
        }
    }

    /// Judges an answer, or names what must be heard first.
    #[must_use]
    pub fn step(&self, question: &Question, answer: &Answer, heard: &Heard) -> Step<Judgement> {
        match self {
            Grader::AnyOf(graders) => several(graders, ANY_OF, question, answer, heard),
            Grader::AllOf(graders) => several(graders, ALL_OF, question, answer, heard),
            Grader::Not(grader) => match grader.step(question, answer, heard) {
                Step::Done(Judgement { verdict, read }) => {
                    Step::Done(Judgement { verdict: verdict.turned(), read })
                }
                ask @ Step::Ask(_) => ask,
            },
            _ => Step::Done(self.judge(question, answer)),
        }
    }

    /// The graders that need nothing but the answer.
    fn judge(&self, question: &Question, answer: &Answer) -> Judgement {
        let text = spoken(&answer.text);
        if text.trim().is_empty() {
            return if answer.truncated { Verdict::Truncated } else { Verdict::Unparsable }.into();
        }
        match self {
            // Its letter may stand where nothing that was cut off could change it.
            Grader::Choice(choice) => choice.judge(question, answer),
            // A cut reply may go on to answer otherwise, or to decline.
            _ if answer.truncated => Verdict::Truncated.into(),
            Grader::Exact(exact) => exact.judge(text),
            Grader::Numeric(numeric) => numeric.judge(&question.text, text),
            Grader::Contains(contains) => contains.judge(text),
            Grader::Regex(matches) => matches.judge(text),
            Grader::Json(equals) => equals.judge(text),
            Grader::F1(f1) => f1.judge(text),
            Grader::Similar(similar) => similar.judge(text),
            Grader::Date(on) => on.judge(text),
            Grader::Items(items) => items.judge(text),
            _ if abstains(text) => Verdict::Correct.into(),
            _ => Judgement::of(false, said(text).text),
        }
    }
}

#[cfg(test)]
mod tests;
