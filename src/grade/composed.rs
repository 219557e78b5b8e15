//! Graders around graders.

use super::verdict::{Order, first};
use super::{Grader, Judgement};
use crate::answer::{Answer, Question};
use crate::ask::{Heard, Request, Step};

/// What several expect, parts that are themselves several in brackets.
pub(super) fn joined(graders: &[Grader], word: &str) -> String {
    match graders {
        [only] => only.expected(),
        _ => graders.iter().map(Grader::bracketed).collect::<Vec<_>>().join(word),
    }
}

pub(super) fn several(
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

impl Grader {
    /// The same as a part of something longer.
    pub(super) fn bracketed(&self) -> String {
        match self {
            Grader::AnyOf(graders) | Grader::AllOf(graders) if graders.len() > 1 => {
                format!("({})", self.expected())
            }
            _ => self.expected(),
        }
    }
}
