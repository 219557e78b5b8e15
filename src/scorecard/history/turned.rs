//! Two neighbouring nights, answer by answer.

use serde::Serialize;

use super::{By, Mark, Measure};
use crate::budget::COVERAGE_FLOOR;
use crate::scorecard::change::{Change, Kind};
use crate::scorecard::{Pairing, Side};

/// Seed of sign flips, which only huge clusters need.
const SEED: u64 = 20_261_129;

/// How many cases are named.
const NAMED: usize = 20;

/// The answers of a night against those of the night before, on the cases that both asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Turned {
    /// Directory of the night before.
    pub against: String,
    /// Answers to the same questions, judged on both nights.
    pub pairs: usize,
    /// Right then and wrong now.
    pub newly_wrong: usize,
    /// Wrong then and right now.
    pub newly_right: usize,
    /// Two-sided p of that; null without a pair.
    pub p_accuracy: Option<f64>,
    /// Confidently wrong now and not then.
    pub newly_confident_wrong: usize,
    /// Confidently wrong then and not now.
    pub no_longer_confident_wrong: usize,
    /// Two-sided p of that; null without a pair, and where the two call something else confident.
    pub p_confident_wrong: Option<f64>,
    /// Cases that are newly confidently wrong, the first twenty.
    pub newly_confident_wrong_cases: Vec<String>,
    /// Cases that only this night asked.
    pub added: usize,
    /// Cases that only the night before asked.
    pub removed: usize,
    /// Cases with another question or grader.
    pub changed: usize,
    /// Cases with another prompt around the same question; they are compared.
    pub prompt_changed: usize,
    /// Why the p values decide nothing; null where they do.
    pub obstacle: Option<String>,
}

impl Turned {
    /// Tests that each comparison makes.
    pub(super) const TESTS: usize = 2;

    /// Compares. Where the nights call something else confident, only what is right is compared.
    pub(super) fn of(
        against: &str,
        before: Vec<Side>,
        now: Vec<Side>,
        same_confident: bool,
    ) -> Turned {
        let Pairing { pairs, left_out, prompt_changed, judged, .. } = Pairing::of(before, now);
        let right = |side: &Side| side.correct.map(flag);
        let wrong = |side: &Side| side.confident_wrong().map(flag);
        let accuracy = Change::of(&pairs, right, Kind::Good, SEED);
        let confident =
            same_confident.then(|| Change::of(&pairs, wrong, Kind::Bad, SEED)).flatten();
        let count = |value: &dyn Fn(&Side) -> Option<f64>, from: f64, to: f64| {
            let is =
                |side: &Side, wanted: f64| value(side).is_some_and(|is| (is - wanted).abs() < 0.5);
            pairs.iter().filter(|(one, other)| is(one, from) && is(other, to)).count()
        };
        let newly =
            |pair: &&(Side, Side)| wrong(&pair.0) == Some(0.0) && wrong(&pair.1) == Some(1.0);
        let named = pairs.iter().filter(newly).map(|(_, now)| now.case.clone());
        Turned {
            against: against.to_owned(),
            pairs: pairs.len(),
            newly_wrong: count(&right, 1.0, 0.0),
            newly_right: count(&right, 0.0, 1.0),
            p_accuracy: accuracy.map(|change| change.p_two_sided),
            newly_confident_wrong: if same_confident { count(&wrong, 0.0, 1.0) } else { 0 },
            no_longer_confident_wrong: if same_confident { count(&wrong, 1.0, 0.0) } else { 0 },
            p_confident_wrong: confident.map(|change| change.p_two_sided),
            newly_confident_wrong_cases: if same_confident {
                named.take(NAMED).collect()
            } else {
                Vec::new()
            },
            added: left_out.added.len(),
            removed: left_out.removed.len(),
            changed: left_out.changed.len(),
            prompt_changed: prompt_changed.len(),
            obstacle: obstacle(judged),
        }
    }

    /// Whether the two asked the same.
    #[must_use]
    pub fn same_cases(&self) -> bool {
        [self.added, self.removed, self.changed, self.prompt_changed] == [0; 4]
    }

    /// The changes that are changes at this level of each test.
    pub(super) fn marks(&self, alpha: f64) -> Vec<Mark> {
        let mut marks = Vec::new();
        if self.obstacle.is_some() {
            return marks;
        }
        let mut add = |of, p: Option<f64>, [worse, better]: [usize; 2], words: [&str; 2]| {
            let Some(p) = p.filter(|p| *p <= alpha) else { return };
            let sentence = format!(
                "{worse} of {} answers {}, {better} {}, since the night before (p = {}; up to {} is marked)",
                self.pairs,
                words[0],
                words[1],
                small(p),
                small(alpha)
            );
            marks.push(Mark { of, worse: worse > better, by: By::Neighbour, sentence });
        };
        add(
            Measure::ConfidentWrong,
            self.p_confident_wrong,
            [self.newly_confident_wrong, self.no_longer_confident_wrong],
            ["became confidently wrong", "are so no more"],
        );
        let turned = [self.newly_wrong, self.newly_right];
        add(Measure::Accuracy, self.p_accuracy, turned, ["became wrong", "became right"]);
        marks
    }
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn obstacle(judged: Option<[f64; 2]>) -> Option<String> {
    let floor = COVERAGE_FLOOR * 100.0;
    match judged {
        None => Some("the two nights have no case in common".to_owned()),
        Some([before, now]) if before.min(now) < COVERAGE_FLOOR => Some(format!(
            "of the cases of both nights only {:.0}% were judged, and a comparison needs {floor:.0}%",
            before.min(now) * 100.0
        )),
        Some(_) => None,
    }
}

/// A p with two digits that say something.
pub(super) fn small(p: f64) -> String {
    if p >= 0.001 { format!("{p:.3}") } else { format!("{p:.1e}") }
}
