//! A candidate against its baseline: is it worse?
//!
//! Three tests look for a change for the worse: fewer right answers, a higher Brier score, more
//! confident wrong answers. Which they are is fixed before anything is looked at (the last two where
//! both sides state confidences, Brier where it is known which), and Holm's correction keeps the
//! probability that any of them raises an alarm at the level where nothing changed. Everything else,
//! the calibration error, parts by tag and single answers, is there to be read and decides nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::change::{CalibrationCard, Change, Kind, McNemarCard, POWER, share};
use super::flips::{Flip, Flipped};
use super::pairing::{LeftOut, Pairing, Side};
use crate::score::{Concordance, Errors, Multiplicity, Tails};

/// The change that a part of the cases must be able to show to be looked at.
const CHANGE_OF_PARTS: f64 = 0.2;

/// The change of the share of right answers that a required size is told for, and a smaller one for
/// comparisons that see this one already.
const ASKED_FOR: [f64; 2] = [0.05, 0.01];

/// How two sides are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Method {
    /// Largest probability of an alarm where nothing changed, in (0, 1).
    pub alpha: f64,
    /// Seed of what is drawn.
    pub seed: u64,
    /// Whether confidences are known only as far as they count as confident: then no Brier score is
    /// compared.
    pub only_quadrants: bool,
}

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Significantly worse, whatever else it is.
    Worse,
    /// Significantly better, and not worse.
    Better,
    /// Nothing that cannot be chance.
    NoChange,
    /// There is no pair.
    NothingCompared,
}

/// A test of the family that decides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tested {
    /// What changed for the worse: `accuracy`, `brier` or `confident_wrong`.
    pub of: &'static str,
    /// One-sided p against the candidate.
    pub p_worse: f64,
    /// The same, corrected for how many tests there are (Holm): significant up to `alpha`.
    pub adjusted: f64,
    /// One-sided p for the candidate.
    pub p_better: f64,
    /// The same, corrected.
    pub adjusted_better: f64,
}

/// Two sets of answers, compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Largest probability of an alarm where nothing changed.
    pub alpha: f64,
    /// Seed of what was drawn.
    pub seed: u64,
    /// Which way it went.
    pub direction: Direction,
    /// Pairs that were judged on both sides.
    pub pairs: usize,
    /// Cases that they are of.
    pub cases: usize,
    /// Clusters of them that are independent of each other.
    pub clusters: usize,
    /// Cases that both sides know by name, changed ones included.
    pub shared: usize,
    /// Share of the answers to the same questions that were judged, in baseline and candidate.
    pub judged: Option<[f64; 2]>,
    /// The tests that decide.
    pub tests: Vec<Tested>,
    /// Right in both.
    pub both_correct: usize,
    /// Right in the baseline alone.
    pub baseline_only: usize,
    /// Right in the candidate alone.
    pub candidate_only: usize,
    /// Wrong in both.
    pub both_wrong: usize,
    /// `McNemar`'s test; null where clusters hold several pairs, because it would take them for
    /// independent.
    pub mcnemar: Option<McNemarCard>,
    /// Share of right answers.
    pub accuracy: Option<Change>,
    /// Brier score; less is better.
    pub brier: Option<Change>,
    /// Share of confident wrong answers; less is better.
    pub confident_wrong: Option<Change>,
    /// Calibration error; less is better.
    pub calibration: Option<CalibrationCard>,
    /// A change of the share of right answers, and about how many cases would show it.
    pub would_show: Option<WouldShow>,
    /// Answers by what became of them; every kind is listed.
    pub flipped: BTreeMap<&'static str, usize>,
    /// Parts of the cases by tag, the least likely chance first.
    pub slices: Vec<SliceChange>,
    /// Compared cases whose prompt is another one.
    pub prompt_changed: Vec<String>,
    /// What was not compared.
    pub left_out: LeftOut,
    /// The cases that are not what they were, the gravest first.
    pub flips: Vec<Flipped>,
}

/// A size that a change needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WouldShow {
    /// The change of the share of right answers.
    pub change: f64,
    /// About how many cases show it, asked as often as these.
    pub cases: usize,
}

/// A part of the cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SliceChange {
    /// The tag.
    pub tag: String,
    /// Pairs graded on both sides.
    pub n: usize,
    /// Right in the baseline.
    pub baseline: usize,
    /// Right in the candidate.
    pub candidate: usize,
    /// Confidently wrong now, and not before.
    pub newly_confident_wrong: usize,
    /// Pairs without which a change of 20 points cannot be expected to show.
    pub needed: Option<usize>,
    /// Two-sided p of the change of right answers; null where there are fewer than needed.
    pub p_two_sided: Option<f64>,
    /// The same, corrected for how many parts are looked at (Benjamini–Hochberg).
    pub adjusted: Option<f64>,
}

impl Comparison {
    /// Compares what could be paired, with all there is to read.
    #[must_use]
    pub fn in_full(pairing: Pairing, method: Method) -> Comparison {
        let pairs = pairing.pairs.clone();
        let mut comparison = Comparison::of(pairing, method);
        comparison.calibration = CalibrationCard::of(&pairs, method.seed);
        comparison.slices = slices(&pairs, comparison.accuracy.as_ref(), method);
        comparison
    }

    /// Compares what could be paired, as far as it decides: without the calibration error and
    /// without parts by tag.
    #[must_use]
    pub fn of(pairing: Pairing, method: Method) -> Comparison {
        let Method { alpha, seed, only_quadrants } = method;
        let Pairing { pairs, left_out, prompt_changed, shared, judged } = pairing;
        let verdict = |side: &Side| side.correct.map(|right| f64::from(u8::from(right)));
        let wrong = |side: &Side| side.confident_wrong().map(|wrong| f64::from(u8::from(wrong)));
        let accuracy = Change::of(&pairs, verdict, Kind::Good, seed);
        let brier = Change::of(&pairs, Side::brier, Kind::Loss, seed);
        // Without a single confidence nobody is known to be confidently wrong.
        let confident_wrong =
            brier.as_ref().and_then(|_| Change::of(&pairs, wrong, Kind::Bad, seed));
        let brier = brier.filter(|_| !only_quadrants);
        let family: Vec<(&'static str, &Change)> =
            [("accuracy", &accuracy), ("brier", &brier), ("confident_wrong", &confident_wrong)]
                .into_iter()
                .filter_map(|(name, change)| Some((name, change.as_ref()?)))
                .collect();
        let (tests, direction) = decide(&family, alpha);
        let each = alpha / share(family.len().max(1), 1);
        let seen = |change: Option<Change>| change.map(|change| change.seen_at(each));
        let accuracy = seen(accuracy);
        let both = pairs.iter().filter_map(|(one, other)| Some((one.correct?, other.correct?)));
        let concordance = Concordance::of(both);
        let (cases, clusters) =
            (distinct(&pairs, |side| &side.case), distinct(&pairs, |side| &side.cluster));
        let mut flipped: BTreeMap<&'static str, usize> =
            Flip::ALL.iter().map(|flip| (flip.name(), 0)).collect();
        for flip in pairs.iter().filter_map(|(one, other)| Flip::of(one, other)) {
            *flipped.entry(flip.name()).or_default() += 1;
        }
        Comparison {
            alpha,
            seed,
            direction,
            pairs: pairs.len(),
            cases,
            clusters,
            shared,
            judged,
            tests,
            both_correct: concordance.both_correct,
            baseline_only: concordance.baseline_only,
            candidate_only: concordance.candidate_only,
            both_wrong: concordance.both_wrong,
            mcnemar: accuracy.as_ref().and_then(Change::mcnemar),
            would_show: accuracy
                .as_ref()
                .and_then(|accuracy| would_show(accuracy, each, share(cases, pairs.len()))),
            slices: Vec::new(),
            calibration: None,
            accuracy,
            brier: seen(brier),
            confident_wrong: seen(confident_wrong),
            flipped,
            prompt_changed,
            left_out,
            flips: Flipped::of(&pairs),
        }
    }

    /// Whether a change for the worse could have been seen at all, however large.
    #[must_use]
    pub fn sees_anything(&self) -> bool {
        let sees = |change: &Option<Change>| {
            change.as_ref().is_some_and(|change| change.resolution.is_some())
        };
        sees(&self.accuracy) || sees(&self.confident_wrong)
    }

    /// How many answers went this way.
    #[must_use]
    pub fn count(&self, flip: Flip) -> usize {
        self.flipped.get(flip.name()).copied().unwrap_or(0)
    }

    /// The smallest corrected p against the candidate.
    #[must_use]
    pub fn p_worse(&self) -> Option<f64> {
        self.tests.iter().map(|test| test.adjusted).min_by(f64::total_cmp)
    }

    /// The smallest corrected p for the candidate.
    #[must_use]
    pub fn p_better(&self) -> Option<f64> {
        self.tests.iter().map(|test| test.adjusted_better).min_by(f64::total_cmp)
    }
}

/// The tests, corrected, and which way it went.
fn decide(family: &[(&'static str, &Change)], alpha: f64) -> (Vec<Tested>, Direction) {
    let adjusted = |p: fn(&Change) -> f64| {
        Multiplicity::Holm.adjusted(&family.iter().map(|(_, change)| p(change)).collect::<Vec<_>>())
    };
    let worse = adjusted(|change| change.p_worse);
    let better = adjusted(|change| change.p_better);
    let any = |p: &[f64]| p.iter().any(|p| *p <= alpha);
    let direction = match (family.is_empty(), any(&worse), any(&better)) {
        (true, ..) => Direction::NothingCompared,
        (_, true, _) => Direction::Worse,
        (_, _, true) => Direction::Better,
        _ => Direction::NoChange,
    };
    let tested = family.iter().zip(worse.into_iter().zip(better));
    let tested = tested.map(|((of, change), (adjusted, adjusted_better))| Tested {
        of,
        p_worse: change.p_worse,
        adjusted,
        p_better: change.p_better,
        adjusted_better,
    });
    (tested.collect(), direction)
}

/// The cases that a change needs which this comparison does not see yet.
fn would_show(accuracy: &Change, alpha: f64, cases_a_pair: f64) -> Option<WouldShow> {
    let seen = accuracy.resolution.map_or(1.0, |resolution| resolution.change);
    let change = ASKED_FOR.into_iter().find(|change| *change < seen)?;
    let errors = Errors { alpha, power: POWER, tails: Tails::One };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a count times a share"
    )]
    let cases = (accuracy.pairs_for(change, errors)? as f64 * cases_a_pair).ceil() as usize;
    Some(WouldShow { change, cases })
}

/// A part for each tag that is on some pairs and not on all.
fn slices(pairs: &[(Side, Side)], whole: Option<&Change>, method: Method) -> Vec<SliceChange> {
    let graded = |pair: &&(Side, Side)| pair.0.correct.is_some() && pair.1.correct.is_some();
    let mut parts: BTreeMap<&str, Vec<&(Side, Side)>> = BTreeMap::new();
    for pair in pairs.iter().filter(graded) {
        let mut tags: Vec<&str> = pair.1.tags.iter().map(String::as_str).collect();
        tags.sort_unstable();
        tags.dedup();
        for tag in tags {
            parts.entry(tag).or_default().push(pair);
        }
    }
    let all = pairs.iter().filter(graded).count();
    let errors = Errors { alpha: method.alpha, power: POWER, tails: Tails::Two };
    let needed = whole.and_then(|whole| whole.pairs_for(CHANGE_OF_PARTS, errors));
    let mut slices: Vec<SliceChange> = parts
        .into_iter()
        .filter(|(_, part)| part.len() < all)
        .map(|(tag, part)| slice(tag, &part, needed, method.seed))
        .collect();
    let p: Vec<f64> = slices.iter().filter_map(|slice| slice.p_two_sided).collect();
    let mut adjusted = Multiplicity::BenjaminiHochberg.adjusted(&p).into_iter();
    for slice in &mut slices {
        slice.adjusted = slice.p_two_sided.and_then(|_| adjusted.next());
    }
    slices.sort_by(|one, other| {
        let p = |slice: &SliceChange| slice.adjusted.unwrap_or(2.0);
        let raw = |slice: &SliceChange| slice.p_two_sided.unwrap_or(2.0);
        p(one).total_cmp(&p(other)).then(raw(one).total_cmp(&raw(other)))
    });
    slices
}

fn slice(tag: &str, part: &[&(Side, Side)], needed: Option<usize>, seed: u64) -> SliceChange {
    let right = |of: fn(&(Side, Side)) -> &Side| {
        part.iter().filter(|pair| of(pair).correct == Some(true)).count()
    };
    let newly =
        |pair: &&&(Side, Side)| Flip::of(&pair.0, &pair.1) == Some(Flip::NewlyConfidentWrong);
    let assessable = needed.is_some_and(|needed| part.len() >= needed);
    let p_two_sided = assessable.then(|| {
        let owned: Vec<(Side, Side)> = part.iter().map(|pair| (*pair).clone()).collect();
        let verdict = |side: &Side| side.correct.map(|right| f64::from(u8::from(right)));
        Change::of(&owned, verdict, Kind::Good, seed).map(|change| change.p_two_sided)
    });
    SliceChange {
        tag: tag.to_owned(),
        n: part.len(),
        baseline: right(|pair| &pair.0),
        candidate: right(|pair| &pair.1),
        newly_confident_wrong: part.iter().filter(newly).count(),
        needed,
        p_two_sided: p_two_sided.flatten(),
        adjusted: None,
    }
}

fn distinct<'a>(pairs: &'a [(Side, Side)], of: impl Fn(&'a Side) -> &'a str) -> usize {
    super::rate::distinct(pairs.iter().map(|(side, _)| of(side)))
}

#[cfg(test)]
mod tests;
