//! `exact` and `exact_with`: the reply is the expected text.
//!
//! The answer must be the text once both are normalised ([`Normal`] says how, and what is never
//! ignored). The answer is the whole reply, or the part of it that the reply marks as such:
//! `The answer is Paris.`, `<answer>Paris</answer>`, `\boxed{Paris}` and `Answer: Paris` above an
//! explanation are `Paris`; `said` knows these marks. A sentence around the answer is not taken
//! apart: a reader that looks for the expected text somewhere in the reply finds it in wrong
//! answers too.

use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::said::{Mark, said, tidy};
use crate::answer::{Normal, abstains};
use crate::span::{Node, Problems, Spanned};

/// `exact: "{{ answer }}"` or `exact_with: {answer: …, case: keep, …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Template of the right text.
    pub answer: Spanned<String>,
    normal: Normal,
}

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        Some(Spec { answer: settings::expectation(node, problems)?, normal: Normal::default() })
    }

    pub(super) fn read_with(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let answer = settings::answer(&mut fields, problems);
        let normal = settings::normal(&mut fields, problems);
        fields.finish(problems);
        Some(Spec { answer: answer?, normal: normal? })
    }

    pub(super) fn bind(&self, answer: &str) -> Result<Exact, Unfit> {
        Ok(Exact {
            answer: Unfit::unless_empty(answer, self.answer.span)?.to_owned(),
            key: self.normal.apply(answer),
            tidy: self.normal.apply(&tidy(answer)),
            normal: self.normal,
        })
    }
}

/// Expects a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exact {
    answer: String,
    key: String,
    /// The key of the answer without what it wears.
    tidy: String,
    normal: Normal,
}

impl Exact {
    pub(super) fn expected(&self) -> String {
        self.answer.clone()
    }

    pub(super) fn judge(&self, text: &str) -> Judgement {
        let said = said(text);
        // Where punctuation counts, a closing full stop does, unless a mark ends the answer.
        let marked = matches!(said.mark, Mark::Enclosed | Mark::Label);
        let bare = (marked || self.normal.ignore_punctuation).then_some(&*said.text);
        let right = [text, &said.rest].into_iter().chain(bare).any(|text| {
            let normal = self.normal.apply(text);
            normal == self.key || normal == self.tidy
        });
        // A text that is expected is an answer, even where it sounds like declining.
        if !right && abstains(text) {
            return Verdict::Abstained.into();
        }
        Judgement::of(right, said.text)
    }
}
