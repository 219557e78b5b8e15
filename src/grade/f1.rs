//! `f1` and `f1_with`: the reply shares enough words with the expected text.
//!
//! The token F1 of `SQuAD` (Rajpurkar et al. 2016, "`SQuAD`: 100,000+ Questions for Machine
//! Comprehension of Text", section 6.1, and its evaluation script). Both texts are set in small
//! letters, lose all punctuation and the words `a`, `an` and `the`, and become multisets of tokens.
//! With `s` tokens in common, counted with their multiplicity, of `r` in the reply and `e` in the
//! expected text:
//!
//! ```text
//! precision = s / r      recall = s / e      F1 = 2 · precision · recall / (precision + recall)
//!                                               = 2 s / (r + e)
//! ```
//!
//! Of several expected texts the best counts. The measure is that of the paper, with its faults: it
//! knows no order and no negation, and `-5` is `5`. Only the answer is compared where a reply marks
//! one.

use std::collections::HashMap;

use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::said::said;
use crate::answer::{Normal, abstains, unify};
use crate::span::{Node, Problems, Spanned};

/// `f1: "{{ answer }}"` or `f1_with: {answer: …, at_least: 0.8}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Template of the right text.
    pub answer: Spanned<String>,
    at_least: f64,
}

const AT_LEAST: f64 = 0.5;

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        Some(Spec { answer: settings::expectation(node, problems)?, at_least: AT_LEAST })
    }

    pub(super) fn read_with(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let answer = settings::answer(&mut fields, problems);
        let at_least = settings::at_least(&mut fields, AT_LEAST, problems);
        fields.finish(problems);
        Some(Spec { answer: answer?, at_least: at_least? })
    }

    pub(super) fn bind(&self, answer: &str) -> Result<F1, Unfit> {
        let answer = Unfit::unless_empty(answer, self.answer.span)?;
        let tokens = tokens(answer);
        if tokens.is_empty() {
            return Err(Unfit {
                span: self.answer.span,
                message: format!("`{}` has no words to compare", Unfit::shown(answer)),
                remedy: "grade it with `exact`".into(),
            });
        }
        Ok(F1 { answer: answer.to_owned(), tokens, at_least: self.at_least })
    }
}

/// Expects words.
#[derive(Debug, Clone, PartialEq)]
pub struct F1 {
    answer: String,
    tokens: Vec<String>,
    at_least: f64,
}

impl F1 {
    pub(super) fn expected(&self) -> String {
        self.answer.clone()
    }

    pub(super) fn judge(&self, text: &str) -> Judgement {
        let said = said(text);
        if abstains(text) && !Normal::default().same(&said.text, &self.answer) {
            return Verdict::Abstained.into();
        }
        let right = f1(&tokens(&said.text), &self.tokens) >= self.at_least;
        Judgement::of(right, said.text)
    }
}

/// The tokens of a text as the script of `SQuAD` makes them, quotes and dashes of Unicode included.
fn tokens(text: &str) -> Vec<String> {
    let mut bare = unify(text).to_lowercase();
    bare.retain(|c| !c.is_ascii_punctuation() && !matches!(c, '—' | '…' | '«' | '»'));
    let words = bare.split_whitespace().filter(|word| !matches!(*word, "a" | "an" | "the"));
    words.map(str::to_owned).collect()
}

fn f1(reply: &[String], expected: &[String]) -> f64 {
    let mut left: HashMap<&str, u32> = HashMap::new();
    for token in expected {
        *left.entry(token).or_default() += 1;
    }
    let mut shared: u32 = 0;
    for token in reply {
        if let Some(count) = left.get_mut(token.as_str()).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    let all = u32::try_from(reply.len() + expected.len()).unwrap_or(u32::MAX);
    f64::from(2 * shared) / f64::from(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `f1_score` of the evaluation script of `SQuAD` 1.1.
    #[test]
    fn f1_is_that_of_squad() {
        for (reply, expected, value) in F1_OF_SQUAD {
            let found = f1(&tokens(reply), &tokens(expected));
            assert!((found - value).abs() < 1e-12, "{reply:?} {expected:?}: {found}");
        }
    }

    const F1_OF_SQUAD: &[(&str, &str, f64)] = &[
        ("Paris", "Paris", 1.0),
        ("in Paris", "Paris", 2.0 / 3.0),
        ("The Eiffel Tower", "Eiffel tower!", 1.0),
        ("London", "Paris", 0.0),
        ("to be or not to be", "to be", 0.5),
        ("be be be", "be be", 0.8),
        ("well-known", "wellknown", 1.0),
        ("well known", "well-known", 0.0),
        ("U.S.", "US", 1.0),
        ("-5", "5", 1.0),
        ("1.5", "15", 1.0),
        ("cat on mat", "the cat on a mat", 1.0),
        ("Denver Broncos won it", "Denver Broncos", 2.0 / 3.0),
        ("", "Paris", 0.0),
    ];
}
