//! Percentiles of what was simulated.

/// The percentile of sorted values at `q` in `[0, 1]`, between the two nearest ones in
/// proportion (type 7): `v_⌊h⌋ + (h − ⌊h⌋)(v_⌊h⌋₊₁ − v_⌊h⌋)` with `h = (R−1)q`. `None`
/// without values.
///
/// Hyndman and Fan, Sample quantiles in statistical packages, The American Statistician
/// 50 (1996).
pub(super) fn percentile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let h = last as f64 * q.clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to R − 1")]
    let below = h.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    Some(low + (h - below as f64) * (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_between_its_neighbours_in_proportion() {
        let values = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (q, value) in [(0.0, 1.0), (0.25, 2.0), (0.375, 3.0), (0.9, 12.8), (1.0, 16.0)] {
            assert!((percentile(&values, q).unwrap() - value).abs() < 1e-14, "{q}");
        }
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[3.0], 0.975), Some(3.0));
    }
}
