//! What a fit does to answers that it has not seen.

use std::collections::BTreeSet;

use super::super::items::Items;
use super::super::random::Stream;

/// Predictions for each pair by a fit to the pairs of all other folds, in input order: `fit` makes
/// a predictor of pairs, or none. `fold[i]` names the fold of pair `i`; pairs beyond the shorter
/// of the two are left out. A pair whose fold's fit does not exist has no prediction.
pub fn cross_fitted<P: Fn(f64) -> f64>(
    pairs: &[(f64, bool)],
    fold: &[usize],
    fit: impl Fn(&[(f64, bool)]) -> Option<P>,
) -> Vec<Option<f64>> {
    let n = pairs.len().min(fold.len());
    let mut predictions = vec![None; n];
    let folds: BTreeSet<usize> = fold[..n].iter().copied().collect();
    for held_out in folds {
        let others: Vec<(f64, bool)> =
            (0..n).filter(|&index| fold[index] != held_out).map(|index| pairs[index]).collect();
        if let Some(predict) = fit(&others) {
            for index in (0..n).filter(|&index| fold[index] == held_out) {
                predictions[index] = Some(predict(pairs[index].0));
            }
        }
    }
    predictions
}

/// A fold of `0..folds` for each item, the same for all items of a cluster, as many clusters to
/// each fold as to the others or one more; which, is drawn by the seed. `None` with fewer clusters
/// than folds, and with fewer than two folds.
#[must_use]
pub fn folds_by_cluster(items: &Items, folds: usize, seed: u64) -> Option<Vec<usize>> {
    let clusters = items.clusters().iter().max().map_or(0, |last| last + 1);
    if folds < 2 || clusters < folds {
        return None;
    }
    let mut order: Vec<usize> = (0..clusters).collect();
    Stream::of(seed, 0).shuffle(&mut order);
    let mut fold_of = vec![0; clusters];
    for (place, &cluster) in order.iter().enumerate() {
        fold_of[cluster] = place % folds;
    }
    Some(items.clusters().iter().map(|&cluster| fold_of[cluster]).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Method;
    use super::*;

    #[test]
    fn folds_keep_clusters_together_and_are_even() {
        let confidence = vec![0.5; 30];
        let items = Items::new(confidence, vec![true; 30]).unwrap();
        let items = items.in_clusters((0..30).map(|index| index % 10)).unwrap();
        let folds = folds_by_cluster(&items, 5, 1).unwrap();
        for (fold, cluster) in folds.iter().zip(items.clusters()) {
            assert_eq!(*fold, folds[*cluster], "the first ten are the clusters");
        }
        let size = |fold| folds.iter().filter(|&&of| of == fold).count();
        assert_eq!([0, 1, 2, 3, 4].map(size), [6; 5]);
        assert_ne!(folds, folds_by_cluster(&items, 5, 2).unwrap());
        assert_eq!(folds_by_cluster(&items, 11, 1), None);
        assert_eq!(folds_by_cluster(&items, 1, 1), None);
    }

    #[test]
    fn a_pair_is_predicted_by_others_alone() {
        let pairs = [(0.2, false), (0.8, true), (0.3, true), (0.9, false)];
        let fit = |others: &[(f64, bool)]| {
            let n = others.len();
            Some(move |c: f64| c + f64::from(u8::try_from(n).unwrap()))
        };
        assert_eq!(
            cross_fitted(&pairs, &[0, 0, 0, 1], fit),
            [Some(1.2), Some(1.8), Some(1.3), Some(3.9)]
        );
        let platt =
            |others: &[(f64, bool)]| Method::Platt.fit(others).map(|fit| move |c| fit.apply(c));
        // One pair is left for the first fold: one confidence, no line.
        let predicted = cross_fitted(&pairs, &[0, 0, 0, 1], platt);
        assert!(predicted[..3].iter().all(Option::is_none) && predicted[3].is_some());
    }
}
