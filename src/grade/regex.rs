//! `regex` and `regex_with`: the reply matches a pattern.
//!
//! The pattern is searched in the whole reply, its reasoning included, and knows nothing of marks,
//! denials or doubts: an author who wants the answer alone anchors the pattern or sets `whole`,
//! which makes it match all of the answer as `exact` reads it. With `group` the text of that group
//! is what was read, the last match counting, since models correct themselves; with `answer` too,
//! that text must be the answer, as `exact` compares.
//!
//! Patterns are those of the crate `regex`: no look-around and no back-references, and for that
//! every search takes time linear in the reply. A template in a pattern inserts its text as a
//! pattern; `{{ answer | regex_escape }}` inserts it as a text. A pattern that also matches an
//! empty or an unrelated answer accepts everything, and is refused.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::said::said;
use crate::answer::{Normal, abstains};
use crate::span::{Node, Problems, Spanned};

/// Most bytes of a compiled pattern and of its lazy automaton.
const SIZE: usize = 1 << 20;

/// Most matches of a group that are looked at.
const MATCHES: usize = 1_000;

/// Texts that have nothing in common: what matches them all accepts every answer.
const PROBES: &[&str] = &["a", "0", "?", "zq xw", "\u{4f60}"];

/// Replies that have nothing in common but words: what matches them all accepts every answer that
/// is one (`\w`, `.{3,}`).
const WORDY: &[&str] = &[
    "NO WAY",
    "yes, of course",
    "You had better ask somebody who was there at the time, as I have only heard of it from others",
];

/// `regex: "^\\d{4}$"` or `regex_with: {pattern: …, ignore_case: true, whole: true, group: 1, answer: …}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Template of the pattern.
    pub pattern: Spanned<String>,
    /// Template of what the group must be.
    pub answer: Option<Spanned<String>>,
    /// The pattern, unless it is a template.
    compiled: Option<Pattern>,
    ignore_case: bool,
    whole: bool,
    group: Option<Spanned<String>>,
}

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let spec = Spec {
            pattern: node.text(problems)?,
            answer: None,
            compiled: None,
            ignore_case: false,
            whole: false,
            group: None,
        };
        spec.compiled(problems)
    }

    pub(super) fn read_with(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let pattern = settings::wanted(&mut fields, "pattern", "say what to match", problems);
        let answer = fields.take("answer").map(|node| node.text(problems));
        let ignore_case = settings::switch(&mut fields, "ignore_case", false, problems);
        let whole = settings::switch(&mut fields, "whole", false, problems);
        let group = fields.take("group").map(|node| node.text(problems));
        fields.finish(problems);
        // What was given and is no text has been noted.
        if matches!((&answer, &group), (Some(None), _) | (_, Some(None))) {
            return None;
        }
        let spec = Spec {
            pattern: pattern?,
            answer: answer.flatten(),
            compiled: None,
            ignore_case: ignore_case?,
            whole: whole?,
            group: group.flatten(),
        };
        if let (Some(answer), None) = (&spec.answer, &spec.group) {
            let remedy = "add `group: 1`, or the name of the group that holds the answer";
            problems.error(answer.span, "`answer` is compared with a group", remedy);
            return None;
        }
        spec.compiled(problems)
    }

    /// Compiles a pattern that is no template once for all cases.
    fn compiled(mut self, problems: &mut Problems) -> Option<Spec> {
        let template = ["{{", "{%", "{#"].iter().any(|mark| self.pattern.value.contains(mark));
        if !template {
            match self.compile(&self.pattern.value) {
                Ok(pattern) => self.compiled = Some(pattern),
                Err(unfit) => {
                    problems.error(unfit.span, unfit.message, unfit.remedy);
                    return None;
                }
            }
        }
        Some(self)
    }

    pub(super) fn bind(&self, pattern: &str, answer: Option<&str>) -> Result<Matches, Unfit> {
        let pattern = match &self.compiled {
            Some(compiled) => compiled.clone(),
            None => self.compile(pattern)?,
        };
        let answer = match (answer, &self.answer) {
            (Some(answer), Some(template)) => {
                Some(Unfit::unless_empty(answer, template.span)?.to_owned())
            }
            _ => None,
        };
        Ok(Matches { pattern, answer })
    }

    fn compile(&self, pattern: &str) -> Result<Pattern, Unfit> {
        let unfit = |message: String, remedy: &str| Unfit {
            span: self.pattern.span,
            message,
            remedy: remedy.into(),
        };
        let shown = Unfit::shown(pattern);
        if pattern.is_empty() {
            return Err(unfit("an empty pattern accepts every answer".into(), "say what to match"));
        }
        let text = if self.whole { format!("^(?:{pattern})$") } else { pattern.to_owned() };
        let regex = RegexBuilder::new(&text)
            .case_insensitive(self.ignore_case)
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .nest_limit(100)
            .build()
            .map_err(|error| {
                let message = format!("`{shown}` is no pattern: {}", one_line(&error));
                unfit(message, "patterns are those of the Rust crate `regex`")
            })?;
        let group = self.group(&regex)?;
        // What a group must be, the pattern may leave open.
        if self.answer.is_none() {
            if regex.is_match("") {
                let message = format!("`{shown}` accepts an empty answer");
                return Err(unfit(message, "let the pattern ask for at least one character"));
            }
            let all = |probes: &[&str]| probes.iter().all(|probe| regex.is_match(probe));
            if all(PROBES) || all(WORDY) {
                let message = format!("`{shown}` accepts every answer");
                return Err(unfit(message, "let the pattern ask for what is right"));
            }
        }
        Ok(Pattern { source: pattern.into(), regex, whole: self.whole, group })
    }

    /// The group by its number or name.
    fn group(&self, regex: &Regex) -> Result<usize, Unfit> {
        let Some(name) = &self.group else { return Ok(0) };
        let numbered = name.value.parse().ok().filter(|n| *n < regex.captures_len());
        let named = || regex.capture_names().position(|known| known == Some(name.value.as_str()));
        numbered.or_else(named).ok_or_else(|| Unfit {
            span: name.span,
            message: format!("the pattern has no group `{}`", Unfit::shown(&name.value)),
            remedy: match regex.captures_len() - 1 {
                0 => "put what the answer is in brackets: `(…)`".into(),
                last => format!("groups are numbered from 1 to {last}"),
            },
        })
    }
}

/// The last line of an error, which says what is wrong.
fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next_back().unwrap_or(&text);
    line.trim().trim_start_matches("error: ").trim_end_matches('.').to_owned()
}

/// A compiled pattern; equal if it was typed in the same way.
#[derive(Debug, Clone)]
struct Pattern {
    source: Arc<str>,
    regex: Regex,
    whole: bool,
    group: usize,
}

impl Pattern {
    /// The text that was matched: the first one, or that of the group in the last match.
    fn last(&self, text: &str) -> Option<String> {
        if self.group == 0 {
            return self.regex.find(text).map(|found| found.as_str().trim().to_owned());
        }
        // Each search is linear, so their number is limited.
        let matches = self.regex.captures_iter(text).take(MATCHES);
        matches.filter_map(|found| Some(found.get(self.group)?.as_str().trim().to_owned())).last()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        (self.regex.as_str(), self.whole, self.group)
            == (other.regex.as_str(), other.whole, other.group)
    }
}

/// Expects a match.
#[derive(Debug, Clone, PartialEq)]
pub struct Matches {
    pattern: Pattern,
    answer: Option<String>,
}

impl Matches {
    pub(super) fn expected(&self) -> String {
        self.answer.clone().unwrap_or_else(|| format!("/{}/", self.pattern.source))
    }

    pub(super) fn judge(&self, text: &str) -> Judgement {
        let said = said(text);
        let searched = if self.pattern.whole { &said.text } else { text.trim() };
        let last = self.pattern.last(searched);
        let named = self.answer.as_ref().zip(last.as_ref());
        let same = named.is_some_and(|(answer, found)| Normal::default().same(found, answer));
        if !same && abstains(text) {
            return Verdict::Abstained.into();
        }
        match (&self.answer, last) {
            (Some(_), Some(found)) if !found.is_empty() => Judgement::of(same, found),
            (Some(_), _) => Verdict::Unparsable.into(),
            (None, Some(found)) => Judgement::of(true, found),
            (None, None) => Judgement::of(false, searched),
        }
    }
}

#[cfg(test)]
mod tests;
