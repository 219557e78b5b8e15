//! The cosine transform, in which a reflected Gaussian is a factor a mode.

use std::f64::consts::PI;

/// The transform of `M + 1` values on the grid `0, 1/M, …, 1`, for `M` a power of two of
/// at least 2.
pub(super) struct Cosine {
    /// `exp(−2πik/N)` for `k < N/2`, with `N = 2M`.
    roots: Vec<[f64; 2]>,
}

impl Cosine {
    /// The transform for so many intervals, rounded up to a power of two.
    pub(super) fn of(intervals: usize) -> Self {
        let half = intervals.next_power_of_two().max(2);
        let root = |k: usize| {
            let (sine, cosine) = (PI * k as f64 / half as f64).sin_cos();
            [cosine, -sine]
        };
        Self { roots: (0..half).map(root).collect() }
    }

    /// The number of intervals `M`.
    pub(super) fn intervals(&self) -> usize {
        self.roots.len()
    }

    /// `X_k = x_0 + (−1)^k x_M + 2·Σ_{0<j<M} x_j cos(πjk/M)` for `k = 0, …, M`. Twice in a
    /// row it is multiplication by `2M`. Values beyond those given are 0.
    pub(super) fn transform(&self, values: &[f64]) -> Vec<f64> {
        let m = self.intervals();
        let at = |j: usize| values.get(j).copied().unwrap_or(0.0);
        // Mirrored at both ends, it is periodic, and its Fourier transform is real.
        let mut mirrored: Vec<[f64; 2]> =
            (0..2 * m).map(|j| [at(if j <= m { j } else { 2 * m - j }), 0.0]).collect();
        self.fourier(&mut mirrored);
        mirrored.truncate(m + 1);
        mirrored.into_iter().map(|[real, _]| real).collect()
    }

    /// The fast Fourier transform in place.
    ///
    /// Cooley and Tukey, An algorithm for the machine calculation of complex Fourier
    /// series, Mathematics of Computation 19 (1965).
    fn fourier(&self, values: &mut [[f64; 2]]) {
        let n = values.len();
        let bits = n.trailing_zeros();
        for index in 0..n {
            let mirror = index.reverse_bits() >> (usize::BITS - bits);
            if index < mirror {
                values.swap(index, mirror);
            }
        }
        let mut half = 1;
        while half < n {
            let stride = self.roots.len() / half;
            for block in values.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                let roots = self.roots.iter().step_by(stride);
                for ((low, high), [c, s]) in low.iter_mut().zip(high).zip(roots) {
                    let turned = [high[0] * c - high[1] * s, high[0] * s + high[1] * c];
                    *high = [low[0] - turned[0], low[1] - turned[1]];
                    *low = [low[0] + turned[0], low[1] + turned[1]];
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_sum_of_cosines() {
        let values: Vec<f64> = (0..=8_u8).map(|j| f64::from(j * j % 7) - 2.5).collect();
        let cosine = Cosine::of(8);
        let found = cosine.transform(&values);
        for (k, fast) in found.iter().enumerate() {
            let term = |(j, x): (usize, &f64)| {
                let weight = if j == 0 || j == 8 { 1.0 } else { 2.0 };
                weight * x * (PI * (j * k) as f64 / 8.0).cos()
            };
            let slow: f64 = values.iter().enumerate().map(term).sum();
            assert!((fast - slow).abs() < 1e-13, "mode {k}: {fast}, not {slow}");
        }
        for (twice, once) in cosine.transform(&found).iter().zip(values) {
            assert!((twice - 16.0 * once).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_not_given_is_zero() {
        let cosine = Cosine::of(5);
        assert_eq!(cosine.intervals(), 8);
        assert!(cosine.transform(&[1.0]).iter().all(|value| (value - 1.0).abs() < 1e-15));
    }
}
