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
mod exact;
mod numbers;
mod numeric;
mod units;

use crate::answer::{Answer, Question, abstains, spoken};
use crate::ask::{Heard, Request, Step};
use crate::span::{Fields, Node, Problems, Span, Spanned};

pub use choice::Choice;
pub use exact::Exact;
pub use numeric::Numeric;

/// A grader as its author typed it: validated, with templates that are not filled in yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Spec {
    /// The reply takes one of the lettered choices.
    Choice(choice::Spec),
    /// The reply is a text.
    Exact(exact::Spec),
    /// The reply gives a number.
    Numeric(numeric::Spec),
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
            Spec::Abstains => {}
            Spec::AnyOf(specs) | Spec::AllOf(specs) => {
                for spec in specs {
                    spec.visit_templates(visit);
                }
            }
            Spec::Not(spec) => spec.visit_templates(visit),
        }
    }

    /// Fills in a case's values.
    ///
    /// # Errors
    /// The renderer's own error, or that what was rendered does not fit the question.
    pub fn bind<E>(
        &self,
        question: &Question,
        render: &mut dyn FnMut(&Spanned<String>) -> Result<String, E>,
    ) -> Result<Grader, BindError<E>> {
        Ok(match self {
            Spec::Choice(spec) => {
                let answer = render(&spec.answer).map_err(BindError::Render)?;
                Grader::Choice(spec.bind(question, &answer)?)
            }
            Spec::Exact(spec) => {
                let answer = render(&spec.answer).map_err(BindError::Render)?;
                Grader::Exact(spec.bind(&answer)?)
            }
            Spec::Numeric(spec) => {
                let answer = render(&spec.answer).map_err(BindError::Render)?;
                let unit = spec.unit.as_ref().map(render).transpose().map_err(BindError::Render)?;
                Grader::Numeric(spec.bind(&answer, unit.as_deref())?)
            }
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
            Spec::Choice(_) | Spec::Exact(_) | Spec::Numeric(_) => Verdict::Abstained,
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

/// The field `answer` of a grader with settings.
fn answer_field(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Spanned<String>> {
    let Some(node) = fields.take("answer") else {
        problems.error(fields.span, "`answer` is missing", "say what is right: `answer: …`");
        return None;
    };
    node.text(problems)
}

fn bind_all<E>(
    specs: &[Spec],
    question: &Question,
    render: &mut dyn FnMut(&Spanned<String>) -> Result<String, E>,
) -> Result<Vec<Grader>, BindError<E>> {
    specs.iter().map(|spec| spec.bind(question, render)).collect()
}

/// Why a case has no grader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindError<E> {
    /// A template could not be rendered.
    Render(E),
    /// What was rendered does not fit.
    Unfit(Unfit),
}

impl<E> From<Unfit> for BindError<E> {
    fn from(unfit: Unfit) -> BindError<E> {
        BindError::Unfit(unfit)
    }
}

/// What is wrong with a rendered expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The template that gave it.
    pub span: Span,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do about it, a lower-case fragment.
    pub remedy: String,
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
    /// Declines to answer.
    Abstains,
    /// Fulfils one of these.
    AnyOf(Vec<Grader>),
    /// Fulfils all of these.
    AllOf(Vec<Grader>),
    /// Does not fulfil this.
    Not(Box<Grader>),
}

/// What a grader says of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Right, wrong, or why neither.
    pub verdict: Verdict,
    /// What was taken as the answer, such as `B` or `206`.
    pub read: Option<String>,
}

/// Right, wrong, or why neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The answer is right.
    Correct,
    /// The answer is wrong.
    Incorrect,
    /// The reply declines to answer.
    Abstained,
    /// The token limit cut off what would decide.
    Truncated,
    /// No answer can be read.
    Unparsable,
    /// The grader itself could not judge, with the reason.
    Ungraded(String),
}

impl Verdict {
    fn turned(self) -> Verdict {
        match self {
            Verdict::Correct => Verdict::Incorrect,
            Verdict::Incorrect => Verdict::Correct,
            other => other,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Verdict::Correct => Kind::Correct,
            Verdict::Incorrect => Kind::Incorrect,
            Verdict::Abstained => Kind::Abstained,
            Verdict::Truncated => Kind::Truncated,
            Verdict::Unparsable => Kind::Unparsable,
            Verdict::Ungraded(_) => Kind::Ungraded,
        }
    }
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Judgement {
        Judgement { verdict, read: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Correct,
    Incorrect,
    Abstained,
    Truncated,
    Unparsable,
    Ungraded,
}

/// Which verdict counts among several; the first decides at once.
type Order = [Kind; 6];

const ANY_OF: Order = [
    Kind::Correct,
    Kind::Ungraded,
    Kind::Truncated,
    Kind::Abstained,
    Kind::Incorrect,
    Kind::Unparsable,
];
const ALL_OF: Order = [
    Kind::Incorrect,
    Kind::Ungraded,
    Kind::Truncated,
    Kind::Abstained,
    Kind::Unparsable,
    Kind::Correct,
];

/// The first of the judgements whose verdict comes first in the order.
fn first(judgements: Vec<Judgement>, order: Order) -> Judgement {
    let rank = |judgement: &Judgement| {
        order.iter().position(|kind| *kind == judgement.verdict.kind()).unwrap_or(order.len())
    };
    let none = || Verdict::Ungraded("no grader".into()).into();
    judgements.into_iter().min_by_key(rank).unwrap_or_else(none)
}

impl Grader {
    /// What is right, for people: `B`, `206`, `no answer`.
    #[must_use]
    pub fn expected(&self) -> String {
        let joined = |graders: &[Grader], word: &str| {
            graders.iter().map(Grader::expected).collect::<Vec<_>>().join(word)
        };
        match self {
            Grader::Choice(choice) => choice.expected(),
            Grader::Exact(exact) => exact.expected(),
            Grader::Numeric(numeric) => numeric.expected(),
            Grader::Abstains => "no answer".into(),
            Grader::AnyOf(graders) => joined(graders, " or "),
            Grader::AllOf(graders) => joined(graders, " and "),
            Grader::Not(grader) => format!("not {}", grader.expected()),
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
            Grader::Choice(choice) => choice.judge(question, answer),
            Grader::Exact(exact) => exact.judge(text, answer.truncated),
            Grader::Numeric(numeric) => numeric.judge(text, answer.truncated),
            // A cut reply may go on to answer, or to decline.
            _ if answer.truncated => Verdict::Truncated.into(),
            _ if abstains(text) => Verdict::Correct.into(),
            _ => Judgement { verdict: Verdict::Incorrect, read: Some(text.trim().into()) },
        }
    }
}

fn several(
    graders: &[Grader],
    order: Order,
    question: &Question,
    answer: &Answer,
    heard: &Heard,
) -> Step<Judgement> {
    let mut judgements = Vec::new();
    let mut wanted: Vec<Request> = Vec::new();
    for grader in graders {
        match grader.step(question, answer, heard) {
            Step::Done(judgement) if judgement.verdict.kind() == order[0] => {
                return Step::Done(judgement);
            }
            Step::Done(judgement) => judgements.push(judgement),
            Step::Ask(requests) => wanted.extend(requests),
        }
    }
    if wanted.is_empty() { Step::Done(first(judgements, order)) } else { Step::Ask(wanted) }
}

#[cfg(test)]
mod tests;
