//! Wrong answer, or wrong label? What the probabilities of all classes say of the labels.
//!
//! A model that is confidently of another opinion than the label is either wrong or right. Which
//! of the two, people must say; here is only which labels are worth their time.
//!
//! Northcutt, Jiang and Chuang, Confident learning: estimating uncertainty in dataset labels,
//! JAIR 70 (2021).

use super::sum::mean;

/// Slack of every comparison of probabilities, as in the authors' package.
const SLACK: f64 = 1e-6;

/// Labels and probabilities that do not fit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelsError {
    /// There are not as many labels as rows of probabilities.
    Unpaired {
        /// Number of labels.
        labels: usize,
        /// Number of rows.
        rows: usize,
    },
    /// A row has another number of classes than the first.
    Ragged {
        /// Its index.
        row: usize,
    },
    /// A label names no class.
    NoClass {
        /// Index of the item.
        row: usize,
        /// The label.
        label: usize,
    },
    /// A probability is no number.
    NotANumber {
        /// Index of the item.
        row: usize,
    },
}

impl std::fmt::Display for LabelsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unpaired { labels, rows } => {
                write!(f, "{labels} labels for {rows} rows of probabilities (give one for each)")
            }
            Self::Ragged { row } => {
                write!(f, "row {row} has another number of classes than row 0 (give all of them)")
            }
            Self::NoClass { row, label } => {
                write!(f, "label {label} of item {row} names no class (number them from 0)")
            }
            Self::NotANumber { row } => write!(f, "a probability of item {row} is not a number"),
        }
    }
}

impl std::error::Error for LabelsError {}

/// Given labels `0..K` beside the probabilities of all `K` classes, an item a row.
#[derive(Debug, Clone)]
pub struct LabelErrors<'a, R> {
    given: &'a [u16],
    probabilities: &'a [R],
    thresholds: Vec<Option<f64>>,
    guesses: Vec<Option<u16>>,
}

impl<'a, R: AsRef<[f64]>> LabelErrors<'a, R> {
    /// Pairs `n` labels with an `n × K` matrix of probabilities.
    ///
    /// # Errors
    ///
    /// [`LabelsError`] where the two do not fit each other.
    pub fn of(given: &'a [u16], probabilities: &'a [R]) -> Result<Self, LabelsError> {
        if given.len() != probabilities.len() {
            return Err(LabelsError::Unpaired { labels: given.len(), rows: probabilities.len() });
        }
        let rows = || probabilities.iter().map(AsRef::as_ref);
        let classes = rows().next().map_or(0, <[f64]>::len);
        for (row, (&label, all)) in given.iter().zip(rows()).enumerate() {
            let label = usize::from(label);
            if all.len() != classes {
                return Err(LabelsError::Ragged { row });
            }
            if label >= classes {
                return Err(LabelsError::NoClass { row, label });
            }
            if all.iter().any(|p| p.is_nan()) {
                return Err(LabelsError::NotANumber { row });
            }
        }
        let threshold = |class: usize| {
            let of_class =
                given.iter().zip(rows()).filter(|(label, _)| usize::from(**label) == class);
            let values: Vec<f64> = of_class.map(|(_, all)| all[class]).collect();
            mean(values.into_iter())
        };
        let thresholds: Vec<Option<f64>> = (0..classes).map(threshold).collect();
        let guesses = rows().map(|all| guess(all, &thresholds)).collect();
        Ok(Self { given, probabilities, thresholds, guesses })
    }

    /// `t_k`, the mean probability of class `k` over the items labelled so; `None` for a class
    /// that no item is labelled with. Length `K`.
    #[must_use]
    pub fn confident_thresholds(&self) -> &[Option<f64>] {
        &self.thresholds
    }

    fn row(&self, item: usize) -> &[f64] {
        self.probabilities[item].as_ref()
    }

    /// How many items of each given label (row) are confidently of each class (column), `K × K`,
    /// the diagonal at least 1. An item is confidently of class `j` if `p_j ≥ t_j`, of the most
    /// probable class if there are several, of none if there is none.
    #[must_use]
    pub fn confident_joint(&self) -> Vec<Vec<usize>> {
        let classes = self.thresholds.len();
        let mut joint = vec![vec![0; classes]; classes];
        for (&label, guess) in self.given.iter().zip(&self.guesses) {
            if let Some(guess) = guess {
                joint[usize::from(label)][usize::from(*guess)] += 1;
            }
        }
        for (class, row) in joint.iter_mut().enumerate() {
            row[class] = row[class].max(1);
        }
        joint
    }

    /// The items that are confidently of another class than their label says, ascending.
    #[must_use]
    pub fn off_diagonal(&self) -> Vec<usize> {
        let off =
            |item: &usize| self.guesses[*item].is_some_and(|guess| guess != self.given[*item]);
        (0..self.given.len()).filter(off).collect()
    }

    /// Those of [`Self::off_diagonal`] whose label is not the most probable class either.
    #[must_use]
    pub fn issues(&self) -> Vec<usize> {
        let off = self.off_diagonal().into_iter();
        off.filter(|&item| self.self_confidence(item) + SLACK < largest(self.row(item))).collect()
    }

    /// The items whose label is not their most probable class, ascending.
    #[must_use]
    pub fn predicted_otherwise(&self) -> Vec<usize> {
        let otherwise =
            |item: &usize| self.self_confidence(*item) + SLACK < largest(self.row(*item));
        (0..self.given.len()).filter(otherwise).collect()
    }

    /// The probability of the label of an item.
    ///
    /// # Panics
    ///
    /// Unless there is such an item.
    #[must_use]
    pub fn self_confidence(&self, item: usize) -> f64 {
        self.row(item)[usize::from(self.given[item])]
    }

    /// `(p_g − max_{k≠g} p_k + 1)/2` of an item with label `g`: 1 for a label without doubt, 0 for
    /// one that another class is certain against; with a single class, that one counts as 0.
    ///
    /// # Panics
    ///
    /// Unless there is such an item.
    #[must_use]
    pub fn normalized_margin(&self, item: usize) -> f64 {
        let others = self.row(item).iter().enumerate();
        let others =
            others.filter(|(class, _)| *class != usize::from(self.given[item])).map(|(_, p)| *p);
        let most = others.fold(f64::NEG_INFINITY, f64::max);
        let most = if most.is_finite() { most } else { 0.0 };
        0.5 * (self.self_confidence(item) - most + 1.0)
    }
}

/// The class that an item is confidently of.
fn guess(all: &[f64], thresholds: &[Option<f64>]) -> Option<u16> {
    let mut reached = all
        .iter()
        .zip(thresholds)
        .enumerate()
        .filter(|(_, (p, threshold))| threshold.is_some_and(|least| **p >= least - SLACK))
        .map(|(class, _)| class);
    let first = reached.next()?;
    let class = if reached.next().is_none() { Some(first) } else { most_probable(all) };
    // Labels go no further either.
    class.and_then(|class| u16::try_from(class).ok())
}

fn most_probable(all: &[f64]) -> Option<usize> {
    all.iter().position(|p| p.to_bits() == largest(all).to_bits())
}

fn largest(all: &[f64]) -> f64 {
    all.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_against_which_the_model_is_sure_is_an_issue() {
        let probabilities =
            [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.1, 0.9], [0.95, 0.05]]
                .map(|row| row.to_vec());
        let given = [0, 0, 1, 1, 0, 1];
        let labels = LabelErrors::of(&given, &probabilities).unwrap();
        assert_eq!(labels.off_diagonal(), [4, 5]);
        assert_eq!(labels.issues(), [4, 5]);
        assert_eq!(labels.confident_joint(), [[2, 1], [1, 2]]);
        assert!((labels.normalized_margin(5) - 0.05).abs() < 1e-12);
    }

    #[test]
    fn a_class_without_labels_has_no_threshold_and_guesses_nobody() {
        let probabilities = vec![vec![0.5, 0.5, 0.0], vec![0.1, 0.2, 0.7]];
        let labels = LabelErrors::of(&[0, 1], &probabilities).unwrap();
        assert_eq!(labels.confident_thresholds(), [Some(0.5), Some(0.2), None]);
        assert_eq!(labels.confident_joint(), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refuse = |given: &[u16], probabilities: &[Vec<f64>]| {
            LabelErrors::of(given, probabilities).unwrap_err()
        };
        let rows = vec![vec![0.5, 0.5]; 2];
        assert_eq!(refuse(&[0], &rows), LabelsError::Unpaired { labels: 1, rows: 2 });
        assert_eq!(refuse(&[0, 2], &rows), LabelsError::NoClass { row: 1, label: 2 });
        let ragged = [vec![0.5, 0.5], vec![1.0]];
        assert_eq!(refuse(&[0, 0], &ragged), LabelsError::Ragged { row: 1 });
        let unknown = [vec![f64::NAN, 0.5]];
        assert_eq!(refuse(&[0], &unknown), LabelsError::NotANumber { row: 0 });
    }
}
