//! Many tests at once: p values adjusted for how many there are.
//!
//! An adjusted p is compared with the level itself. Bonferroni and Holm bound the probability of any
//! false alarm, for decisions; Benjamini and Hochberg, and Benjamini and Yekutieli, bound the share
//! of false alarms among all alarms, for lists to look through.

/// What is kept at the level, and under which dependence of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiplicity {
    /// Any false alarm, under any dependence: `m·p`.
    Bonferroni,
    /// The same with more power: `max_{j≤i} (m−j+1)·p_(j)` (Holm, A simple sequentially rejective
    /// multiple test procedure, Scandinavian Journal of Statistics 6, 1979).
    Holm,
    /// The share of false alarms, for tests that are independent or rise together:
    /// `min_{j≥i} m·p_(j)/j` (Benjamini and Hochberg, JRSS B 57, 1995).
    BenjaminiHochberg,
    /// The same under any dependence: times `Σ_{k≤m} 1/k` (Benjamini and Yekutieli, Annals of
    /// Statistics 29, 2001).
    BenjaminiYekutieli,
}

impl Multiplicity {
    /// The adjusted p values in the order of the p values in `[0, 1]`, each at most 1.
    #[must_use]
    pub fn adjusted(self, p: &[f64]) -> Vec<f64> {
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_by(|&one, &other| p[one].total_cmp(&p[other]));
        let m = p.len() as f64;
        let mut adjusted = vec![1.0; p.len()];
        match self {
            Multiplicity::Bonferroni => {
                for (adjusted, p) in adjusted.iter_mut().zip(p) {
                    *adjusted = (m * p).min(1.0);
                }
            }
            Multiplicity::Holm => {
                let mut largest: f64 = 0.0;
                for (rank, &index) in order.iter().enumerate() {
                    largest = largest.max((m - rank as f64) * p[index]);
                    adjusted[index] = largest.min(1.0);
                }
            }
            Multiplicity::BenjaminiHochberg | Multiplicity::BenjaminiYekutieli => {
                let harmonic = match self {
                    Multiplicity::BenjaminiYekutieli => {
                        (1..=p.len()).map(|k| 1.0 / k as f64).sum::<f64>()
                    }
                    _ => 1.0,
                };
                let mut smallest: f64 = 1.0;
                for (rank, &index) in order.iter().enumerate().rev() {
                    smallest = smallest.min(harmonic * p[index] * (m / (rank + 1) as f64));
                    adjusted[index] = smallest;
                }
            }
        }
        adjusted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Multiplicity; 4] = [
        Multiplicity::Bonferroni,
        Multiplicity::Holm,
        Multiplicity::BenjaminiHochberg,
        Multiplicity::BenjaminiYekutieli,
    ];

    /// What the procedures say of one level, by their own words.
    fn rejected(method: Multiplicity, p: &[f64], level: f64) -> Vec<bool> {
        let m = p.len();
        let mut sorted = p.to_vec();
        sorted.sort_by(f64::total_cmp);
        let harmonic: f64 = (1..=m).map(|k| 1.0 / k as f64).sum();
        let limit = |rank: usize| match method {
            Multiplicity::Bonferroni => level / m as f64,
            Multiplicity::Holm => level / (m - rank) as f64,
            Multiplicity::BenjaminiHochberg => level * (rank + 1) as f64 / m as f64,
            Multiplicity::BenjaminiYekutieli => level * (rank + 1) as f64 / m as f64 / harmonic,
        };
        // Step down until the first that fails, or up from the last that holds.
        let many = match method {
            Multiplicity::Bonferroni | Multiplicity::Holm => {
                (0..m).take_while(|&rank| sorted[rank] <= limit(rank)).count()
            }
            _ => (0..m).rev().find(|&rank| sorted[rank] <= limit(rank)).map_or(0, |at| at + 1),
        };
        p.iter().map(|p| many > 0 && *p <= sorted[many - 1]).collect()
    }

    proptest! {
        #[test]
        fn an_adjusted_p_below_the_level_is_what_the_procedure_rejects(
            p in prop::collection::vec(prop_oneof![0.0..=0.05, 0.0..=1.0, Just(0.02)], 0..30),
            level in 0.001..0.3_f64,
        ) {
            for method in ALL {
                let adjusted = method.adjusted(&p);
                // Where rounding decides, both are right.
                prop_assume!(adjusted.iter().all(|p| (p - level).abs() > 1e-12));
                let found: Vec<bool> = adjusted.iter().map(|p| *p <= level).collect();
                prop_assert_eq!(found, rejected(method, &p, level), "{:?}", method);
                prop_assert!(adjusted.iter().zip(&p).all(|(a, p)| a >= p && *a <= 1.0));
            }
        }
    }

    #[test]
    fn equal_values_are_adjusted_alike_and_nothing_is_nothing() {
        for method in ALL {
            assert!(method.adjusted(&[]).is_empty());
            let adjusted = method.adjusted(&[0.01, 0.5, 0.01]);
            assert!((adjusted[0] - adjusted[2]).abs() < f64::EPSILON);
            assert!((method.adjusted(&[0.03])[0] - 0.03).abs() < f64::EPSILON);
        }
    }
}
