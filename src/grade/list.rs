//! `list` and `set`: the reply lists the expected items, in their order or in any.
//!
//! `items` says how a list is read. Items are compared as `exact` compares texts. Expected are the
//! items of a list in the row, or of a text that is cut in the same way.
//!
//! In a `set` an item is there or not: its place and its repetitions do not matter. In a `list` the
//! items that count are the longest common subsequence, so an item out of its place is missing where
//! it belongs and too many where it stands. Right is a reply with `at_least` that share of the
//! expected items (all of them, unless it is given) and no other items, unless `allow_extra`.

use std::collections::{HashMap, HashSet};

use super::items::{Item, Known, MOST, items};
use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::{Normal, abstains};
use crate::span::{Node, Problems, Spanned};

/// Most items that may be expected.
const MOST_EXPECTED: usize = 1_000;

/// `list: "{{ answers }}"`, `set: …`, `set_with: {answer: …, at_least: 80%, allow_extra: true}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Template of the right items.
    pub answer: Spanned<String>,
    ordered: bool,
    at_least: f64,
    allow_extra: bool,
    normal: Normal,
}

impl Spec {
    pub(super) fn read(node: &Node, ordered: bool, problems: &mut Problems) -> Option<Spec> {
        let (at_least, allow_extra, normal) = (1.0, false, Normal::default());
        Some(Spec {
            answer: settings::expectation(node, problems)?,
            ordered,
            at_least,
            allow_extra,
            normal,
        })
    }

    pub(super) fn read_with(node: &Node, ordered: bool, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let answer = settings::answer(&mut fields, problems);
        let at_least = settings::at_least(&mut fields, 1.0, problems);
        let allow_extra = settings::switch(&mut fields, "allow_extra", false, problems);
        let normal = settings::normal(&mut fields, problems);
        fields.finish(problems);
        Some(Spec {
            answer: answer?,
            ordered,
            at_least: at_least?,
            allow_extra: allow_extra?,
            normal: normal?,
        })
    }

    pub(super) fn bind(&self, answers: &[String]) -> Result<Items, Unfit> {
        let unfit = |message: String, remedy: &str| {
            Err(Unfit { span: self.answer.span, message, remedy: remedy.into() })
        };
        let mut known = Known { normal: self.normal, ids: HashMap::new() };
        let mut shown: Vec<String> = Vec::new();
        for answer in answers {
            shown.push(Unfit::unless_empty(answer, self.answer.span)?.to_owned());
        }
        if let [text] = shown.as_slice() {
            let Some(parts) = items(text, &known) else {
                let message = format!("`{}` is no list", Unfit::shown(text));
                return unfit(message, "give the items as a list, or parted by commas");
            };
            shown = parts.into_iter().map(|item| item.text).collect();
        }
        let mut expected = Vec::new();
        for item in &shown {
            let next = known.ids.len();
            expected.push(*known.ids.entry(self.normal.apply(item)).or_insert(next));
        }
        if !self.ordered {
            expected = (0..known.ids.len()).collect();
        }
        if expected.len() > MOST_EXPECTED {
            let message = format!("{} expected items", expected.len());
            return unfit(message, "expect at most 1,000");
        }
        let Spec { ordered, at_least, allow_extra, .. } = *self;
        Ok(Items { shown: shown.join(", "), known, expected, ordered, at_least, allow_extra })
    }
}

/// Expects items.
#[derive(Debug, Clone, PartialEq)]
pub struct Items {
    shown: String,
    known: Known,
    /// Which items, in their order.
    expected: Vec<usize>,
    ordered: bool,
    at_least: f64,
    allow_extra: bool,
}

impl Items {
    pub(super) fn expected(&self) -> String {
        self.shown.clone()
    }

    pub(super) fn judge(&self, text: &str) -> Judgement {
        let found = items(text, &self.known);
        let right = found.as_ref().is_some_and(|found| self.accepts(found));
        if !right && abstains(text) {
            return Verdict::Abstained.into();
        }
        let Some(found) = found else { return Verdict::Unparsable.into() };
        let read: Vec<&str> = found.iter().map(|item| item.text.as_str()).collect();
        Judgement::of(right, read.join(", "))
    }

    fn accepts(&self, found: &[Item]) -> bool {
        let (hits, extra) = if self.ordered { self.in_order(found) } else { Items::in_any(found) };
        let share = |part: usize| f64::from(u32::try_from(part).unwrap_or(u32::MAX));
        let enough = share(hits) / share(self.expected.len()) >= self.at_least - 1e-12;
        enough && (extra == 0 || self.allow_extra)
    }

    /// How many expected items are there, and how many others.
    fn in_any(found: &[Item]) -> (usize, usize) {
        let hits: HashSet<usize> = found.iter().filter_map(|item| item.id).collect();
        let extra = found.iter().filter(|item| item.id.is_none()).count();
        (hits.len(), extra)
    }

    /// Length of the longest common subsequence, and how many items are not in it.
    fn in_order(&self, found: &[Item]) -> (usize, usize) {
        let mut above = vec![0; self.expected.len() + 1];
        for item in found.iter().take(MOST) {
            let mut corner = 0;
            for (i, id) in self.expected.iter().enumerate() {
                let here =
                    if item.id == Some(*id) { corner + 1 } else { above[i].max(above[i + 1]) };
                corner = above[i + 1];
                above[i + 1] = here;
            }
        }
        let hits = above.last().copied().unwrap_or(0);
        (hits, found.len() - hits)
    }
}

#[cfg(test)]
mod tests;
