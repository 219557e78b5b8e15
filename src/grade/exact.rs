//! `exact` and `exact_with`: the reply is the expected text.
//!
//! The whole reply must be the text once both are normalised ([`Normal`] says how, and what is
//! never ignored). Only a label in front of it may be left standing: `The answer is Paris.` and
//! `Answer: Paris` are `Paris`. A sentence around the answer is not taken apart: a reader that
//! looks for the expected text somewhere in the reply finds it in wrong answers too.

use super::{Judgement, Unfit, Verdict};
use crate::answer::{Normal, Spaces, abstains};
use crate::span::{Fields, Node, Problems, Spanned};

/// `exact: "{{ answer }}"` or `exact_with: {answer: …, case: keep, …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Template of the right text.
    pub answer: Spanned<String>,
    normal: Normal,
}

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        Some(Spec { answer: node.text(problems)?, normal: Normal::default() })
    }

    pub(super) fn read_with(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let answer = super::answer_field(&mut fields, problems);
        let ignores = |word: &str| word == "ignore";
        let mut switch = |name, words| keyword(&mut fields, name, words, problems);
        let case = switch("case", &["ignore", "keep"]);
        let punctuation = switch("punctuation", &["ignore", "keep"]);
        let articles = switch("articles", &["ignore", "keep"]);
        let unicode = switch("unicode", &["nfkc", "keep"]);
        let spaces = switch("spaces", &["collapse", "ignore", "keep"]);
        fields.finish(problems);
        let normal = Normal {
            nfkc: unicode? == "nfkc",
            ignore_case: ignores(case?),
            ignore_punctuation: ignores(punctuation?),
            ignore_articles: ignores(articles?),
            spaces: match spaces? {
                "ignore" => Spaces::Ignore,
                "keep" => Spaces::Keep,
                _ => Spaces::Collapse,
            },
        };
        Some(Spec { answer: answer?, normal })
    }

    pub(super) fn bind(&self, answer: &str) -> Result<Exact, Unfit> {
        if answer.trim().is_empty() {
            return Err(Unfit {
                span: self.answer.span,
                message: "the expected answer is empty".into(),
                remedy: "give it, or grade with `abstains` where no answer is right".into(),
            });
        }
        Ok(Exact {
            answer: answer.trim().to_owned(),
            key: self.normal.apply(answer),
            normal: self.normal,
        })
    }
}

/// The setting of this name, the first word if it is absent.
fn keyword(
    fields: &mut Fields<'_>,
    name: &'static str,
    words: &[&'static str],
    problems: &mut Problems,
) -> Option<&'static str> {
    let Some(node) = fields.take(name) else { return Some(words[0]) };
    let typed = node.text(problems)?;
    let found = words.iter().copied().find(|word| *word == typed.value);
    if found.is_none() {
        problems.unknown(name, &typed, words);
    }
    found
}

/// Expects a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exact {
    answer: String,
    key: String,
    normal: Normal,
}

impl Exact {
    pub(super) fn expected(&self) -> String {
        self.answer.clone()
    }

    pub(super) fn judge(&self, text: &str, truncated: bool) -> Judgement {
        if truncated {
            return Verdict::Truncated.into();
        }
        let bare = unlabelled(text);
        let right = [text, bare].iter().any(|text| self.normal.apply(text) == self.key);
        // A text that is expected is an answer, even where it sounds like declining.
        if !right && abstains(text) {
            return Verdict::Abstained.into();
        }
        let verdict = if right { Verdict::Correct } else { Verdict::Incorrect };
        Judgement { verdict, read: Some(bare.trim().to_owned()) }
    }
}

/// The text after a label such as `The final answer is` or `**Answer:**`.
fn unlabelled(text: &str) -> &str {
    let dress = |c: char| c.is_whitespace() || "*_#>\"`".contains(c);
    let mut rest = text.trim_start_matches(dress);
    for word in ["so", "the", "my", "final", "correct", "short"] {
        rest = strip_word(rest, word).unwrap_or(rest);
    }
    let Some(rest) = strip_word(rest, "answer") else { return text };
    let rest = rest.trim_start_matches(dress);
    let linked = rest.strip_prefix(':').or_else(|| {
        let after = strip_word(rest, "is")?;
        Some(after.strip_prefix(':').unwrap_or(after))
    });
    match linked.map(|rest| rest.trim_start_matches(|c: char| c.is_whitespace() || c == '*')) {
        Some(rest) if !rest.is_empty() => rest,
        _ => text,
    }
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    let ends = !rest.starts_with(char::is_alphanumeric);
    (ends && head.eq_ignore_ascii_case(word)).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_taken_off() {
        for (text, bare) in [
            ("Paris", "Paris"),
            ("Answer: Paris", "Paris"),
            ("**Answer:** Paris", "Paris"),
            ("**Answer**: Paris", "Paris"),
            ("The answer is Paris.", "Paris."),
            ("The final answer is: Paris", "Paris"),
            ("So the correct answer is Paris", "Paris"),
            ("Answers vary", "Answers vary"),
            ("Answer", "Answer"),
            ("Answer:", "Answer:"),
            ("The answer island", "The answer island"),
            ("é", "é"),
        ] {
            assert_eq!(unlabelled(text), bare);
        }
    }
}
