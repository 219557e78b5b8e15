//! `similar` and `similar_with`: the reply is spelt nearly as the expected text.
//!
//! Both are normalised as for `exact`. Their likeness is 1 − Levenshtein distance / length of the
//! longer one, both counted in characters: `Reykjavik` and `Reykyavik` are 0.89 alike. One letter
//! may change what is said, so two things must agree whatever the likeness: the digits (`1984` is
//! not `1985`) and how often something is denied (`is a planet`, `is not a planet`).
//!
//! The distance costs the product of both lengths, so an expected text is limited to 2,000
//! characters, and a reply that is too long to be alike is not measured.

use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::said::said;
use crate::answer::{Normal, abstains};
use crate::span::{Node, Problems, Spanned};

/// Most characters of an expected text.
const LONGEST: usize = 2_000;

const AT_LEAST: f64 = 0.85;

/// `similar: "{{ answer }}"` or `similar_with: {answer: …, at_least: 0.9}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Template of the right text.
    pub answer: Spanned<String>,
    at_least: f64,
}

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

    pub(super) fn bind(&self, answer: &str) -> Result<Similar, Unfit> {
        let answer = Unfit::unless_empty(answer, self.answer.span)?.to_owned();
        let key = Normal::default().apply(&answer);
        let length = key.chars().count();
        if length > LONGEST {
            return Err(Unfit {
                span: self.answer.span,
                message: format!("an expected text of {length} characters"),
                remedy: format!("compare at most {LONGEST}, or grade with `f1`"),
            });
        }
        Ok(Similar { answer, key, at_least: self.at_least })
    }
}

/// Expects a text, give or take a few letters.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    answer: String,
    key: String,
    at_least: f64,
}

impl Similar {
    pub(super) fn expected(&self) -> String {
        self.answer.clone()
    }

    pub(super) fn judge(&self, text: &str) -> Judgement {
        let said = said(text);
        let normal = Normal::default().apply(&said.text);
        if normal != self.key && abstains(text) {
            return Verdict::Abstained.into();
        }
        Judgement::of(alike(&normal, &self.key, self.at_least), said.text)
    }
}

fn alike(reply: &str, key: &str, at_least: f64) -> bool {
    let (one, other) = (reply.chars().count(), key.chars().count());
    let (short, long) = (one.min(other), one.max(other));
    // Every character that one has more costs one; what cannot be alike is not measured.
    let ratio = |part: usize| {
        f64::from(u32::try_from(part).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(long).unwrap_or(u32::MAX))
    };
    if one > 10 * LONGEST || ratio(short) < at_least {
        return false;
    }
    let digits = |text: &str| text.replace(|c: char| !c.is_numeric(), " ");
    if squeezed(&digits(reply)) != squeezed(&digits(key)) || denials(reply) != denials(key) {
        return false;
    }
    1.0 - ratio(strsim::levenshtein(reply, key)) >= at_least - 1e-12
}

fn squeezed(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// How often a normalised text denies something.
fn denials(text: &str) -> usize {
    let denies = |word: &&str| {
        matches!(*word, "not" | "no" | "never" | "none" | "nor" | "neither" | "without" | "cannot")
            || (word.ends_with("nt") && NEGATED.contains(word))
    };
    text.split(' ').filter(denies).count()
}

/// Negated verbs as they are without their apostrophes.
const NEGATED: &[&str] = &[
    "isnt", "wasnt", "arent", "werent", "dont", "doesnt", "didnt", "cant", "wont", "wouldnt",
    "couldnt", "shouldnt", "hasnt", "havent", "hadnt", "aint",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_measured_and_meaning_is_kept() {
        for (reply, key, at_least, right) in [
            ("reykjavik", "reykjavik", 1.0, true),
            ("reykyavik", "reykjavik", 0.88, true),
            ("reykyavik", "reykjavik", 0.89, false),
            ("abcd", "abce", 0.75, true),
            ("1984", "1985", 0.1, false),
            ("in 1984", "1984", 0.5, true),
            ("it is not so", "it is so", 0.5, false),
            ("it isnt so", "it is so", 0.5, false),
            ("żółć", "zółć", 0.75, true),
            ("", "a", 0.1, false),
        ] {
            assert_eq!(alike(reply, key, at_least), right, "{reply:?} {key:?}");
        }
    }
}
