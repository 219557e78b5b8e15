//! What recalibration would do for a source of confidence, and which kind is worth it.
//!
//! Every number is cross-fitted: an answer is recalibrated by a fit to answers of other clusters.
//! A kind is recommended when its Brier score is lower than that of the confidences as they are by
//! more than chance explains, and of the kinds that are about as good, the one with the fewest
//! parameters: what is simpler is more likely to hold for next month's model.

use rayon::prelude::*;
use serde::Serialize;

use crate::score::{
    self, Clip, ClusteredMean, Items, Level, Method, Recalibration, cross_fitted, folds_by_cluster,
};

/// How many folds there are, clusters permitting.
const FOLDS: usize = 5;

/// Fewer clusters than this let isotonic regression follow chance.
const ISOTONIC_WANTS: usize = 1000;

/// Kinds of recalibration compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecalibrationCard {
    /// Answers.
    pub n: usize,
    /// Clusters, which folds keep together.
    pub clusters: usize,
    /// Folds; 0 where there are too few clusters to leave some out.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: u64,
    /// The confidences as they are.
    pub raw: Option<Quality>,
    /// One entry a kind, fewer parameters first.
    pub methods: Vec<MethodCard>,
    /// Name of the kind that is worth it.
    pub recommended: Option<&'static str>,
}

/// How good confidences are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Brier score.
    pub brier: f64,
    /// Log loss, confidences clipped at 1e-6.
    #[serde(rename = "log_loss_clip_1e-6")]
    pub log_loss: f64,
    /// Kolmogorov–Smirnov calibration error.
    pub ks_calibration_error: f64,
}

/// One kind of recalibration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodCard {
    /// Its name.
    pub method: &'static str,
    /// Cross-fitted; null where a fit does not exist.
    pub quality: Option<Quality>,
    /// Brier score minus that of the confidences as they are, below 0 where it helps.
    pub brier_change: Option<f64>,
    /// Its two-sided 95 % interval, by clusters.
    pub brier_change_interval95: Option<[f64; 2]>,
    /// Why it is not recommended whatever its score, if so.
    pub reservation: Option<String>,
}

/// Name of a kind of recalibration.
#[must_use]
pub fn method_name(method: Method) -> &'static str {
    match method {
        Method::Temperature => "temperature",
        Method::Platt => "platt",
        Method::Beta => "beta",
        Method::Isotonic => "isotonic",
    }
}

/// A kind, tried.
struct Tried {
    card: MethodCard,
    /// Squared errors by answer.
    squared: Option<Vec<f64>>,
}

impl RecalibrationCard {
    /// All kinds, cross-fitted on these answers.
    #[must_use]
    pub fn of(items: &Items, seed: u64) -> RecalibrationCard {
        let clusters = items.clusters().iter().max().map_or(0, |last| last + 1);
        let folds = FOLDS.min(clusters);
        let fold = folds_by_cluster(items, folds, seed);
        let pairs: Vec<(f64, bool)> = items.pairs().collect();
        let tried: Vec<Tried> = Method::ALL
            .par_iter()
            .map(|&method| try_out(method, items, &pairs, fold.as_deref(), clusters))
            .collect();
        RecalibrationCard {
            n: items.len(),
            clusters,
            folds: fold.map_or(0, |_| folds),
            seed,
            raw: quality(items),
            recommended: recommended(items, &tried),
            methods: tried.into_iter().map(|tried| tried.card).collect(),
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<&MethodCard> {
        self.methods.iter().find(|card| card.method == name)
    }
}

fn quality(items: &Items) -> Option<Quality> {
    Some(Quality {
        brier: score::brier(items)?,
        log_loss: score::log_loss(items, Clip::DEFAULT)?.mean,
        ks_calibration_error: score::ks_calibration(items)?.error,
    })
}

fn squared(items: &Items) -> Vec<f64> {
    items.pairs().map(|(c, y)| (c - f64::from(u8::from(y))).powi(2)).collect()
}

/// One minus the other, by clusters.
fn difference(items: &Items, one: &[f64], other: &[f64]) -> Option<ClusteredMean> {
    let differences = one.iter().zip(other).map(|(one, other)| one - other);
    ClusteredMean::of(items.clusters().iter().zip(differences))
}

fn try_out(
    method: Method,
    items: &Items,
    pairs: &[(f64, bool)],
    fold: Option<&[usize]>,
    clusters: usize,
) -> Tried {
    let by = |others: &[(f64, bool)]| method.fit(others).map(|fit| move |c| fit.apply(c));
    let predictions: Option<Vec<f64>> =
        fold.and_then(|fold| cross_fitted(pairs, fold, by).into_iter().collect());
    let recalibrated = predictions.filter(|predictions| !predictions.is_empty());
    let recalibrated =
        recalibrated.and_then(|confidence| Items::new(confidence, items.correct().to_vec()).ok());
    let squares = recalibrated.as_ref().map(squared);
    let change = squares.as_ref().and_then(|after| difference(items, after, &squared(items)));
    let interval = change.as_ref().and_then(|change| change.interval(Level::P95));
    let whole = method.fit(pairs);
    let reservation = if squares.is_none() {
        Some(match method {
            Method::Temperature => "no temperature fits these answers".to_owned(),
            _ => "these answers do not determine it".to_owned(),
        })
    } else if !whole.as_ref().is_some_and(Recalibration::is_increasing) {
        Some("it falls with confidence: surer answers are wrong more often".to_owned())
    } else if method == Method::Isotonic && clusters < ISOTONIC_WANTS {
        Some(format!("it wants {ISOTONIC_WANTS} independent answers, here are {clusters}"))
    } else {
        None
    };
    let card = MethodCard {
        method: method_name(method),
        quality: recalibrated.as_ref().and_then(quality),
        brier_change: change.as_ref().map(ClusteredMean::mean),
        brier_change_interval95: interval.map(|interval| [interval.lower, interval.upper]),
        reservation,
    };
    Tried { card, squared: squares }
}

/// Of the kinds that help for sure, the best one's simplest peer: the first whose Brier score is
/// within one standard error of the best one's (the one-standard-error rule: Breiman, Friedman,
/// Olshen and Stone, Classification and regression trees, 1984, section 3.4.3).
fn recommended(items: &Items, tried: &[Tried]) -> Option<&'static str> {
    let helps = |tried: &&Tried| {
        tried.card.reservation.is_none()
            && tried.card.brier_change_interval95.is_some_and(|[_, upper]| upper < 0.0)
    };
    let change = |tried: &Tried| tried.card.brier_change.unwrap_or(0.0);
    let helping: Vec<&Tried> = tried.iter().filter(helps).collect();
    let best = helping.iter().min_by(|one, other| change(one).total_cmp(&change(other)))?;
    let as_good = |tried: &&&Tried| {
        let (Some(one), Some(other)) = (&tried.squared, &best.squared) else { return false };
        let Some(worse) = difference(items, one, other) else { return false };
        worse.mean() <= worse.se().unwrap_or(0.0)
    };
    helping.iter().find(as_good).map(|tried| tried.card.method)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stated confidences of which these shares are right, so many of each.
    fn items(shares: &[(f64, f64)], each: u32) -> Items {
        let answers = shares.iter().flat_map(|&(confidence, right)| {
            (0..each)
                .map(move |index| (confidence, f64::from(index) + 0.5 < right * f64::from(each)))
        });
        let (confidence, correct) = answers.unzip();
        Items::new(confidence, correct).unwrap()
    }

    #[test]
    fn what_is_overconfident_is_mended_by_the_simplest_kind_that_does() {
        // Logits halved: what a temperature of 2 mends.
        let halved = |c: f64| 1.0 / (1.0 + ((1.0 - c) / c).sqrt());
        let stated = [0.5, 0.8, 0.9, 0.95, 0.99].map(|c| (c, halved(c)));
        let card = RecalibrationCard::of(&items(&stated, 100), 1);
        assert_eq!(card.recommended, Some("temperature"));
        let after = card.method("temperature").unwrap().quality.unwrap();
        assert!(after.brier < card.raw.unwrap().brier);
        assert!(after.ks_calibration_error < 0.02, "{after:?}");
        let isotonic = card.method("isotonic").unwrap();
        assert_eq!(
            isotonic.reservation.as_deref(),
            Some("it wants 1000 independent answers, here are 500")
        );
    }

    #[test]
    fn what_is_calibrated_or_turned_round_gets_no_recommendation() {
        let calibrated = items(&[(0.5, 0.5), (0.8, 0.8), (0.9, 0.9)], 100);
        assert_eq!(RecalibrationCard::of(&calibrated, 1).recommended, None);
        let turned = RecalibrationCard::of(&items(&[(0.9, 0.1), (0.8, 0.4), (0.2, 0.9)], 100), 1);
        let platt = turned.method("platt").unwrap();
        assert!(platt.reservation.as_deref().unwrap().starts_with("it falls"), "{platt:?}");
        assert!(turned.recommended.is_none_or(|name| name == "isotonic"), "{turned:?}");
    }

    #[test]
    fn few_answers_have_no_table() {
        for n in 0..3 {
            let items = Items::new(vec![0.5; n], vec![true; n]).unwrap();
            let card = RecalibrationCard::of(&items, 0);
            assert!(
                card.methods.iter().all(|method| method.brier_change.is_none_or(f64::is_finite))
            );
            assert_eq!(card.recommended, None);
        }
    }
}
