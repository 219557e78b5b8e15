//! Prompts, and other variants of the same rows, against each other.
//!
//! Variants are asked about the same rows, so they are compared row by row: what both get right, or
//! both get wrong, says nothing about which is better.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Evidence, Rate};
use crate::record::{Brief, Name, Run};
use crate::score::McNemar;

/// More values than this of one variable are not compared with each other: the pairs grow with
/// their square.
const MOST_COMPARED: usize = 12;

/// The values of one variable, such as the prompts, compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variants {
    /// `prompt`, or a variable of the matrix.
    pub of: String,
    /// The values in the order in which they were asked.
    pub values: Vec<VariantCard>,
    /// Each value against those before it.
    pub pairs: Vec<Pair>,
}

/// One value of a variable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VariantCard {
    /// The value.
    pub value: String,
    /// Right answers among those graded.
    pub accuracy: Rate,
    /// Confidently wrong among graded answers with a primary confidence.
    pub confident_wrong: Rate,
}

/// Two values, compared over the cases that both answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// The one that comes first.
    pub one: String,
    /// The other.
    pub other: String,
    /// Pairs of cases that differ in this variable only, graded in both.
    pub n: usize,
    /// Right in the first alone.
    pub only_one: usize,
    /// Right in the other alone.
    pub only_other: usize,
    /// Exact two-sided p of `McNemar`'s test; null where cases are no independent evidence, because
    /// rows have further variants, repeats or groups.
    pub mcnemar_p: Option<f64>,
}

impl Variants {
    /// Every variable with several values, prompts first.
    pub(super) fn of(run: &Run, briefs: &[&Brief]) -> Vec<Variants> {
        let mut seen = vec![false; run.all_labels().len()];
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        for brief in briefs {
            if !std::mem::replace(&mut seen[run.labels_number(brief)], true) {
                keys.extend(run.labels(brief).variant.keys().map(String::as_str));
            }
        }
        let mut keys: Vec<&str> = keys.into_iter().filter(|key| *key != "rotation").collect();
        keys.sort_by_key(|key| (*key != "prompt", *key));
        keys.into_iter().filter_map(|key| Variants::of_key(key, run, briefs)).collect()
    }

    fn of_key(key: &str, run: &Run, briefs: &[&Brief]) -> Option<Variants> {
        let mut values: Vec<&str> = Vec::new();
        for value in briefs.iter().filter_map(|brief| run.labels(brief).variant.get(key)) {
            if !values.contains(&value.as_str()) {
                values.push(value);
            }
        }
        let compared = &values[..values.len().min(MOST_COMPARED)];
        let pairs = (1..compared.len()).flat_map(|other| (0..other).map(move |one| (one, other)));
        let pairs =
            pairs.map(|(one, other)| pair(key, [compared[one], compared[other]], run, briefs));
        (values.len() > 1).then(|| Variants {
            of: key.to_owned(),
            values: values.iter().map(|value| card(key, value, run, briefs)).collect(),
            pairs: pairs.collect(),
        })
    }
}

fn card(key: &str, value: &str, run: &Run, briefs: &[&Brief]) -> VariantCard {
    let has = |brief: &&Brief| run.labels(brief).variant.get(key).is_some_and(|at| at == value);
    let of = briefs.iter().copied().filter(has);
    let right = of.clone().filter_map(|brief| Some((brief, brief.right()?)));
    let wrong = of.filter_map(|brief| Some((brief, brief.confident_wrong()?)));
    VariantCard {
        value: value.to_owned(),
        accuracy: Evidence::of(run, right).into(),
        confident_wrong: Evidence::of(run, wrong).into(),
    }
}

fn pair(key: &str, [one, other]: [&str; 2], run: &Run, briefs: &[&Brief]) -> Pair {
    // What is the same in both: the row, all other variables, the repeat.
    type Same<'a> = (Name, Vec<(&'a str, &'a str)>, u32);
    let mut cases: BTreeMap<Same<'_>, [Option<bool>; 2]> = BTreeMap::new();
    for (brief, right) in briefs.iter().filter_map(|brief| Some((brief, brief.right()?))) {
        let variant = &run.labels(brief).variant;
        let Some(value) = variant.get(key) else { continue };
        let side = if value == one {
            0
        } else if value == other {
            1
        } else {
            continue;
        };
        let rest = variant.iter().filter(|(name, _)| *name != key);
        let rest = rest.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let sides = cases.entry((brief.row(), rest, brief.repeat())).or_default();
        sides[side] = Some(right);
    }
    let both = || cases.iter().filter_map(|(same, sides)| Some((same, sides[0]?, sides[1]?)));
    let only_one = both().filter(|(_, one, other)| *one && !other).count();
    let only_other = both().filter(|(_, one, other)| !one && *other).count();
    let rows: BTreeSet<Name> = both().map(|((row, _, _), _, _)| *row).collect();
    let n = both().count();
    let independent = rows.len() == n && briefs.iter().all(|brief| !brief.is_grouped());
    let test = McNemar { baseline_only: only_one, candidate_only: only_other };
    Pair {
        one: one.to_owned(),
        other: other.to_owned(),
        n,
        only_one,
        only_other,
        mcnemar_p: (independent && n > 0).then(|| test.exact_two_sided()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged, record};
    use crate::record::{Outcome, Record};

    fn variants(records: Vec<Record>) -> Vec<Variants> {
        let records = records.into_iter().enumerate();
        let records = records.map(|(index, record)| Record { index, ..record }).collect();
        let run = Run::of(header(2), records);
        Variants::of(&run, &run.briefs().iter().collect::<Vec<_>>())
    }

    fn asked(row: usize, prompt: &str, right: bool) -> Record {
        let outcome = if right { Outcome::Correct } else { Outcome::Incorrect };
        Record {
            row: Some(format!("row-{row}")),
            variant: BTreeMap::from([("prompt".to_owned(), prompt.to_owned())]),
            ..judged(row, outcome, Some(0.9))
        }
    }

    #[test]
    fn prompts_are_compared_row_by_row() {
        let mut records = Vec::new();
        for row in 0..12 {
            records.push(asked(row, "short", row < 3));
            records.push(asked(row, "long", !(3..=5).contains(&row)));
        }
        let cards = variants(records);
        let [prompts] = cards.as_slice() else { panic!("{cards:?}") };
        assert_eq!(prompts.values[0].value, "short");
        assert_eq!((prompts.values[0].accuracy.count, prompts.values[1].accuracy.count), (3, 9));
        let pair = &prompts.pairs[0];
        assert_eq!((pair.n, pair.only_one, pair.only_other), (12, 0, 6));
        assert!((pair.mcnemar_p.unwrap() - 0.03125).abs() < 1e-12);
    }

    #[test]
    fn a_row_with_several_pairs_is_no_independent_evidence() {
        let mut records = Vec::new();
        for repeat in 0..2 {
            records.push(Record { repeat, ..asked(1, "short", true) });
            records.push(Record { repeat, ..asked(1, "long", false) });
        }
        let cards = variants(records);
        let pair = &cards[0].pairs[0];
        assert_eq!((pair.n, pair.only_one, pair.mcnemar_p), (2, 2, None));
    }

    #[test]
    fn one_value_is_compared_with_nothing() {
        assert!(variants(vec![record(0), asked(1, "short", true)]).is_empty());
    }
}
